"""Tables of element-gene pairs that were tested with CRISPR, merged to elements.

The columns are those of the ENCODE-rE2G benchmark (EngreitzLab/CRISPR_comparison), in any order:

    chrom, chromStart, chromEnd   the perturbed element, 0-based half-open. Start and end of a place
                                  between two bases (an insertion) are the same
    Regulated                     TRUE or FALSE; a pair without a result (NA) is not used
    CellType                      if present, only pairs tested in the cell type of the sample count
    ValidConnection               if present, a pair with another value than TRUE is not used: the
                                  element is a promoter, or lies in the gene that was measured
    measuredGeneEnsemblId, measuredGeneSymbol
                                  if present, a gene that several studies tested counts once

Other columns are ignored. Regulated rules alone: in the benchmark it means a significant fall of
expression, and an element whose perturbation raises expression is a tested negative.
"""

import csv
import io
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from deepregfinder.errors import InputError
from deepregfinder.genome.assembly import few
from deepregfinder.storage.text import read_text, unquoted

log = logging.getLogger(__name__)

TESTED, OTHER_CELL, NOT_VALID = "tested", "other_cell", "not_valid"
LEFT_OUT = {
    OTHER_CELL: "tested in other cell types only",
    NOT_VALID: "without a valid pair (ValidConnection is not TRUE, or Regulated is not known)",
}
_PLACE = ("chrom", "chromStart", "chromEnd")
_NEEDED = (*_PLACE, "Regulated")
_GENES = ("measuredGeneEnsemblId", "measuredGeneSymbol")
_READ = (*_NEEDED, "CellType", "ValidConnection", *_GENES)
_TRUTH = {"TRUE": True, "T": True, "1": True, "FALSE": False, "F": False, "0": False}
_UNKNOWN = ("", "NA", "NAN", "N/A", "NULL", ".")


def read_table(path: Path, cell_type: str | None = None) -> pd.DataFrame:
    """Read tested pairs (TSV with a header, plain or gzipped) and merge them to elements.

    cell_type : whose pairs are used, in any case of letters; None for those of all cells

    Returns chrom, start, end, genes, regulated_genes, use: one row per element, sorted. `use` is
    TESTED, or the reason of LEFT_OUT why no pair of the element is used; genes are then 0.

    Raises InputError for missing columns, for the first rows that are not valid, and for a cell
    type that no pair was tested in.
    """
    table = _known_columns(path)
    start, end = (pd.to_numeric(table[name], errors="coerce") for name in _PLACE[1:])
    answer = table["Regulated"].str.upper()
    regulated = answer.map(_TRUTH)
    unknown = answer.isin(_UNKNOWN)
    placed = start.mod(1).eq(0) & end.mod(1).eq(0) & start.ge(0) & end.ge(start) & end.lt(2**31)
    wrong = ~placed | (regulated.isna() & ~unknown) | table["chrom"].eq("")
    if wrong.any():
        raise InputError.of(
            [
                f"{path}, line {row + 2}: expected chrom, start up to end, and Regulated TRUE, "
                f"FALSE or NA, found {' '.join(table.loc[row, list(_NEEDED)])!r}."
                for row in table.index[wrong][:5].tolist()
            ]
        )
    here = _tested_in(path, table["CellType"], cell_type)
    used = here & _valid(table["ValidConnection"]) & ~unknown
    pairs = pd.DataFrame(
        {
            "chrom": table["chrom"],
            "start": start.astype(np.int64),
            "end": end.astype(np.int64),
            "here": here,
            "used": used,
            "gene": _gene(table).where(used),
        }
    )
    pairs["regulated"] = pairs["gene"].where(regulated.eq(True))
    elements = (
        pairs.groupby(["chrom", "start", "end"], sort=True)
        .agg(
            genes=("gene", "nunique"),
            regulated_genes=("regulated", "nunique"),
            here=("here", "any"),
            used=("used", "any"),
        )
        .reset_index()
    )
    elements["use"] = np.select(
        [elements.pop("used"), elements.pop("here")], [TESTED, NOT_VALID], OTHER_CELL
    )
    if not elements["use"].eq(TESTED).any():
        raise InputError(
            f"{path}: no element has a valid pair{f' in {cell_type}' if cell_type else ''}: "
            "ValidConnection is nowhere TRUE, or Regulated nowhere TRUE or FALSE. Check the table."
        )
    _log_left_out(path, elements["use"])
    return elements


