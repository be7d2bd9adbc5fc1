"""File formats that are shared by all steps."""
