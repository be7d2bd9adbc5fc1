"""What measures speed and accuracy, in a copy of the repository, on inputs a hundredth the size and
with little training: what is written is tested, not what it says.

`make` takes ARGS, and the tools take DRF_SHARED_DATA and numbers of rounds, from the environment.
"""

import re
from pathlib import Path

import pytest
from samples.documented_commands import Part, Place, copied_repository, parts_of
from samples.small_encode import write_data

pytestmark = pytest.mark.pipeline

ROWS = {"three": 11, "five": 2, "hidden": 3, "dnase": 5, "depths": 3, "marks": 1}
VARIANTS = 12
MODELS = 11
DEFAULT = ["three", "five", "hidden"]
LISTS = 4


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The copy, with the small data beside it."""
    folder = tmp_path_factory.mktemp("benchmarks")
    data, code = write_data(folder / "data"), copied_repository(folder / "code")
    (code / "RefSeqTSS.hg19.bed.gz").symlink_to(data / "annotation_hg19/RefSeqTSS.hg19.bed.gz")
    rounds = {"ARGS": "--scale 0.01 --rounds 1", "SEEDS": "2", "EPOCHS": "1", "BOOTSTRAP": "20"}
    place = Place(code, {"DRF_SHARED_DATA": str(data), **rounds})
    place.run(Part("setup", "make setup"))
    return place


@pytest.mark.parametrize("part", parts_of("benchmarks"), ids=str)
def test_it_prints_what_it_measured(place, part):
    results = place.launch / "accuracy"
    output = place.run(part.with_places({"FOLDER": results}), seconds=7200)
    tables = re.findall(r"^\| --- .*\n((?:\| .*\d.* \|\n)+)", output, re.M)
    if "ablation" in part.text:
        folders = [Path(line) for line in output.splitlines() if line.startswith(str(results))]
        assert len(folders) == VARIANTS
        assert all((folder / "metrics.json").exists() for folder in folders)
    elif part.text.split()[2:] == ["real"]:
        rows = [len(table.splitlines()) for table in tables]
        real = [MODELS, *[1 + MODELS] * 4, MODELS + LISTS]
        assert rows[: len(real)] == real
        assert output.count("| TSS list alone, no reads |") == 2
    elif "accuracy" in part.text:
        names = [name for name in ROWS if name == part.text.split()[2]] or DEFAULT
        assert re.findall("^Part (.*)", output, re.M) == names
        for line in ("GM12878", "K562"):
            tables = re.findall(rf"^{line}\n\n(\| model \|.*\n(?:\| .*\n)+)", output, re.M)
            assert [len(table.splitlines()) - 2 for table in tables] == [ROWS[n] for n in names]
        assert ("### K562, 5 classes" in output) == ("five" in names)
        alone = [line for line in output.splitlines() if line.startswith("| TSS list alone")]
        assert len(alone) == 2 * len({"three", "dnase"} & set(names))
        hidden = re.findall(r"^\| model \| hidden promoters .*\n.*\n((?:\| .*\n)+)", output, re.M)
        assert [len(table.splitlines()) for table in hidden] == [3, 1] * 2 * ("hidden" in names)
    else:
        assert tables, output
        document = (place.launch / "docs/benchmarks.md").read_text()
        written = "bench-quick" not in part.text
        assert all((table in document) == written for table in tables), output
