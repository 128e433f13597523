"""Running PostgreSQL when the stack is started by root: PostgreSQL refuses root, so it runs as `nobody`.

That account must be able to reach the binaries and the data. Opening the parents of a private folder to everybody
would be wrong, so both are placed in a system folder instead when they cannot be reached where they are.
"""

import hashlib
import os
import pwd
import shutil
from pathlib import Path

from deploy.local.errors import StackError

SYSTEM_FOLDER = Path("/var/lib/sinergi")


def unprivileged_user() -> tuple[int, int] | None:
    """(uid, gid) of the account to run PostgreSQL as, or None if this process is not root."""
    if os.geteuid() != 0:
        return None
    try:
        account = pwd.getpwnam("nobody")
    except KeyError:
        raise StackError(
            "PostgreSQL refuses to run as root and this system has no account `nobody`: start as an ordinary user."
        ) from None
    return account.pw_uid, account.pw_gid


def reachable_binaries(binaries: Path, libraries: Path) -> Path:
    """The folder of PostgreSQL's programs, or a copy of it that an unprivileged account can execute."""
    if _open_to_all(binaries / "postgres"):
        return binaries
    installation = binaries.parent
    package = installation.parent
    copy = SYSTEM_FOLDER / hashlib.sha256(str(package).encode()).hexdigest()[:12]
    done = copy / "complete"
    if not done.exists():
        shutil.copytree(installation, copy / package.name / installation.name, dirs_exist_ok=True)
        if libraries.is_dir():
            shutil.copytree(libraries, copy / libraries.name, dirs_exist_ok=True)
        for folder in (SYSTEM_FOLDER, copy, *(path for path in copy.rglob("*"))):
            folder.chmod(folder.stat().st_mode | (0o055 if folder.is_dir() else 0o044))
            if folder.parent.name == "bin":
                folder.chmod(0o755)
        done.touch()
    return copy / package.name / installation.name / "bin"


def reachable_folder(wanted: Path) -> Path:
    """`wanted`, or a folder of its own in the system folder if an unprivileged account cannot enter its parents."""
    if _open_to_all(wanted.parent):
        return wanted
    folder = SYSTEM_FOLDER / "data" / hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    return folder


def _open_to_all(path: Path) -> bool:
    """Whether any account may enter every folder above `path`, and execute or enter `path` itself."""
    return all(part.stat().st_mode & 0o001 for part in (path, *path.parents))
