"""Every alert can be read by Prometheus, leads to a runbook that names it, and is tested: also without promtool.

What only promtool can do is to evaluate: whether an alert fires on the series of `alerts_test.yml`.
"""

import re
import shutil
import subprocess
from typing import Annotated, Any

import promql_parser
import pytest
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from tests.architecture.house import ROOT
from tests.architecture.promql import BY_TARGET, PROMETHEUS, labels_of, rules, selectors, series

_TEMPLATE = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_KNOWN_TEMPLATE = re.compile(r"\$labels\.(?P<label>\w+)|\$value(?: \| (?:humanizeDuration|humanizePercentage))?")
_SAMPLES = re.compile(r"(-?\d+(\.\d+)?([+-]\d+(\.\d+)?)?(x\d+)?|_(x\d+)?|stale)( (?!$)|$)")


def _duration(text: str) -> str:
    promql_parser.parse_duration(text)
    return text


def _expression(text: str) -> str:
    promql_parser.parse(text)
    return text


Duration = Annotated[str, AfterValidator(_duration)]
Expression = Annotated[str, AfterValidator(_expression)]
Label = Annotated[str, Field(pattern=r"^[a-zA-Z_]\w*$")]


class Strict(BaseModel):
    """As Prometheus does, refuses a field that it does not know."""

    model_config = ConfigDict(extra="forbid")


class Rule(Strict):
    """An alert rule."""

    alert: Label
    expr: Expression
    pending: Duration = Field("0s", alias="for")
    labels: dict[Label, str]
    annotations: dict[Label, str]


class Group(Strict):
    """Rules evaluated together."""

    name: str
    rules: list[Rule]


class RuleFile(Strict):
    """`alerts.yml`."""

    groups: list[Group]


class Series(Strict):
    """Samples that a test puts in."""

    series: Expression
    values: str


class ExpectedAlert(Strict):
    """An alert that fires."""

    exp_labels: dict[Label, str]
    exp_annotations: dict[Label, str]


class Look(Strict):
    """What fires at a moment."""

    eval_time: Annotated[str, Field(pattern=r"^\d+m$")]
    alertname: str
    exp_alerts: list[ExpectedAlert] = []


class AlertTest(Strict):
    """One test of `alerts_test.yml`."""

    name: str
    interval: Duration
    input_series: list[Series]
    alert_rule_test: list[Look]


class TestFile(Strict):
    """`alerts_test.yml`."""

    __test__ = False

    rule_files: list[str]
    evaluation_interval: Duration
    tests: list[AlertTest]


def read(name: str) -> Any:
    """A file of the folder."""
    return yaml.safe_load((PROMETHEUS / name).read_text(encoding="utf-8"))


def alert_tests() -> list[AlertTest]:
    """The tests of the alerts."""
    return TestFile.model_validate(read("alerts_test.yml")).tests


def test_prometheus_can_read_the_rules() -> None:
    """Known fields, valid expressions and durations, no name twice."""
    groups = RuleFile.model_validate(read("alerts.yml")).groups
    for names in ([group.name for group in groups], [rule.alert for group in groups for rule in group.rules]):
        assert len(names) == len(set(names))


def test_what_an_alert_says_of_a_label_is_a_label_of_its_result() -> None:
    for rule in rules():
        known = labels_of(promql_parser.parse(rule["expr"]))
        for text in (*rule["annotations"].values(), *rule["labels"].values()):
            for template in _TEMPLATE.findall(text):
                match = _KNOWN_TEMPLATE.fullmatch(template)
                assert match, f"{rule['alert']}: {template}"
                assert match["label"] is None or match["label"] in known, f"{rule['alert']}: {template}"


def test_every_alert_leads_to_its_runbook() -> None:
    for rule in rules():
        page, _, heading = rule["annotations"]["runbook_url"].partition("#")
        text = (ROOT / page).read_text(encoding="utf-8")
        headings = {line.lstrip("# ").lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")}
        assert not heading or heading in headings, rule["alert"]
        assert f"`{rule['alert']}`" in text, f"{page} does not say what {rule['alert']} means"
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]


def test_every_alert_is_tested_both_ways() -> None:
    """A further test of an alert has a colon and what is special about it behind its name."""
    names = [test.name for test in alert_tests()]
    expected = {f"{rule['alert']} {how}" for rule in rules() for how in ("fires", "stays silent")}
    assert {name.partition(":")[0] for name in names} == expected
    assert expected <= set(names)
    assert len(names) == len(set(names))


@pytest.mark.parametrize("test", alert_tests(), ids=lambda test: test.name)
def test_a_test_speaks_of_what_there_is(test: AlertTest) -> None:
    """Series that services tell, and alerts with the labels and words of their rules."""
    (rule,) = (rule for rule in rules() if rule["alert"] == test.name.split()[0])
    read_by_rule, known = {selector.name for selector in selectors(rule["expr"])}, series()
    for given in test.input_series:
        (selector,) = selectors(given.series)
        assert selector.name in read_by_rule, given.series
        assert {matcher.name for matcher in selector.matchers.matchers} <= known[selector.name] | BY_TARGET
        assert re.fullmatch(f"(?:{_SAMPLES.pattern})+", given.values), given.values
    fired = [alert for look in test.alert_rule_test for alert in look.exp_alerts]
    assert bool(fired) is test.name.partition(":")[0].endswith("fires")
    assert {look.alertname for look in test.alert_rule_test} == {rule["alert"]}
    for alert in fired:
        assert set(alert.exp_labels) == labels_of(promql_parser.parse(rule["expr"])) | set(rule["labels"])
        assert alert.exp_annotations["runbook_url"] == rule["annotations"]["runbook_url"]
        assert re.fullmatch(_told(rule["annotations"]["summary"], alert.exp_labels), alert.exp_annotations["summary"])


def _told(template: str, labels: dict[str, str]) -> str:
    """A pattern for the template with these labels and any value."""
    parts = re.split(r"(\{\{.*?\}\})", template)
    told = (re.match(r"\{\{ \$labels\.(\w+) \}\}", part) for part in parts)
    return "".join(
        re.escape(labels[match[1]]) if match else ".+" if part.startswith("{{") else re.escape(part)
        for part, match in zip(parts, told, strict=True)
    )


def test_the_configuration_names_files_that_exist() -> None:
    loaded = read("prometheus.yml")
    assert set(loaded) == {"global", "rule_files", "scrape_configs"}
    for name in (*loaded["rule_files"], *read("alerts_test.yml")["rule_files"]):
        assert (PROMETHEUS / name).is_file()
    for interval in loaded["global"].values():
        promql_parser.parse_duration(interval)


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed; docs/metrics.md has the commands"
)
@pytest.mark.parametrize(
    "command", ["check config prometheus.yml", "check rules alerts.yml", "test rules alerts_test.yml"]
)
def test_promtool_agrees(command: str) -> None:
    done = subprocess.run(["promtool", *command.split()], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
