"""Judges: whatever decides between reports."""
