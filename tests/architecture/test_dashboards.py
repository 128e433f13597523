"""Dashboards and alert rules name only what services tell, and every alert leads to a runbook that exists."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from chassis.auth import Role
from chassis.metrics.instruments import GAUGES, SAMPLE_AGE
from chassis.metrics.sampler import Sampler
from chassis.service import Service
from contracts.catalogue import CATALOGUE
from tests.architecture.house import ROOT
from tests.support.service import ServiceUnderTest

FOLDER = ROOT / "deploy" / "dashboards"
DASHBOARDS = sorted((FOLDER / "grafana").glob("*.json"))
PROMETHEUS = FOLDER / "prometheus"
LISTED = re.compile(r"^\| `(sinergi_\w+)` \| (gauge|counter|histogram) \|([^|]*)\|", re.MULTILINE)
BY_PROMETHEUS = {"up": set[str]()}
BY_TARGET = {"service", "instance", "job", "le"}


def rules() -> list[dict[str, Any]]:
    """All alert rules."""
    loaded = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def panels(path: Path) -> list[dict[str, Any]]:
    """The panels of a dashboard that show something."""
    return [one for one in json.loads(path.read_text(encoding="utf-8"))["panels"] if one["type"] != "row"]


def expressions() -> Iterator[tuple[str, str]]:
    """Where, and what PromQL."""
    yield from ((rule["alert"], rule["expr"]) for rule in rules())
    for path in DASHBOARDS:
        for panel in panels(path):
            for target in panel["targets"]:
                expr = target["expr"].replace("$__rate_interval", "5m").replace("$__range", "6h")
                yield f"{path.name}: {panel['title']}", expr
        for variable in json.loads(path.read_text(encoding="utf-8"))["templating"]["list"]:
            if variable["type"] == "query":
                yield path.name, re.fullmatch(r"label_values\((\w+), service\)", variable["query"]["query"])[1]  # type: ignore[index]


def selectors(expression: str) -> list[Any]:
    """Every vector selector of an expression. Raises ValueError for what is no PromQL."""
    found: list[Any] = []

    def visit(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append(node)
        elif isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        return True

    promql_parser.walk(promql_parser.parse(expression), visit)
    return found


def listed() -> dict[str, tuple[str, set[str]]]:
    """The metrics of the document: kind and labels."""
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in LISTED.findall(text)}


def series() -> dict[str, set[str]]:
    """Names as Prometheus stores them, with their labels."""
    found = dict(BY_PROMETHEUS)
    for name, (kind, labels) in listed().items():
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {name + ending: labels for ending in endings}
    return found


def exposed(service: Service) -> dict[str, tuple[str, set[str]]]:
    """What a scrape of the service shows: kind and labels by name."""
    found: dict[str, tuple[str, set[str]]] = {}
    for family in text_string_to_metric_families(service.metrics.text().decode()):
        if family.samples and family.name.startswith("sinergi_"):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            found[name] = (family.type, set().union(*(one.labels for one in family.samples)) - {"le"})
    return found


async def test_a_real_service_tells_what_the_document_lists(disbursement: ServiceUnderTest) -> None:
    """Everything that needs no broker and no fault is asked of a real service, the rest of its instruments."""
    service = disbursement.service
    await disbursement.as_(Role.PETUGAS).get("/jobs/none")
    await Sampler(service).sample()
    service.metrics.sampled("broker")
    shown = exposed(service)
    told = listed()
    assert {name: told.get(name) for name in shown} == shown
    assert {"sinergi_ready", "sinergi_events_recorded_rupiah_total", "sinergi_outbox_depth", SAMPLE_AGE} <= set(shown)
    service.metrics.batch("c", 1, 0.1, ["t"], ["t"])
    service.metrics.retried("c", "OSError")
    for name in GAUGES:
        service.metrics.show(name, [(1, dict.fromkeys(told[name][1], "x"))])
    shown = exposed(service)
    assert {name: told.get(name) for name in shown} == shown
    assert set(told) == set(shown)


@pytest.mark.parametrize(("place", "expression"), list(expressions()))
def test_every_expression_names_metrics_and_labels_that_exist(place: str, expression: str) -> None:
    known = series()
    found = selectors(expression)
    assert found or "vector(" in expression, place
    for selector in found:
        if selector.name.startswith("process_"):
            continue
        assert selector.name in known, f"{place}: {selector.name}"
        for matcher in selector.matchers.matchers:
            assert matcher.name in known[selector.name] | BY_TARGET, f"{place}: {matcher.name}"
            if matcher.name == "type" and str(matcher.op) == "MatchOp.Equal":
                assert matcher.value in CATALOGUE, f"{place}: {matcher.value}"


def test_the_expressions_read_what_the_documents_promise() -> None:
    read = {selector.name for _, expression in expressions() for selector in selectors(expression)}
    families = {re.sub("_(bucket|sum|count)$", "", name) for name in read}
    assert set(listed()) <= families, "a metric that nobody looks at"


def test_every_alert_leads_to_its_runbook() -> None:
    for rule in rules():
        page, _, heading = rule["annotations"]["runbook_url"].partition("#")
        text = (ROOT / page).read_text(encoding="utf-8")
        headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")}
        assert not heading or heading in headings, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]


def test_every_alert_is_tested_both_ways() -> None:
    loaded = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text(encoding="utf-8"))
    names = {test["name"] for test in loaded["tests"]}
    assert names == {f"{rule['alert']} {how}" for rule in rules() for how in ("fires", "stays silent")}


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_dashboards_can_be_imported(path: Path) -> None:
    """Own ids, nothing overlapping, and the reader's data source, not ours."""
    loaded = json.loads(path.read_text(encoding="utf-8"))
    assert loaded["uid"]
    assert loaded["title"]
    assert loaded["schemaVersion"] >= 38
    assert loaded["templating"]["list"][0]["type"] == "datasource"
    ids = [panel["id"] for panel in loaded["panels"]]
    assert len(ids) == len(set(ids))
    cells: set[tuple[int, int]] = set()
    for panel in loaded["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells |= own
    for panel in panels(path):
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed; docs/metrics.md has the commands"
)
@pytest.mark.parametrize(
    "command", ["check config prometheus.yml", "check rules alerts.yml", "test rules alerts_test.yml"]
)
def test_promtool_agrees(command: str) -> None:
    done = subprocess.run(["promtool", *command.split()], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
