"""Grounders: whatever says what is there."""
