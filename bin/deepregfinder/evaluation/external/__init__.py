"""External annotations and experiments, compared with the calls."""
