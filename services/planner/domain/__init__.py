"""The planner's rules as pure functions of integer state, reference date and rule set."""
