"""Simulated panels: BAM files, peak lists and sheets, for demo, tests and benchmarks.

valued_intervals  intervals with a value, by chromosome
cells             one cell type: its marks, open sites, transcription and label lists
sites             the small genome: sites that can have marks, and their state in a cell type
profiles          the small genome: the marks at each kind of site
peaks             the small genome: its peak lists
small_genome      the small genome and its cell types
encode            cell types from ENCODE peak lists
landscape         the expected number of reads along a chromosome
reads             reads sampled from the landscape
bam               BAM files of the reads
panel             the whole panel, with its sheets

Reads are sampled from intervals and their fold enrichment; these functions never use labels.
"""
