"""Which of several models is better, on what, by how much, how sure: all against the first, on the same articles.

Differences are paired: both models are counted on the same resamples of articles. A task's own figure is decided where its
95 % interval is clear of zero. Its classes and slices are many, so that some would be clear of zero by chance: theirs is decided
where the p value is below 5 % after Holm's correction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from laptruong.errors import ReportError
from laptruong.evaluation import metrics
from laptruong.evaluation.folders import whole_folder
from laptruong.evaluation.items import KEY
from laptruong.evaluation.report import Evaluation, read_report
from laptruong.evaluation.resampling import RESAMPLES, Draws, holm, interval, more_needed, p_value
from laptruong.evaluation.results import SMALL, Interval, Level, Task
from laptruong.evaluation.scores import LEVELS, TASKS, task_items
from laptruong.evaluation.slices import figure, parts
from laptruong.evaluation.verdicts import Comparison, Difference, McNemar, Pairing, Rank, Ranking, Verdict
from laptruong.scheme import Scheme

COMPARISON = "comparison.json"
_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison and the items on which models disagree.

    Attributes
    ----------
    result : Comparison
    disagreements : DataFrame
        An item that two models decided differently a row, most confident first; see `disagreements`.
    """

    result: Comparison
    disagreements: pd.DataFrame

    def write(self, place: str | Path) -> None:
        """Write the comparison into a folder: JSON, and a page for reading.

        Raises
        ------
        ReportError
            If it cannot be written.
        """
        from laptruong.evaluation.page import comparison_page

        with whole_folder(Path(place), COMPARISON) as folder:
            (folder / COMPARISON).write_text(self.result.model_dump_json(indent=1) + "\n", "utf-8")
            (folder / "comparison.html").write_text(comparison_page(self.result, self.disagreements), "utf-8")

    def frame(self) -> pd.DataFrame:
        """Give the differences as a table: first_model, second_model, level, task, figure, by, name, …, verdict."""
        return pd.DataFrame([
            {"first_model": pairing.first, "second_model": pairing.second} | each.model_dump(exclude={"difference"})
            | {"difference": each.difference.value, "low": each.difference.low, "high": each.difference.high}
            for pairing in self.result.pairings for each in pairing.differences
        ])  # fmt: skip


def compare(reports: Sequence[Evaluation | str | Path], *, resamples: int = RESAMPLES, seed: int = 0) -> Compared:
    """Compare models by their reports.

    Parameters
    ----------
    reports : sequence of Evaluation, str or Path
        At least two; the others are held against the first.
    resamples, seed : int
        Of the bootstrap.

    Returns
    -------
    Compared

    Raises
    ------
    ReportError
        If a report cannot be read, or they are not of the same data and scheme.
    """
    found = [each if isinstance(each, Evaluation) else read_report(each) for each in reports]
    if len(found) < 2:
        raise ReportError("a comparison needs two reports or more; give their folders")
    _check_alike(found)
    names = _names(found)
    articles = sorted(set().union(*(each.items["article"] for each in found)))
    draws = Draws(len(articles), resamples, seed)
    base, scheme = found[0], found[0].scheme
    pairings = [
        Pairing(first=names[0], second=name, differences=_differences(base.items, each.items, articles, scheme, draws),
                decisions=list(_decisions(base.items, each.items)))
        for name, each in zip(names[1:], found[1:], strict=True)
    ]  # fmt: skip
    result = Comparison(
        schema_version=1, names=names, data=base.report.data, seed=seed, resamples=resamples, pairings=pairings,
        scheme=base.report.scheme, rankings=list(_rankings(names, found, articles, draws)),
    )  # fmt: skip
    apart = [disagreements(base.items, each.items).assign(second_model=name) for name, each in zip(names[1:], found[1:], strict=True)]
    return Compared(result, pd.concat(apart, ignore_index=True))


def _check_alike(found: Sequence[Evaluation]) -> None:
    first = found[0].report
    for each in (one.report for one in found[1:]):
        for what, mine, other in (("scheme", first.scheme.sha256, each.scheme.sha256), ("data", first.data.sha256, each.data.sha256)):
            if mine != other:
                raise ReportError(
                    f"{first.name} and {each.name} cannot be compared: the {what} differs (SHA-256 {mine[:12]}… and {other[:12]}…); "
                    "evaluate both on the same"
                )


