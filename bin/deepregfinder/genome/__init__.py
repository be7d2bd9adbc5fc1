"""Coordinates: the bin grid, splits of chromosomes, intervals, assemblies."""
