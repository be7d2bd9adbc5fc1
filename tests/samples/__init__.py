"""Small inputs for tests."""
