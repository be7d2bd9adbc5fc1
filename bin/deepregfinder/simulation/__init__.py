"""Simulated panels: BAM files, peak lists and sheets, for demo, tests and benchmarks.

intervals    intervals with a value, by chromosome
cells        one cell type: where its marks, open sites and transcription are; its label lists
elements     cell types on a small genome of their own; profiles and peaks are its tables and lists
encode       cell types from real ENCODE peak lists
landscape    the expected number of reads along a chromosome
reads        the reads drawn from it
bam          the reads as a BAM file
panel        all of it, with the sheets

Reads follow intervals and their fold enrichment; no function that draws reads sees a label.
"""
