"""From peaks to labelled windows."""
