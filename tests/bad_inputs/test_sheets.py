"""Invalid sheets: the run stops before its first task and names row and column.

tests/pipeline/test_parameters.py tests exit code and output of such runs.
"""

import gzip

import pytest
from samples.driver_answers import answers

HEADER = "sample,mark,replicate,bam,control\n"
GOOD = HEADER + "K,H3K27ac,1,a.bam,in.bam\nK,H3K4me1,1,b.bam,\n"
LABELS = "sample,dhs,enhancers,promoter_marks,tfbs,nascent,nascent_sense,nascent_antisense\n"
GOOD_LABELS = LABELS + "K,x.bed,x.bed,x.bed,,,,\n"
ANNOTATIONS = "name,sample,bed,mapping,chain\n"
FILES = (
    *("a.bam", "b.bam", "c.bam", "in.bam", "-rf.bam", "a.bam.gz", "x.bed", "tss.bed"),
    *("with space.bam", "é.bam", "$(touch hit).bam", "it's.bam"),
    *(
        "reads.tagAlign.gz",
        "fragments.tsv.gz",
        "bulk.fragments.bed",
        "a.bw",
        "a.bigWig",
        "T.txt",
        "B.txt",
        "x.narrowPeak",
    ),
)


def sample(name: str) -> str:
    return f"{HEADER}{name},H3K27ac,1,a.bam,\n"


def mark(name: str) -> str:
    return f"{HEADER}K,{name},1,a.bam,\n"


def replicate(name: str) -> str:
    return f"{HEADER}K,H3K27ac,{name},a.bam,\n"


def bam(path: str) -> str:
    return f"{HEADER}K,H3K27ac,1,{path},\n"


def control(path: str) -> str:
    return f"{HEADER}K,H3K27ac,1,a.bam,{path}\n"


