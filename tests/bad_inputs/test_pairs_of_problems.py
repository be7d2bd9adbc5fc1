"""No problem of parameters or sheets hides another, and none is told twice in other words.

Each fault is planted in a run that is good without it, alone and with every other fault that could
be seen beside it. The driver then has to say both sentences, and nothing else.
"""

import copy
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from samples.driver_answers import answers

LISTS = ("a", "b", "c", "d", "e", "f", "g", "h")
FILES = (*(f"{name}.bam" for name in LISTS), "x.bed", "tss.bed", "crispr.tsv")


@dataclass
class Sheet:
    """A sheet before it is written: its header, its rows, and what happens to its text."""

    header: list[str]
    rows: list[list[str]]
    spoil: Callable[[str], str | bytes] = str

    def add(self, **cells: str) -> None:
        """Add a row like the first one, with other cells."""
        self.rows.append([cells.get(name, self.rows[0][at]) for at, name in enumerate(self.header)])

    def set(self, row: int, column: str, value: str) -> None:
        """Change a cell."""
        self.rows[row][self.header.index(column)] = value

    def rename(self, column: str, other: str) -> None:
        """Change the name of a column, in every later sheet as well."""
        self.header[self.header.index(column)] = other

    def text(self) -> str | bytes:
        """The file."""
        return self.spoil("".join(",".join(cells) + "\n" for cells in [self.header, *self.rows]))


@dataclass
class Launch:
    """A run before it is started: sheets and parameters."""

    input: Sheet
    labels: Sheet
    annotations: Sheet
    given: dict[str, object]


GOOD = Launch(
    Sheet(
        ["sample", "mark", "replicate", "bam", "control"],
        [
            ["K", "H3K27ac", "1", "a.bam", ""],
            ["K", "H3K4me1", "1", "b.bam", ""],
            ["L", "H3K27ac", "1", "c.bam", ""],
            ["L", "H3K4me1", "1", "d.bam", ""],
        ],
    ),
    Sheet(
        ["sample", "dhs", "enhancers", "promoter_marks", "tfbs", "nascent"],
        [["K", "x.bed", "x.bed", "x.bed", "", ""], ["L", "x.bed", "x.bed", "x.bed", "", ""]],
    ),
    Sheet(["name", "sample", "bed", "mapping", "chain"], [["a", "K", "x.bed", "*=enhancer", ""]]),
    {"tss": "tss.bed"},
)


@dataclass(frozen=True)
class Fault:
    """A way to spoil a run.

    said : words of its sentence
    needs : what has to be known to see it; hides : what cannot be known with it
    """

    plant: Callable[[Launch], object]
    said: str
    needs: frozenset[str] = frozenset()
    hides: frozenset[str] = frozenset()


def fault(plant: Callable[[Launch], object], said: str, needs: str = "", hides: str = "") -> Fault:
    return Fault(plant, said, frozenset(needs.split()), frozenset(hides.split()))


def given(**values: object) -> Callable[[Launch], object]:
    return lambda run: run.given.update(values)


def semicolons(run: Launch) -> None:
    run.input.spoil = lambda text: text.replace(",", ";")


def one_byte_a_letter(run: Launch) -> None:
    run.input.add(mark="H3K9me1", bam="é.bam")
    run.input.spoil = lambda text: text.encode("latin-1")


def open_quote(run: Launch) -> None:
    run.labels.spoil = lambda text: text + '"'


