"""Sheets with random damage, all read in one run of Nextflow: refused by name, or valid."""

import csv
import io
import random
import re
from pathlib import Path

import pytest
from samples.driver_answers import answers

N_SHEETS = 400
SHEETS = {
    "input": (
        "sample,mark,replicate,bam,control\n"
        "K562,H3K27ac,1,a.bam,in.bam\nK562,H3K4me1,1,b.bam,\n"
        "HeLa-S3,H3K27ac,rep2,c.bam,in.bam\nHeLa-S3,H3K4me1,1,d.bam,\n"
    ),
    "labels": "sample,dhs,enhancers,promoter_marks,tfbs\nK562,x.bed,x.bed;y.bed,x.bed,\n",
    "annotations": "name,sample,bed,mapping,chain\nstates,K562,x.bed,1_Tss=promoter;*=enhancer,\n",
}
FILES = ("a.bam", "b.bam", "c.bam", "d.bam", "in.bam", "x.bed", "y.bed", "tss.bed")
PIECES = (
    *(",", ";", "\t", '"', "'", "\n", "\r\n", "\r", "\\", " ", "=", "*", "-", "../", "`"),
    *("$(touch hit)", "\0", "\ufeff", "é", "漢", "\u202e", "<script>", "%00", "1e999", "null"),
    *("sample", "control", "K562", b"\xff", b"\xfe\xff", b"\xc3"),
)  # fmt: skip
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+-]*")


def damaged(text: str, rng: random.Random) -> bytes:
    """The sheet with up to four pieces deleted, repeated, moved or inserted."""
    content = text.encode()
    for _ in range(rng.randint(1, 4)):
        start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
        end = min(end, start + rng.choice([1, 3, 12, 60]))
        piece = rng.choice(PIECES)
        put = piece if isinstance(piece, bytes) else piece.encode()
        match rng.randrange(4):
            case 0:
                content = content[:start] + content[end:]
            case 1:
                content = content[:start] + content[start:end] * 2 + content[end:]
            case 2:
                content = content[:start] + put + content[end:]
            case 3:
                content = content[:start] + put + content[start:]
    return content


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, str]]:
    """Name of each damaged sheet -> its content and the message of the driver."""
    folder = tmp_path_factory.mktemp("sheets")
    for name in FILES:
        (folder / name).touch()
    whole = {}
    for kind, text in SHEETS.items():
        (folder / f"whole.{kind}.csv").write_text(text)
        whole[kind] = str(folder / f"whole.{kind}.csv")
    rng = random.Random(11)
    cases, contents = {"whole": {"tss": "tss.bed", **whole}}, {"whole": b""}
    for number in range(N_SHEETS):
        kind = rng.choice(list(SHEETS))
        path = folder / f"{number}.{kind}.csv"
        contents[path.name] = damaged(SHEETS[kind], rng)
        path.write_bytes(contents[path.name])
        cases[path.name] = {"tss": "tss.bed", **whole, kind: str(path)}
    answer_of = answers(folder, cases)
    assert not Path(folder / "hit").exists()
    return {name: (contents[name], answer_of[name]) for name in cases}


def test_the_whole_sheets_are_accepted(said):
    assert said["whole"][1] == ""


def test_damage_ends_in_a_sentence_that_names_a_sheet(said):
    """A sheet that lost a sample may be valid; the sheet that names the sample is then wrong."""
    refused = {name: answer for name, (_, answer) in said.items() if answer}
    assert len(refused) > N_SHEETS / 2
    for name, answer in refused.items():
        assert re.match(r"(There (is|are)|.*\.csv)", answer), f"{name}: {answer}"
        assert ".csv" in answer or "sample '" in answer, f"{name}: {answer}"


def test_what_is_accepted_has_names_that_harm_nothing(said):
    accepted = {name: text for name, (text, answer) in said.items() if not answer and text}
    assert accepted
    for name, text in accepted.items():
        if ".input." in name:
            for row in csv.DictReader(io.StringIO(text.decode("utf-8-sig"))):
                assert NAME.fullmatch(row["sample"].strip()), f"{name}: {row}"
