"""Options that travel together, each group read into the one object that the library takes."""
