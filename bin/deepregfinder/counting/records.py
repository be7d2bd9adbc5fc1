"""The inner loops of the native counter: from the bytes of BAM records to counts and read ends.

numba compiles them when this module is imported (4 s) and caches the result beside this file or,
if that folder is read-only, in the user's cache folder. The cache is renewed only when this file
changes, so all functions that are compiled together are here. The loops run without the GIL. Every
size is checked before it is used: no content of a file can cause access outside an array.

Record layout: SAM specification, section 4.2. Offsets below are from the byte after `block_size`.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

import deepregfinder.counting.compiled  # noqa: F401, first
from deepregfinder.counting.compiled import OPTIONS

# Fields of the tally, an int64 array. FAULT is the reason why reading stopped, 0 if none.
TOTAL, UNMAPPED, MAPQ, DUPLICATE, MULTIMAPPING, SECONDARY, IMPROPER_PAIR = range(7)
SECOND_MATES, USABLE, ON_MAIN, ASSIGNED, PAIRED, LONE_FIRST, LONE_SECOND = range(7, 14)
LONG_FRAGMENT, WITHOUT_NH, FAULT, N_TALLY = range(14, 18)

BAD_SIZE, BAD_REFERENCE, BAD_CIGAR, BAD_TAG, BEYOND_END, SAME_NAMES, NO_ROOM = range(1, 8)
FAULTS = {
    BAD_SIZE: "states impossible sizes",
    BAD_REFERENCE: "is on a chromosome that the header does not have",
    BAD_CIGAR: "has an impossible CIGAR",
    BAD_TAG: "has a tag that cannot be read",
    BEYOND_END: "starts beyond the end of its chromosome",
}

# How secondary and supplementary records are treated, and where single reads count: see CountRules.
SECONDARY_RULES = ("drop", "keep", "drop_reads")
PLACES = ("overlap", "midpoint", "five_prime")
_OVERLAP, _MIDPOINT, _FIVE_PRIME = range(3)

# Columns of `mates`, the mates that wait for the other one of their pair: the hash of the name in
# two parts, reference, start, start of the other mate, end, TLEN, and the bits below (0: an empty
# row). It is an open-addressing table; the number of its rows is a power of 2.
_LOW, _HIGH, _REFERENCE, _START, _OTHER_START, _END, _LENGTH, _BITS, N_MATE_FIELDS = range(9)
_USED, _WHICH_AT, _DUPLICATED, _SEVERAL, _MAPQ_AT = 1, 1, 8, 16, 5

# Fields of `order`, an int64 array: mates that wait, the sort keys of the first and the last pair,
# whether the pairs are sorted so far, and how many mates were counted without the other one before
# the end of the file.
WAITING, FIRST_KEY, LAST_KEY, SORTED, SETTLED, N_ORDER = range(6)

# A mate lies within this distance of where the other one states: programs that trim or shift reads
# often leave that statement as it was.
NEAR = 1_000

# Mates of one name, chromosome and file that may wait at a time.
_MOST_NAMESAKES = 1 << 13

# Far above the longest reads of any sequencer: a larger size means a damaged file.
LARGEST_RECORD = 1 << 28

# Columns of the rows of `take_ends`: position of the 5' end, flag, length of the fragment (signed
# as TLEN) and of the read.
N_END_FIELDS = 4

# featureCounts --maxMOp: number of sections of a CIGAR, between indels and splices, that are used.
MAX_SECTIONS = 10

_FIXED_PART = 32
SMALLEST_RECORD = 4 + _FIXED_PART
_PAIRED, _PROPER, _UNMAPPED, _MATE_UNMAPPED = 0x1, 0x2, 0x4, 0x8
_REVERSE, _SECONDARY, _DUPLICATE, _SUPPLEMENTARY = 0x10, 0x100, 0x400, 0x800
_EXTRA = _SECONDARY | _SUPPLEMENTARY
_NO_SAMPLE = _UNMAPPED | _EXTRA
_MATES = 0xC0

# CIGAR operations (MIDNSHP=X) as bits, lowest first: those that consume bases of the reference,
# and those that consume bases of the read.
_IN_REFERENCE, _IN_READ = 0b110001101, 0b110010011

_NH = int.from_bytes(b"NH", "little")

# Width in bytes of each tag type, by its letter; 0 for unknown types and types of variable width.
_TAG_WIDTH = np.zeros(256, np.int64)
for _letters, _width in ((b"AcC", 1), (b"sS", 2), (b"iIf", 4)):
    for _letter in _letters:
        _TAG_WIDTH[_letter] = _width

# Functions called by the loops are compiled with them and need no wrapper to be called from Python.
_NO_WRAPPERS: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
_inner = njit(**OPTIONS, **_NO_WRAPPERS)


def _loader(bits: int, signed: bool) -> Any:
    """A function that reads a little-endian integer at any byte, in one instruction.

    Assembled from single bytes, it would take four, each with a check for a negative index.
    """

    @intrinsic
    def load(_context, data, at):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            place = builder.gep(array.data, [arguments[1]])
            pointer = builder.bitcast(place, ir.IntType(bits).as_pointer())
            value = builder.load(pointer, align=1)
            widen = builder.sext if signed else builder.zext
            return widen(value, ir.IntType(64))

        return types.int64(data, types.int64), generate

    return load


_uint8, _uint16, _int32 = _loader(8, False), _loader(16, False), _loader(32, True)
_int64 = _loader(64, True)


@_inner
def _number_of_hits(data, at, end):  # type: ignore[no-untyped-def]
    """Value of the NH tag among the tags in data[at:end]; 1 without one, -1 if they are damaged.

    As in featureCounts, one and two bytes are read as unsigned, four as signed, whatever the type.
    """
    while end - at >= 4:
        kind = _uint8(data, at + 2)
        is_nh = _uint16(data, at) == _NH
        at += 3
        width = _TAG_WIDTH[kind]
        if width:
            if end - at < width:
                return -1
            if is_nh and kind != ord("A") and kind != ord("f"):
                if width == 1:
                    return _uint8(data, at)
                return _uint16(data, at) if width == 2 else max(_int32(data, at), 0)
            at += width
        elif kind == ord("Z") or kind == ord("H"):
            while at < end and _uint8(data, at):
                at += 1
            if at == end:
                return -1
            at += 1
        elif kind == ord("B"):
            if end - at < 5 or not _TAG_WIDTH[_uint8(data, at)]:
                return -1
            n_items = _int32(data, at + 1)
            if n_items < 0:
                return -1
            at += 5 + n_items * _TAG_WIDTH[_uint8(data, at)]
        else:
            return -1
    return 1 if at == end else -1


@_inner
def _find_sections(data, at, n_cigar, start, sections):  # type: ignore[no-untyped-def]
    """Split a CIGAR into sections: runs of matched bases, ended by insertions, deletions, splices.

    Fills `sections`, rows of (start, length). Returns their number and the read length as defined
    by featureCounts, packed as length * 16 + number; -1 for an unknown operation.
    """
    n_sections, read_length = 0, 0
    cursor = section_start = start
    matched, clipped_after, clipped_before = 0, 0, 0
    consumed = False
    for k in range(n_cigar):
        packed = _int32(data, at + 4 * k) & 0xFFFFFFFF
        operation, length = packed & 15, packed >> 4
        if operation == 0 or operation == 7 or operation == 8:
            cursor += length
            matched += length
            consumed = consumed or length > 0
        elif operation <= 3:
            if n_sections < MAX_SECTIONS:
                sections[n_sections, 0] = section_start
                sections[n_sections, 1] = matched
                n_sections += 1
                read_length += matched + clipped_before
                clipped_before = 0
                if operation == 1:
                    read_length += length
            if operation == 1:
                consumed = consumed or length > 0
            else:
                cursor += length
            section_start = cursor
            matched = 0
        elif operation == 4:
            if consumed:
                clipped_after = length
            else:
                consumed = length > 0
                # The clipped part is limited by the start of the chromosome. featureCounts adds one
                # base before that start.
                clipped_before = min(length, cursor + 1)
        elif operation > 8:
            return -1
    if matched and n_sections < MAX_SECTIONS:
        sections[n_sections, 0] = section_start
        sections[n_sections, 1] = matched
        n_sections += 1
        read_length += matched + clipped_before + clipped_after
    return read_length * 16 + n_sections


@_inner
def _add_overlaps(sections, n_sections, half, chrom_length, counts, first, bin_size):  # type: ignore[no-untyped-def]
    """Count in each bin with `half` or more bases of the sections; return whether there is one."""
    current, bases, assigned = -1, 0, False
    for k in range(n_sections):
        start = sections[k, 0]
        end = min(start + sections[k, 1], chrom_length)
        # featureCounts has no negative positions: its lowest is 0, one before the first base, and a
        # section that starts before it wraps around to far beyond the end of the chromosome.
        if start < -1:
            continue
        start = max(start, 0)
        this = start // bin_size
        stop = (this + 1) * bin_size
        while start < end:
            if this != current:
                if current >= 0 and bases >= half:
                    counts[first + current] += 1
                    assigned = True
                current, bases = this, 0
            bases += min(stop, end) - start
            start = stop
            this += 1
            stop += bin_size
    if current >= 0 and bases >= half:
        counts[first + current] += 1
        assigned = True
    return assigned


@_inner
def _count_overlap(  # type: ignore[no-untyped-def]
    data,
    cigar_at,
    n_cigar,
    position,
    reverse,
    extend,
    shift,
    sections,
    chrom_length,
    counts,
    first,
    bin_size,
):
    """Count a single read in the bins that hold half of it: 1 if there is one, 0 if not, -1 if its
    CIGAR is impossible."""
    packed = _find_sections(data, cigar_at, n_cigar, position, sections)
    if packed < 0:
        return -1
    n_sections, read_length = packed & 15, packed >> 4
    if n_sections == 0:
        return 0
    last = n_sections - 1
    if shift:
        moved = -shift if reverse else shift
        end = sections[last, 0] + sections[last, 1]
        moved = max(moved, -sections[0, 0]) if moved < 0 else min(moved, chrom_length - end)
        for k in range(n_sections):
            sections[k, 0] += moved
    if extend and reverse:
        # As in featureCounts, the position before the shift limits the extension, and a record
        # without a position is not limited.
        room = min(extend, position) if position >= 0 else extend
        sections[0, 0] -= room
        sections[0, 1] += room
    elif extend:
        sections[last, 1] += extend
    half = max((read_length + 1) // 2, 1)
    return np.int64(
        _add_overlaps(sections, n_sections, half, chrom_length, counts, first, bin_size)
    )


@_inner
def _middle(data, cigar_at, n_cigar, position, reverse, extend, shift, chrom_length):  # type: ignore[no-untyped-def]
    """Midpoint of a single read on its chromosome, after shift and extension; -1 if off it."""
    start, end = position, position
    for k in range(n_cigar):
        packed = _int32(data, cigar_at + 4 * k) & 0xFFFFFFFF
        operation = packed & 15
        if operation == 0 or operation == 2 or operation == 3 or operation == 7 or operation == 8:
            end += packed >> 4
    if shift:
        moved = -shift if reverse else shift
        moved = max(moved, -start) if moved < 0 else min(moved, chrom_length - end)
        start, end = start + moved, end + moved
    if reverse:
        start -= extend
    else:
        end += extend
    start, end = max(start, 0), min(end, chrom_length)
    return (start + end) // 2 if start < end else -1


@_inner
def _mixed(key, word):  # type: ignore[no-untyped-def]
    """One step of a hash: multiply and fold (the constant is that of SplitMix64)."""
    key = (key ^ word) * -7046029254386353131
    return key ^ (key >> 29)


@_inner
def _covered(data, cigar_at, n_cigar):  # type: ignore[no-untyped-def]
    """Positions from the first to the last aligned base of a record."""
    covered = 0
    for k in range(n_cigar):
        packed = _int32(data, cigar_at + 4 * k) & 0xFFFFFFFF
        if _IN_REFERENCE >> (packed & 15) & 1:
            covered += packed >> 4
    return covered


@_inner
def _five_prime(data, cigar_at, n_cigar, position, reverse, shift, chrom_length):  # type: ignore[no-untyped-def]
    """The first aligned base of a single read in its own direction, after the shift; -1 if the read
    has no position."""
    if position < 0:
        return np.int64(-1)
    base = position + shift
    if reverse:
        base = position + max(_covered(data, cigar_at, n_cigar), 1) - 1 - shift
    return min(max(base, 0), chrom_length - 1)


@_inner
def _fragment_length(data, body, cigar_at, n_cigar):  # type: ignore[no-untyped-def]
    """Length of the fragment of a mate of a proper pair; without TLEN, as if both mates were of one
    length."""
    length = abs(_int32(data, body + 28))
    if length:
        return length
    apart = abs(_int32(data, body + 24) - _int32(data, body + 4))
    return apart + _covered(data, cigar_at, n_cigar)


@_inner
def _hash_of_name(data, at, length, reference, low, high):  # type: ignore[no-untyped-def]
    """Hash, not 0, of the name in data[at:at + length], which ends with a zero byte.

    Some programs end the names of both mates differently: /1 and /2, .1 and .2, _1 and _2 are not
    part of the name. Reads without a name (*) are identified by the positions of both mates.
    """
    end = at + length - 1
    if length > 3:
        last, mark = _uint8(data, end - 1), _uint8(data, end - 2)
        if (last == 49 or last == 50) and (mark == 47 or mark == 46 or mark == 95):
            end -= 2
    key = np.int64(end - at)
    if key == 1 and _uint8(data, at) == 42:
        key = _mixed(_mixed(_mixed(key, reference), low), high)
    while end - at >= 8:
        key = _mixed(key, _int64(data, at))
        at += 8
    while at < end:
        key = _mixed(key, _uint8(data, at))
        at += 1
    key = _mixed(key, 0)
    return key | 1 if key == 0 else key


@_inner
def _is_among(names, key):  # type: ignore[no-untyped-def]
    """Whether a hash is in the table of `table_of_names`."""
    mask = len(names) - 1
    row = key & mask
    while names[row]:
        if names[row] == key:
            return True
        row = (row + 1) & mask
    return False


@_inner
def _count_fragment(  # type: ignore[no-untyped-def]
    reference,
    start,
    end,
    mapq,
    duplicate,
    several,
    first_bin,
    chrom_length,
    bin_size,
    min_mapq,
    drop_duplicates,
    max_fragment,
    counts,
    tally,
):
    """Count a fragment in the bin of its midpoint, or the reason why it is excluded."""
    if mapq < min_mapq:
        tally[MAPQ] += 1
    elif drop_duplicates and duplicate:
        tally[DUPLICATE] += 1
    elif several:
        tally[MULTIMAPPING] += 1
    elif max_fragment and end - start > max_fragment:
        tally[LONG_FRAGMENT] += 1
    else:
        tally[USABLE] += 1
        first = first_bin[reference]
        tally[ON_MAIN] += first >= 0
        middle = (start + end) // 2
        if first >= 0 and 0 <= middle < chrom_length[reference]:
            counts[first + middle // bin_size] += 1
            tally[ASSIGNED] += 1


@_inner
def _count_lone(  # type: ignore[no-untyped-def]
    mates,
    row,
    first_bin,
    chrom_length,
    bin_size,
    min_mapq,
    drop_duplicates,
    max_fragment,
    counts,
    tally,
):
    """Count the fragment of a mate without the other one, which TLEN describes.

    Without TLEN, the missing mate is taken to be as long as this one.
    """
    start, other = np.int64(mates[row, _START]), np.int64(mates[row, _OTHER_START])
    end, length = np.int64(mates[row, _END]), abs(np.int64(mates[row, _LENGTH]))
    bits = mates[row, _BITS]
    far = min(start, other) + length if length else max(end, other + end - start)
    tally[LONE_SECOND if bits >> _WHICH_AT & 3 == 2 else LONE_FIRST] += 1
    _count_fragment(
        mates[row, _REFERENCE],
        min(start, other),
        far,
        bits >> _MAPQ_AT,
        bits & _DUPLICATED,
        bits & _SEVERAL,
        first_bin,
        chrom_length,
        bin_size,
        min_mapq,
        drop_duplicates,
        max_fragment,
        counts,
        tally,
    )


@_inner
def _find_mate(mates, low, high, reference, start, other_start, which):  # type: ignore[no-untyped-def]
    """Row of the mate that waits for this one; -1 - row of an empty one if none does.

    The mate with exactly the stated positions is preferred to one that lies near them. The result
    is -1 - len(mates) if too many mates of this name wait.
    """
    mask = len(mates) - 1
    row, fitting, namesakes = low & mask, -1, 0
    while mates[row, _BITS]:
        if (
            mates[row, _LOW] == low
            and mates[row, _HIGH] == high
            and mates[row, _REFERENCE] == reference
        ):
            waits = mates[row, _BITS] >> _WHICH_AT & 3
            if waits != which or which == 0 or which == 3:
                off = max(
                    abs(np.int64(mates[row, _START]) - other_start),
                    abs(np.int64(mates[row, _OTHER_START]) - start),
                )
                if off == 0:
                    return row
                if off <= NEAR and fitting < 0:
                    fitting = row
            namesakes += 1
            if namesakes > _MOST_NAMESAKES:
                return -1 - len(mates)
        row = (row + 1) & mask
    return fitting if fitting >= 0 else -1 - row


@_inner
def _take_out(mates, row):  # type: ignore[no-untyped-def]
    """Empty a row, and move later ones up so that a search still finds them."""
    mask = len(mates) - 1
    gap = row
    while True:
        row = (row + 1) & mask
        if not mates[row, _BITS]:
            break
        home = mates[row, _LOW] & mask
        if (row - home) & mask >= (row - gap) & mask:
            for field in range(N_MATE_FIELDS):
                mates[gap, field] = mates[row, field]
            gap = row
    mates[gap, _BITS] = 0


@_inner
def _join(  # type: ignore[no-untyped-def]
    mates,
    low,
    high,
    reference,
    start,
    other_start,
    end,
    length,
    bits,
    order,
    first_bin,
    chrom_length,
    bin_size,
    min_mapq,
    drop_duplicates,
    max_fragment,
    counts,
    tally,
):
    """Count the fragment of a mate if the other one waits, else let it wait; False if it cannot."""
    row = _find_mate(mates, low, high, reference, start, other_start, bits >> _WHICH_AT & 3)
    if row == -1 - len(mates):
        return False
    if row >= 0:
        other = mates[row, _BITS]
        tally[SECOND_MATES] += 1
        _count_fragment(
            reference,
            min(start, np.int64(mates[row, _START])),
            max(end, np.int64(mates[row, _END])),
            max(bits >> _MAPQ_AT, other >> _MAPQ_AT),
            (bits | other) & _DUPLICATED,
            (bits | other) & _SEVERAL,
            first_bin,
            chrom_length,
            bin_size,
            min_mapq,
            drop_duplicates,
            max_fragment,
            counts,
            tally,
        )
        _take_out(mates, row)
        order[WAITING] -= 1
        return True
    row = -1 - row
    mates[row, _LOW] = low
    mates[row, _HIGH] = high
    mates[row, _REFERENCE] = reference
    mates[row, _START] = start
    mates[row, _OTHER_START] = other_start
    mates[row, _END] = end
    mates[row, _LENGTH] = length
    mates[row, _BITS] = bits
    order[WAITING] += 1
    return True


_RULES = "int64[::1], int64[::1], int64, int64, boolean, int64, uint32[::1], int64[::1]"


@njit(
    f"boolean(int32[:, ::1], int32[:, ::1], int64[::1], {_RULES})",
    cache=True,
    **OPTIONS,
)
def join_mates(  # type: ignore[no-untyped-def]
    mates,
    others,
    order,
    first_bin,
    chrom_length,
    bin_size,
    min_mapq,
    drop_duplicates,
    max_fragment,
    counts,
    tally,
):
    """Join the mates that wait in two stretches of a file; `mates` has room for all `others`.

    The other parameters are those of `count_records`. False if too many mates have one name.
    """
    for row in range(len(others)):
        if others[row, _BITS] and not _join(
            mates,
            np.int64(others[row, _LOW]),
            np.int64(others[row, _HIGH]),
            np.int64(others[row, _REFERENCE]),
            np.int64(others[row, _START]),
            np.int64(others[row, _OTHER_START]),
            np.int64(others[row, _END]),
            np.int64(others[row, _LENGTH]),
            np.int64(others[row, _BITS]),
            order,
            first_bin,
            chrom_length,
            bin_size,
            min_mapq,
            drop_duplicates,
            max_fragment,
            counts,
            tally,
        ):
            return False
    return True


@njit(
    f"void(int32[:, ::1], int32[:, ::1], int64[::1], boolean, boolean, {_RULES})",
    cache=True,
    **OPTIONS,
)
def settle_mates(  # type: ignore[no-untyped-def]
    mates,
    kept,
    order,
    at_end,
    from_start,
    first_bin,
    chrom_length,
    bin_size,
    min_mapq,
    drop_duplicates,
    max_fragment,
    counts,
    tally,
):
    """Count the mates whose other one does not come any more, and move the rest to `kept`.

    Parameters
    ----------
    mates : int32, shape (rows, N_MATE_FIELDS)
    kept : int32, zeros, with room for all of them
    order : int64, shape (N_ORDER,); of sorted pairs
    at_end : none comes any more. Otherwise, one can come from the position of the last record on,
        and, unless from_start, from before the first record.
    The others are those of `count_records`.
    """
    order[WAITING] = 0
    mask = len(kept) - 1
    for row in range(len(mates)):
        if not mates[row, _BITS]:
            continue
        place = (np.int64(mates[row, _REFERENCE]) << 32) + mates[row, _OTHER_START]
        passed = order[SORTED] and place + NEAR < order[LAST_KEY]
        if at_end or (passed and (from_start or place - NEAR > order[FIRST_KEY])):
            order[SETTLED] += 1
            _count_lone(
                mates,
                row,
                first_bin,
                chrom_length,
                bin_size,
                min_mapq,
                drop_duplicates,
                max_fragment,
                counts,
                tally,
            )
            continue
        to = mates[row, _LOW] & mask
        while kept[to, _BITS]:
            to = (to + 1) & mask
        for field in range(N_MATE_FIELDS):
            kept[to, field] = mates[row, field]
        order[WAITING] += 1


@njit(
    f"int64(uint8[::1], int64, int64, {_RULES}, boolean, int64, int64, int64, int64,"
    " int64[:, ::1], int32[:, ::1], int64[::1], int64[::1])",
    cache=True,
    **OPTIONS,
)
def count_records(  # type: ignore[no-untyped-def]
    data,
    at,
    end,
    first_bin,
    chrom_length,
    bin_size,
    min_mapq,
    drop_duplicates,
    max_fragment,
    counts,
    tally,
    fragments,
    place,
    secondary,
    extend,
    shift,
    sections,
    mates,
    order,
    names,
):
    """Count the whole records in data[at:end]; return the start of the first incomplete one.

    Parameters
    ----------
    data : uint8, decompressed bytes of a BAM file
    at, end : start of the first record; end of the bytes
    first_bin : int64, index in `counts` of the first bin of each reference, -1 if it has no bins
    chrom_length : int64, length of each reference in bp
    bin_size, min_mapq, max_fragment, extend, shift : as in CountRules
    drop_duplicates, fragments : duplicates == "drop", paired_end == "fragments"
    place : of single reads, index in PLACES
    secondary : index in SECONDARY_RULES
    counts : uint32, added to
    tally : int64, shape (N_TALLY,), added to; tally[FAULT] is not 0 if the record at the returned
        position, the tally[TOTAL]-th of the file, is impossible, or NO_ROOM before a record for
        which `mates` has too few rows
    sections : int64, shape (MAX_SECTIONS, 2): work space, overwritten
    mates : int32, shape (rows, N_MATE_FIELDS): mates of fragments that wait for the other one
    order : int64, shape (N_ORDER,): what is known of the order of the pairs so far
    names : int64, of `table_of_names`: reads that map to several places
    """
    while end - at >= SMALLEST_RECORD:
        body = at + 4
        next_record = body + _int32(data, at)
        n_cigar = _uint16(data, body + 12)
        n_bases = _int32(data, body + 16)
        name_length = _uint8(data, body + 8)
        cigar_at = body + _FIXED_PART + name_length
        tags_at = cigar_at + 4 * n_cigar + (n_bases + 1) // 2 + n_bases
        if name_length == 0 or n_bases < 0 or not tags_at <= next_record <= body + LARGEST_RECORD:
            tally[TOTAL] += 1
            tally[FAULT] = BAD_SIZE
            return at
        reference = _int32(data, body)
        if not -1 <= reference < len(first_bin):
            tally[TOTAL] += 1
            tally[FAULT] = BAD_REFERENCE
            return at
        if next_record > end:
            return at

        record = at
        flag = _uint16(data, body + 14)
        position = _int32(data, body + 4)
        paired = flag & _PAIRED != 0
        pair = paired and fragments
        if pair and 2 * (order[WAITING] + 1) > len(mates):
            tally[FAULT] = NO_ROOM
            return at
        at = next_record
        tally[TOTAL] += 1
        tally[PAIRED] += paired
        if flag & _UNMAPPED:
            tally[UNMAPPED] += 1
            continue
        if flag & _EXTRA:
            if flag & _SECONDARY:
                tally[WITHOUT_NH] += _number_of_hits(data, tags_at, next_record) == 1
            if pair or secondary != 1:
                tally[SECONDARY] += 1
                continue
        if pair:
            other = _int32(data, body + 24)
            proper = flag & _PROPER and not flag & _MATE_UNMAPPED
            if not proper or reference < 0 or reference != _int32(data, body + 20):
                tally[IMPROPER_PAIR] += 1
                continue
            hits = _number_of_hits(data, tags_at, next_record)
            if hits < 0:
                tally[FAULT] = BAD_TAG
                return record
            if first_bin[reference] >= 0 and position >= chrom_length[reference]:
                tally[FAULT] = BEYOND_END
                return record
            key = (reference << 32) + position
            if order[FIRST_KEY] < 0:
                order[FIRST_KEY] = key
            if key < order[LAST_KEY]:
                order[SORTED] = 0
            order[LAST_KEY] = key
            lower, upper = min(position, other), max(position, other)
            name = _hash_of_name(data, body + _FIXED_PART, name_length, reference, lower, upper)
            bits = _USED | (flag >> 6 & 3) << _WHICH_AT | _uint8(data, body + 9) << _MAPQ_AT
            if flag & _DUPLICATE:
                bits |= _DUPLICATED
            if hits > 1 or (len(names) and _is_among(names, name)):
                bits |= _SEVERAL
            if not _join(
                mates,
                name << 32 >> 32,
                name >> 32,
                reference,
                position,
                other,
                position + max(_covered(data, cigar_at, n_cigar), 1),
                _int32(data, body + 28),
                bits,
                order,
                first_bin,
                chrom_length,
                bin_size,
                min_mapq,
                drop_duplicates,
                max_fragment,
                counts,
                tally,
            ):
                tally[FAULT] = SAME_NAMES
                return record
            continue
        if _uint8(data, body + 9) < min_mapq:
            tally[MAPQ] += 1
            continue
        if drop_duplicates and flag & _DUPLICATE:
            tally[DUPLICATE] += 1
            continue
        hits = _number_of_hits(data, tags_at, next_record)
        if hits < 0:
            tally[FAULT] = BAD_TAG
            return record
        if len(names) and hits == 1:
            name = _hash_of_name(
                data, body + _FIXED_PART, name_length, reference, position, position
            )
            hits += _is_among(names, _mixed(name, flag & _MATES))
        if hits > 1:
            tally[MULTIMAPPING] += 1
            continue
        if max_fragment and paired:
            far = flag & _MATE_UNMAPPED or reference != _int32(data, body + 20)
            if far or not flag & _PROPER:
                tally[IMPROPER_PAIR] += 1
                continue
            if _fragment_length(data, body, cigar_at, n_cigar) > max_fragment:
                tally[LONG_FRAGMENT] += 1
                continue
        tally[USABLE] += 1
        if reference < 0 or first_bin[reference] < 0:
            continue
        tally[ON_MAIN] += 1

        first, length = first_bin[reference], chrom_length[reference]
        if position >= length:
            tally[FAULT] = BEYOND_END
            return record
        reverse = flag & _REVERSE != 0
        if place != _OVERLAP:
            if place == _MIDPOINT:
                base = _middle(data, cigar_at, n_cigar, position, reverse, extend, shift, length)
            else:
                base = _five_prime(data, cigar_at, n_cigar, position, reverse, shift, length)
            if 0 <= base < length:
                counts[first + base // bin_size] += 1
                tally[ASSIGNED] += 1
            continue
        assigned = _count_overlap(
            data,
            cigar_at,
            n_cigar,
            position,
            reverse,
            extend,
            shift,
            sections,
            length,
            counts,
            first,
            bin_size,
        )
        if assigned < 0:
            tally[FAULT] = BAD_CIGAR
            return record
        tally[ASSIGNED] += assigned
    return at


@njit("int64(uint8[::1], int64, int64, boolean, int64[::1])", cache=True, **OPTIONS)
def take_names(data, at, end, fragments, names):  # type: ignore[no-untyped-def]
    """Collect the names of reads with a secondary record that has no NH tag (an NH tag says more).

    Parameters
    ----------
    data, at, end : as in `take_ends`
    fragments : the name of a pair is that of both mates. Otherwise, each mate has a name.
    names : int64, shape (records,), filled with hashes

    Returns
    -------
    number of hashes
    """
    n_names = 0
    while at < end:
        body = at + 4
        at = body + _int32(data, at)
        flag = _uint16(data, body + 14)
        if flag & (_UNMAPPED | _SECONDARY) != _SECONDARY:
            continue
        length, n_bases = _uint8(data, body + 8), _int32(data, body + 16)
        tags_at = body + _FIXED_PART + length + 4 * _uint16(data, body + 12)
        tags_at += (n_bases + 1) // 2 + n_bases
        if _number_of_hits(data, tags_at, at) != 1:
            continue
        name = _hash_of_name(data, body + _FIXED_PART, length, 0, 0, 0)
        if not (fragments and flag & _PAIRED):
            name = _mixed(name, flag & _MATES)
        names[n_names] = name
        n_names += 1
    return n_names


@njit("void(int64[::1], int64[::1])", cache=True, **OPTIONS)
def table_of_names(hashes, table):  # type: ignore[no-untyped-def]
    """Fill an open-addressing table: zeros, a power of 2, more of them than hashes."""
    mask = len(table) - 1
    for key in hashes:
        row = key & mask
        while table[row] and table[row] != key:
            row = (row + 1) & mask
        table[row] = key


@njit(
    "Tuple((int64, boolean))(uint8[::1], int64, int64, int64, int64, int64, boolean,"
    " int32[:, ::1])",
    cache=True,
    **OPTIONS,
)
def take_ends(data, at, end, reference, min_mapq, other_mate, in_order, rows):  # type: ignore[no-untyped-def]
    """Collect the 5' ends of primary alignments (one mate of pairs) on one chromosome.

    Parameters
    ----------
    data : uint8, decompressed bytes of a BAM file
    at, end : start of the first record, end of the last one. Records are not checked: they must
        have passed `count_records` before.
    reference : index of the chromosome in the header
    min_mapq : as in CountRules
    other_mate : flag of the mates that are left out
    in_order : the file is sorted by coordinate: no read of the chromosome follows another one
    rows : int32, shape (reads, N_END_FIELDS), filled with position, flag, length of the fragment
        (of a proper pair without TLEN: as if both mates were of one length) and of the read

    Returns
    -------
    number of rows filled, and whether the file is past the chromosome
    """
    n_rows = 0
    while at < end and n_rows < len(rows):
        body = at + 4
        at = body + _int32(data, at)
        record_reference = _int32(data, body)
        if in_order and record_reference > reference:
            return n_rows, True
        if record_reference != reference:
            continue
        flag = _uint16(data, body + 14)
        if flag & (_NO_SAMPLE | other_mate) or _uint8(data, body + 9) < min_mapq:
            continue
        cigar_at = body + _FIXED_PART + _uint8(data, body + 8)
        covered, length = 0, 0
        for k in range(_uint16(data, body + 12)):
            packed = _int32(data, cigar_at + 4 * k) & 0xFFFFFFFF
            operation = packed & 15
            if _IN_REFERENCE >> operation & 1:
                covered += packed >> 4
            if _IN_READ >> operation & 1:
                length += packed >> 4
        position = _int32(data, body + 4)
        rows[n_rows, 0] = position + max(covered, 1) - 1 if flag & _REVERSE else position
        rows[n_rows, 1] = flag
        rows[n_rows, 2] = _int32(data, body + 28)
        if flag & _PROPER and not rows[n_rows, 2] and reference == _int32(data, body + 20):
            rows[n_rows, 2] = _fragment_length(data, body, cigar_at, _uint16(data, body + 12))
        rows[n_rows, 3] = length
        n_rows += 1
    return n_rows, False
