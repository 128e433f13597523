"""The step before the services in compose: databases, roles, topics, migrations. Safe to run again."""

import os
import sys

from contracts.catalogue import TOPICS
from deploy.local.errors import StackError
from deploy.local.home import default_home
from deploy.local.migrate import migrate
from deploy.local.options import SERVICES
from deploy.local.provision import ROLE_KINDS, create_topics, provision_database
from deploy.local.waiting import run_async


def prepare() -> None:
    """Read addresses and passwords from the environment and make everything ready. Raises StackError."""
    passwords = {kind: os.environ[f"{kind.upper()}_PASSWORD"] for kind in ROLE_KINDS}
    superuser_url = os.environ["POSTGRES_URL"]
    urls = {name: run_async(provision_database(superuser_url, name, passwords)) for name in SERVICES}
    run_async(create_topics(os.environ["KAFKA_BOOTSTRAP_SERVERS"], TOPICS))
    home = default_home()
    home.create()
    migrate(home, {name: url.owner for name, url in urls.items()})


if __name__ == "__main__":
    try:
        prepare()
    except StackError as error:
        sys.exit(f"error: {error}\n{error.detail}")
