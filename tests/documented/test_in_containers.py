"""Commands for container engines, in a copy of the repository whose images hold next to nothing.

Docker and Charliecloud are real, the registry is Debian's, Apptainer is a stand-in. Dockerfile and
install script are those of the repository; only the lock file is a short one. Tasks are stubs.
"""

import contextlib
import functools
import getpass
import hashlib
import http.server
import json
import os
import re
import subprocess
import tarfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from machines.engines import BASE, have, start_docker, version
from machines.slurm_cluster import output_of, wait_for
from machines.stand_ins import StandIns, stand_ins
from samples.documented_commands import (
    Part,
    Place,
    copied_repository,
    launch_folder,
    parts_of,
    place_of,
)

pytestmark = pytest.mark.pipeline

SMALL = "0.0.1"
IMAGE = f"deepregfinder-nf:{SMALL}"
NUMBERS = {"cuda": SMALL, "cpu": f"{SMALL}+cpu"}
VERSIONS = '#!/bin/sh\nfor name; do printf "%s\\tnone\\n" "$name"; done\n'


@dataclass(frozen=True)
class Small:
    """The copy, which is a launch folder too, with engines and a registry.

    bare : the same, with this machine's programs and Apptainer's stand-in only
    registry : its address
    images : the folder that stands for /shared/images
    places : what stands for names of the documents
    """

    place: Place
    bare: Place
    engines: StandIns
    registry: str
    images: Path
    places: dict[str, object]

    def run(self, part: Part) -> None:
        # What begins with a clone begins in another folder.
        place = self.place if part.runs else self.bare
        launch = self.images.parent if "git clone" in part.text else place.launch
        replace(place, launch=launch).run(part.with_places(self.places))


@contextlib.contextmanager
def running_registry(folder: Path) -> Iterator[str]:
    """Debian's docker-registry; its address."""
    have("docker-registry", "docker-registry")
    settings, log = folder / "registry.yml", folder / "registry.log"
    settings.write_text(
        "version: 0.1\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/registry}}}}\n"
        "http: {addr: '127.0.0.1:0'}\n"
    )
    with log.open("w") as output:
        server = subprocess.Popen(["docker-registry", "serve", settings], stderr=output)
    try:
        yield wait_for("a registry", lambda: re.search(r"on (\S+:\d+)\"", log.read_text()))[1]
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def running_index(folder: Path) -> Iterator[str]:
    """Two package indexes, `cuda` and `cpu`, each with a PyTorch of one file; their address."""
    for index, number in NUMBERS.items():
        wheel = wheel_of(folder, index)
        wheel.parent.mkdir(parents=True)
        about = f"torch-{number}.dist-info"
        with zipfile.ZipFile(wheel, "w") as file:
            file.writestr("torch/version.py", f"__version__ = '{number}'\ncuda: str = '12.8'\n")
            file.writestr(f"{about}/METADATA", f"Name: torch\nVersion: {number}\n")
            file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            file.writestr(f"{about}/RECORD", "")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder / "index")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def wheel_of(folder: Path, index: str) -> Path:
    return folder / f"index/{index}/torch/torch-{NUMBERS[index]}-py3-none-any.whl"


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make_small(code: Path, index: str) -> None:
    """Give a copy of the repository a version and images of its own."""
    config, lock = code / "nextflow.config", code / "docker/requirements.lock"
    config.write_text(
        config.read_text().replace(f"version = '{version()}'", f"version = '{SMALL}'")
    )
    click = re.search(r"^click==.*\n(?: .*\n)+", lock.read_text(), re.M)
    assert click
    digest = digest_of(wheel_of(code.parent, "cuda"))
    torch = f"torch=={SMALL} \\\n    --hash=sha256:{digest}\n"
    lock.write_text(f"--extra-index-url {index}/cuda/\n{click[0]}{torch}")
    (code / "bin/versions.py").write_text(VERSIONS)


@contextlib.contextmanager
def tidied(registry: str) -> Iterator[None]:
    """No image of the copy or of the registry is left."""
    try:
        yield
    finally:
        named = output_of("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").splitlines()
        made = [name for name in named if name.startswith((IMAGE, registry))]
        output_of("docker", "rmi", "-f", *made)
        label = f"label=org.opencontainers.image.version={SMALL}"
        output_of("docker", "image", "prune", "-f", "--filter", label)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    start_docker()
    have("ch-run", "charliecloud-runtime")
    folder = tmp_path_factory.mktemp("containers")
    code = launch_folder(copied_repository(folder / "code"), samples=["K562"])
    images = folder / "images"
    images.mkdir()
    engines = stand_ins(folder, "apptainer")
    with running_registry(folder) as registry, running_index(folder) as index, tidied(registry):
        make_small(code, index)
        commit = "git init -q && git add -A && git -c user.name=a -c user.email=a commit -q -m a"
        output_of("bash", "-c", f"cd {code} && {commit}")
        base = f"{registry}/{BASE}"
        output_of("docker", "tag", BASE, base)
        output_of("docker", "push", "-q", base)
        digests = json.loads(output_of("docker", "inspect", "-f", "{{json .RepoDigests}}", base))
        [digest] = [one for one in digests if one.startswith(registry)]
        place = place_of(folder, code, code=code, programs=[engines.programs])
        place = replace(place, environment=place.environment | {"USER": getpass.getuser()})
        bare = Place(code, {"PATH": f"{engines.programs}:{os.environ['PATH']}"})
        places = {
            f"{BASE}@sha256:DIGEST": digest.replace("@", ":bookworm-slim@"),
            "TORCH_INDEX=ADDRESS TORCH_SHA256=DIGEST": (
                f"TORCH_INDEX={index}/cpu/ TORCH_SHA256={digest_of(wheel_of(folder, 'cpu'))}"
            ),
            "clone ADDRESS": f"clone {code}",
            "registry.example.org": registry,
            "/shared/images": images,
            version(): SMALL,
        }
        small = Small(place, bare, engines, registry, images, places)
        small.run(Part("setup", "make setup images"))
        yield small


