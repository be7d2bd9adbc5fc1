"""How good models are: on test windows, on every window of the test chromosomes, and elsewhere."""
