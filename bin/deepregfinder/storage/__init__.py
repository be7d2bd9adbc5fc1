"""File formats that every step writes."""
