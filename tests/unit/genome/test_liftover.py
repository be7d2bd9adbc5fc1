"""Liftover with a chain file small enough to verify by eye."""

import gzip
import logging
from pathlib import Path

import pandas as pd
import pytest

from deepregfinder.errors import InputError
from deepregfinder.genome.liftover import LIFTED, lift_intervals, read_chain

# a1 0-1000 maps to b1 100-1100; 1000-1050 is deleted in b1; 1050-1550 is adjacent there; 300 bp are
# inserted in b1, and 1550-2000 maps to b1 1900-2350. a2 400-900 maps to the minus strand of b2
# (size 1000): base 400 to base 999 - 50 = 949. a2 900-950 is in two chains.
CHAIN = """\
# a comment
chain 900 a1 5000 + 0 2000 b1 6000 + 100 2350 1
1000 50 0
500 0 300
450

chain 800 a2 1000 + 400 950 b2 1000 - 50 600 2
550

chain 700 a2 1000 + 900 1000 b3 500 + 0 100 3
100

"""
TARGETS = {"b1": 6000, "b2": 1000}
CASES = {
    ("a1", 10, 20): ("b1", 110, 120),
    ("a1", 990, 1000): ("b1", 1090, 1100),
    ("a1", 900, 1210): ("b1", 1000, 1260),  # the gap between the ends does no harm
    ("a1", 1550, 2000): ("b1", 1900, 2350),
    ("a1", 1450, 1650): "resized",  # 500 bp there
    ("a1", 1300, 1700): ("b1", 1350, 2050),
    ("a1", 995, 1010): "unmapped",  # its end is gone
    ("a1", 950, 1090): "unmapped",  # its middle is gone
    ("a1", 3000, 3100): "unmapped",
    ("a2", 400, 401): ("b2", 949, 950),
    ("a2", 410, 430): ("b2", 920, 940),  # start and end change sides
    ("a2", 890, 905): "ambiguous",
    ("a2", 960, 970): ("b3", 60, 70),
    ("a2", 500, 1000): "broken",  # ends on two chromosomes
    ("aX", 0, 10): "unmapped",
}


def chain_file(folder: Path, text: str = CHAIN, packed: bool = False) -> Path:
    path = folder / "small.chain"
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    return path


@pytest.mark.parametrize("packed", [False, True])
def test_every_interval_goes_where_the_chain_says_or_is_counted(
    tmp_path: Path, packed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    intervals = pd.DataFrame(list(CASES), columns=["chrom", "start", "end"]).assign(
        name=range(len(CASES))
    )
    lift = read_chain(chain_file(tmp_path, packed=packed), TARGETS)
    with caplog.at_level(logging.WARNING):
        lifted, status = lift_intervals(intervals, lift, "list.bed")
    wanted = [LIFTED if isinstance(place, tuple) else place for place in CASES.values()]
    assert status.tolist() == wanted
    places = lifted[["chrom", "start", "end"]].itertuples(index=False, name=None)
    assert list(places) == [place for place in CASES.values() if isinstance(place, tuple)]
    assert lifted["name"].tolist() == [i for i, word in enumerate(wanted) if word == LIFTED]
    assert f"list.bed: {wanted.count('unmapped')} of {len(CASES)} not lifted" in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHAIN[:90], "damaged"),
        (CHAIN.replace("900 a1", "900 a1 x"), "damaged"),
        ("chr1\t10\t20\n", "is not a chain file"),
        ("", "is not a chain file"),
        (CHAIN.replace("b1", "chr1").replace("b2", "chr2"), "chromosomes named like chr1"),
        (CHAIN.replace("b1 6000", "b1 7000"), "b1 has 7,000 bp, but the run has 6,000 bp"),
    ],
)
def test_a_file_that_is_no_such_chain_is_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_chain(chain_file(tmp_path, text), TARGETS)


def test_a_chain_that_was_cut_short_or_is_not_there_is_told(tmp_path: Path) -> None:
    path = chain_file(tmp_path, packed=True)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(InputError, match="damaged"):
        read_chain(path, TARGETS)
    with pytest.raises(InputError, match="cannot be read"):
        read_chain(tmp_path / "none.chain", TARGETS)


@pytest.mark.parametrize(
    ("interval", "said"),
    [(("chr1", 1, 2), "named like chr1"), (("a1", 4000, 6000), "a1 has 5,000 bp")],
)
def test_intervals_of_another_assembly_are_told(
    tmp_path: Path, interval: tuple[str, int, int], said: str
) -> None:
    lift = read_chain(chain_file(tmp_path), TARGETS)
    intervals = pd.DataFrame([interval], columns=["chrom", "start", "end"])
    with pytest.raises(InputError, match=said):
        lift_intervals(intervals, lift, "list.bed")
