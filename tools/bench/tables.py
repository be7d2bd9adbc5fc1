"""The tables: one row per program, compared with the first one."""

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from contestants import Contestant
from measure import Cost, typical


def comparison(title: str, costs: Mapping[Contestant, Sequence[Cost]]) -> list[str]:
    """Lines of a table; the last column is the wall time divided by that of the first row.

    Medians; brackets hold the fastest and the slowest round. Dots: the machine could not run it.
    """
    rounds = {len(runs) for runs in costs.values() if runs}
    assert len(rounds) == 1
    first = typical(next(iter(costs.values())))
    lines = [
        f"**{title}**" + (f", medians of {n} rounds" if (n := rounds.pop()) > 1 else ", one round"),
        "",
        "| program | wall time | CPU time | peak memory | relative wall time |",
        "| --- | --- | --- | --- | --- |",
    ]
    for contestant, runs in costs.items():
        name = (
            f"{contestant.name} ({contestant.version})" if contestant.version else contestant.name
        )
        if not runs:
            lines.append(f"| {name} | . | . | . | . |")
            continue
        cost, walls = typical(runs), [one.wall for one in runs]
        spread = f" ({min(walls):.1f}-{max(walls):.1f})" if len(walls) > 1 else ""
        lines.append(
            f"| {name} | {cost.wall:.1f} s{spread} | {cost.cpu:.1f} s | {memory(cost.memory)} | "
            f"{cost.wall / first.wall:.2f} |"
        )
    return [*lines, ""]


def memory(size: float) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def amount(n: int) -> str:
    """A number in words: 30.9 million; 12,448."""
    return f"{n / 1e6:.1f}".removesuffix(".0") + " million" if n >= 1_000_000 else f"{n:,}"


def machine() -> str:
    """The machine in words."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown CPU",
    )
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return (
        f"{len(os.sched_getaffinity(0))} cores ({cpu}), {pages / 2**30:.0f} GiB of memory, "
        f"{gpu() or 'no GPU'}"
    )


@cache
def gpu() -> str:
    """The GPU that networks would run on, or nothing."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


def replace_section(document: Path, name: str, lines: Iterable[str]) -> None:
    """Put lines between the marks of a section of a document; ValueError if it has none."""
    begin, end = f"<!-- {name}: written by make bench -->", f"<!-- end of {name} -->"
    before, begins, rest = document.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (begins and closed):
        raise ValueError(f"{document} has no section {name}")
    text = "\n".join(lines).strip("\n")
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")
