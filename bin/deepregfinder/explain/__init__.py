"""What predictions are based on: filters, profiles of calls, importance of marks, attributions."""
