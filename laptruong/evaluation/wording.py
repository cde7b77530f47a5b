"""How figures are put into words on the pages; and texts from outside made harmless to look at."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from laptruong.evaluation.results import Budget, CoverageRisk, Interval, TaskScores
from laptruong.evaluation.verdicts import Difference, Pairing

_SPACE, _MINUS = "\u00a0", "\u2212"
_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_UNSEEN = re.compile(f"[{_CONTROLS}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]")
_FIGURES = {"macro_f1": "macro-F1", "micro_f1": "micro-F1", "f1": "F1", "ece": "ECE", "aurc": "AURC"}
TASKS = {
    "topic": "which topics a text speaks of",
    "stance": "which stance is taken, where topic and actor are given",
    "statement": "end to end: who takes which stance on what, all found by the model; neutral ones left out",
}


def visible(text: str) -> str:
    """Show characters that are unseen or turn the direction of the text by their code, as in ``[U+202E]``."""
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def number(value: float | None, digits: int = 3) -> str:
    """Write a figure; what is no number is a dash."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", _MINUS)


def signed(value: float | None) -> str:
    """Write a difference with its sign."""
    return number(value) if value is None or not math.isfinite(value) or value <= 0 else f"+{number(value)}"


def percent(share: float | None, digit: bool = False) -> str:
    """Write a share in per cent, with one digit after the point where there is one, or always (``digit``: in columns)."""
    if share is None or not math.isfinite(share):
        return "–"
    written = f"{100 * share:.1f}"
    return (written if digit else written.removesuffix(".0")).replace("-", _MINUS) + f"{_SPACE}%"


def count(value: int) -> str:
    """Write a count with its thousands apart."""
    return f"{value:,}"


def span(interval: Interval, form: str = "number") -> str:
    """Write the bounds of an interval; ``form`` is number, signed or percent."""
    forms: dict[str, Callable[[float], str]] = {"number": number, "signed": signed, "percent": percent}
    write = forms[form]
    return "no interval" if interval.low is None or interval.high is None else f"{write(interval.low)} to {write(interval.high)}"


def p_value(p: float | None) -> str:
    """Write a p value."""
    return f"<{_SPACE}0.001" if p is not None and p < 0.001 else number(p)


def figure(name: str) -> str:
    """Write the name of a figure."""
    return _FIGURES.get(name, name.replace("_", " "))


def headline(scores: TaskScores) -> str:
    """Say in a sentence how good a model is at a task."""
    found = scores.figures[scores.primary]
    known = f"{figure(scores.primary)} is {number(found.value)} on {count(scores.items)} items"
    if found.low is None or found.high is None:
        return f"{known}; there is no interval."
    return f"{known}; the articles at hand leave it uncertain between {number(found.low)} and {number(found.high)}."


def budget(found: Budget) -> str:
    """Say in a sentence what keeping to an error budget takes."""
    aim = f"At most {percent(found.max_error)} wrong among the labels given: "
    if found.threshold is None:
        return f"{aim}no threshold keeps to it."
    return f"{aim}threshold {number(found.threshold, 2)}, {percent(found.coverage)} of labels kept."


def curve(found: CoverageRisk) -> str:
    """Describe a coverage-risk curve for those who do not see it."""
    return f"Area under the curve {number(found.aurc.value)} ({span(found.aurc)}). " + " ".join(budget(each) for each in found.budgets)


def verdict(found: Difference, pairing: Pairing) -> str:
    """Say in words by how much the second model differs from the first, how sure that is, and what would decide it."""
    gap = found.difference.value
    name, second, first = figure(found.figure), pairing.second, pairing.first
    said = f"{second} and {first} have the same {name}, {number(found.first)}"
    if gap == found.difference.low == found.difference.high == 0:
        return f"{said}, whichever articles are drawn.{_decide(found)}"
    if gap:
        said = f"The {name} of {second} is {number(abs(gap))} {'higher' if gap > 0 else 'lower'} than that of {first}"
        said += f": {number(found.second)} against {number(found.first)}"
    sure = f"The difference lies between {span(found.difference, 'signed').replace(' to ', ' and ')} with 95{_SPACE}% confidence; "
    if found.difference.low is None or found.difference.high is None:
        sure = "There is no interval; "
    chance = f"less than 0.1{_SPACE}%" if found.p < 0.001 else percent(found.p)
    equals = "" if found.p < 0.001 else f"={_SPACE}"
    sure += f"were both equally good, one this large would turn up in {chance} of such samples (p{_SPACE}{equals}{p_value(found.p)})."
    return f"{said}. {sure}{_decide(found)}"


def _decide(found: Difference) -> str:
    if found.verdict != "not decided":
        return ""
    if found.more_articles is None:
        return " No difference is seen that more articles would make certain."
    return f" About {count(found.more_articles)} more such articles would decide it (power 80{_SPACE}%)."
