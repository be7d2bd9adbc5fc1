"""From peak lists to labelled windows."""
