"""Hidden Markov models along the chromosome."""
