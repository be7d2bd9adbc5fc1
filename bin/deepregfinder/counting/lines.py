"""The inner loop of the reader of tagAlign and fragments files: from lines to records of BAM.

numba compiles it when this module is imported and caches the result, as in `records`. All functions
that are compiled together are here. No content of a file can cause access outside an array.
"""

from typing import Any

import numpy as np
from numba import njit

import deepregfinder.counting.compiled  # noqa: F401, first
from deepregfinder.counting.compiled import OPTIONS

# Fields of the tally, an int64 array: lines so far, fragments with other barcodes among them, the
# highest score, rows that were filled, and whether the name of a chromosome stopped the loop.
N_LINES, UNSELECTED, TOP_SCORE, N_ROWS, NEW_NAME, N_TALLY = range(6)

# What may be wrong with a line. Columns of `faults`, one row for each: lines, number of the first
# one, and its offset in the data of that call.
(
    BAD_COLUMNS,
    BAD_NUMBER,
    NEGATIVE,
    REVERSED,
    TOO_LONG,
    BEYOND_END,
    BAD_SCORE,
    BAD_STRAND,
    BAD_COUNT,
    N_FAULTS,
) = range(10)
FAULTY_LINES, FIRST_LINE, FIRST_OFFSET, N_FAULT_FIELDS = range(4)

# Columns of `chroms`: index in the header of the records (-1: not counted), length in bp, offset of
# its first bit in `taken` (-1: none), reads, and the interval that ends last, with its line.
REFERENCE, LENGTH, FIRST_BIT, READS, LAST_START, LAST_END, LAST_LINE, N_CHROM_FIELDS = range(8)

# Fields of a record of BAM, int32 (SAM specification, section 4.2): the size of the others;
# reference, position; lengths of the name and MAPQ; number of CIGAR operations and flag; number of
# bases; reference, position of the mate; TLEN; the name (*); the CIGAR.
_SIZE, _REFERENCE, POSITION, _NAME_MAPQ, _CIGAR_FLAG, _BASES = range(6)
_MATE_REFERENCE, _MATE_POSITION, _TLEN, _NAME, CIGAR, N_FIELDS = range(6, 12)
_REVERSE, _DUPLICATE, _FIRST_OF_PROPER_PAIR = 0x10, 0x400, 0x1 | 0x2 | 0x40
_SECOND_OF_PROPER_PAIR = 0x1 | 0x2 | 0x80

LONGEST = 10_000_000
"""bp of the longest read or fragment."""

NO_MAPQ = 255
"""Mapping quality of records without one (SAM specification)."""

_TAB, _NEWLINE, _RETURN, _HASH, _MINUS, _PLUS, _DOT = 9, 10, 13, 35, 45, 43, 46
_NOT_A_NUMBER, _BELOW_ZERO = -1, -2

_NO_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_inner = njit(**OPTIONS, **_NO_WRAPPERS)


@_inner
def _hash(data, at, end):  # type: ignore[no-untyped-def]
    """Hash, not 0, of data[at:end] (the constants are those of FNV-1a and SplitMix64)."""
    key = 1469598103934665603
    for place in range(at, end):
        key = (key ^ data[place]) * 1099511628211
    key = (key ^ (key >> 29)) * -7046029254386353131
    key ^= key >> 32
    return key | 1 if key == 0 else key


@njit("int64(uint8[::1])", cache=True, **OPTIONS)
def hash_of(text):  # type: ignore[no-untyped-def]
    """Hash of a name or barcode, as in the tables of `read_lines`."""
    return _hash(text, 0, len(text))


@_inner
def _row_of(keys, key):  # type: ignore[no-untyped-def]
    """Row of a hash in an open-addressing table; -1 if it is not there."""
    mask = len(keys) - 1
    row = key & mask
    while keys[row]:
        if keys[row] == key:
            return row
        row = (row + 1) & mask
    return np.int64(-1)


@_inner
def _number(data, at, end):  # type: ignore[no-untyped-def]
    """The whole number in data[at:end], or _NOT_A_NUMBER, or _BELOW_ZERO."""
    if at < end and data[at] == _MINUS:
        return _BELOW_ZERO if _number(data, at + 1, end) > 0 else _NOT_A_NUMBER
    if not 0 < end - at <= 12:
        return _NOT_A_NUMBER
    value = np.int64(0)
    for place in range(at, end):
        digit = np.int64(data[place]) - 48
        if digit < 0 or digit > 9:
            return _NOT_A_NUMBER
        value = 10 * value + digit
    return value


