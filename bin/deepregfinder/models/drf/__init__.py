"""The dilated network that runs along the chromosome."""
