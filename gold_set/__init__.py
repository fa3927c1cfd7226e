"""Sampling, curation, metrics and calibration: what makes the engine trustworthy. Its work starts with the gold set."""
