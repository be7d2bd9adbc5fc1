"""What the images hold, and what they do not."""

import json
import re
import subprocess
from typing import Any

import pytest
from machines.engines import BASE, version
from packaging.requirements import Requirement

# As hard as the runs of test_docker.py: any user, no network, nothing writable but /tmp.
SEALED = (
    "--rm", "--network", "none", "--read-only", "--tmpfs", "/tmp", "--user", "12345:12345",
)  # fmt: skip
WITHOUT_HOME = ("env", "-u", "HOME")
IMPORTS = (
    "click, deflate, jinja2, matplotlib.pyplot, numba, numcodecs, numpy, pandas, pybedtools, pysam,"
    " safetensors.torch, scipy.stats, sklearn.metrics, torch, zarr"
)


def inspected(image: str) -> dict[str, Any]:
    said = subprocess.run(["docker", "image", "inspect", image], capture_output=True, check=True)
    [facts] = json.loads(said.stdout)
    return facts


def said_in(image: str, *command: str) -> str:
    done = subprocess.run(
        ["docker", "run", *SEALED, image, *WITHOUT_HOME, *command], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_images_run_any_command_as_any_user(images):
    for image in (images.cpu, images.cuda):
        assert not inspected(image)["Config"]["Entrypoint"]


def test_by_default_a_user_without_rights_writes_to_tmp(images):
    for image in (images.cpu, images.cuda):
        write = "id -u; id -g; pwd; touch made; ! touch /opt/made 2>/dev/null"
        command = ["docker", "run", "--rm", "--network", "none", image, "bash", "-ec", write]
        done = subprocess.run(command, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (0, "10001\n10001\n/tmp\n"), done.stderr


def test_added_debian_packages_are_those_of_the_lock(images, repository):
    """In name and version; their digests were compared before they were unpacked."""
    listing = ("dpkg-query", "-W", "-f", "${Package} ${Version}\\n")
    added = set(said_in(images.cpu, *listing).splitlines()) - set(
        subprocess.run(
            ["docker", "run", "--rm", BASE, *listing], capture_output=True, text=True, check=True
        ).stdout.splitlines()
    )
    locked = (repository / "docker/debian.lock").read_text().splitlines()
    assert {"bedtools", "subread"} <= {package.split()[0] for package in added}
    assert added <= {" ".join(line.split()[:2]) for line in locked}


def test_labels_say_what_an_image_is(images):
    common = {
        "org.opencontainers.image.version": version(),
        "org.opencontainers.image.licenses": "MIT",
        "org.opencontainers.image.base.name": "debian:bookworm-slim",
    }
    of_cuda = {"deepregfinder.cuda": "12.8", "deepregfinder.driver.minimum": "525.60.13"}
    for image, kind, more in ((images.cpu, "cpu", {}), (images.cuda, "cuda", of_cuda)):
        labels = inspected(image)["Config"]["Labels"]
        assert labels.pop("org.opencontainers.image.description")
        digest = labels.pop("org.opencontainers.image.base.digest")
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest)
        title = {"org.opencontainers.image.title": f"deepregfinder-nf {kind}"}
        assert labels == common | title | more


def test_both_images_are_stored_once(images):
    layers, more = (inspected(image)["RootFS"]["Layers"] for image in (images.cpu, images.cuda))
    assert more[: len(layers)] == layers


def test_what_tasks_call_is_there_and_what_builds_is_not(images):
    there = ("bash", "ps", "bedtools", "featureCounts", "python3")
    for name in there:
        assert said_in(images.cpu, "bash", "-c", f"command -v {name}")
    gone = "gcc cc c++ g++ clang make ld as pip pip3 aws"
    assert said_in(images.cpu, "bash", "-c", f"type -P {gone} || true") == ""


def test_the_environment_is_the_lock_file(images, repository):
    """Every package that the lock file names for this Python, in its version, and no other."""
    listed = (
        "import importlib.metadata as m, sys;"
        "sys.path = [p for p in sys.path if 'site-packages' in p];"
        "print(*(f'{d.name}=={d.version}' for d in m.distributions()), sep='\\n')"
    )
    installed = {spelt(line) for line in said_in(images.cpu, "python3", "-c", listed).split()}
    lines = (repository / "docker/requirements.lock").read_text().splitlines()
    named = [Requirement(line.rstrip(" \\")) for line in lines if line[:1].isalpha()]
    python = {"python_version": "3.11", "python_full_version": "3.11.2"}
    wanted = {
        spelt(f"{one.name}{one.specifier}")
        for one in named
        if one.marker is None or one.marker.evaluate(python)
    }
    assert installed == wanted


def spelt(pinned: str) -> str:
    return pinned.lower().replace("_", "-").replace(".", "-")


@pytest.mark.parametrize("kind", ["cpu", "cuda"])
def test_python_works_without_name_home_or_network(images, kind):
    said = said_in(getattr(images, kind), "python3", "-c", f"import {IMPORTS}; print('fine')")
    assert said == "fine\n"


def test_numba_compiles_and_torch_computes_for_such_a_user(images):
    code = (
        "import numba, torch; assert numba.njit(lambda x: x + 1)(1) == 2;"
        "assert torch.ones(2).sum() == 2; print('fine')"
    )
    assert said_in(images.cpu, "python3", "-c", code) == "fine\n"


def test_the_cuda_image_carries_cuda_and_lets_the_driver_in(images):
    said = said_in(images.cuda, "python3", "-c", "import torch; print(torch.version.cuda)")
    assert said == "12.8\n"
    environment = dict(line.split("=", 1) for line in inspected(images.cuda)["Config"]["Env"])
    assert environment["NVIDIA_DRIVER_CAPABILITIES"] == "compute,utility"
    assert environment["NVIDIA_VISIBLE_DEVICES"] == "all"


def test_the_bills_of_materials_name_what_is_inside(images, repository, tmp_path):
    command = [repository / "tools/supply_chain", "sbom", tmp_path, images.cpu]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    bills = {path.name: json.loads(path.read_text()) for path in tmp_path.glob("*.cdx.json")}
    python, debian = sorted(bills.items(), key=lambda bill: "python" not in bill[0])
    assert {bill["bomFormat"] for bill in bills.values()} == {"CycloneDX"}
    lines = (repository / "docker/requirements.lock").read_text().splitlines()
    locked = {line.partition("==")[0] for line in lines if line[:1].isalpha()}
    assert {part["name"] for part in python[1]["components"]} >= locked
    assert {part["name"] for part in debian[1]["components"]} >= {"bedtools", "subread", "procps"}
