"""Scouts: whatever reports facts about a frame."""
