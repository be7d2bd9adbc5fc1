"""Small inputs that tests make."""