def _names(found: Sequence[Evaluation]) -> list[str]:
    """Give the reports' names, told apart by a number where two are the same."""
    names: list[str] = []
    for each in found:
        name, number = each.report.name, 2
        while name in names:
            name, number = f"{each.report.name} ({number})", number + 1
        names.append(name)
    return names


def _differences(one: pd.DataFrame, two: pd.DataFrame, articles: Sequence[str], scheme: Scheme, draws: Draws) -> list[Difference]:
    """Compare every figure of every task, then classes and slices, corrected for their number."""
    whole = [
        each for level in LEVELS for task in TASKS for each in _of_task(level, task, one, two, articles, scheme, draws)
    ]  # fmt: skip
    many = [*_classes(one, two, articles, scheme, draws), *_slices(one, two, articles, scheme, draws)]
    large = [each for each in many if each.items >= SMALL]
    corrected = dict(zip(map(id, large), holm([each.p for each in large]), strict=True))
    return whole + [_decided(each, corrected.get(id(each))) for each in many]


def _decided(difference: Difference, p: float | None) -> Difference:
    """Give a class's or slice's verdict by its corrected p value; a small one has none."""
    if p is None:
        return difference
    verdict = _verdict(difference.difference.value, p < _ALPHA)
    more = difference.more_articles if verdict == "not decided" else None
    return difference.model_copy(update={"holm": p, "verdict": verdict, "more_articles": more})


def _of_task(
    level: Level, task: Task, one: pd.DataFrame, two: pd.DataFrame, articles: Sequence[str], scheme: Scheme, draws: Draws
) -> Iterator[Difference]:
    mine = [task_items(each, level, task) for each in (one, two)]
    if not any(map(len, mine)):
        return
    counts = [metrics.count(task, each, articles, scheme) for each in mine]
    for name in metrics.figures(task, counts[0][:1].sum(axis=0), scheme):
        yield _difference(level, task, name, counts, lambda sums, name=name: metrics.figures(task, sums, scheme)[name], len(mine[0]), draws)  # type: ignore[misc]


def _classes(one: pd.DataFrame, two: pd.DataFrame, articles: Sequence[str], scheme: Scheme, draws: Draws) -> Iterator[Difference]:
    for task in TASKS:
        mine = [task_items(each, "paragraph", task) for each in (one, two)]
        if not any(map(len, mine)):
            continue
        counts = [metrics.count(task, each, articles, scheme) for each in mine]
        for at, name in enumerate(metrics.labels_of(task, scheme)):
            support = int(metrics.by_label(task, counts[0].sum(axis=0))[at, [0, 2]].sum())

            def f1(sums: np.ndarray, at: int = at, task: Task = task) -> np.ndarray:
                return metrics.precision_recall_f1(metrics.by_label(task, sums)[..., at, :])[2]

            yield _difference("paragraph", task, "f1", counts, f1, support, draws, "label", name)


def _slices(one: pd.DataFrame, two: pd.DataFrame, articles: Sequence[str], scheme: Scheme, draws: Draws) -> Iterator[Difference]:
    others = {(part.by, part.name, part.task): part.items for part in parts(two)}
    for part in parts(one):
        other = others.get((part.by, part.name, part.task), two.iloc[:0])
        counts = [metrics.count(part.task, each, articles, scheme) for each in (part.items, other)]
        name = metrics.PRIMARY[part.task]
        yield _difference("paragraph", part.task, name, counts, figure(part, scheme), len(part.items), draws, part.by, part.name)


def _difference(
    level: Level, task: Task, name: str, counts: Sequence[np.ndarray], of: Callable[[np.ndarray], np.ndarray], items: int, draws: Draws,
    by: str | None = None, part: str | None = None,
) -> Difference:  # fmt: skip
    first, second = (float(of(each.sum(axis=0, dtype=np.float64))) for each in counts)
    resampled = of(draws.sums(counts[1])) - of(draws.sums(counts[0]))
    difference = interval(second - first, resampled)
    verdict = "not decided" if by else _verdict(second - first, _clear_of_zero(difference))
    return Difference(
        level=level, task=task, figure=name, by=by, name=part, items=items, first=first, second=second, difference=difference,
        p=p_value(second - first, resampled), holm=None, verdict=verdict,
        more_articles=None if verdict != "not decided" else more_needed(second - first, resampled, len(counts[0])),
    )  # fmt: skip