NO_CSV = {
    "nothing": ("", "is empty; its first line should be: sample,mark,replicate,bam,control"),
    "blank lines": ("\n\n\r\n", "is empty"),
    "a byte order mark only": ("\ufeff", "is empty"),
    "semicolons": (GOOD.replace(",", ";"), "is separated by semicolons or tabs"),
    "tabs": (GOOD.replace(",", "\t"), "is separated by semicolons or tabs"),
    "UTF-16": (GOOD.encode("utf-16"), "cannot be read as CSV"),
    "one byte a letter": (mark("H3\xe9").encode("latin-1"), "cannot be read as CSV"),
    "gzip": (gzip.compress(GOOD.encode()), "cannot be read as CSV"),
    "an open quote": (HEADER + 'K,"H3K27ac,1,a.bam,\n', "cannot be read as CSV"),
    "a line end in quotes": (sample('"K\nL"'), "cannot be read as CSV"),
    "a workbook": (b"PK\3\4\0\0\1\2", "has no valid header"),
    "a web page": ("<!DOCTYPE html><p>404", "begins with '<!DOCTYPE html>"),
    "no header": ("K,H3K27ac,1,a.bam,\n", "begins with 'K,H3K27ac,1,a.bam,'"),
    "a comment first": ("# cells\n" + GOOD, "begins with '# cells'"),
    "capitals in the header": (GOOD.replace("sample,mark", "Sample,Mark"), "column 'Sample' is"),
    "a header only": (HEADER, "there are no rows below the header"),
    "a header and blanks": (HEADER + ",,,,\n\n", "there are no rows below the header"),
}
COLUMNS = {
    "an unknown column": (GOOD.replace("control", "contol"), "row 1: column 'contol' is unknown"),
    "a column twice": (
        GOOD.replace("control", "mark"),
        "row 1: column 'mark' appears more than once",
    ),
    "no column of replicates": ("sample,mark,bam\nK,M,a.bam\n", "column 'replicate' is missing"),
    "no column of files": ("sample,mark,replicate\nK,M,1\n", "column 'bam' is missing"),
    "too many values": (HEADER + "K,M,1,a.bam,in.bam,7\n", "row 2: 6 values for 5 columns"),
    "too few values": (HEADER + "K,M,1\n", "row 2, column bam: the value is missing"),
    "no sample": (sample(""), "row 2, column sample: the value is missing"),
    "no mark": (mark(""), "row 2, column mark: the value is missing"),
    "no replicate": (replicate(""), "row 2, column replicate: the value is missing"),
    "no file": (bam(""), "row 2, column bam: the value is missing"),
    "blanks for a sample": (sample("  "), "row 2, column sample: the value is missing"),
}
NAMES = {
    "a blank": (sample("my cell"), "column sample: 'my cell' is not allowed"),
    "umlauts": (sample("Zürich"), "column sample: 'Zürich' is not allowed"),
    "cyrillic letters that look latin": (sample("К562"), "column sample: 'К562' is not allowed"),
    "full-width letters": (sample("Ｋ562"), "column sample: 'Ｋ562' is not allowed"),
    "an invisible letter": (sample("K\u200b"), "column sample: 'K\u200b' is not allowed"),
    "a hard space": (sample("K\u00a0"), "column sample: 'K\u00a0' is not allowed"),
    "text that runs backwards": (sample("K\u202eL"), "column sample: 'K\u202eL' is not allowed"),
    "a shell command": (sample("$(touch hit)"), "column sample: '$(touch hit)' is not allowed"),
    "backticks": (sample("`touch hit`"), "column sample: '`touch hit`' is not allowed"),
    "a variable": (sample("$HOME"), "column sample: '$HOME' is not allowed"),
    "a second command": (sample("K;rm x"), "column sample: 'K;rm x' is not allowed"),
    "a pipe": (sample("K|sh"), "column sample: 'K|sh' is not allowed"),
    "a leading dash": (sample("-rf"), "column sample: '-rf' is not allowed"),
    "a way up": (sample("../K"), "column sample: '../K' is not allowed"),
    "a hidden name": (sample(".K"), "column sample: '.K' is not allowed"),
    "a slash": (sample("K/L"), "column sample: 'K/L' is not allowed"),
    "a backslash": (sample("K\\L"), "column sample: 'K\\L' is not allowed"),
    "part of a URL": (sample("K%2F?x=1#y"), "column sample: 'K%2F?x=1#y' is not allowed"),
    "an asterisk": (sample("K*"), "column sample: 'K*' is not allowed"),
    "markup": (sample("<script>"), "column sample: '<script>' is not allowed"),
    "a quote": (sample('K"L'), "column sample: 'K\"L' is not allowed"),
    "an apostrophe": (sample("K'L"), "column sample: 'K'L' is not allowed"),
    "a comma in quotes": (sample('"K,L"'), "column sample: 'K,L' is not allowed"),
    "a formula": (sample("=K"), "column sample: '=K' is not allowed"),
    "a row that is commented out": (sample("#K"), "column sample: '#K' is not allowed"),
    "a dot in a sample": (sample("K.1"), "column sample: 'K.1' is not allowed"),
    "a very long sample": (sample("K" * 61), "at most 60"),
    "a sample called control": (sample("control"), "the name 'control' is reserved"),
    "a semicolon in a mark": (mark("H3;1"), "column mark: 'H3;1' is not allowed"),
    "a blank in a mark": (mark("H3 K4me1"), "column mark: 'H3 K4me1' is not allowed"),
    "a slash in a mark": (mark("H3/K4"), "column mark: 'H3/K4' is not allowed"),
    "a shell command in a mark": (mark("$(id)"), "column mark: '$(id)' is not allowed"),
    "a very long mark": (mark("H" * 61), "at most 60"),
    "nascent RNA as a mark": (mark("nascent"), "nascent RNA is not a mark"),
    "a fraction of a replicate": (replicate("1.0"), "column replicate: '1.0' is not allowed"),
    "two replicates in one": (replicate('"1,2"'), "column replicate: '1,2' is not allowed"),
    "a shell command in a replicate": (replicate("$(id)"), "column replicate: '$(id)'"),
}
PLACES = {
    "a file that is not there": (bam("gone.bam"), "row 2, column bam: there is no file"),
    "a folder": (bam("folder.bam"), "row 2, column bam: there is no file"),
    "a dead link": (bam("dead.bam"), "row 2, column bam: there is no file"),
    "a pattern": (bam("*.bam"), "*.bam."),
    "two files": (bam("a.bam;b.bam"), "a.bam;b.bam."),
    "a tilde": (bam("~/a.bam"), "~/a.bam."),
    "a variable in a path": (bam("$HOME/a.bam"), "$HOME/a.bam."),
    "a peak list": (bam("x.narrowPeak"), "column bam: 'x.narrowPeak' is not allowed. BAM file"),
    "SAM": (bam("a.sam"), "column bam: 'a.sam' is not allowed"),
    "a BAM that is gzipped again": (bam("a.bam.gz"), "column bam: 'a.bam.gz' is not allowed"),
    "an ending in capitals": (bam("a.BAM"), "column bam: 'a.BAM' is not allowed"),
    "a zero byte": (bam("a\0.bam"), "is not a path that can be read here"),
    "an unknown protocol": (bam("gopher://x/a.bam"), "'gopher://x/a.bam' is not a path that can"),
    "a name that is an option": (bam("-rf.bam"), "-rf.bam begins with a dash"),
    "a very long path": (bam("a" * 300 + ".bam"), "row 2, column bam: there is no file"),
    "no control there": (control("gone.bam"), "row 2, column control: there is no file"),
    "none for a control": (control("none"), "column control: 'none' is not allowed"),
    "NA for a control": (control("NA"), "column control: 'NA' is not allowed"),
}
TWICE = {
    "a row twice": (GOOD + "K,H3K27ac,1,a.bam,in.bam\n", "rows 2, 4: duplicate sample, mark, rep"),
    "a replicate twice": (GOOD + "K,H3K27ac,1,c.bam,\n", "(K, H3K27ac, 1)"),
    "a file twice": (GOOD + "K,H3K27ac,2,a.bam,\n", "rows 2, 4: duplicate bam"),
    "a file of two samples": (GOOD + "L,H3K27ac,1,a.bam,\n", "rows 2, 4: duplicate bam"),
    "a file by another path": (GOOD + "K,H3K27ac,2,./a.bam,\n", "rows 2, 4: duplicate bam"),
    "a file and a link to it": (GOOD + "K,H3K27ac,2,link.bam,\n", "rows 2, 4: duplicate bam"),
    "its own control": (control("a.bam"), "row 2: the file is its own control"),
    "its own control by a link": (control("link.bam"), "row 2: the file is its own control"),
    "a mark as a control": (GOOD + "K,H3K9me3,1,c.bam,b.bam\n", "is also the file of row 3"),
    "a mark in other capitals": (GOOD + "K,H3K27AC,2,c.bam,\n", "column mark: H3K27ac, H3K27AC"),
    "a sample in other capitals": (GOOD + "k,H3K27ac,1,c.bam,\n", "column sample: K, k differ"),
}
WITH_BARCODES = "sample,mark,replicate,bam,barcodes\n"
WITH_READS = "sample,mark,replicate,bam,reads\n"
BARCODES = {
    "barcodes that are not there": (
        WITH_BARCODES + "T,ATAC,1,fragments.tsv.gz,gone.txt\n",
        "row 2, column barcodes: there is no file",
    ),
    "barcodes of a BAM file": (
        WITH_BARCODES + "T,ATAC,1,a.bam,T.txt\n",
        "row 2, column barcodes: a.bam is not a fragments file",
    ),
    "barcodes of reads": (
        WITH_BARCODES + "T,ATAC,1,reads.tagAlign.gz,T.txt\n",
        "row 2, column barcodes: reads.tagAlign.gz is not a fragments file",
    ),
    "a number of reads of a BAM file": (
        WITH_READS + "T,ATAC,1,a.bam,9000\n",
        "row 2, column reads: a.bam is not a bigWig file",
    ),
    "a number of reads of 0": (
        WITH_READS + "T,ATAC,1,a.bw,0\n",
        "row 2, column reads: '0' is not allowed. Number of mapped reads",
    ),
    "a number of reads in millions": (
        WITH_READS + "T,ATAC,1,a.bw,21.5\n",
        "row 2, column reads: '21.5' is not allowed.",
    ),
    "a number of reads with commas": (
        WITH_READS + 'T,ATAC,1,a.bigWig,"21,500,000"\n',
        "row 2, column reads: '21,500,000' is not allowed.",
    ),
    "a bigBed file": (
        HEADER + "T,ATAC,1,a.bb,\n",
        "row 2, column bam: 'a.bb' is not allowed.",
    ),
    "all cells of a file twice": (
        HEADER + "T,ATAC,1,fragments.tsv.gz,\nB,ATAC,1,fragments.tsv.gz,\n",
        "rows 2, 3: duplicate bam (",
    ),
    "the same cells twice": (
        WITH_BARCODES + "T,ATAC,1,fragments.tsv.gz,T.txt\nB,ATAC,1,fragments.tsv.gz,./T.txt\n",
        "rows 2, 3: duplicate bam (",
    ),
    "all cells, and some of them": (
        WITH_BARCODES + "T,ATAC,1,fragments.tsv.gz,T.txt\nB,ATAC,1,fragments.tsv.gz,\n",
        "rows 2, 3: duplicate bam (",
    ),
}
WITH_RULES = "sample,mark,replicate,bam,assay,counting\n"
RULES = {
    "an unknown assay": (
        WITH_RULES + "K,H3K27ac,1,a.bam,ATAC,\n",
        "row 2, column assay: 'ATAC' is not allowed. chip, cuttag, cutrun, atac or dnase",
    ),
    "replicates of two assays": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,\nK,H3K27ac,2,b.bam,cuttag,\n",
        "rows 2, 3: replicates of K H3K27ac have different assays (chip, cuttag)",
    ),
    "a rule that is none": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,control=subtract\n",
        "row 2, column counting: control is not a counting rule (min_mapq, duplicates,",
    ),
    "the counter of a row": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,counter=native\n",
        "row 2, column counting: counter is not a counting rule",
    ),
    "a value out of range": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,extend=5000\n",
        "row 2, column counting: extend 5000 must be at most 1000",
    ),
    "a value of another kind": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,min_mapq=high\n",
        "row 2, column counting: min_mapq high must be a whole number",
    ),
    "a word that is none": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,extend=20;count_at=middle\n",
        "column counting: count_at middle must be one of overlap, midpoint, five_prime",
    ),
    "a rule twice": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,shift=1;shift=2\n",
        "row 2, column counting: shift appears more than once",
    ),
    "rules of a bigWig file": (
        WITH_RULES + "K,H3K27ac,1,a.bw,,extend=150\n",
        "row 2, column counting: a.bw is a bigWig file, to which no counting rule applies",
    ),
    "a rule without a value": (
        WITH_RULES + "K,H3K27ac,1,a.bam,,shift\n",
        "row 2, column counting: 'shift' is not allowed. Counting rules of the row alone",
    ),
}
SAMPLES = {**NO_CSV, **COLUMNS, **NAMES, **PLACES, **TWICE, **BARCODES, **RULES}
LABEL_SHEETS = {
    "a sample of no BAM": (LABELS + "L,x.bed,x.bed,x.bed\n", "sample 'L' is not in --input"),
    "a sample twice": (GOOD_LABELS + "K,x.bed,x.bed,x.bed\n", "rows 2, 3: duplicate sample (K)"),
    "neither open chromatin nor promoter marks": (
        LABELS + "K,,x.bed,\n",
        "row 2: promoters need accessible sites (column dhs, or a row of --input with the mark",
    ),
    "no factor": (
        LABELS + "K,x.bed,,x.bed\n",
        "row 2: the column enhancers is empty, where --enhancer_labels factors expects a list",
    ),
    "no list of a registry": (
        LABELS.replace("\n", ",enhancer_labels\n") + "K,x.bed,,x.bed,,,,,ccre\n",
        "row 2: the column enhancers is empty, where --enhancer_labels ccre expects a list",
    ),
    "a list that is not used": (
        LABELS.replace("\n", ",enhancer_labels\n") + "K,x.bed,x.bed,x.bed,,,,,h3k27ac\n",
        "row 2: enhancers from H3K27ac do not use the list in the column enhancers",
    ),
    "an unknown kind of enhancers": (
        LABELS.replace("\n", ",enhancer_labels\n") + "K,x.bed,x.bed,x.bed,,,,,p300\n",
        "row 2, column enhancer_labels: 'p300' is not allowed. What enhancers are in this",
    ),
    "a list that is not there": (LABELS + "K,x.bed,y.bed,x.bed\n", "column enhancers: there is no"),
    "the second of two lists": (LABELS + "K,x.bed,x.bed;y.bed,x.bed\n", "column enhancers: there"),
    "commas between lists": (LABELS + 'K,x.bed,"x.bed,x.bed",x.bed\n', "column enhancers: there"),
    "one strand only": (LABELS + "K,x.bed,x.bed,x.bed,,,a.bam,\n", "must be given together"),
    "strands and their sum": (LABELS + "K,x.bed,x.bed,x.bed,,a.bam,b.bam,c.bam\n", "not both"),
    "nascent RNA that is no BAM": (LABELS + "K,x.bed,x.bed,x.bed,,x.bed,,\n", "column nascent: 'x"),
    "one file for both strands": (
        LABELS + "K,x.bed,x.bed,x.bed,,,c.bam,c.bam\n",
        "row 2: nascent_sense and nascent_antisense are the same file",
    ),
    "nascent RNA that is a mark": (
        LABELS + "K,x.bed,x.bed,x.bed,,a.bam,,\n",
        "a.bam is listed as nascent RNA of K, but as K.H3K27ac.1 in --input",
    ),
    "a samplesheet": (GOOD, "row 1: column 'mark' is unknown"),
    "nothing": ("", "is empty; its first line should be: sample,dhs,enhancers"),
}
ANNOTATION_SHEETS = {
    "an unknown sample": (ANNOTATIONS + "a,L,x.bed,*=enhancer,\n", "sample 'L' has no row in"),
    "no mapping": (ANNOTATIONS + "a,K,x.bed,,\n", "row 2, column mapping: the value is missing"),
    "no class": (ANNOTATIONS + "a,K,x.bed,*=silencer,\n", "'*=silencer' does not name a class"),
    "no pair": (ANNOTATIONS + "a,K,x.bed,enhancer,\n", "column mapping: 'enhancer' is not"),
    "a class of five": (ANNOTATIONS + "a,K,x.bed,*=active_enhancer,\n", "--classes 3"),
    "a name twice": (ANNOTATIONS + "a,K,x.bed,*=enhancer,\n" * 2, "duplicate name, sample (a, K)"),
    "a name of blanks": (ANNOTATIONS + "a b,K,x.bed,*=enhancer,\n", "column name: 'a b' is not"),
    "a file that is not there": (ANNOTATIONS + "a,K,y.bed,*=enhancer,\n", "column bed: there is"),
    "no chain there": (ANNOTATIONS + "a,K,x.bed,*=enhancer,y.chain\n", "column chain: there is"),
}
FORGIVEN = {
    "a byte order mark": "\ufeff" + GOOD,
    "line ends of Windows": GOOD.replace("\n", "\r\n"),
    "line ends of old Macs": GOOD.replace("\n", "\r"),
    "quotes around everything": '"sample","mark","replicate","bam"\n"K","H3K27ac","1","a.bam"\n',
    "commas at the ends": GOOD.replace("\n", ",,\n") + ",,,,,,\n",
    "blanks around values": HEADER + " K , H3K27ac , 1 , a.bam , \n",
    "no end of the last line": GOOD.rstrip("\n"),
    "columns in another order": "bam,replicate,mark,sample\na.bam,1,H3K27ac,K\n",
    "one control of many rows": GOOD + "K,H3K9me3,1,c.bam,in.bam\n",
    "a blank in a path": bam("with space.bam"),
    "accents in a path": bam("é.bam"),
    "a path that a shell would run": bam("$(touch hit).bam"),
    "an apostrophe in a path": bam("it's.bam"),
    "a file of reads as text": bam("reads.tagAlign.gz"),
    "text as a control": control("x.bed"),
    "cells of one file in two rows": WITH_BARCODES
    + "K,ATAC,1,fragments.tsv.gz,T.txt\nK,ATAC,2,fragments.tsv.gz,B.txt\n",
    "coverage with and without its number of reads": WITH_READS
    + "K,ATAC,1,a.bw,21500000\nK,H3K27ac,1,a.bigWig,\nK,H3K4me1,1,a.bam,\n",
    "coverage as a control": control("a.bw"),
    "cells of a bulk": WITH_BARCODES + "K,ATAC,1,bulk.fragments.bed,T.txt\n",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """kind of sheet, case -> what the driver said; folder -> where the sheets lay."""
    folder = tmp_path_factory.mktemp("sheets")
    for name in FILES:
        (folder / name).touch()
    (folder / "folder.bam").mkdir()
    (folder / "link.bam").symlink_to("a.bam")
    (folder / "dead.bam").symlink_to("gone.bam")
    good = {"input": GOOD, "labels": GOOD_LABELS}
    cases = {}
    for kind, table in (
        ("input", SAMPLES | {name: (text, "") for name, text in FORGIVEN.items()}),
        ("labels", LABEL_SHEETS),
        ("annotations", ANNOTATION_SHEETS),
    ):
        for number, (case, (content, _)) in enumerate(table.items()):
            sheets = {**good, kind: content}
            given = {"tss": "tss.bed"}
            for name, text in sheets.items():
                path = folder / f"{kind}{number}.{name}.csv"
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
                given[name] = str(path)
            cases[f"{kind}: {case}"] = given
    return answers(folder, cases)


def names_the_sheet(answer: str, kind: str, words: str) -> None:
    assert words in answer
    assert f".{kind}.csv" in answer


@pytest.mark.parametrize("case", SAMPLES)
def test_a_bad_samplesheet_is_refused(case, said):
    names_the_sheet(said[f"input: {case}"], "input", SAMPLES[case][1])


@pytest.mark.parametrize("case", LABEL_SHEETS)
def test_a_bad_label_sheet_is_refused(case, said):
    names_the_sheet(said[f"labels: {case}"], "labels", LABEL_SHEETS[case][1])


@pytest.mark.parametrize("case", ANNOTATION_SHEETS)
def test_a_bad_annotation_sheet_is_refused(case, said):
    names_the_sheet(said[f"annotations: {case}"], "annotations", ANNOTATION_SHEETS[case][1])


@pytest.mark.parametrize("case", FORGIVEN)
def test_what_programs_do_to_a_good_sheet_is_forgiven(case, said):
    assert said[f"input: {case}"] == ""
