"""What differs between two samples."""
