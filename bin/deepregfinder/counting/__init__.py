"""Counting: the number of reads, or fragments, in each bin of the main chromosomes.

There are two counters: `native` reads the BAM file itself, `featurecounts` runs featureCounts.
Where both support the rules of a run, their output is identical. Every rule below was verified
against featureCounts 2.0.3; tests/oracle/test_counting_equality.py compares the two.

Records are excluded in this order; the others are usable:
  unmapped                (flag 0x4)
  secondary               (flags 0x100 and 0x800), unless --secondary keep
  mapping quality         below --min_mapq
  duplicates              (flag 0x400), with --duplicates drop
  multi-mapping           an NH tag above 1; with --secondary drop_reads also a read with
                          a secondary record, by its name; any other record counts as unique
  long fragments          above --max_fragment, and then also mates that are not in a proper pair
QC-failed records are counted. With --secondary keep, so are secondary and supplementary records of
single reads, as in featureCounts by default.

`--count_at overlap` (`featureCounts -O --fracOverlap 0.5`): a single read counts in each bin that
overlaps at least half of it. The length of a read is its number of matched, inserted and
soft-clipped bases (leading clipped bases only up to the start of the chromosome); deleted and
skipped positions are not part of it. The overlap is the number of matched bases in the bin. As in
featureCounts by default, only the first 10 sections of a CIGAR (between indels and splices) count.

`--shift` moves a read downstream, up to the end of its chromosome; `--extend` adds bases at its 3'
end, up to the end of the chromosome. Neither changes the required overlap: a 36 bp read extended to
236 bp counts in each of the two to four bins that contain 18 of its bases. On the minus strand,
featureCounts limits the extension by the position of the read BEFORE the shift; where the extended
section then crosses the start of the chromosome, it counts nowhere. `native` does the same.

`--count_at midpoint`: a single read counts in the bin of its midpoint, halfway between its first
and last aligned base after shift and extension, whatever its length. `--count_at five_prime`: in
that of the first aligned base in its own direction, after the shift.

`--paired_end fragments`: the fragment of a proper pair (flag 0x2, both mates mapped to one
chromosome) counts once, in the bin of its midpoint. It extends from the first to the last aligned
base of its mates, which are joined by their name (see `mates`): TLEN, whose sign and size depend on
the aligner, is used only where one mate is missing. As in featureCounts -p --countReadPairs, the
higher MAPQ of the two applies, and a fragment is a duplicate or multi-mapping if either mate is.
Improper pairs, and secondary and supplementary records of pairs, are excluded. `--paired_end reads`
treats each mate as a single read.

A row of the samplesheet may replace these rules: those of its assay and its own (see `assays`).

The library size is the number of usable reads (fragments) on the main chromosomes, whether or not
they count in a bin. Everything that is scaled by depth is divided by this number. Reads elsewhere
(mitochondria, viruses, decoys, scaffolds, spike-ins) are not part of it: their share may differ
between libraries whose signal is the same. Bins that overlap a blacklisted interval are set to zero
after counting; their reads stay in the library size.
"""
