// Genomes by name: the files that --genome brings, from assets/genomes.

def genomesFolder() {
    return moduleDir.parent.resolve('assets/genomes')
}

/** The names that --genome has files for. */
def genomeNames() {
    def names = []
    genomesFolder().eachDir { folder -> names << folder.name }
    return names.sort()
}

/** A file of an assembly, such as tss.bed.gz; null where there is none. */
def ofGenome(name, String file) {
    def path = name in genomeNames() ? genomesFolder().resolve("${name}/${file}") : null
    return path && path.exists() ? path : null
}

/** Whether a file, or the text of a path, is one of assets/genomes. */
def isOfGenome(path) {
    return path && path.toString().startsWith("${genomesFolder()}/")
}

/** What the user gave, with what the files of --genome say of the rest; the main chromosomes are those of human without them. */
def withGenome(given) {
    def sizes = ofGenome(given.genome, 'chrom.sizes')
    def names = sizes ? sizes.readLines().collect { line -> line.tokenize('\t')[0] - 'chr' } : []
    def known = [
        chromosomes: names ? "(chr)?(${names.join('|')})".toString() : '(chr)?([1-9]|1[0-9]|2[0-2]|X|Y)',
        tss: given.gtf ? null : ofGenome(given.genome, 'tss.bed.gz')?.toString(),
        blacklist: ofGenome(given.genome, 'blacklist.bed.gz')?.toString(),
    ]
    return given.collectEntries { name, value -> [name, value] } + known.findAll { name, value -> value && !given[name] }
}
