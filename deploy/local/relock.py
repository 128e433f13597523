"""`make lock`: resolve pyproject.toml into requirements.lock, for all platforms, with hashes and without addresses."""

import subprocess
import sys

from deploy.local import bootstrap


def relock() -> int:
    """Write requirements.lock; uv's exit code."""
    options = ["--group", "dev", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
    command = [str(bootstrap.installer()), "pip", "compile", "pyproject.toml", *options, "--no-header", "--quiet",
               "--upgrade", "--output-file", "requirements.lock"]  # fmt: skip
    environment = bootstrap.uv_environment(bootstrap.pip_settings())
    return subprocess.run(command, check=False, cwd=bootstrap.CHECKOUT, env=environment).returncode  # noqa: S603 - fixed command


if __name__ == "__main__":
    sys.exit(relock())
