"""A short version of `make fuzz`, with other seeds."""

import numpy as np
from fuzz import random_files
from fuzz.mutated_files import count_damaged
from fuzz.random_files import unequal_files

BATCH_SEEDS = range(8)
DAMAGED = 250


def test_random_files_count_as_featurecounts_counts_them(tmp_path):
    assert [fault for seed in BATCH_SEEDS for fault in unequal_files(seed, 25, tmp_path)] == []


def test_a_single_wrong_count_is_noticed(tmp_path, monkeypatch):
    def one_more(*given):
        values, tallies = featurecounts(*given)
        values[np.argmax(values.sum(axis=1)), 3] += 1
        return values, tallies

    featurecounts = random_files.featurecounts
    monkeypatch.setattr(random_files, "featurecounts", one_more)
    assert [fault.split(":")[0] for fault in unequal_files(0, 5, tmp_path)] == ["batch 0, file 3"]


def test_damaged_files_are_refused_or_counted_as_pysam_reads_them(tmp_path):
    endings, faults = count_damaged(0, DAMAGED, tmp_path)
    assert faults == []
    assert endings["refused"] + endings["equal"] == DAMAGED
    assert endings["equal"] > 10
