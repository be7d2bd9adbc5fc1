"""Forests: trees (rf, gbm) and linear discriminants (rfecs), that see one window at a time."""
