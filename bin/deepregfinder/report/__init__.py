"""The page and the table that sum up a run: `collect` reads, `charts` draws, `page` writes."""
