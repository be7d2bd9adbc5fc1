"""What the files of a run say of themselves, checked before anything heavy starts."""
