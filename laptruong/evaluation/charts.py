"""Charts of a report, as SVG that reads in light and in dark; the same figures always give the same bytes."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from laptruong.evaluation.results import Calibration, CoverageRisk, Interval
from laptruong.evaluation.svg import ACCENT, BAD, GOOD, INK, LINE, SOFT, fit
from laptruong.evaluation.wording import curve, number, percent, span, visible

_STYLE: dict[str, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "laptruong", "text.parse_math": False, "font.size": 11, "axes.unicode_minus": True,
    "text.color": INK, "axes.edgecolor": LINE, "axes.labelcolor": SOFT, "xtick.color": LINE, "ytick.color": LINE,
    "xtick.labelcolor": SOFT, "ytick.labelcolor": SOFT, "grid.color": LINE, "grid.linewidth": 0.6, "axes.grid": True,
    "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip
_COLOURS = {"accent": ACCENT, "better": GOOD, "worse": BAD, "not decided": SOFT}
_WIDE, _SQUARE, _ROW = 360.0, 300.0, 34.0  # points, which a page shows as pixels
_LONGEST = 44


class Row(NamedTuple):
    """A figure to be drawn: ``tone`` is accent, better, worse or not decided."""

    label: str
    interval: Interval
    note: str
    tone: str = "accent"


def figures(key: str, title: str, rows: Sequence[Row], form: Callable[[float], str] = "{:.1f}".format) -> Markup:
    """Draw shares (0 to 1) with their intervals, one under the other; nothing where there are none."""
    return _rows(key, title, rows, (0.0, 1.0), form) if rows else Markup()


def forest(key: str, title: str, rows: Sequence[Row]) -> Markup:
    """Draw paired differences with their intervals around zero; nothing where there are none."""
    if not rows:
        return Markup()
    bounds = [bound for row in rows for bound in row.interval.model_dump().values() if bound is not None and math.isfinite(bound)]
    reach = 1.15 * max([0.01, *map(abs, bounds)])
    return _rows(key, title, rows, (-reach, reach), None)


@style.context(_STYLE, after_reset=True)
def reliability(key: str, found: Calibration) -> Markup:
    """Draw how often labels of like confidence are right; the dashed line is where the two agree."""
    figure, axes = _square("confidence", "share that is right")
    axes.set_ylim(0, 1)
    axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    bins = [each for each in found.bins if each.count]
    most = max((each.count for each in bins), default=1)
    confidences, rights = [each.confidence for each in bins], [each.accuracy for each in bins]
    axes.plot(confidences, rights, color=ACCENT, linewidth=1)
    sizes = [14 + 130 * each.count / most for each in bins]
    axes.scatter(confidences, rights, s=sizes, color=ACCENT, linewidths=0, clip_on=False, zorder=3)
    said = f"Calibration error (ECE) {number(found.ece.value)} ({span(found.ece)}) over {found.items} items; the table has the points."
    return _svg(figure, key, f"Reliability diagram, {found.task}", said)


@style.context(_STYLE, after_reset=True)
def coverage_risk(key: str, found: CoverageRisk) -> Markup:
    """Draw what share of the labels given is wrong, by the share of labels given; dots are the error budgets."""
    figure, axes = _square("labels given", "wrong among them")
    points = sorted(found.points, key=lambda point: point.coverage)
    axes.plot([point.coverage for point in points], [point.risk for point in points], color=ACCENT, linewidth=1.6)
    kept = [each for each in found.budgets if each.threshold is not None]
    for place, budget in {(each.coverage, each.error.value): each for each in reversed(kept)}.items():
        axes.scatter(*place, s=30, color=INK, linewidths=0, clip_on=False, zorder=3)
        end, shift = ("right", -2) if place[0] > 0.8 else ("left", 5)
        text = f"≤ {percent(budget.max_error)}"
        axes.annotate(text, place, (shift, -4), textcoords="offset points", ha=end, va="top", color=SOFT, fontsize=9, annotation_clip=False)
    worst = max([0.02, *(point.risk for point in points)])
    axes.set_ylim(-0.08 * worst, 1.12 * worst)
    return _svg(figure, key, f"Coverage-risk curve, {found.task}", curve(found))


@style.context(_STYLE, after_reset=True)
def _rows(key: str, title: str, rows: Sequence[Row], limits: tuple[float, float], form: Callable[[float], str] | None) -> Markup:
    height = _ROW * len(rows) + 30
    figure = Figure(figsize=(_WIDE / 72, height / 72))
    axes = figure.add_axes((18 / _WIDE, 26 / height, (_WIDE - 36) / _WIDE, _ROW * len(rows) / height))
    axes.set(xlim=limits, ylim=(len(rows) - 0.5, -0.5))
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    if form:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: form(share)))
    else:
        axes.axvline(0, color=SOFT, linewidth=1)
    for place, row in enumerate(rows):
        _row(axes, place, row)
    said = "; ".join(f"{row.label}: {row.note}" for row in rows)
    return _svg(figure, key, title, f"{said}.")


def _row(axes: Axes, place: int, row: Row) -> None:
    """Draw one figure: its name and numbers, and under them its interval."""
    colour, low, high = _COLOURS[row.tone], row.interval.low, row.interval.high
    label = visible(row.label)
    label = label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
    across = axes.get_yaxis_transform()
    axes.text(0, place - 0.1, label, transform=across, fontsize=10)
    axes.text(1, place - 0.1, row.note, transform=across, fontsize=10, ha="right", color=SOFT)
    if low is not None and high is not None:
        axes.plot([low, high], [place + 0.2] * 2, color=colour, linewidth=2, solid_capstyle="round")
    axes.scatter([row.interval.value], [place + 0.2], s=42, color=colour, linewidths=0, clip_on=False, zorder=3)


def _square(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_SQUARE / 72, _SQUARE / 72))
    axes = figure.add_axes((50 / _SQUARE, 42 / _SQUARE, (_SQUARE - 76) / _SQUARE, (_SQUARE - 70) / _SQUARE))
    axes.set(xlim=(0, 1), xlabel=x)
    figure.text(10 / _SQUARE, 1 - 14 / _SQUARE, y, color=SOFT)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda share, _: percent(share)))
        axis.set_major_locator(MaxNLocator(5))
    return figure, axes


def _svg(figure: Figure, key: str, title: str, description: str) -> Markup:
    stream = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # the reader's own fonts write it
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    return fit(stream.getvalue(), key, visible(title), visible(description))
