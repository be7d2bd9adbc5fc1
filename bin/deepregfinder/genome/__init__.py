"""Genomic coordinates: the bin grid, splits, intervals and assemblies."""
