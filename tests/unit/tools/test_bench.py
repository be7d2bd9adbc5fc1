"""The benchmark: what it measures, and how its tables are put together."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

TOOLS = Path(__file__).parents[3] / "tools/bench"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(TOOLS))


def test_memory_is_that_of_all_processes_together(tmp_path):
    from measure import measured

    hold = "import time; a = bytearray(b'x') * 60_000_000; time.sleep(1)"
    both = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {hold!r}]); {hold}"
    one = measured([sys.executable, "-c", hold], tmp_path, tmp_path / "log.txt")
    two = measured([sys.executable, "-c", f"{both}; p.wait()"], tmp_path, tmp_path / "log.txt")
    assert 60e6 < one.memory < 120e6 < two.memory


def test_cpu_time_is_that_of_children_too(tmp_path):
    from measure import measured

    busy = "import time\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"
    cost = measured([sys.executable, "-c", parent], tmp_path, tmp_path / "log.txt")
    assert cost.cpu >= 0.5


def test_a_command_that_fails_ends_the_benchmark_with_its_words(tmp_path):
    from measure import measured

    command = [sys.executable, "-c", "raise SystemExit('no such bin')"]
    with pytest.raises(SystemExit, match="no such bin"):
        measured(command, tmp_path, tmp_path / "log.txt")


def test_a_row_is_the_ratio_of_medians_to_the_first_row():
    from contestants import Contestant
    from measure import Cost
    from tables import comparison

    ours, theirs = Contestant("ours", ("a",)), Contestant("theirs", ("b",), "1.2")
    elsewhere = Contestant("ours, GPU", ("c",), gpu=True)
    costs = {
        ours: [Cost(2, 1, 10_000_000), Cost(4, 1, 20_000_000), Cost(40, 1, 30_000_000)],
        theirs: [Cost(6, 3, 2e9), Cost(10, 3, 2e9), Cost(1, 3, 2e9)],
        elsewhere: [],
    }
    rows = comparison("reads", costs)[-4:-1]
    assert rows == [
        "| ours | 4.0 s (2.0-40.0) | 1.0 s | 20 MB | 1.00 |",
        "| theirs (1.2) | 6.0 s (1.0-10.0) | 3.0 s | 2.00 GB | 1.50 |",
        "| ours, GPU | . | . | . | . |",
    ]


@pytest.mark.parametrize("card", ["", "H200"])
def test_a_gpu_is_measured_where_there_is_one(card, tmp_path, monkeypatch):
    import bench
    from contestants import our_prediction
    from measure import Cost

    run, cost = [], Cost(1, 1, 1_000_000)
    monkeypatch.setattr(bench.tables, "gpu", lambda: card)
    monkeypatch.setattr(bench, "measured", lambda command, *_: run.append(command) or cost)
    on_cpu, on_gpu = (our_prediction(tmp_path, tmp_path, ["chr1"], gpu=g) for g in (False, True))
    lines = bench.Plan(tmp_path, 1, 2, False).compare("windows", [on_cpu, on_gpu])
    assert [command[command.index("--device") + 1] for command in run] == (
        ["cpu", "cuda"] * 2 if card else ["cpu"] * 2
    )
    row = next(line for line in lines if "GPU (fp32)" in line)
    assert row.endswith("| . | . | . | . |") == (not card)


def test_the_time_after_loading_is_that_of_the_log(tmp_path):
    from contestants import scan_seconds

    log = tmp_path / "log.txt"
    log.write_text(
        "bench with drf: chr1 scanned (1 of 2), 1,000 windows (100 a second), about 3 s left\n"
        "bench with drf: chr2 scanned (2 of 2), 15,000 windows (2,000 a second), about 0 s left\n"
    )
    assert scan_seconds(log) == 7.5


def test_only_its_own_section_of_a_document_is_written(tmp_path):
    from tables import replace_section

    document = tmp_path / "a.md"
    document.write_text(
        "before\n<!-- b: written by make bench -->\nold\n<!-- end of b -->\nafter\n"
    )
    replace_section(document, "b", ["new", ""])
    assert document.read_text() == (
        "before\n<!-- b: written by make bench -->\n\nnew\n\n<!-- end of b -->\nafter\n"
    )
    with pytest.raises(ValueError, match="no section c"):
        replace_section(document, "c", ["new"])


def test_every_section_has_its_place_in_the_document():
    from bench import SECTIONS

    document = (TOOLS.parents[1] / "docs/benchmarks.md").read_text()
    for name in SECTIONS:
        assert document.count(f"<!-- speed of {name}: written by make bench -->") == 1


def test_inputs_are_the_same_bytes_again(tmp_path):
    from inputs import alignments

    sizes = {"chr1": 3_000_000, "chr2": 2_000_000}
    first, second = (tmp_path / name for name in "ab")
    for folder in (first, second):
        folder.mkdir()
    contents = [alignments(folder, sizes, 5000).read_bytes() for folder in (first, second)]
    assert contents[0] == contents[1]


def test_the_table_of_bins_covers_each_chromosome_once(tmp_path):
    from inputs import annotation

    path = annotation(tmp_path, {"chr1": 250, "chr2": 100})
    rows = [line.split("\t")[1:4] for line in path.read_text().splitlines()[1:]]
    assert rows == [
        ["chr1", "1", "100"], ["chr1", "101", "200"], ["chr1", "201", "250"], ["chr2", "1", "100"],
    ]  # fmt: skip


def test_the_plain_prediction_is_the_pipelines(tmp_path, capsys):
    import plain_torch
    from samples.small_models import CHROM_SIZES, random_bundle, write_random_signal

    from deepregfinder.models.bundle import write_bundle
    from deepregfinder.prediction.sample_signal import SignalReader
    from deepregfinder.prediction.scorers import load_scorer, probabilities_at
    from deepregfinder.signal.store import open_signal

    bundle = random_bundle(temperature=1.0)
    write_bundle(tmp_path / "bundle", bundle)
    write_random_signal(tmp_path / "signal.zip")
    plain_torch.predict(tmp_path / "bundle", tmp_path / "signal.zip", "chr1")
    printed = capsys.readouterr().out
    starts = np.arange(0, CHROM_SIZES["chr1"] // 100 + 1 - bundle.window_bins + 1, 2)
    reader = SignalReader(bundle, open_signal(tmp_path / "signal.zip"), False)
    ours = probabilities_at(load_scorer(bundle), reader.load("chr1"), starts)
    means = [float(word) for word in printed.partition("[")[2].rstrip("]\n").split(",")]
    np.testing.assert_allclose(means, ours.mean(axis=0), atol=1e-5)


def test_a_trace_is_summed_by_step_and_says_when_no_task_ran(tmp_path):
    from whole_run import busy_seconds, by_step, critical_path, read_trace

    trace = tmp_path / "trace.txt"
    trace.write_text(
        "process\tstatus\tstart\trealtime\t%cpu\tpeak_rss\n"
        "REPORT:MAKE_REPORT\tCOMPLETED\t30000\t1000\t50.0\t16000000\n"
        "SIGNAL:COUNT_BINS\tCOMPLETED\t10000\t4000\t100.0\t300000000\n"
        "SIGNAL:COUNT_BINS\tCOMPLETED\t12000\t6000\t150.0\t400000000\n"
        "SIGNAL:COUNT_BINS\tCACHED\t0\t6000\t150.0\t900000000\n"
    )
    tasks = read_trace(trace)
    assert busy_seconds(tasks) == 8 + 1
    assert [task.seconds for task in critical_path(tasks)] == [6, 1]
    assert by_step(tasks)[2:] == [
        "| COUNT_BINS | 2 | 10 s | 6 s | 13 s | 400 MB |",
        "| MAKE_REPORT | 1 | 1 s | 1 s | 0 s | 16 MB |",
    ]


def test_growth_is_held_against_the_smallest_size(tmp_path):
    from contestants import Contestant
    from growth import Series, draw, table
    from measure import Cost

    small, large = Contestant("small", ("a",)), Contestant("large", ("b",))
    costs = {
        small: [Cost(2, 1, 10_000_000), Cost(4, 2, 20_000_000), Cost(40, 3, 30_000_000)],
        large: [Cost(8, 5, 30_000_000)] * 3,
    }
    measured = [(Series("COUNT_BINS", "million reads", {5: small, 20: large}), costs)]
    assert table(measured)[2:-1] == [
        "| COUNT_BINS | million reads | 5 | 4.0 s | 2.0 s | 20 MB | 1.0 | 1.0 | 1.0 |",
        "| COUNT_BINS | million reads | 20 | 8.0 s | 5.0 s | 30 MB | 4.0 | 2.5 | 1.5 |",
    ]
    for name in "ab":
        draw(tmp_path / f"{name}.png", measured)
    drawing = (tmp_path / "a.svg").read_text()
    assert drawing == (tmp_path / "b.svg").read_text()
    assert "million reads" in drawing


def test_what_grows_is_what_the_commands_are_given(tmp_path):
    from growth import assembly, counting, prediction

    by_reads, by_threads = counting({5: tmp_path / "5.bam", 20: tmp_path / "20.bam"}, tmp_path)
    assert [one.command[one.command.index("--bam") + 1].name for one in by_reads.runs.values()] == [
        "5.bam", "20.bam",
    ]  # fmt: skip
    for n, one in by_threads.runs.items():
        assert one.command[one.command.index("--threads") + 1] == str(n)
        assert tmp_path / "20.bam" in one.command
    for n, one in assembly([tmp_path / f"{k}.zip" for k in range(12)]).runs.items():
        assert one.command.count("--counts") == n
    sizes = {"chr1": 200_000_000, "chr21": 50_000_000, "chrX": 150_000_000}
    assert list(prediction(tmp_path, tmp_path, sizes).runs) == [50, 200, 400]


def test_our_step_takes_the_command_and_counts_as_many_reads_as_there_are(tmp_path):
    from contestants import our_count
    from inputs import alignments, chrom_sizes
    from measure import measured

    from deepregfinder.counting.store import open_counts

    sizes = {"chr1": 3_000_000}
    one = our_count(alignments(tmp_path, sizes, 2000), chrom_sizes(tmp_path, sizes))
    measured(one.command, tmp_path, tmp_path / "log.txt")
    assert 1500 < open_counts(tmp_path / "counts.zip").library_size <= 2000


def test_a_process_that_has_ended_has_no_descendants_and_stops_no_watch():
    import measure

    ended = subprocess.Popen(["true"])
    ended.wait()
    assert list(measure._tree(ended.pid)) == [ended.pid]
    assert measure._resident(ended.pid) == 0
