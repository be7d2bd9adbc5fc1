"""Accuracy of models: on test windows, on whole test chromosomes, and on other samples."""
