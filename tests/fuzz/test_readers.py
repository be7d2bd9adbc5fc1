"""Model bundles and text tables with random damage are refused with a message, or valid."""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save
from samples.small_models import random_bundle

from deepregfinder.errors import InputError
from deepregfinder.genome.grid import read_chrom_sizes
from deepregfinder.genome.intervals import read_intervals
from deepregfinder.inputs.gene_annotation import list_tss
from deepregfinder.models.bundle import read_bundle, write_bundle
from deepregfinder.storage.tables import Shortest, column_names, read_rows, write_rows, write_table

NONSENSE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 70), 1 << 70),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(
        ["../x", "a\nb", "<script>", "chr1", [], {}, [[]], {"": {}}, [0] * 3, 0, 1, -1]
    ),
)

fuzzed = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def ends_well(read: Callable[[], Any], path: Path) -> Any:
    """The content; None if it is refused with a message that names the file."""
    try:
        return read()
    except InputError as error:
        sentence = str(error)
    assert str(path) in sentence
    assert sentence.endswith(".")
    return None


def places(content: Any, path: tuple = ()) -> list[tuple]:
    """The path to every value in a JSON document."""
    items: Any = ()
    if isinstance(content, dict):
        items = content.items()
    elif isinstance(content, list):
        items = enumerate(content)
    return [path, *(way for key, value in items for way in places(value, (*path, key)))]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cnn")
    write_bundle(folder, random_bundle(n_members=2))
    description = json.loads((folder / "model.json").read_text())
    return description, load_file(folder / "model.safetensors")


def write(folder: Path, description: Any, packed: bytes) -> None:
    if isinstance(description, dict) and description.get("weights_sha256"):
        description["weights_sha256"] = sha256(packed).hexdigest()
    (folder / "model.json").write_text(json.dumps(description))
    (folder / "model.safetensors").write_bytes(packed)


def sound_or_refused(folder: Path) -> None:
    """A bundle that can be read can be written and read again, and has finite numbers."""
    bundle = ends_well(lambda: read_bundle(folder), folder)
    if bundle is None:
        return
    write_bundle(folder / "again", bundle)
    again = read_bundle(folder / "again")
    assert again.labelled_bias == bundle.labelled_bias
    assert again.members == bundle.members
    # Rules and HMMs have no validation mAP.
    measured = [one.validation_map for one in bundle.members if one.validation_map is not None]
    assert all(map(math.isfinite, measured))
    members = np.full((len(bundle.members), 5, len(bundle.classes)), 1 / len(bundle.classes))
    assert np.isfinite(bundle.labelled_probabilities(members)).all()


@fuzzed
@given(data=st.data())
def test_a_description_with_other_values_is_sound_or_refused(bundle, tmp_path, data):
    description, arrays = copy.deepcopy(bundle[0]), bundle[1]
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from(places(description)[1:]))
        place = description
        for key in way:
            place = place[key]
        if data.draw(st.booleans()):
            place[last] = data.draw(NONSENSE)
        else:
            del place[last]
    write(tmp_path, description, save(arrays))
    sound_or_refused(tmp_path)


@fuzzed
@given(data=st.data())
def test_weights_of_other_shapes_types_and_values_are_sound_or_refused(bundle, tmp_path, data):
    description, arrays = bundle[0], dict(bundle[1])
    key = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays.pop(key)
    change = data.draw(st.sampled_from(["missing", "type", "shape", "value", "name"]))
    if change == "type":
        arrays[key] = array.astype(data.draw(st.sampled_from(["f8", "f2", "i8", "u1", "?"])))
    elif change == "shape":
        arrays[key] = data.draw(st.sampled_from([array[None], np.append(array, array)]))
    elif change == "value":
        arrays[key] = array.copy()
        wrong = [math.nan, math.inf, -1, 1 << 20] if array.dtype.kind == "f" else [-1, 1 << 20]
        index = data.draw(st.integers(0, array.size - 1))
        arrays[key].reshape(-1)[index] = data.draw(st.sampled_from(wrong))
    elif change == "name":
        arrays[data.draw(st.text(max_size=20))] = array
    write(tmp_path, dict(description), save(arrays))
    sound_or_refused(tmp_path)


