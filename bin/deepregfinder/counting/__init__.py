"""Counting: how many reads, or fragments, fall into each bin of the main chromosomes.

Two counters do the same work: `native` reads the BAM file itself, `featurecounts` runs the program
of that name. Where both can do what is asked, they write the same bytes. featureCounts 2.0.3 was
the judge of every rule below; tests/oracle/test_counting_equality.py holds the two together.

Which records are usable, in the order in which they are left out:
  unmapped                (flag 0x4)
  mapping quality         below --min_mapq
  duplicates              (flag 0x400), with --duplicates drop
  multi-mapping           an NH tag above 1; without the tag a record counts as unique
Secondary, supplementary and QC-failed records of single reads are counted, as featureCounts does
by default (aligners that report several places of a read write NH, which leaves all of them out).

Where a single read counts (`--count_at overlap`, `featureCounts -O --fracOverlap 0.5`): in each bin
that holds at least half of the read. The length of a read is that of its sequence: matched,
inserted and soft-clipped bases (those clipped in front only as far as the chromosome reaches);
deleted and skipped places do not belong to it. What lies in a bin are matched bases alone. Only the
first 10 pieces between indels and splices of a CIGAR are looked at, as the program does by default.

`--shift` moves a read downstream, up to the end of its chromosome; `--extend` adds bases at its 3'
end, up to the end of the chromosome. Neither changes the length of which half must lie in a bin: a
36 bp read that is extended to 236 bp counts in each of the two to four bins that hold 18 of them.
featureCounts reckons the room for extension on the minus strand from the place where the read was
BEFORE it was shifted; where that leads over the start of the chromosome, the extended piece of the
read counts nowhere. `native` does the same.

`--count_at midpoint`: a single read counts in the bin of the middle of the stretch from its first
to its last aligned base, after shift and extension, whatever its length.

`--paired_end fragments`: of a proper pair (flag 0x2, both mates mapped to one chromosome), the mate
with TLEN above zero stands for the fragment, which counts once, in the bin of its middle. MAPQ,
duplicate flag and NH are those of that mate. Pairs that are not proper, or have no TLEN, are left
out; so are secondary and supplementary records of pairs. `--paired_end reads` treats each mate as a
single read.

The library size is the number of usable reads (fragments) on any chromosome of the file. Bins that
touch a blacklisted interval are set to zero after counting: reads there stay in the library.
"""
