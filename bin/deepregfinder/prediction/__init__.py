"""Genome-wide prediction with a trained model, and calls of elements."""
