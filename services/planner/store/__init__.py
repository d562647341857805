"""What the planner asks its database, a module for each of its subjects. Nothing here commits."""
