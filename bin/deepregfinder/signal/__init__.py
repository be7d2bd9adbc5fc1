"""From counts to reads per million, and to the normalised input of models."""
