"""Strategie e obiettivi (R.R. 4/2017, art. 3 c. 2; L.R. 16/2016, art. 28): the plan's fifth part (planner.md §4)."""
