"""Mates that wait for the other one of their pair, while a file is counted.

A fragment is known when both of its mates have been seen: two records of one name, of which one is
the first and the other the second mate, and which lie where the other one says, or near it. TLEN is
not needed: its sign and size depend on the aligner. In a file that is sorted by coordinate, a mate
whose other one is missing is counted as soon as the file has passed the place of the other one.
"""

from typing import Any

import numpy as np

from deepregfinder.counting import records

# Rows of the first table; half of them may be used.
_FEWEST_ROWS = 1 << 12


class OutOfOrderError(Exception):
    """Mates were given up before the end of a file that is not sorted after all."""


class WaitingMates:
    """The waiting mates of a file, or of a stretch of it.

    rules : the arguments of the loops of `records` that count a fragment
    from_start : the stretch is the first one of its file
    patient : mates wait up to the end of the file, whether it is sorted or not
    table : int32, shape (rows, N_MATE_FIELDS)
    order : int64, shape (N_ORDER,)
    """

    def __init__(self, rules: tuple[Any, ...], from_start: bool, patient: bool) -> None:
        self._rules, self._from_start, self._patient = rules, from_start, patient
        self.table = _empty(_FEWEST_ROWS)
        self.order = np.zeros(records.N_ORDER, np.int64)
        self.order[[records.FIRST_KEY, records.LAST_KEY]] = -1
        self.order[records.SORTED] = not patient

    def make_room(self) -> None:
        """Count the mates that wait in vain; make the table larger if that is not enough."""
        self._settle(len(self.table), at_end=False)
        while 4 * self.order[records.WAITING] > len(self.table):
            self._settle(2 * len(self.table), at_end=False)

    def require_order(self) -> None:
        """Raise OutOfOrderError if a mate was given up that may still find the other one."""
        if self.order[records.SETTLED] and not self.order[records.SORTED]:
            raise OutOfOrderError

    def join(self, later: "WaitingMates") -> bool:
        """Join the mates of the next stretch; False if they cannot be told apart by their names."""
        first, last = later.order[records.FIRST_KEY], self.order[records.LAST_KEY]
        if first >= 0:
            in_order = later.order[records.SORTED] and last <= first
            self.order[records.SORTED] &= in_order
            self.order[records.LAST_KEY] = later.order[records.LAST_KEY]
        self.order[records.SETTLED] += later.order[records.SETTLED]
        self.require_order()
        waiting = self.order[records.WAITING] + later.order[records.WAITING]
        if 2 * (waiting + 1) > len(self.table):
            self._grow(1 << int(2 * (waiting + 1)).bit_length())
        return bool(records.join_mates(self.table, later.table, self.order, *self._rules))

    def finish(self) -> None:
        """Count the mates that wait at the end of the file."""
        self._settle(2, at_end=True)

    def _settle(self, rows: int, at_end: bool) -> None:
        kept = _empty(rows)
        records.settle_mates(self.table, kept, self.order, at_end, self._from_start, *self._rules)
        self.table = kept

    def _grow(self, rows: int) -> None:
        """Move all mates to a table with that many rows."""
        is_sorted, self.order[records.SORTED] = self.order[records.SORTED], 0
        self._settle(rows, at_end=False)
        self.order[records.SORTED] = is_sorted


def _empty(rows: int) -> np.ndarray:
    return np.zeros((rows, records.N_MATE_FIELDS), np.int32)
