"""Where the tests find the repository, its programs and the real data."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = Path(os.environ.get("DRF_SHARED_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def repository() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real ENCODE files; tests that use it carry the mark `real_data`."""
    if not SHARED_DATA.is_dir():
        pytest.fail(f"DRF_SHARED_DATA: {SHARED_DATA} is no folder (see README)")
    return SHARED_DATA
