"""The alert rules, the metrics they may name, and what promql-parser makes of an expression."""

import re
from typing import Any

import promql_parser
import yaml

from tests.architecture.house import ROOT

FOLDER = ROOT / "deploy" / "dashboards"
PROMETHEUS = FOLDER / "prometheus"
BY_PROMETHEUS = {"up": set[str]()}
BY_TARGET = {"service", "instance", "job", "le"}
_LISTED = re.compile(r"^\| `(sinergi_\w+)` \| (gauge|counter|histogram) \|([^|]*)\|", re.MULTILINE)


def rules() -> list[dict[str, Any]]:
    """All alert rules."""
    loaded = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))
    return [rule for group in loaded["groups"] for rule in group["rules"]]


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


def labels_of(node: Any) -> set[str]:
    """Labels of an expression's result. Raises TypeError for a form that no rule of ours has."""
    match node:
        case promql_parser.VectorSelector():
            return series()[str(node.name)] | BY_TARGET - {"le"}
        case promql_parser.AggregateExpr(modifier=by) if by and by.type == promql_parser.AggModifierType.By:
            return set(by.labels)
        case promql_parser.Call() if node.func.name == "histogram_quantile":
            return labels_of(node.args[1]) - {"le"}
        case promql_parser.BinaryExpr():
            # Both sides match on all their labels, or one is a number.
            sides = [labels_of(side) for side in (node.lhs, node.rhs) if not _is_number(side)]
            if any(side != sides[0] for side in sides):
                raise TypeError(node)
            return sides[0]
    raise TypeError(node)


def _is_number(node: Any) -> bool:
    return isinstance(node, promql_parser.NumberLiteral)


def listed() -> dict[str, tuple[str, set[str]]]:
    """The metrics of the document: kind and labels."""
    text = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in _LISTED.findall(text)}


def series() -> dict[str, set[str]]:
    """Names as Prometheus stores them, with their labels."""
    found = dict(BY_PROMETHEUS)
    for name, (kind, labels) in listed().items():
        endings = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
        found |= {name + ending: labels for ending in endings}
    return found
