"""A model is applied to reads that were counted as those that it learnt, or not at all."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from machines.nextflow_runs import Pipeline
from samples.driver_answers import answers
from samples.refusals import refuses
from samples.small_bams import write_bam
from samples.small_models import CHROM_SIZES, MARKS, labelled_windows, random_bundle
from samples.small_models import write_random_signal as write_signal

from deepregfinder.counting.rules import CountRules
from deepregfinder.counting.store import Counts, open_counts
from deepregfinder.differential.compare import Elements, changes_of_marks
from deepregfinder.errors import InputError
from deepregfinder.genome.intervals import intervals_digest
from deepregfinder.models.bundle import read_bundle, write_bundle
from deepregfinder.models.train import open_genome
from deepregfinder.prediction import labelled_windows as windows_of
from deepregfinder.prediction.sample_signal import check_signal
from deepregfinder.signal.store import open_signal
from deepregfinder.storage.zarr_zip import write_arrays
from predict_genome import predict_genome
from score_regions import score_regions

# What a bundle records, and a value that contradicts it and is not the default.
RULES: Mapping[str, tuple[Any, Any]] = {
    "min_mapq": (10, 30),
    "duplicates": ("keep", "drop"),
    "paired_end": ("fragments", "reads"),
    "count_at": ("overlap", "midpoint"),
    "extend": (150, 200),
    "shift": (-20, 75),
    "secondary": ("drop", "drop_reads"),
    "max_fragment": (300, 150),
}
RECORDED = {name: value for name, (value, _) in RULES.items()}


def test_every_rule_of_counting_is_here_and_a_parameter(repository: Path) -> None:
    schema = json.loads((repository / "nextflow_schema.json").read_text())
    parameters = set(schema["$defs"]["counting"]["properties"]) - {"counter"}
    assert set(RULES) == {rule.name for rule in fields(CountRules)} == parameters


def bundle_with(counting: Mapping[str, Any], **changed: Any) -> Any:
    return replace(random_bundle(), provenance={"counting": dict(counting)}, **changed)


@pytest.mark.parametrize("name", RULES)
def test_a_script_refuses_signal_that_was_counted_otherwise(name: str, tmp_path: Path) -> None:
    write_bundle(tmp_path / "cnn", bundle_with(RECORDED))
    write_signal(tmp_path / "signal.zip", counting=RECORDED | {name: RULES[name][1]})
    (tmp_path / "chroms.txt").write_text("chr1\n")
    (tmp_path / "regions.bed").write_text("chr1\t5000\t7000\n")
    said = f"counted with --{name} {RULES[name][1]}, but those of the model trained on K562 with "
    options = {
        **{"bundle": tmp_path / "cnn", "signal": tmp_path / "signal.zip", "step": 200},
        **{"quantile_map": "true", "device": "cpu", "threads": 1},
    }
    chroms, table = {"chroms": tmp_path / "chroms.txt"}, {"regions": tmp_path / "regions.bed"}
    refuses(predict_genome, options | chroms | {"output": tmp_path / "p.zip"}, said, tmp_path)
    refuses(score_regions, options | table | {"output": tmp_path / "r.tsv"}, said, tmp_path)
    windows = replace(labelled_windows(), counting=RECORDED | {name: RULES[name][1]})
    with pytest.raises(InputError, match=f"with --{name} {RULES[name][1]}, but"):
        windows_of.labelled_windows(bundle_with(RECORDED), windows, False)


def counts_by(path: Path, sample: str, counting: Mapping[str, Any]) -> Counts:
    attributes = {
        **{"format": "counts", "id": path.stem, "sample": sample, "mark": "M", "replicate": "1"},
        **{"bin_size": 100, "chrom_sizes": {"chr1": 1_000}, "library_size": 1_000},
        "counting": dict(counting),
    }
    write_arrays(path, [("chr1", np.arange(10, dtype=np.uint16))], attributes)
    return open_counts(path)


@pytest.mark.parametrize("name", RULES)
def test_neither_samples_nor_windows_that_were_counted_otherwise_are_mixed(
    name: str, tmp_path: Path
) -> None:
    otherwise = RECORDED | {name: RULES[name][1]}
    write_signal(tmp_path / "signal.zip", sample="K562", counting=otherwise)
    windows = replace(labelled_windows(), sample="K562", counting=RECORDED)
    with pytest.raises(InputError, match=rf"counted by other rules \({name}\): make both"):
        open_genome(windows, tmp_path / "signal.zip", None)
    open_genome(replace(windows, counting=otherwise), tmp_path / "signal.zip", None)
    one = counts_by(tmp_path / "A.zip", "A", RECORDED)
    other = counts_by(tmp_path / "B.zip", "B", otherwise)
    with pytest.raises(InputError, match=rf"A and B were counted by other rules \({name}\)"):
        changes_of_marks(Elements({}, 2_000), ([one], [other]))


def test_several_differences_are_named_and_equal_rules_accepted(tmp_path: Path, caplog) -> None:
    model = bundle_with(RECORDED | {"blacklist": "a1", "library_size": "main chromosomes"})
    write_signal(tmp_path / "same.zip", counting=model.provenance["counting"])
    check_signal(model, open_signal(tmp_path / "same.zip"))
    # What is not recorded is not compared.
    check_signal(replace(model, provenance={}), open_signal(tmp_path / "same.zip"))
    assert not caplog.messages
    write_signal(tmp_path / "other.zip", counting=RECORDED | {"extend": 0, "shift": 0})
    with pytest.raises(InputError, match=r"--extend 0 --shift 0, .* --extend 150 --shift -20: "):
        check_signal(model, open_signal(tmp_path / "other.zip"))


@pytest.mark.parametrize(
    ("trained", "given", "said"),
    [
        ("a1", "b2", "with another blacklist"),
        ("a1", None, "with no blacklist, but the reads of the model trained on K562 with one"),
        (None, "b2", "with a blacklist, but the reads of the model trained on K562 with none"),
        (True, None, "with no blacklist"),  # bundles of format 4 record no digest
        (True, "b2", None),
        ("a1", "a1", None),
        (None, None, None),
        (False, None, None),
    ],
)
def test_another_blacklist_is_told(trained, given, said, tmp_path: Path, caplog) -> None:
    write_signal(tmp_path / "signal.zip", counting={"blacklist": given})
    check_signal(bundle_with({"blacklist": trained}), open_signal(tmp_path / "signal.zip"))
    assert said in caplog.messages[0] if said else not caplog.messages


def test_a_blacklist_is_known_by_its_intervals(tmp_path: Path) -> None:
    (tmp_path / "a.bed").write_text("chr1\t5\t9\nchr2\t1\t2\n")
    (tmp_path / "b.bed").write_bytes(b"#made by hand\r\nchr2\t1\t2\tx\r\nchr1\t5\t9\ty\r\n")
    (tmp_path / "c.bed").write_text("1\t5\t9\n2\t1\t2\n2\t1\t2\n")
    (tmp_path / "d.bed").write_text("chr1\t5\t10\nchr2\t1\t2\n")
    digests = [intervals_digest(tmp_path / f"{name}.bed") for name in "abcd"]
    assert digests[0] == digests[1] == digests[2] != digests[3]


def test_library_sizes_of_other_chromosomes_are_told(tmp_path: Path, caplog) -> None:
    """On chr1 alone, reads per million would be several times those that the model learnt."""
    first = next(iter(CHROM_SIZES))
    write_signal(tmp_path / "signal.zip", chrom_sizes={first: CHROM_SIZES[first]})
    check_signal(random_bundle(), open_signal(tmp_path / "signal.zip"))
    assert "count reads on 1 chromosomes (chr1), those of the model" in caplog.text
    caplog.clear()
    write_signal(tmp_path / "signal.zip", chrom_sizes={"chr1": 30_050, "chr2": 20_000, "3": 12_345})
    check_signal(random_bundle(), open_signal(tmp_path / "signal.zip"))
    assert not caplog.messages
    more = {**CHROM_SIZES, "chr77": sum(CHROM_SIZES.values())}
    write_signal(tmp_path / "signal.zip", chrom_sizes=more)
    check_signal(random_bundle(), open_signal(tmp_path / "signal.zip"))
    assert "not comparable" in caplog.text


def test_a_bundle_of_the_format_before_is_refused(tmp_path: Path, caplog) -> None:
    """Its probabilities cannot be brought to natural prevalence."""
    write_bundle(tmp_path / "cnn", bundle_with(RECORDED))
    read_bundle(tmp_path / "cnn")
    assert not caplog.messages
    text = (tmp_path / "cnn/model.json").read_text()
    before = text.replace('"format_version": 6', '"format_version": 5')
    (tmp_path / "cnn/model.json").write_text(before)
    with pytest.raises(InputError, match="has format version 5; this release reads version 6"):
        read_bundle(tmp_path / "cnn")
    (tmp_path / "cnn/model.json").write_text(text.replace('"min_mapq": 10', '"min_mapq": [10]'))
    with pytest.raises(InputError, match="min_mapq: expected int, found"):
        read_bundle(tmp_path / "cnn")


DESCRIPTION = {
    **{"format": "deepregfinder-bundle", "sample": "K", "model": "cnn", "bin_size": 100},
    **{"classes": ["background", "enhancer", "promoter"], "marks": ["H3K27ac"]},
    **{"window_bins": 20, "normalisation": {"control": "ignore", "transform": "log2"}},
    "provenance": {"counting": RECORDED | {"blacklist": None, "library_size": "main chromosomes"}},
}


def recording(**counting: Any) -> dict[str, Any]:
    return {"provenance": {"counting": RECORDED | counting}}


DRIVER: dict[str, tuple[list[dict[str, Any]], dict[str, Any], str]] = {
    **{
        f"another {name}": (
            [{}],
            {name: other},
            f"--{name} {other}: the bundle of --pretrained was trained with {value}; leave the",
        )
        for name, (value, other) in RULES.items()
    },
    **{
        f"bundles that differ in {name}": (
            [{}, {"model": "rnn", **recording(**{name: other})}],
            {},
            f"the bundles of --pretrained differ in {name} ({value}, {other}): run them",
        )
        for name, (value, other) in RULES.items()
    },
    "another transform": ([{}], {"transform": "asinh"}, "--transform asinh: the bundle of"),
    "bundles of two transforms": (
        [{}, {"model": "rnn", "normalisation": {"control": "ignore", "transform": "none"}}],
        {},
        "the bundles of --pretrained differ in transform (log2, none)",
    ),
    "midpoints for featureCounts": (
        [recording(count_at="midpoint")],
        {"counter": "featurecounts"},
        "--counter featurecounts cannot count at midpoints",
    ),
    "bundles that differ in an assay": (
        [recording(assays={"H3K27ac": "cuttag"}), {"model": "rnn"}],
        {},
        "the bundles of --pretrained differ in the assay of H3K27ac (cuttag, chip): run them",
    ),
    "an assay that is a command": ([recording(assays={"H3K27ac": "$(id)"})], {}, "does not desc"),
    "assays that are a list": ([recording(assays=["atac"])], {}, "does not describe"),
    "a step between its bins": ([{"bin_size": 150}], {}, "not a multiple of --bin_size 150"),
    "a rule that is a command": ([recording(extend="$(id)")], {}, "records no valid extend"),
    "a rule out of range": ([recording(min_mapq=999)], {}, "records no valid min_mapq"),
    "a rule of no value": ([recording(shift=None)], {}, "records no valid shift"),
    "rules that are a list": ([{"provenance": {"counting": [1]}}], {}, "does not describe"),
    "an unknown transform": (
        [{"normalisation": {"control": "ignore", "transform": "eval"}}],
        {},
        "does not describe",
    ),
}
FINE: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "nothing given": ([{}], {}),
    "the rules of the bundle": ([{}], {**RECORDED, "transform": "log2"}),
    "two bundles alike": ([{}, {"model": "rnn"}], {}),
    "a bundle without rules": ([{"provenance": {}}], {"extend": 200}),
    "some rules": ([{"provenance": {"counting": {"extend": 0}}}], {"min_mapq": 3}),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "a.bam").touch()
    (folder / "in.csv").write_text("sample,mark,replicate,bam\nK,H3K27ac,1,a.bam\n")
    cases = {}
    every = {case: (bundles, given) for case, (bundles, given, _) in DRIVER.items()} | FINE
    for number, (case, (bundles, given)) in enumerate(every.items()):
        paths = []
        for place, change in enumerate(bundles):
            path = folder / f"{number}.{place}"
            path.mkdir()
            (path / "model.json").write_text(json.dumps(DESCRIPTION | change))
            paths.append(str(path))
        cases[case] = {"input": "in.csv", "pretrained": ",".join(paths)} | given
    return answers(folder, cases)


@pytest.mark.parametrize("case", DRIVER)
def test_the_driver_refuses_what_contradicts_a_bundle(case: str, said: dict[str, str]) -> None:
    assert DRIVER[case][2] in said[case]


@pytest.mark.parametrize("case", FINE)
def test_the_driver_accepts_what_agrees_with_a_bundle(case: str, said: dict[str, str]) -> None:
    assert said[case] == ""


@pytest.mark.pipeline
def test_a_run_counts_by_the_rules_of_its_bundle(pipeline: Pipeline, tmp_path: Path) -> None:
    """The calls are those of a run in which the same rules were given by hand."""
    rng = np.random.default_rng(1)
    lines = ["sample,mark,replicate,bam\n"]
    for mark in MARKS:
        reads = [
            (chrom, int(start))
            for chrom, size in CHROM_SIZES.items()
            for start in np.sort(rng.integers(0, size - 50, size // 20))
        ]
        write_bam(tmp_path / f"{mark}.bam", CHROM_SIZES, reads)
        lines.append(f"K,{mark},1,{mark}.bam\n")
    (tmp_path / "sheet.csv").write_text("".join(lines))
    rules = CountRules(7, "drop", "reads", "overlap", 150, -20)
    write_bundle(tmp_path / "model", bundle_with(asdict(rules), sample="K"))
    apart = replace(pipeline, launch=tmp_path)
    done = apart.run(
        "out", "--input", tmp_path / "sheet.csv", "--pretrained", tmp_path / "model",
        "--tracks", "false", "--epochs", "3", "--center", "dhs", "--extend", "150", resume=False,
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    commands = [path.read_text() for path in (tmp_path / "work").glob("*/*/.command.sh")]
    counted = [command for command in commands if "'count_bins.py'" in command]
    assert len(counted) == len(MARKS)
    for command in counted:
        for name, value in asdict(rules).items():
            assert f"--{name} '{value}'" in command
    assert "--epochs 3 has no effect: no model is trained in this run" in done.output
    assert "--center dhs has no effect: without --labels" in done.output
    assert "--transform" not in done.output
