"""The peers' environments: made on demand as their locks say, one folder per lock."""

import hashlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deploy.local import bootstrap
from deploy.local.home import default_home

PEERS: Final = ("dbos", "celery", "faststream_outbox")


def folder_of(peer: str) -> Path:
    """Where a peer's program and its requirements lie."""
    return Path(__file__).parent / peer


def python_of(peer: str) -> Path:
    """The interpreter of a peer's venv, which is made when there is none for its lock. Raises SetupError."""
    lock = folder_of(peer) / "requirements.lock"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    venv = default_home().root / "bench" / "venvs" / f"{peer}-{digest}"
    python, whole = venv / "bin" / "python", venv / "installed"
    if not whole.exists():
        uv = str(bootstrap.installer())
        _run([uv, "venv", "--quiet", "--clear", "--no-project", "--python", sys.executable, str(venv)])
        options = ["--quiet", "--compile-bytecode", "--require-hashes", "--python", str(python)]
        _run([uv, "pip", "sync", *options, str(lock)])
        whole.touch()
    return python


def relock(peer: str) -> None:
    """Resolve a peer's requirements again, for all platforms, with hashes and without addresses. Raises SetupError."""
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header",
               "--no-annotate", "--upgrade", "--quiet"]  # fmt: skip
    files = [str(folder_of(peer) / "requirements.in"), "--output-file", str(folder_of(peer) / "requirements.lock")]
    _run([str(bootstrap.installer()), "pip", "compile", *options, *files])


def _run(command: Sequence[str]) -> None:
    environment = bootstrap.uv_environment(bootstrap.pip_settings())
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)  # noqa: S603 - fixed command
    if done.returncode != 0:
        raise bootstrap.SetupError(f"A peer's packages could not be set up.\n{done.stderr.strip()[-2000:]}")


if __name__ == "__main__":
    for each in sys.argv[1:] or PEERS:
        relock(each)
