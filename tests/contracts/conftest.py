"""What the tests of the contracts' tools share."""

import shutil
from pathlib import Path

import pytest

from contracts.tooling import CONTRACTS
from tests.contracts.repository import copy_schemas


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of what is committed."""
    copied = tmp_path / "contracts"
    copied.mkdir()
    copy_schemas(copied)
    shutil.copytree(CONTRACTS / "examples", copied / "examples")
    shutil.copy(CONTRACTS / "asyncapi.yaml", copied)
    return copied
