"""docker/Singularity.def builds what docker/Dockerfile builds. Both are compared as text: Apptainer
is not in Debian 12, so the tests do not build with it (docs/containers.md says what was tried)."""

import re

import pytest
from machines.engines import version


@pytest.fixture(scope="module")
def sections(repository):
    """The sections of the definition as lists of lines; the header under its own name."""
    by_name, name = {"header": []}, "header"
    for line in (repository / "docker/Singularity.def").read_text().splitlines():
        if line.startswith("%"):
            name = line[1:].strip()
            by_name[name] = []
        elif line.strip() and not line.startswith("#"):
            by_name[name].append(line.strip())
    return by_name


@pytest.fixture(scope="module")
def dockerfile(repository):
    """Its instructions, continued lines joined."""
    text = (repository / "docker/Dockerfile").read_text().replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def arguments(dockerfile, instruction):
    return [line.partition(" ")[2] for line in dockerfile if line.startswith(f"{instruction} ")]


def settings(texts):
    pairs = re.findall(r'([\w.]+)=("[^"]*"|\S+)', " ".join(texts))
    return {name: value.strip('"') for name, value in pairs}


def test_base_image(sections, dockerfile):
    assert sections["header"] == ["Bootstrap: docker", "From: debian:bookworm-slim"]
    assert {"ARG BASE=debian:bookworm-slim", "FROM ${BASE} AS tasks"} <= set(dockerfile)


def test_the_same_commands_run(sections, dockerfile):
    runs = " && ".join(arguments(dockerfile, "RUN")[:2])
    runs = re.sub(r'(TORCH_INDEX|TORCH_SHA256|AWSCLI|MULTIQC)="\$\1" ', "", runs)
    assert sections["post"] == runs.split(" && ")


def test_the_same_files_are_brought(sections, dockerfile, repository):
    brought = [line.split() for line in sections["files"]]
    copied = [line.split() for line in arguments(dockerfile, "COPY")]
    wanted = [[f"docker/{name}", f"{folder}{name}"] for *names, folder in copied for name in names]
    assert brought == wanted
    assert all((repository / path).exists() for path, _ in brought)


def test_the_same_environment(sections, dockerfile):
    """HOME, USER and LOGNAME are those of the machine: Apptainer keeps the user's."""
    exported = settings(line.removeprefix("export ") for line in sections["environment"])
    common, _cuda = arguments(dockerfile, "ENV")
    wanted = settings([common])
    assert exported == {name: wanted[name] for name in ("PATH", "LANG", "PYTHONNOUSERSITE")}


def test_the_labels_of_the_cuda_image(sections, dockerfile):
    common, _cpu, cuda = arguments(dockerfile, "LABEL")
    wanted = settings([common, cuda]) | {
        "org.opencontainers.image.version": version(),
        "org.opencontainers.image.base.name": "debian:bookworm-slim",
    }
    del wanted["org.opencontainers.image.base.digest"]  # only `make images` asks for it
    assert dict(line.split(" ", 1) for line in sections["labels"]) == wanted