def in_image(kind: str, *command: str) -> str:
    return output_of("docker", "run", "--rm", f"{IMAGE}-{kind}", *command)


def check_base(small: Small) -> None:
    label = '{{index .Config.Labels "org.opencontainers.image.base.name"}}'
    said = output_of("docker", "inspect", "-f", label, f"{IMAGE}-cpu")
    assert re.fullmatch(rf"{small.registry}/{BASE}@sha256:\w{{64}}\n", said)


def check_torch(small: Small) -> None:
    shown = ("bash", "-c", "cat /opt/deepregfinder/lib/python3*/site-packages/torch/version.py")
    assert f"'{SMALL}+cpu'" in in_image("cpu", *shown)
    assert f"'{SMALL}'" in in_image("cuda", *shown)


def check_images(small: Small) -> None:
    for kind in ("cpu", "cuda"):
        assert in_image(kind, "python3", "-c", "import click; print('fine')") == "fine\n"


def check_bills(small: Small) -> None:
    bills = {path.name for path in (small.place.launch / "sbom").glob("*.cdx.json")}
    debian = {f"deepregfinder-nf-{SMALL}-{kind}.debian.cdx.json" for kind in ("cpu", "cuda")}
    assert bills == debian | {"python.cdx.json"}


def check_registry(small: Small) -> None:
    name = "epigenomics/deepregfinder-nf"
    with urllib.request.urlopen(f"http://{small.registry}/v2/{name}/tags/list") as answer:
        assert set(json.load(answer)["tags"]) == {f"{SMALL}-cpu", f"{SMALL}-cuda"}
    image = f"{small.registry}/{name}:{SMALL}-cpu"
    assert image in started_last(small)
    output_of("docker", "rmi", image)
    output_of("docker", "pull", "-q", image)


def check_docker(small: Small) -> None:
    assert re.search(rf"docker run .* {IMAGE}-cpu ", started_last(small))


def check_charliecloud(small: Small) -> None:
    assert re.search(
        rf"ch-run .* {small.images}/deepregfinder-nf-{SMALL}-cpu ", started_last(small)
    )


def check_image_files(small: Small) -> None:
    images = {call.of_engine[-1] for call in small.engines.of_tasks}
    assert f"{small.images}/deepregfinder-nf-{SMALL}-cpu.sif" in images


def check_built_files(small: Small) -> None:
    for kind in ("cpu", "cuda"):
        assert (small.images / f"deepregfinder-nf-{SMALL}-{kind}.sif").is_file()
    with tarfile.open(small.place.launch / "cpu.tar") as saved:
        assert "manifest.json" in saved.getnames()


def check_cache(small: Small) -> None:
    """Said before a run, it names the folder to which images are pulled."""
    [cache] = [part for part in PARTS if "CACHEDIR" in part.text]
    registry = f"{small.registry}/epigenomics"
    run = f"nextflow run main.nf -profile apptainer --container_registry {registry} ..."
    small.run(replace(cache, text=f"{cache.text}\n{run}"))
    name = f"{registry}/deepregfinder-nf-{SMALL}-cpu.img".replace("/", "-").replace(":", "-")
    assert (small.images / name).is_file()


def check_archive(small: Small) -> None:
    folder = small.images.parent
    with tarfile.open(folder / "deepregfinder-nf.tar.gz") as archive:
        names = archive.getnames()
    assert "./main.nf" in names
    assert any(re.fullmatch(r"\./\.tools/nextflow/nextflow-.*\.jar", name) for name in names)
    assert (folder / f"deepregfinder-nf-{SMALL}-cpu.sif").is_file()
    assert not (folder / "deepregfinder-nf/cpu.tar").exists()


def started_last(small: Small) -> str:
    """The script that started the last task."""
    scripts = small.place.launch.glob("work/*/*/.command.run")
    return max(scripts, key=lambda script: script.stat().st_mtime_ns).read_text()


# What a part has to have left, by words that are in no other.
CHECKS: dict[str, Callable[[Small], None]] = {
    "BASE=": check_base,
    "TORCH_INDEX=": check_torch,
    "AWSCLI=": lambda _: in_image("cpu", "aws", "--version"),
    "MULTIQC=": lambda _: in_image("cpu", "multiqc", "--version"),
    "make sbom": check_bills,
    "docker push": check_registry,
    "-profile docker --input": check_docker,
    "-profile charliecloud": check_charliecloud,
    "-profile apptainer": check_image_files,
    "apptainer pull": check_built_files,
    "CACHEDIR": check_cache,
    "git clone": check_archive,
    "make images  ": check_images,
}
PARTS = parts_of("containers")


@pytest.mark.parametrize("part", PARTS, ids=str)
def test_it_leaves_what_it_says(small, part):
    [check] = [check for words, check in CHECKS.items() if words in part.text]
    small.run(part)
    check(small)
