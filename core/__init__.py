"""Outlay's books and decisions. Files directly in here are pure: no I/O, no clock, no environment."""