def _known_columns(path: Path) -> pd.DataFrame:
    """The columns of _READ as text; "" where a table lacks one. The index still counts blank lines.

    Columns are found by letters and digits of their names: Cell_Type is CellType.
    """
    lines = read_text(path, "a tab-separated table").split("\n")
    try:
        table = pd.read_csv(
            io.StringIO("\n".join(line.rstrip() for line in lines)),
            sep="\t",
            dtype=str,
            keep_default_na=False,
            skip_blank_lines=False,
            quoting=csv.QUOTE_NONE,
        )
    except ValueError as error:
        raise InputError(f"{path} cannot be read as a tab-separated table ({error}).") from None
    if not isinstance(table.index, pd.RangeIndex):  # pandas uses the first fields as row names
        raise InputError(f"{path}: its rows have more fields than its header.")
    table = table.fillna("")
    table = table[(table != "").any(axis=1)]
    names = [_letters(unquoted(name)) for name in table.columns]
    places = {name: names.index(_letters(name)) for name in _READ if _letters(name) in names}
    if lacking := [name for name in _NEEDED if name not in places]:
        raise InputError(
            f"{path} lacks the columns {', '.join(lacking)}; a table of tested pairs needs "
            f"{', '.join(_NEEDED)}."
        )
    if table.empty:
        raise InputError(f"{path} has no rows.")
    known = {name: table.iloc[:, place].map(unquoted).str.strip() for name, place in places.items()}
    return pd.DataFrame(known).reindex(columns=list(_READ), fill_value="")


def _letters(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _tested_in(path: Path, cells: pd.Series, cell_type: str | None) -> pd.Series:
    """Whether each pair was tested in the cell type."""
    known = cells.where(~cells.str.upper().isin(_UNKNOWN)).dropna()
    if cell_type is None:
        return pd.Series(True, index=cells.index)
    if known.empty:
        log.warning(
            "%s does not name cell types (column CellType): its elements are taken as tested in %s",
            *(path.name, cell_type),
        )
        return pd.Series(True, index=cells.index)
    here = known.str.casefold().eq(cell_type.casefold())
    if not here.any():
        names = [f"{name} ({n:,} pairs)" for name, n in known.value_counts().items()]
        raise InputError(
            f"{path}: no pair was tested in {cell_type}; column CellType has {few(names, 10)}. "
            "Name the cell type of --crispr_sample with --crispr_cell_type."
        )
    return here.reindex(cells.index, fill_value=False)


def _valid(connections: pd.Series) -> pd.Series:
    """Whether each pair counts; one about which nothing is said does."""
    said = connections.str.upper()
    return said.isin(_UNKNOWN) | said.map(_TRUTH).eq(True)


def _gene(table: pd.DataFrame) -> pd.Series:
    """What tells the genes of an element apart; each pair is a gene of its own without a name."""
    gene = pd.Series([f"pair {row}" for row in table.index], index=table.index)
    for name in reversed(_GENES):
        gene = gene.mask(~table[name].str.upper().isin(_UNKNOWN), table[name])
    return gene


def _log_left_out(path: Path, use: pd.Series) -> None:
    counts = use.value_counts()
    for reason, explanation in LEFT_OUT.items():
        if count := int(counts.get(reason, 0)):
            log.warning(
                "%s: %s of %s elements are left out: %s",
                *(path.name, f"{count:,}", f"{len(use):,}", explanation),
            )
