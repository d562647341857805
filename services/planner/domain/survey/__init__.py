"""Quadro conoscitivo e quadro ricognitivo (R.R. 4/2017, art. 3 c. 2): who lives in the territory, and the trend."""
