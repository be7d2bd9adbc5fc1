"""Elements that differ between two samples."""
