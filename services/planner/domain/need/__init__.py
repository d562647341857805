"""Fabbisogno abitativo primario (R.R. 4/2017, art. 3 c. 2 lett. c): households that need a home, and how sure that is.

The law gives no formula, so the method is printed with every number (planner.md §3): need of three years = B + 3A - 3L,
with B the households in need now, A those newly admitted in a year, L those leaving without a home in a year.
"""
