"""The promises name tests that exist, and the guards that the harness takes out."""

import re

from tests.architecture.house import ROOT
from tests.faults.honesty_table import QUICK, REST

PROMISES = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_test_named_exists() -> None:
    named = NAMED.findall(PROMISES)
    missing = [
        f"{file}::{test}"
        for file, test in named
        if not re.search(rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert len(named) > 30
    assert not missing


def test_every_guard_of_the_harness_is_listed() -> None:
    told = re.findall(
        r"^\| (.+?) \| ((?:`tests/[^|]+`(?:, )?)+) \|$", PROMISES.split("## The harness")[1], re.MULTILINE
    )
    tests = {name: re.findall(r"`([^`]+)`", cell) for name, cell in told}
    assert tests == {
        each.name: list(dict.fromkeys(test.split("[")[0] for test in each.tests)) for each in (*QUICK, *REST)
    }
