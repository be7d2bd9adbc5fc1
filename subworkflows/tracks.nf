include { BROWSER_VIEWS } from '../modules/tracks/browser_views'
include { CALL_TRACKS } from '../modules/tracks/call_tracks'
include { SIGNAL_TRACKS } from '../modules/tracks/signal_tracks'
include { allOf } from '../functions/complete'
include { codeDigest } from '../functions/scripts'

// What a genome browser shows: signal, probabilities and calls as bigWig and bigBed, a UCSC hub and sessions of IGV.
workflow TRACKS {
    take:
    signal // [meta, signal]
    probabilities // [meta, files]
    calls // [meta, bed]
    chrom_sizes
    tss
    blacklist
    fasta // the genome, or nothing
    options // parameters of the tracks
    numbers // of the files that the plan leads to

    main:
    SIGNAL_TRACKS(options.tracks ? signal : channel.empty(), codeDigest('signal_tracks.py'))
    CALL_TRACKS(
        options.tracks ? probabilities.join(calls) : channel.empty(),
        tss,
        blacklist,
        fasta,
        options.top_calls,
        codeDigest('call_tracks.py'),
    )

    def descriptions = allOf(SIGNAL_TRACKS.out.description.mix(CALL_TRACKS.out.description), numbers.tracks)
    BROWSER_VIEWS(descriptions, chrom_sizes, options.subMap('genome', 'hub_email'), codeDigest('browser_views.py'))
}
