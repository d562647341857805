"""Offerta del triennio (R.R. 4/2017, art. 3 c. 2): what becomes free, what becomes assignable, and how sure that is."""
