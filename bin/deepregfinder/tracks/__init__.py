"""What a genome browser shows: bigWig and bigBed files, the UCSC track hub, sessions of IGV."""
