"""A trained model over the genome, and the elements that are called there."""
