"""Services tell what the document lists, and dashboards and alert rules name only that."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chassis.auth import Role
from chassis.metrics.instruments import GAUGES, SAMPLE_AGE
from chassis.metrics.sampler import Sampler
from chassis.service import Service
from contracts.catalogue import CATALOGUE
from tests.architecture.promql import BY_TARGET, FOLDER, listed, rules, selectors, series
from tests.support.service import ServiceUnderTest

DASHBOARDS = sorted((FOLDER / "grafana").glob("*.json"))


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