FAULTS = {
    # the samplesheet
    "no file": fault(
        lambda run: run.input.set(1, "bam", "gone.bam"), "column bam: there is no file"
    ),
    "replicate twice": fault(
        lambda run: run.input.add(bam="e.bam"),
        "duplicate sample, mark, replicate (K, H3K27ac, 1)",
        needs="replicate",
    ),
    "a bad mark": fault(
        lambda run: run.input.add(mark="H3 K9", bam="f.bam"), "'H3 K9' is not", hides="marks"
    ),
    "a file twice": fault(
        lambda run: run.input.add(sample="L", mark="H3K9me3", bam="c.bam"), "duplicate bam ("
    ),
    "its own control": fault(
        lambda run: run.input.set(3, "control", "d.bam"), "is its own control", needs="control"
    ),
    "an unknown column": fault(
        lambda run: run.input.rename("control", "contol"), "column 'contol'", hides="control"
    ),
    "a column of capitals": fault(
        lambda run: run.input.rename("replicate", "Replicate"),
        "'Replicate' is unknown",
        hides="replicate",
    ),
    "a value too many": fault(lambda run: run.input.rows[2].append("7"), "row 4: 6 values for 5"),
    "semicolons": fault(semicolons, "semicolons or tabs"),
    "one byte a letter": fault(
        one_byte_a_letter,
        "cannot be read as CSV",
    ),
    "no sample": fault(
        lambda run: run.input.add(sample="", mark="H3K36me3", bam="g.bam"),
        "column sample: the value",
        hides="samples marks",
    ),
    "a reserved name": fault(
        lambda run: run.input.add(mark="nascent", bam="h.bam"), "nascent RNA is not a mark"
    ),
    # the label sheet
    "no list": fault(
        lambda run: run.labels.set(1, "dhs", "gone.bed"),
        "column dhs: there is no file",
        needs="labels",
    ),
    "labels of nothing": fault(
        lambda run: run.labels.add(sample="N"),
        "sample 'N' is not in --input",
        needs="labels samples",
    ),
    "labels twice": fault(
        lambda run: run.labels.add(sample="L"), "duplicate sample (L)", needs="labels"
    ),
    "no list of enhancers": fault(
        lambda run: run.labels.set(1, "enhancers", ""), "enhancers is empty, where", needs="labels"
    ),
    "a column of labels misspelt": fault(
        lambda run: run.labels.rename("tfbs", "tfsb"), "column 'tfsb'", needs="labels"
    ),
    "nascent RNA that is a mark": fault(
        lambda run: run.labels.set(1, "nascent", "a.bam"),
        "is listed as nascent RNA of L",
        needs="labels replicate",
    ),
    "an open quote": fault(open_quote, "labels.csv cannot be read", hides="labels"),
    # annotations
    "no class": fault(
        lambda run: run.annotations.set(0, "mapping", "*=silencer"), "'*=silencer' does not"
    ),
    "no annotation": fault(
        lambda run: run.annotations.add(name="b", bed="gone.bed", mapping="*=promoter"),
        "column bed: there is",
    ),
    "an annotation of nothing": fault(
        lambda run: run.annotations.add(name="c", sample="M", mapping="*=promoter"),
        "sample 'M' has no row in --labels",
        needs="labels",
    ),
    # parameters
    "no number": fault(given(min_mapq="many"), "--min_mapq many: must be"),
    "an unknown name": fault(given(foo=1), "--foo is not a parameter"),
    "a misspelt name": fault(given(chrom_size="x"), "did you mean --chrom_sizes?"),
    "no gaps there": fault(given(gaps="gone.bed"), "--gaps gone.bed: there is no such file"),
    "TSSs of two files": fault(given(gtf="x.bed"), "--tss and --gtf both give"),
    "a step between bins": fault(given(step=150), "--step 150 is not a multiple"),
    "unknown to train on": fault(given(train_on="K,M"), "--train_on: sample 'M'", needs="labels"),
    "unknown to predict": fault(
        given(predict_on="K,Z"), "--predict_on: sample 'Z'", needs="samples"
    ),
    "an unknown model": fault(
        given(models="cnn,resnet"), "--models resnet: there is no such model"
    ),
    "a pair of one": fault(given(compare="K:K"), "cannot be compared with itself"),
    "two folds": fault(given(folds=2), "need 3 folds"),
    "no sample of an experiment": fault(given(crispr="crispr.tsv"), "--crispr_sample is missing"),
    "results in a file": fault(given(outdir="x.bed"), "--outdir x.bed is a file"),
}


def launched(folder: Path, number: int, faults: tuple[Fault, ...]) -> dict[str, object]:
    run = copy.deepcopy(GOOD)
    # Sheets are spoilt as a whole after their rows, and columns renamed after what is in them.
    for one in sorted(faults, key=lambda fault: "column" in fault.said and "'" in fault.said):
        one.plant(run)
    sheets: dict[str, object] = {}
    for name in ("input", "labels", "annotations"):
        path = folder / f"{number}.{name}.csv"
        text = getattr(run, name).text()
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        sheets[name] = str(path)
    return sheets | run.given


PAIRS = [
    (one, other)
    for one, other in itertools.combinations(FAULTS, 2)
    if not FAULTS[one].hides & FAULTS[other].needs and not FAULTS[other].hides & FAULTS[one].needs
]
# Both spoil the whole text of one sheet.
PAIRS.remove(("semicolons", "one byte a letter"))


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    for name in (*FILES, "é.bam"):
        (folder / name).touch()
    sets = [(), *((name,) for name in FAULTS), *PAIRS]
    cases = {
        " + ".join(names) or "good": launched(folder, number, tuple(FAULTS[name] for name in names))
        for number, names in enumerate(sets)
    }
    return answers(folder, cases)


def problems(answer: str) -> list[str]:
    head, *lines = answer.splitlines()
    assert head == (
        "There is a problem:" if len(lines) == 1 else f"There are {len(lines)} problems:"
    )
    return lines


def test_the_run_without_a_fault_is_good(said):
    assert said["good"] == ""


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_told_in_one_sentence(name, said):
    lines = problems(said[name])
    assert FAULTS[name].said in said[name]
    # The name of the column that is meant is missing as well.
    expected = 2 if name in ("a column of capitals", "one byte a letter") else 1
    assert len(lines) <= expected, lines


def test_most_faults_can_be_seen_beside_each_other():
    assert len(PAIRS) > 0.95 * len(FAULTS) * (len(FAULTS) - 1) / 2


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_of_two_faults_both_are_told(one, other, said):
    lines = problems(said[f"{one} + {other}"])
    for name in (one, other):
        assert any(FAULTS[name].said in line for line in lines), (name, lines)
    alone = len(problems(said[one])) + len(problems(said[other]))
    assert len(lines) <= alone, lines
