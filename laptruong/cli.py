"""The command line: thin commands over plain functions; it alone reaches up to ``train`` and ``infer``."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from laptruong._version import __version__
from laptruong.errors import LaptruongError

if TYPE_CHECKING:
    from laptruong.labels import ArticleLabels
    from laptruong.scheme import Scheme

app = typer.Typer(
    name="laptruong", no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False,
    help="Who says yes and who says no in Vietnamese news on the war in Ukraine.",
)  # fmt: skip
_error = Console(stderr=True, highlight=False, soft_wrap=True)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STYLES = {"positive": "green", "mixed": "yellow", "negative": "red", "neutral": "dim"}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"laptruong {__version__}")
        raise typer.Exit


@app.callback()
def _root(version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False) -> None:
    """Take the options that stand before a command."""


@app.command(epilog="Example: laptruong label pages/ -o labels.jsonl --html labels.html")
def label(
    inputs: Annotated[
        list[str],
        typer.Argument(
            metavar="INPUT...", help="Files, folders, globs, or - (standard input); .txt .html .jsonl .csv .parquet, also as .gz"
        ),
    ],
    model: Annotated[str, typer.Option(help="A shipped model's name or a run folder.")] = "tfidf",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write JSON Lines here, one article a line.")] = None,
    rows: Annotated[Path | None, typer.Option(help="Write one statement a row here: .csv or .parquet.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for reading here.")] = None,
    table: Annotated[
        bool | None,
        typer.Option(
            "--table/--no-table", help="Show a table (default: on a terminal). Without -o and --table, JSON Lines go to standard output."
        ),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes to label with.", show_default="all cores")] = None,
) -> None:
    """Say of each article which topics it is about and where each actor stands.

    What cannot be read is listed with its reason; everything else is labelled. Exit status 1 if anything was refused.
    """
    from infer.pipeline import label_files
    from laptruong.models import load

    labeller = load(model)
    show = sys.stdout.isatty() if table is None else table
    screen = _Screen(labeller.scheme) if show else None
    with _Progress() as advance:

        def seen(labels: ArticleLabels) -> None:
            advance()
            if screen:
                screen.show(labels)

        summary = label_files(
            inputs, model=labeller, records=output, rows=rows, html=html, jobs=jobs or _cores(),
            stream=None if show or output or rows or html else sys.stdout,
            each=seen,
            refused=lambda refusal: _error.print(f"refused: {_clean(refusal.where)}: {_clean(refusal.reason)}", markup=False),
        )  # fmt: skip
    done = f"{summary.articles} articles labelled ({summary.paragraphs} paragraphs, {summary.boilerplate} lines of boilerplate passed over)"
    told = f"{summary.statements} statements, {summary.abstained} labels withheld as unsure, {len(summary.refused)} inputs refused"
    _error.print(f"{done}: {told}; {summary.seconds:.1f} s", markup=False)
    if summary.refused:
        raise typer.Exit(1)


@app.command(epilog="Example: laptruong train configs/tfidf.yaml --set seed=7 --set tfidf.min_df=3")
def train(
    config: Annotated[Path, typer.Argument(help="The experiment file.")],
    overrides: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a setting: a.b=value.")] = None,
) -> None:
    """Train a model from an experiment file into a run folder."""
    from train.run import train as run

    folder = run(config, overrides or [], tell=lambda text: _error.print(text, markup=False))
    typer.echo(str(folder))


@app.command(epilog="Example: laptruong evaluate tfidf --data data/corpus/test.jsonl")
def evaluate(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Shipped models' names or run folders.")],
    data: Annotated[list[Path], typer.Option(help="Labelled JSON Lines; may be given more than once.")],
) -> None:
    """Score models on labelled data: topics, stances, statements and the actors found."""
    from laptruong.corpus import flatten, read_corpus
    from laptruong.evaluation import evaluate as score
    from laptruong.models import load

    for name in models:
        labeller = load(name)
        _print_scores(name, score(labeller, flatten(read_corpus(data, labeller.scheme), labeller.finder)))


def _print_scores(name: str, scores: dict[str, Any]) -> None:
    table = Table(title=f"{escape(name)} on {scores['units']} units", title_justify="left")
    for column in ("task", "figure", "score"):
        table.add_column(column, justify="right" if column == "score" else "left")
    for task in ("topic", "stance", "statement", "actors"):
        for figure, value in scores.get(task, {}).items():
            if isinstance(value, float):
                table.add_row(task, figure.replace("_", " "), f"{value:.3f}")
        for each in scores.get(task, {}).get("classes", []):
            table.add_row(task, f"  F1 of {each['class']} ({each['support']})", f"{each['f1']:.3f}")
    Console().print(table)


def _cores() -> int:
    """Give the cores that this process may use; macOS and Windows tell only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Screen:
    """Shows each article as a small table; text from outside loses control characters and cannot style anything."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme, self.console = scheme, Console(highlight=False)
        self.tones = {stance.id: stance.tone for stance in scheme.stances}

    def show(self, labels: ArticleLabels) -> None:
        """Print one article."""
        article = labels.article
        table = Table(title=escape(_clean(article.title or article.id)), title_justify="left", title_style="bold", min_width=60)
        for column in ("topic", "actor", "stance", "probability", "paragraphs"):
            table.add_column(column, justify="right" if column == "probability" else "left")
        for each in labels.stances:
            style = _STYLES[self.tones[each.stance]]
            table.add_row(
                _name(self.scheme, each.topic), _name(self.scheme, each.actor), f"[{style}]{_name(self.scheme, each.stance)}[/]",
                f"{each.probability:.2f}", " ".join(map(str, each.evidence)),
            )  # fmt: skip
        given = {each.topic for each in labels.stances}
        for topic in labels.topics:
            if topic.topic not in given:
                table.add_row(_name(self.scheme, topic.topic), "", "", f"{topic.probability:.2f}", "")
        facts = [article.date, article.outlet, article.source]
        self.console.print(table if table.rows else f"[bold]{escape(_clean(article.title or article.id))}[/]\n  no topic of the scheme")
        self.console.print(f"[dim]{escape(_clean(' · '.join(fact for fact in facts if fact)))}; {len(labels.abstained)} withheld[/]\n")


def _name(scheme: Scheme, label_id: str | None) -> str:
    return escape(_clean(scheme.label(label_id)))


def _clean(text: str) -> str:
    return _CONTROL.sub("\ufffd", text.replace("\n", " "))


class _Progress:
    """A counter on a terminal; nothing where the output is piped."""

    def __enter__(self) -> Any:
        from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TimeElapsedColumn

        self.bar = Progress(
            SpinnerColumn(),
            "articles",
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=_error,
            transient=True,
            disable=not sys.stderr.isatty(),
        )
        self.bar.start()
        task = self.bar.add_task("articles", total=None)
        return lambda: self.bar.advance(task)

    def __exit__(self, *error: object) -> None:
        self.bar.stop()


def main() -> NoReturn:
    """Run the command line; every error made on purpose becomes one clear message and exit status 1."""
    try:
        app()
    except LaptruongError as err:
        _error.print(f"error: {_CONTROL.sub('?', str(err))}", markup=False)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone, as `head` does
        sys.exit(0)
    except KeyboardInterrupt:
        _error.print("interrupted; no output file was changed")
        sys.exit(130)
    sys.exit(0)


if __name__ == "__main__":
    main()