@fuzzed
@given(data=st.data())
def test_packed_weights_with_other_bytes_are_sound_or_refused(bundle, tmp_path, data):
    packed = bytearray(save(bundle[1]))
    header = 8 + int.from_bytes(packed[:8], "little")
    for _ in range(data.draw(st.integers(1, 4))):
        packed[data.draw(st.integers(0, header - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([None, 0, 7, 8, header, header + 1, -1]))
    write(tmp_path, dict(bundle[0]), bytes(packed[:cut]))
    sound_or_refused(tmp_path)


FIELDS = st.one_of(
    st.sampled_from(
        [
            "chr1",
            "chr2",
            "0",
            "100",
            "200",
            "-1",
            "1e3",
            "nan",
            "0x1",
            "9" * 25,
            "9" * 5_000,
            "",
            " ",
        ]
    ),
    st.text(max_size=6),
)
TABLES = st.lists(
    st.lists(FIELDS, min_size=1, max_size=6).map("\t".join), min_size=1, max_size=6
).flatmap(lambda lines: st.sampled_from(["\n", "\r\n", "\r"]).map(lambda end: end.join(lines)))


@fuzzed
@given(content=st.one_of(TABLES.map(lambda text: text.encode(errors="replace")), st.binary()))
def test_a_list_of_intervals_is_sound_or_refused(tmp_path, content):
    path = tmp_path / "peaks.bed"
    path.write_bytes(content)
    intervals = ends_well(lambda: read_intervals(path), path)
    if intervals is not None:
        assert (intervals["start"] >= 0).all()
        assert (intervals["end"] > intervals["start"]).all()
        assert intervals["chrom"].str.fullmatch(r"\S+").all()


ATTRIBUTES = st.lists(
    st.tuples(
        st.sampled_from(["gene_id", "gene_name", "transcript_type", "ID", "Parent", "Name", ""]),
        st.sampled_from([' "{}";', "={};", " {};", ' "{}', "{}", "=%0A{}"]),
        st.one_of(st.text(max_size=4), st.sampled_from(["lncRNA", "G1", "T1", "G1,T1"])),
    ).map(lambda parts: parts[0] + parts[1].format(parts[2])),
    max_size=3,
).map(" ".join)
ANNOTATION_ROWS = st.tuples(
    FIELDS,
    st.just("x"),
    st.sampled_from(["transcript", "gene", "mRNA", "exon", "region", "miRNA", ""]),
    FIELDS,
    FIELDS,
    st.just("."),
    st.sampled_from(["+", "-", ".", "?", "", "x"]),
    st.just("."),
    ATTRIBUTES,
).map("\t".join)
GOOD_ROW = 'chr1\tx\ttranscript\t100\t200\t.\t+\t.\tgene_id "G1"; transcript_type "mRNA";\n'


@fuzzed
@given(
    rows=st.lists(ANNOTATION_ROWS, max_size=4), end=st.sampled_from(["\n", "\r\n", ""]),
    first=st.booleans(),
)  # fmt: skip
def test_a_gene_annotation_is_sound_or_refused(tmp_path, rows, end, first):
    path, bed = tmp_path / "genes.gtf", tmp_path / "tss.bed"
    text = (GOOD_ROW if first else "") + "\n".join(rows) + end
    path.write_bytes(text.encode(errors="replace"))
    tss, summary = list_tss(path, "all")
    assert all(str(path) in one and one.endswith(".") for one in summary.problems)
    assert summary.problems or len(tss)
    assert first <= len(tss)
    write_table(
        bed, tss.assign(score=0)[["chrom", "start", "end", "gene", "score", "strand"]].values
    )
    again = read_intervals(bed)
    columns = ["chrom", "start", "end", "strand"]
    assert again[columns].to_numpy().tolist() == tss[columns].to_numpy().tolist()
    assert again["name"].tolist() == tss["gene"].tolist()


@fuzzed
@given(content=st.one_of(TABLES.map(lambda text: text.encode(errors="replace")), st.binary()))
def test_a_table_of_chromosomes_is_sound_or_refused(tmp_path, content):
    path = tmp_path / "chrom.sizes"
    path.write_bytes(content)
    sizes = ends_well(lambda: read_chrom_sizes(path), path)
    if sizes is not None:
        assert sizes
        assert all(
            0 < size < 1 << 31 and chrom and chrom == chrom.strip() for chrom, size in sizes.items()
        )


@dataclass(frozen=True)
class Row:
    """A row of a table with cells of all types."""

    chrom: str
    class_: str | None
    reads: int
    share: Shortest | None
    tested: bool
    ids: tuple[str, ...]


WORDS = st.text(st.characters(exclude_characters="\t\r\n,", codec="utf-8"), min_size=1)
ROWS = st.builds(
    Row,
    chrom=WORDS,
    class_=st.none() | WORDS.filter(lambda text: text != "."),
    reads=st.integers(),
    share=st.none() | st.floats(allow_nan=False),
    tested=st.booleans(),
    ids=st.lists(WORDS, max_size=3).map(tuple).filter(lambda ids: ids != (".",)),
)
HEADER = "\t".join(column_names(Row))


@fuzzed
@given(rows=st.lists(ROWS, max_size=5))
def test_rows_come_back_as_they_were_written(tmp_path, rows):
    path = tmp_path / "table.tsv"
    write_rows(path, Row, rows)
    assert read_rows(path, Row) == tuple(rows)


@fuzzed
@given(
    content=st.one_of(
        TABLES.map(lambda text: text.encode(errors="replace")),
        TABLES.map(lambda text: f"{HEADER}\n{text}".encode(errors="replace")),
        st.binary(),
    )
)
def test_a_table_of_rows_is_sound_or_refused(tmp_path, content):
    path = tmp_path / "table.tsv"
    path.write_bytes(content)
    rows = ends_well(lambda: read_rows(path, Row), path)
    if rows is not None:
        write_rows(path, Row, rows)
        written = path.read_bytes()
        write_rows(path, Row, read_rows(path, Row))
        assert path.read_bytes() == written
