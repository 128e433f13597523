"""Migrations of one service's database, and what a service's own migrations may call."""

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from chassis import infrastructure
from chassis.infrastructure import guard, run_script

__all__ = ["guard", "heads", "infrastructure", "run_script", "upgrade", "upgrade_package"]


def _config(package: str) -> Config:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"no package named {package}")
    versions = Path(spec.submodule_search_locations[0]) / "migrations" / "versions"
    config = Config()
    config.set_main_option("script_location", str(files("chassis") / "migration_environment"))
    config.set_main_option("version_locations", str(versions))
    config.set_main_option("path_separator", "newline")
    return config


def upgrade(service: str, owner_database_url: str) -> None:
    """Bring the service's database to its newest version, under a lock; blocking, owner role only."""
    upgrade_package(f"services.{service}", owner_database_url)


def upgrade_package(package: str, owner_database_url: str) -> None:
    """The same for a service that lies elsewhere."""
    config = _config(package)
    config.attributes["owner_database_url"] = owner_database_url
    command.upgrade(config, "head")


def heads(package: str) -> tuple[str, ...]:
    """Newest versions of the service's history: exactly one, or the history has forked."""
    return tuple(ScriptDirectory.from_config(_config(package)).get_heads())
