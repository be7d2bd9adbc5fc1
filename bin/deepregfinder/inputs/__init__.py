"""Inspection of the input files, and checks before any heavy task starts."""