@_inner
def _starts_with(data, at, end, word):  # type: ignore[no-untyped-def]
    """Whether data[at:end] begins with a word, and a blank, tab or the end follows it."""
    after = at + len(word)
    if after > end or (after < end and data[after] != 32 and data[after] != _TAB):
        return False
    same = True
    for k in range(len(word)):
        same = same and data[at + k] == word[k]
    return same


_TRACK, _BROWSER = b"track", b"browser"


@_inner
def _is_header(data, at, end):  # type: ignore[no-untyped-def]
    """Whether a line is empty, a comment, or for a genome browser."""
    if at == end or data[at] == _HASH:
        return True
    if data[at] == 116:
        return _starts_with(data, at, end, _TRACK)
    return data[at] == 98 and _starts_with(data, at, end, _BROWSER)


@_inner
def _is_copy(taken, bit):  # type: ignore[no-untyped-def]
    """Whether a bit is set; sets it."""
    mask = np.uint8(1 << (bit & 7))
    is_set = taken[bit >> 3] & mask != 0
    taken[bit >> 3] |= mask
    return is_set


@_inner
def _fault_of(n_tabs, fragments, start, end):  # type: ignore[no-untyped-def]
    """The fault of a line in its columns or position, -1 if there is none."""
    if n_tabs != (4 if fragments else 5):
        return BAD_COLUMNS
    if start == _NOT_A_NUMBER or end == _NOT_A_NUMBER:
        return BAD_NUMBER
    if start < 0 or end < 0:
        return NEGATIVE
    if start >= end:
        return REVERSED
    return TOO_LONG if end - start > LONGEST else -1


