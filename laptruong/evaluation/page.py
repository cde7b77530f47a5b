"""Reports and comparisons as web pages: self-contained, without network, every text escaped by Jinja."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from laptruong.evaluation import browse, charts, wording
from laptruong.evaluation.charts import Row
from laptruong.evaluation.metrics import PRIMARY
from laptruong.evaluation.results import SMALL, Confusion, Report, RiskPoint
from laptruong.evaluation.verdicts import Comparison, Difference, Pairing

if TYPE_CHECKING:
    import pandas as pd

_TEMPLATES = Path(__file__).parent / "templates"
_POINTS = 20


def report_page(report: Report, items: pd.DataFrame) -> str:
    """Write the page of a report.

    Parameters
    ----------
    report : Report
    items : DataFrame
        With the columns level, task, article, unit, text, actor, topic, gold, predicted, confidence, given, right, outlet, month.

    Returns
    -------
    str
        A whole HTML page; the same for the same report and items.
    """
    drawn = {
        "headline": charts.figures("chart-headline", "Primary figures with 95 % intervals", _headline_rows(report)),
        "reliability": {each.task: charts.reliability(f"chart-reliability-{each.task}", each) for each in report.calibration},
        "risk": {each.task: charts.coverage_risk(f"chart-risk-{each.task}", each) for each in report.coverage_risk},
        "behaviour": charts.figures("chart-behaviour", "Pass rates with 95 % intervals", _behaviour_rows(report), wording.percent),
    }
    return _render("report.html", report=report, charts=drawn, browser=browse.of_items(items), points=_some)


def comparison_page(comparison: Comparison, disagreements: pd.DataFrame) -> str:
    """Write the page of a comparison.

    Parameters
    ----------
    comparison : Comparison
    disagreements : DataFrame
        With the columns level, task, article, unit, text, actor, topic, gold, first, first_confidence, second,
        second_confidence; and second_model where more than two models are compared.

    Returns
    -------
    str
        A whole HTML page; the same for the same comparison and disagreements.
    """
    drawn = [_forests(number, pairing) for number, pairing in enumerate(comparison.pairings)]
    browser = browse.of_disagreements(disagreements, comparison.names)
    return _render("comparison.html", comparison=comparison, forests=drawn, browser=browser)


def _render(template: str, **context: Any) -> str:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        finalize=lambda value: wording.visible(value) if type(value) is str else value,
    )  # fmt: skip
    style, script = ((_TEMPLATES / name).read_text("utf-8") for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'"
    )
    words = {name: getattr(wording, name) for name in ("number", "signed", "percent", "count", "span", "p_value")}
    environment.globals |= words | {
        "style": Markup(style), "script": Markup(script), "policy": Markup(policy), "tasks": wording.TASKS, "SMALL": SMALL,  # noqa: S704
        "figure_name": wording.figure, "headline": wording.headline, "budget": wording.budget, "verdict": wording.verdict,
        "shade": _shade, "primary": PRIMARY,
    }  # fmt: skip
    return environment.get_template(template).render(**context)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _headline_rows(report: Report) -> list[Row]:
    found = [(each, each.figures[each.primary]) for each in report.scores]
    return [Row(f"{each.level} · {each.task}", score, f"{wording.number(score.value)} ({wording.span(score)})") for each, score in found]


def _behaviour_rows(report: Report) -> list[Row]:
    tests = report.behaviour.capabilities if report.behaviour else []
    return [Row(each.name, each.rate, f"{wording.percent(each.rate.value)} ({each.passed} of {each.cases})") for each in tests]


def _forests(number: int, pairing: Pairing) -> dict[str, Markup]:
    """Draw the differences of tasks by their primary figures, and those of labels that are not rare; slices are too many."""
    whole = [each for each in pairing.differences if each.by is None and each.figure == PRIMARY[each.task]]
    parts = [each for each in pairing.differences if each.by == "label" and each.items >= SMALL]
    title = f"{pairing.second} minus {pairing.first}"
    drawn = {}
    for name, found in (("tasks", whole), ("labels", parts)):
        rows = [Row(_name(each), each.difference, wording.signed(each.difference.value), each.verdict) for each in found]
        drawn[name] = charts.forest(f"chart-forest-{name}-{number}", f"{title}, {name}", rows)
    return drawn


def _name(found: Difference) -> str:
    return " · ".join(filter(None, (found.task, found.name) if found.name else (found.level, found.task)))


def _some(points: list[RiskPoint]) -> list[RiskPoint]:
    """Take points of a curve for a table: evenly, the last one among them."""
    step = max(1, -(-len(points) // _POINTS))
    return points[::-1][::step][::-1]


def _shade(confusion: Confusion, row: int, column: int) -> int:
    """Give the darkness, 0 to 9, of a count in its row."""
    whole = sum(confusion.counts[row])
    return round(9 * confusion.counts[row][column] / whole) if whole else 0
