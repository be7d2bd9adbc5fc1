// How a process calls its script: options as text, and a digest of the code behind it.

/**
 * Write parameters as command-line options, quoted for the shell: [step: 200] gives --step '200'.
 * Parameters without a value are left out; the script's option then keeps its own "not given".
 */
def flags(Map options) {
    return options
        .findAll { _name, value -> value != null }
        .collect { name, value -> "--${name} ${quoted(value)}" }
        .join(' ')
}

def quoted(value) {
    return "'" + value.toString().replace("'", "'\\''") + "'"
}

/**
 * One option for each file: repeated('--tfbs', [a.bed, b.bed]) gives --tfbs 'a.bed' --tfbs 'b.bed', and nothing for no file.
 * Nextflow escapes names of files in the text of a process, but not in that of a function.
 */
def repeated(String option, files) {
    return [files].flatten().collect { file -> "${option} ${quoted(file)}" }.join(' ')
}

/** --annotation with list, mapping and chain of each; mappings: [mapping, place of the chain in chains, -1 for none]. */
def annotated(lists, mappings, chains) {
    def files = [chains].flatten()
    return [[lists].flatten(), mappings]
        .transpose()
        .collect { list, meaning ->
            def words = [list, meaning[0], meaning[1] < 0 ? '' : files[meaning[1]]]
            "--annotation ${words.collect { word -> quoted(word) }.join(' ')}"
        }
        .join(' ')
}

/** Size of all files of an input together; conf/base.config lets memory grow with it. */
def bytesOf(files) {
    return [files].flatten().sum(0L) { file -> file.size() }
}

/**
 * The digest of a script and of every library module that it imports, directly or not. With this digest as an input of
 * the process, -resume runs a step again exactly when code that it uses has changed. (What a function gives inside a
 * process script is not hashed: it has to be an input.)
 *
 * Nextflow itself hashes folder, size and date of a bin script whose name stands in the process script, and nothing of
 * the library behind it: the same commit in another folder would run everything again. So process scripts have the name
 * in quotes, where Nextflow does not see it.
 */
def codeDigest(String script) {
    def bin = moduleDir.parent.resolve('bin')
    def digest = java.security.MessageDigest.getInstance('SHA-256')
    withImports(bin, [], bin.resolve(script))
        .sort { file -> file.toString() }
        .each { file ->
            digest.update("${bin.relativize(file)}\n".bytes)
            digest.update(file.bytes)
        }
    return digest.digest().encodeHex().toString().take(16)
}

/** `seen`, the file, and all that it imports or names in turn. */
def withImports(bin, List seen, file) {
    if (file in seen) {
        return seen
    }
    def source = file.name.endsWith('.py') ? file.getText('UTF-8') : ''
    def used = importedFiles(bin, source) + (file.parent == bin ? [] : dataBeside(file, source))
    return used.inject(seen + [file]) { files, next -> withImports(bin, files, next) }
}

/** The files of the library that a Python source imports, packages with their __init__.py. */
def importedFiles(bin, String source) {
    def statement = ~/(?m)^\s*(?:from\s+(deepregfinder[\w.]*)\s+import\s+(\([^)]*\)|[^\n]*)|import\s+(deepregfinder[\w.]*))/
    def names = source.findAll(statement) { _all, from, imported, whole ->
        whole ? [whole] : [from] + (imported =~ /\w+/).collect { name -> "${from}.${name}" }
    }
    return names
        .flatten()
        .collectMany { name -> parents(name.toString()) }
        .unique()
        .collect { name -> bin.resolve(name.replace('.', '/')) }
        .collect { path -> path.isDirectory() ? path.resolve('__init__.py') : path.resolveSibling("${path.name}.py") }
        .findAll { file -> file.exists() }
}

/** a.b.c gives a, a.b and a.b.c. */
def parents(String name) {
    def parts = name.tokenize('.')
    return (1..parts.size()).collect { n -> parts.take(n).join('.') }
}

/** What a module reads of its own package: a file or folder beside it, whose name stands in its source in quotes. */
def dataBeside(module, String source) {
    def files = []
    module.parent.eachFile { path ->
        if (source.contains("\"${path.name}\"") && !path.name.endsWith('.py') && !path.resolve('__init__.py').exists()) {
            if (path.isDirectory()) {
                path.eachFileRecurse(groovy.io.FileType.FILES) { file -> files << file }
            }
            else {
                files << path
            }
        }
    }
    return files
}
