"""What was promised before: the schemas as git knows them at an earlier point."""

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any, Final

from contracts.tooling import CONTRACTS

_TIMEOUT_SECONDS: Final = 30


class BaselineError(RuntimeError):
    """The named revision cannot be read."""


def newest_release(folder: Path = CONTRACTS) -> str | None:
    """The newest release tag (`v…`) behind the present commit; None without git or without a release."""
    described = git(folder, "describe", "--tags", "--abbrev=0", "--match", "v[0-9]*")
    return described.decode().strip() if described is not None else None


def has_commits(folder: Path = CONTRACTS) -> bool:
    """Whether the folder lies in a git repository with at least one commit."""
    return git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}") is not None


def schemas_at(revision: str, folder: Path = CONTRACTS) -> dict[str, dict[str, Any]]:
    """The committed schemas at a revision, by name; empty when it had none yet.

    Raises BaselineError when git does not know the revision.
    """
    if git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}") is None:
        raise BaselineError(f"git knows no revision {revision}")
    if not git(folder, "ls-tree", "--name-only", revision, "schemas/"):
        return {}
    archive = git(folder, "archive", "--format=tar", revision, "schemas")
    if archive is None:
        raise BaselineError(f"git cannot read the schemas of {revision}")
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.name.endswith(".json") else None
            if content is not None:
                found[Path(member.name).stem] = json.loads(content.read())
    return found


def git(folder: Path, *arguments: str) -> bytes | None:
    """What this git command prints, None when it fails or there is no git."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=_TIMEOUT_SECONDS)  # noqa: S603 - git only
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
