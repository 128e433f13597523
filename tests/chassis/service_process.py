"""The sample service in a process of its own, as `chassis.service.run` runs it: settings as JSON, prefix of topics."""

import json
import sys

from chassis.service import run
from chassis.settings import ServiceSettings
from tests.chassis.sample.contract import catalogue_with
from tests.chassis.sample.service import create_service

if __name__ == "__main__":
    run(create_service(ServiceSettings(**json.loads(sys.argv[1])), catalogue_with(sys.argv[2])))
