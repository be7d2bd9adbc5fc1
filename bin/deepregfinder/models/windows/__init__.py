"""Networks that see one window at a time."""
