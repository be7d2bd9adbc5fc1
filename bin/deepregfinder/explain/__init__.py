"""What a model looks at: filters, profiles of calls, importance of marks, attributions."""
