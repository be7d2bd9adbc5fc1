include { CHECK_INPUTS } from '../modules/inputs/check_inputs'
include { INSPECT_BAM } from '../modules/inputs/inspect_bam'
include { LIST_TSS } from '../modules/inputs/list_tss'
include { NAME_CHROMOSOMES } from '../modules/inputs/name_chromosomes'
include { isOfGenome } from '../functions/genomes'
include { allOf } from '../functions/complete'
include { codeDigest } from '../functions/scripts'

// All inputs are checked, and compared with each other, before long computations start.
workflow INPUTS {
    take:
    bams // [meta, bam, barcodes]
    labels // list of maps: sample, dhs, enhancers, promoter_marks, tfbs
    annotations // list of [meta, bed, chain]; meta has the mapping
    bundles // list of [meta, folder] of pretrained models
    files // map: tss, gtf, chrom_sizes, genome_sizes, blacklist, gaps, regions, fasta, crispr, crispr_chain, each a file or nothing
    tss_options // parameters of the TSSs of --gtf
    options // parameters of the checks
    numbers // of the files that the plan leads to

    main:
    def indexed = bams.map { meta, bam, barcodes ->
        // A .csi file beside text is that of tabix.
        def index = (bam.name ==~ /.*\.(bam|cram)/ ? ['.bai', '.csi'] : [])
            .collectMany { suffix -> [bam.resolveSibling(bam.name + suffix), bam.resolveSibling(bam.baseName + suffix)] }
            .find { candidate -> candidate.exists() }
        [meta, bam, barcodes, index ?: []]
    }
    // The lengths of its sequences are all that the check needs: a remote genome is not fetched for them if it has an index.
    def beside = files.fasta ? files.fasta.resolveSibling("${files.fasta.name}.fai") : null
    def genome_index = beside && beside.exists() ? beside : []
    def genome = genome_index && files.fasta.scheme != 'file' ? [] : files.fasta
    def external = annotations.collect { meta, bed, chain -> [bed, meta.mapping, chain] }.unique()
    def chains = external.collect { _bed, _mapping, chain -> chain }.findAll().unique()
    INSPECT_BAM(indexed, codeDigest('inspect_bam.py'))
    LIST_TSS(channel.fromList([files.gtf].flatten()), tss_options, codeDigest('list_tss.py'))

    CHECK_INPUTS(
        allOf(INSPECT_BAM.out.info, numbers.bams),
        labels.collectMany { row -> [row.dhs, row.enhancers, row.h3k27ac, row.promoter_marks, row.tfbs].flatten() }.unique(),
        isOfGenome(files.tss) ? [] : files.tss,
        files.gtf ? LIST_TSS.out.annotation.map { _list, info -> info }.first() : [],
        files.chrom_sizes,
        files.genome_sizes,
        isOfGenome(files.blacklist) ? [] : files.blacklist,
        files.gaps,
        files.regions,
        genome,
        genome_index,
        external.collect { bed, _mapping, _chain -> bed },
        chains,
        external.collect { _bed, mapping, chain -> [mapping, chain ? chains.indexOf(chain) : -1] },
        files.crispr,
        files.crispr_chain,
        bundles.collect { _meta, folder -> folder.resolve('model.json') },
        options,
        codeDigest('check_inputs.py'),
    )
    groups = CHECK_INPUTS.out.groups.splitCsv(sep: '\t').groupTuple()
    // As text: a file would have a new name whenever the checks run again, and every count would be made anew.
    chrom_sizes = CHECK_INPUTS.out.chrom_sizes.map { file -> file.text }

    // The lists of --genome have the names of UCSC, those of --gtf any, and the reads may have those of Ensembl.
    def lists = files.subMap(files.gtf ? ['blacklist'] : ['tss', 'blacklist']).collect { name, list -> [[name: name], list] }
    def ours = lists.findAll { _meta, list -> isOfGenome(list) }
    def annotated = LIST_TSS.out.annotation.map { list, info -> [[name: 'tss'], list, info] }
    NAME_CHROMOSOMES(
        channel.fromList(ours).map { meta, list -> [meta, list, []] }.mix(annotated),
        chrom_sizes,
        codeDigest('name_chromosomes.py'),
    )
    def ready = NAME_CHROMOSOMES.out.lists.mix(channel.fromList(lists - ours))
    tss = ready.filter { meta, _list -> meta.name == 'tss' }.map { _meta, list -> list }.first()
    blacklist = ready.filter { meta, _list -> meta.name == 'blacklist' }.map { _meta, list -> list }.first()

    emit:
    chrom_sizes
    groups
    tss
    blacklist
}
