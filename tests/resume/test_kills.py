"""Nextflow and its tasks are killed at random moments; with -resume the results are the same."""

import contextlib
import random
import time
from functools import partial
from pathlib import Path

import pytest
from machines.killed_runs import Kill, LiveRun, course, disturbed, fresh_launch, kill_all, running
from machines.nextflow_runs import Run

pytestmark = pytest.mark.pipeline

AT_LEAST = 20


def assert_whole(done: Run, undisturbed: Run, story: str) -> None:
    """The results of a run that nothing disturbed: the same files, data with the same bytes."""
    assert done.exit_code == 0, f"{story}\n{done.output}"
    ours, theirs = files(done), files(undisturbed)
    assert ours == theirs, f"{story}: {sorted(ours ^ theirs)}"
    data, expected = done.data_files(), undisturbed.data_files()
    differing = [name for name in expected if data[name] != expected[name]]
    assert not differing, f"{story}: {differing}"
    for name in ("inputs.tsv", "versions.tsv"):
        info = "pipeline_info/" + name
        assert (done.results / info).read_bytes() == (undisturbed.results / info).read_bytes()
    for page in done.results.rglob("*.html"):
        assert page.read_text().rstrip().endswith("</html>"), f"{story}: {page.name} is cut short"
    names = {task["process"] for task in done.tasks if task["status"] in ("CACHED", "COMPLETED")}
    assert names == {task["process"] for task in undisturbed.tasks}, story


def files(run: Run) -> set[str]:
    """Every file and folder of the results, hidden and half-written ones too."""
    return {str(path.relative_to(run.results)) for path in run.results.rglob("*")}


def test_runs_killed_again_and_again_end_like_an_undisturbed_one(
    pipeline, arguments, undisturbed, survived, kill_seed
):
    draw = random.Random(kill_seed)
    total = 0
    for n in range(8):
        parser = "v1" if n % 2 == 0 else "v2"
        fresh = fresh_launch(pipeline, "killed")
        done, kills = disturbed(fresh, arguments, course(draw)[: AT_LEAST - total], parser)
        story = f"DRF_KILL_SEED={kill_seed}, run {n + 1} ({parser}): " + "; ".join(map(str, kills))
        assert_whole(done, undisturbed, story)
        survived.extend(kills)
        total += len(kills)
        if total >= AT_LEAST:
            break
    assert total >= AT_LEAST


def test_orphaned_tasks_of_a_killed_nextflow_do_no_harm(
    pipeline, arguments, undisturbed, survived, kill_seed
):
    """Their work folders are theirs: the resumed run works in others, at the same time."""
    draw = random.Random(kill_seed)
    fresh = fresh_launch(pipeline, "orphans")
    kills, orphaned = [], []
    with contextlib.ExitStack() as stack:
        for process in ("COUNT_BINS", "TRAIN_MODEL"):
            live = stack.enter_context(running(fresh, *arguments))
            assert live.wait_until(partial(live.runs, process), draw.uniform(0, 0.5))
            kills.append(live.kill(f"{process} ran, and lived on as an orphan", orphans=True))
            orphaned.append(live)
        assert any(live.processes() for live in orphaned)
        done = stack.enter_context(running(fresh, *arguments)).finish()
        while any(live.processes() for live in orphaned):
            time.sleep(0.1)
    assert_whole(done, undisturbed, "; ".join(map(str, kills)))
    survived.extend(kills)


def test_a_killed_task_is_tried_again_in_the_same_run(pipeline, arguments, undisturbed, survived):
    """Once with the wrapper that Nextflow started, once the Python program alone."""
    fresh = fresh_launch(pipeline, "task")
    with running(fresh, *arguments) as live:
        assert live.wait_until(partial(live.runs, "COUNT_BINS"), 0.5)
        kill_all(live.runs("COUNT_BINS"))
        assert live.wait_until(partial(program, live, "TRAIN_MODEL", "train_model.py"), 0.5)
        kill_all(program(live, "TRAIN_MODEL", "train_model.py"))
        done = live.finish()
    assert_whole(done, undisturbed, "killed tasks")
    killed = {task["process"] for task in done.tasks if task["exit"] == "137"}
    again = {task["process"] for task in done.tasks if task["attempt"] == "2"}
    assert killed == again == {"COUNT_BINS", "TRAIN_MODEL"}
    survived.extend(Kill("Nextflow went on", (f"{process} killed",)) for process in sorted(killed))


def program(live: LiveRun, process: str, script: str) -> list[int]:
    """The Python processes of the tasks of a Nextflow process, without the shells around them."""
    return [
        pid
        for pid in live.runs(process)
        if script.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]


def test_a_second_nextflow_in_the_same_launch_folder_is_refused(pipeline, arguments, undisturbed):
    fresh = fresh_launch(pipeline, "second")
    with running(fresh, *arguments) as live:
        assert live.wait_until(partial(live.has_reached, "INSPECT_BAM"))
        second = fresh.run("results", *arguments)
    assert second.exit_code != 0
    assert "Unable to acquire lock on session" in second.output