def _clear_of_zero(found: Interval) -> bool:
    return found.low is not None and found.high is not None and (found.low > 0 or found.high < 0)


def _verdict(difference: float, sure: bool) -> Verdict:
    if not sure or difference == 0:
        return "not decided"
    return "better" if difference > 0 else "worse"


def _matched(one: pd.DataFrame, two: pd.DataFrame) -> pd.DataFrame:
    """Put two models' items side by side; where one told no position, its decision is None."""
    sides = [each.assign(**{name: each[name].fillna("") for name in ("actor", "topic")}) for each in (one, two)]
    columns = [*KEY, "gold", "predicted", "confidence", "title", "text"]
    found = sides[0][columns].merge(sides[1][columns], on=KEY, how="outer", suffixes=("_1", "_2"))
    for name in ("gold", "title", "text"):
        found[name] = found[f"{name}_1"].where(found[f"{name}_1"].notna(), found[f"{name}_2"])
    nothing = found[["predicted_1", "predicted_2", "gold"]].isna()
    found[["predicted_1", "predicted_2", "gold"]] = found[["predicted_1", "predicted_2", "gold"]].astype(object).where(~nothing, None)
    return found.assign(**{f"right_{n}": [a == b for a, b in zip(found["gold"], found[f"predicted_{n}"], strict=True)] for n in (1, 2)})


def _decisions(one: pd.DataFrame, two: pd.DataFrame) -> Iterator[McNemar]:
    """Test whether one model is right where the other is wrong more often than chance (McNemar 1947, exact)."""
    matched = _matched(one, two)
    for level in LEVELS:
        for task in TASKS:
            mine = task_items(matched, level, task)
            if len(mine):
                first, second = int((mine["right_1"] & ~mine["right_2"]).sum()), int((mine["right_2"] & ~mine["right_1"]).sum())
                p = float(binomtest(first, first + second).pvalue) if first + second else 1.0
                yield McNemar(level=level, task=task, only_first=first, only_second=second, p=p)


def _rankings(names: Sequence[str], found: Sequence[Evaluation], articles: Sequence[str], draws: Draws) -> Iterator[Ranking]:
    """Rank models; one that is not told apart from the best of a place shares it."""
    scheme = found[0].scheme
    for level in LEVELS:
        for task in TASKS:
            mine = [task_items(each.items, level, task) for each in found]
            if not any(map(len, mine)):
                continue
            counts = [metrics.count(task, each, articles, scheme) for each in mine]
            values = [metrics.figures(task, draws.sums(each), scheme)[metrics.PRIMARY[task]] for each in counts]
            scores = [float(metrics.figures(task, each.sum(axis=0, dtype=np.float64), scheme)[metrics.PRIMARY[task]]) for each in counts]
            ranks: list[Rank] = []
            best = place = 0
            for number, at in enumerate(sorted(range(len(found)), key=lambda i: -scores[i])):
                if number == 0 or _clear_of_zero(interval(scores[best] - scores[at], values[best] - values[at])):
                    best, place = at, number + 1
                ranks.append(Rank(place=place, name=names[at], score=scores[at]))
            yield Ranking(level=level, task=task, ranks=ranks)


def disagreements(one: pd.DataFrame, two: pd.DataFrame) -> pd.DataFrame:
    """Give the items that two models decided differently, most confident first.

    Returns
    -------
    DataFrame
        Columns level, task, article, unit, title, text, actor, topic, gold, first, first_confidence, second, second_confidence.
    """
    found = _matched(one, two)
    apart = found[[a != b for a, b in zip(found["predicted_1"], found["predicted_2"], strict=True)]]
    apart = apart.assign(most=apart[["confidence_1", "confidence_2"]].max(axis=1)).sort_values("most", ascending=False, kind="stable")
    sides = {"predicted_1": "first", "predicted_2": "second", "confidence_1": "first_confidence", "confidence_2": "second_confidence"}
    apart = apart.rename(columns=sides)
    return apart[[*KEY, "title", "text", "gold", "first", "first_confidence", "second", "second_confidence"]].reset_index(drop=True)
