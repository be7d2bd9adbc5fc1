"""Annotations and experiments from elsewhere, compared with the calls."""
