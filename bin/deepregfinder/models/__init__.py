"""Models: one protocol, one catalogue, one registry; then a module or package for each."""