@njit(
    "int64(uint8[::1], int64, int64, boolean, boolean, int64[::1], int64[::1], int64[:, ::1],"
    " int64[::1],"
    " uint8[::1], uint8[::1], int64, boolean, int64[::1], int64[:, ::1], int64[::1],"
    " int32[:, ::1])",
    cache=True,
    **OPTIONS,
)
def read_lines(  # type: ignore[no-untyped-def]
    data,
    at,
    stop,
    fragments,
    ends,
    names,
    chrom_of,
    chroms,
    barcodes,
    met,
    taken,
    min_mapq,
    has_mapq,
    tabs,
    faults,
    tally,
    rows,
):
    """Read the whole lines in data[at:stop] as records; return the start of the first one left.

    It ends early at a line whose chromosome is not in `names` (tally[NEW_NAME] is 1), and when
    `rows` is full.

    Parameters
    ----------
    data : uint8, text
    at, stop : start of the first line; end of the text
    fragments : the lines are those of a fragments file, else of a tagAlign file
    ends : a fragment is two mates of one base each, its ends; else one record
    names, chrom_of : int64, open-addressing table: hashes of names of chromosomes (0: empty row),
        and their rows in `chroms`. Their length is a power of 2.
    chroms : int64, shape (chromosomes, N_CHROM_FIELDS)
    barcodes, met : int64, uint8, table of hashes of the barcodes to read (no row: all), and whether
        each has been met
    taken : uint8, two bits for each position of chromosomes: whether a read was read whose 5' end
        is there, on either strand. Later ones are marked as duplicates.
    min_mapq : reads below are not remembered in `taken`
    has_mapq : a score of 0 to 255 is the mapping quality
    tabs : int64, shape (8,): work space, overwritten
    faults : int64, shape (N_FAULTS, N_FAULT_FIELDS), added to; a line with a fault is no record
    tally : int64, shape (N_TALLY,), added to; tally[N_ROWS] is set
    rows : int32, shape (records, N_FIELDS), filled with records of BAM
    """
    n_rows, n_known = 0, len(tabs)
    tally[NEW_NAME] = 0
    while at < stop and n_rows + ends < len(rows):
        line, n_tabs, after = at, 0, at
        while after < stop and data[after] != _NEWLINE:
            if data[after] == _TAB:
                if n_tabs < n_known:
                    tabs[n_tabs] = after
                n_tabs += 1
            after += 1
        if after == stop:
            break
        close = after - 1 if after > line and data[after - 1] == _RETURN else after
        if _is_header(data, line, close):
            tally[N_LINES] += 1
            at = after + 1
            continue
        for k in range(min(n_tabs, n_known), n_known):
            tabs[k] = close
        start = _number(data, min(tabs[0] + 1, close), tabs[1])
        end = _number(data, min(tabs[1] + 1, close), tabs[2])
        fault = _fault_of(n_tabs, fragments, start, end)
        strand, mapq = 0, NO_MAPQ
        if fault < 0 and fragments:
            if _number(data, tabs[3] + 1, tabs[4]) < 1:
                fault = BAD_COUNT
        elif fault < 0:
            score = _number(data, tabs[3] + 1, tabs[4])
            without = tabs[4] == tabs[3] + 2 and data[tabs[3] + 1] == _DOT
            if score < 0 and not without:
                fault = BAD_SCORE
            tally[TOP_SCORE] = max(tally[TOP_SCORE], NO_MAPQ if without else score)
            if has_mapq and 0 <= score < NO_MAPQ:
                mapq = score
            strand = int(data[tabs[4] + 1]) if close == tabs[4] + 2 else 0
            if fault < 0 and strand != _PLUS and strand != _MINUS:
                fault = BAD_STRAND
        if fault < 0:
            row = _row_of(names, _hash(data, line, tabs[0]))
            if row < 0:
                tally[NEW_NAME] = 1
                break
            row = chrom_of[row]
            if end > chroms[row, LENGTH]:
                fault = BEYOND_END
        at = after + 1
        tally[N_LINES] += 1
        if fault >= 0:
            if faults[fault, FAULTY_LINES] == 0:
                faults[fault, FIRST_LINE] = tally[N_LINES]
                faults[fault, FIRST_OFFSET] = line
            faults[fault, FAULTY_LINES] += 1
            continue
        if len(barcodes):
            barcode = _row_of(barcodes, _hash(data, tabs[2] + 1, tabs[3]))
            if barcode < 0:
                tally[UNSELECTED] += 1
                continue
            met[barcode] = 1
        chroms[row, READS] += 1
        if end > chroms[row, LAST_END]:
            chroms[row, LAST_START] = start
            chroms[row, LAST_END] = end
            chroms[row, LAST_LINE] = tally[N_LINES]
        flag = _FIRST_OF_PROPER_PAIR if fragments else 0
        if strand == _MINUS:
            flag |= _REVERSE
        if chroms[row, FIRST_BIT] >= 0 and mapq >= min_mapq:
            five_prime = end - 1 if strand == _MINUS else start
            if _is_copy(taken, chroms[row, FIRST_BIT] + 2 * five_prime + (strand == _MINUS)):
                flag |= _DUPLICATE
        reference = chroms[row, REFERENCE]
        rows[n_rows, _SIZE] = 4 * (N_FIELDS - 1)
        rows[n_rows, _REFERENCE] = reference
        rows[n_rows, POSITION] = start
        rows[n_rows, _NAME_MAPQ] = 4 | mapq << 8
        rows[n_rows, _CIGAR_FLAG] = 1 | flag << 16
        rows[n_rows, _BASES] = 0
        rows[n_rows, _MATE_REFERENCE] = reference if fragments else -1
        rows[n_rows, _MATE_POSITION] = start if fragments else -1
        rows[n_rows, _TLEN] = end - start if fragments else 0
        rows[n_rows, _NAME] = 42
        rows[n_rows, CIGAR] = (1 if ends else end - start) << 4
        n_rows += 1
        if ends:
            for field in range(N_FIELDS):
                rows[n_rows, field] = rows[n_rows - 1, field]
            rows[n_rows - 1, _MATE_POSITION] = end - 1
            rows[n_rows, POSITION] = end - 1
            rows[n_rows, _CIGAR_FLAG] = 1 | (_SECOND_OF_PROPER_PAIR | _REVERSE) << 16
            rows[n_rows, _TLEN] = start - end
            n_rows += 1
    tally[N_ROWS] = n_rows
    return at
