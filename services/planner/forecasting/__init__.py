"""The forecast over a file of events, for anyone to judge it: read, fold, forecast, score against what came."""
