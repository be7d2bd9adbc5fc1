"""Browser tracks: bigWig and bigBed files, the UCSC track hub and IGV sessions."""
