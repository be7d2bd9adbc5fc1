include { annotated ; flags ; repeated } from '../../../functions/scripts'

// Check that all inputs fit together before any heavy work; choose the chromosomes and the groups they are predicted in.
process CHECK_INPUTS {
    label 'process_single'

    input:
    path bam_info
    path peaks, stageAs: 'peaks/?/*'
    path tss, stageAs: 'tss/*'
    path annotation_info // of --gtf, or nothing
    path chrom_sizes, stageAs: 'sizes/*'
    path genome_sizes, stageAs: 'assembly/*'
    path blacklist, stageAs: 'blacklist/*'
    path gaps, stageAs: 'gaps/*'
    path regions, stageAs: 'regions/*'
    path fasta, stageAs: 'genome/*'
    path fasta_index, stageAs: 'genome/*'
    path annotations, stageAs: 'annotations/?/*'
    path annotation_chains, stageAs: 'annotation_chains/?/*'
    val mappings // [mapping, place of its chain, -1 for none] of each annotation
    path crispr, stageAs: 'crispr/*'
    path crispr_chain, stageAs: 'crispr_chain/*'
    path models, stageAs: 'models/?/*' // model.json of pretrained models
    val options
    val code // digest of the script and of the library behind it

    output:
    path 'chrom.sizes', emit: chrom_sizes
    path 'groups.tsv', emit: groups
    path 'inputs.tsv', topic: report
    path 'left_out.tsv', topic: report
    tuple val(task.process), eval('versions.py python pandas'), topic: versions

    script:
    """
    # code ${code}
    'check_inputs.py' \\
        ${repeated('--bam_info', bam_info)} \\
        ${repeated('--peaks', peaks)} \\
        ${repeated('--tss', tss)} \\
        ${repeated('--annotation_info', annotation_info)} \\
        ${repeated('--chrom_sizes', chrom_sizes)} \\
        ${repeated('--genome_sizes', genome_sizes)} \\
        ${repeated('--blacklist', blacklist)} \\
        ${repeated('--gaps', gaps)} \\
        ${repeated('--regions', regions)} \\
        ${repeated('--fasta', fasta)} \\
        ${repeated('--fasta_index', fasta_index)} \\
        ${annotated(annotations, mappings, annotation_chains)} \\
        ${repeated('--crispr', crispr)} \\
        ${repeated('--crispr_chain', crispr_chain)} \\
        ${repeated('--model', models)} \\
        ${flags(options)} \\
        --output chrom.sizes \\
        --groups groups.tsv \\
        --inputs inputs.tsv \\
        --left_out left_out.tsv
    """

    stub:
    """
    printf 'chr1\\t1000000\\n' > chrom.sizes
    printf '0\\tchr1\\n1\\tchr2\\n' > groups.tsv
    touch inputs.tsv left_out.tsv
    """
}
