"""Simulated panels: BAM files, peak lists and sheets, for demo, tests and benchmarks.

intervals    intervals with a value, by chromosome
cells        one cell type: where its marks, open sites and transcription are; its label lists
sites        the small genome: places that can carry marks, and their state in a cell type
profiles     the small genome: which mark is seen where
peaks        the small genome: its peak lists
elements     the small genome: all of it, and its cell types
encode       cell types from real ENCODE peak lists
landscape    the expected number of reads along a chromosome
reads        the reads drawn from it
bam          the reads as a BAM file
panel        all of it, with the sheets

Reads follow intervals and their fold enrichment; no function that draws reads sees a label.
"""
