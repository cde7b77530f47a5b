"""The commands ``evaluate`` and ``compare``: reports, and the verdict on two or more of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from laptruong.cli.options import Mlflow
from laptruong.cli.screen import clean, say

if TYPE_CHECKING:
    from laptruong.evaluation.results import Interval, Report
    from laptruong.evaluation.verdicts import Comparison
    from laptruong.labelling import Labeller

_VERDICT_STYLES = {"better": "green", "worse": "red", "not decided": "dim"}


def evaluate(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Shipped models' names or run folders.")],
    data: Annotated[list[Path], typer.Option(help="Labelled JSON Lines; may be given more than once.")],
    split: Annotated[str | None, typer.Option(help="Score on the articles of this split alone.")] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder; each report becomes a folder in it.")] = Path("reports"),
    resamples: Annotated[int, typer.Option(min=100, help="Resamples of the articles, for the intervals.")] = 2000,
    mlflow: Mlflow = None,
) -> None:
    """Evaluate models on labelled data: a report each, as JSON, Parquet and a page for reading.

    Scores with intervals, calibration, error budgets, slices, behaviour, leakage and cost.
    """
    from laptruong import tracking
    from laptruong.evaluation import evaluate as run
    from laptruong.models import find_model, read_manifest

    if mlflow is not None:
        tracking.check(mlflow)
    names: list[str] = []
    for model in dict.fromkeys(models):
        names.append(read_manifest(find_model(model))["name"])
        number = names.count(names[-1])  # two runs of one name are two reports
        name = names[-1] if number == 1 else f"{names[-1]}-{number}"
        found = run(model, data, split=split, output=output, name=name, resamples=resamples, tell=say)
        _show_scores(found.report)
        typer.echo(str(found.folder))
        if mlflow is not None and found.folder is not None:
            say(f"MLflow run {tracking.log_report(found.report, found.folder, mlflow)}")


def compare(
    reports: Annotated[
        list[Path], typer.Argument(metavar="REPORT REPORT...", help="Folders of reports; the others are held against the first.")
    ],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for the comparison as JSON and a page.")] = None,
    resamples: Annotated[int, typer.Option(min=100, help="Resamples of the articles, for the intervals.")] = 2000,
) -> None:
    """Compare models by their reports: which is better, on what, by how much, how sure."""
    from laptruong.evaluation import compare as run

    found = run(reports, resamples=resamples)
    _show_comparison(found.result)
    if output is not None:
        found.write(output)
        typer.echo(str(output))


def _show_scores(report: Report) -> None:
    table = Table(title=f"{_plain(report.name)} on {report.data.units} units of {report.data.articles} articles", title_justify="left")
    for column in ("level", "task", "figure", "score", "95 % interval"):
        table.add_column(column, justify="right" if column == "score" else "left")
    for each in report.scores:
        for name, figure in each.figures.items():
            table.add_row(each.level, each.task, name.replace("_", " "), *_cells(figure), style="bold" if name == each.primary else None)
        for one in each.classes if each.level == "paragraph" else []:
            table.add_row(each.level, each.task, f"  F1 of {_plain(one.name)} ({one.support})", *_cells(one.f1))
    if report.actors is not None:
        table.add_row("paragraph", "actors", "found, of those labelled", *_cells(report.actors.recall))
        table.add_row("paragraph", "actors", "labelled, of those found", *_cells(report.actors.precision))
    if report.behaviour is not None and report.behaviour.awareness is not None:
        table.add_row("", "behaviour", "actor awareness", *_cells(report.behaviour.awareness))
    Console().print(table)


def within_budget(labeller: Labeller, max_error: float | None, report: Path | None) -> Labeller:
    """Give a model that withholds what would break an error budget, and say what that costs."""
    from laptruong.evaluation.budget import decision_for, find_report

    if max_error is None:
        raise typer.BadParameter("--report is what --max-error goes by; give both")
    found = decision_for(labeller, report or find_report(labeller), max_error)
    for line in found.lines:
        say(clean(line))
    for warning in found.warnings:
        say(f"warning: {clean(warning)}")
    return labeller.deciding(found.decision)


def _show_comparison(result: Comparison) -> None:
    from laptruong.evaluation.metrics import PRIMARY

    console = Console()
    for pairing in result.pairings:
        title = f"{_plain(pairing.second)} against {_plain(pairing.first)}, {result.data.units} units of {result.data.articles} articles"
        table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
        for column in ("", _plain(pairing.first), _plain(pairing.second), "differ", "95 % interval", "verdict", "needs"):
            table.add_column(column, justify="left" if column in ("", "verdict") else "right", no_wrap=bool(column))
        tasks = [each for each in pairing.differences if each.by is None and each.figure == PRIMARY[each.task]]
        parts = [each for each in pairing.differences if each.by is not None and each.verdict != "not decided"]
        for each in [*tasks, *parts]:
            what = f"{each.level} {each.task}" if each.by is None else f"{each.task}, {each.by} {each.name}"
            table.add_row(
                _plain(what), f"{each.first:.3f}", f"{each.second:.3f}", *_cells(each.difference, "+"),
                f"[{_VERDICT_STYLES[each.verdict]}]{each.verdict}[/]", "" if each.more_articles is None else f"+{each.more_articles:,}",
            )  # fmt: skip
        console.print(table)
        unsure = sum(each.by is not None and each.holm is not None for each in pairing.differences) - len(parts)
        console.print(
            f"Macro-F1 (statement: F1). Needs: so many more articles would decide it. {unsure} classes and slices are not decided.\n"
        )
    for ranking in result.rankings if len(result.names) > 2 else []:
        places = ", ".join(f"{rank.place}. {_plain(rank.name)} {rank.score:.3f}" for rank in ranking.ranks)
        console.print(f"{ranking.level} {ranking.task}: {places}")


def _cells(figure: Interval, sign: str = "") -> tuple[str, str]:
    bounds = "" if figure.low is None else f"{figure.low:{sign}.3f} {figure.high:{sign}.3f}"
    return f"{figure.value:{sign}.3f}", bounds


def _plain(text: Any) -> str:
    return escape(clean(str(text)))
