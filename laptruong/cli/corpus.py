"""``laptruong corpus``: check a corpus, count it, join labels with their texts, take in what people labelled."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from laptruong.cli.screen import clean, say
from laptruong.errors import CorpusError

if TYPE_CHECKING:
    from laptruong.corpus.annotation import Annotation
    from laptruong.scheme import Scheme

DATA = Path("data")
app = typer.Typer(no_args_is_help=True, help="Check a labelled corpus, count what is in it, join labels with their texts, import labels.")

Files = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="FILE...", help="Corpus files, JSON Lines; default: data/corpus/*.jsonl, and data/real/corpus.jsonl if it is there."
    ),
]
SchemeName = Annotated[str, typer.Option("--scheme", help="A shipped scheme's name, or a .yaml file.")]
Passes = Annotated[
    list[Path] | None,
    typer.Option("--annotation", help="Folder of raw labelling passes; may be repeated; default without FILE: data/annotation/*."),
]


class Side(StrEnum):
    """The splits, for the command line."""

    TRAIN = "train"
    DEV = "dev"
    TEST = "test"
    ASIDE = "aside"


@app.command(epilog="Example: laptruong corpus check --held-out ../shared/real/dev.jsonl")
def check(
    files: Files = None,
    scheme: SchemeName = "ukraine",
    annotation: Passes = None,
    held_out: Annotated[
        list[Path] | None, typer.Option(help="Labelled texts that no training article may repeat; may be repeated.")
    ] = None,
) -> None:
    """Prove that a corpus keeps its format, the codebook, and its splits apart.

    Every mistake is listed with file, line and paragraph; exit status 1 if there is one.
    """
    from laptruong.corpus.check import check_corpus

    labels, paths, passes = _inputs(files, annotation, scheme)
    found = check_corpus(paths, labels, annotations=passes, held_out=held_out or [])
    for mistake in found.mistakes:
        typer.echo(clean(str(mistake)))
    splits = Counter(entry.record.split for entry in found.entries)
    units = sum(len(entry.labelled.units) for entry in found.entries)
    say(f"{len(found.entries)} articles ({', '.join(f'{split} {n}' for split, n in splits.items())}), {units} units checked")
    if found.mistakes:
        rules = Counter(mistake.rule for mistake in found.mistakes)
        raise CorpusError(
            f"{len(found.mistakes)} mistakes ({', '.join(f'{rule} {n}' for rule, n in rules.items())}); mend them and check again"
        )
    unproved = [] if passes else ["that labels follow from labelling passes (--annotation)"]
    unproved += [] if held_out else ["that nothing held out is learnt from (--held-out)"]
    say("no rule is broken" + (f"; not looked at: {', '.join(unproved)}" if unproved else ""))


@app.command(epilog="Example: laptruong corpus stats data/corpus/train.jsonl")
def stats(files: Files = None, scheme: SchemeName = "ukraine", annotation: Passes = None) -> None:
    """Count a corpus, and how far its two labelling passes agree; prints Markdown tables."""
    from laptruong.corpus.agreement import agreement
    from laptruong.corpus.check import read_entries
    from laptruong.corpus.stats import report

    labels, paths, passes = _inputs(files, annotation, scheme)
    found = read_entries(paths, labels)
    ids = {entry.record.id for entry in found.entries}
    typer.echo("\n\n".join(report(found.entries, labels, ((each.folder.name, agreement(each, labels, articles=ids)) for each in passes))))
    if found.mistakes:
        say(f"{len(found.mistakes)} mistakes of format; articles with them are not counted: see laptruong corpus check")


@app.command(epilog="Example: laptruong corpus hydrate --texts news.jsonl --texts longform.jsonl")
def hydrate(
    texts: Annotated[list[Path], typer.Option(help="JSON Lines with the texts; may be repeated.")],
    labels: Annotated[Path, typer.Option(help="Labels without texts.")] = DATA / "real" / "labels.jsonl",
    output: Annotated[Path, typer.Option("--output", "-o", help="The corpus file to write; keep it out of version control.")] = (
        DATA / "real" / "corpus.jsonl"
    ),
    scheme: SchemeName = "ukraine",
) -> None:
    """Join labels and texts by id (the first 12 hex digits of the SHA-1 of the text) into a corpus file."""
    from laptruong.corpus.hydrate import hydrate as run
    from laptruong.scheme import load_scheme

    done = run(labels, texts, output, load_scheme(scheme))
    for place, reason in done.refused:
        say(f"refused: {clean(place)}: {clean(reason)}")
    say(f"{done.articles} labelled articles written to {output}; for {len(done.missing)} labels there is no text")
    if done.missing:
        say(f"missing: {', '.join(done.missing[:5])}{' …' if len(done.missing) > 5 else ''}")
    if done.refused:
        raise typer.Exit(1)


@app.command(epilog="Example: laptruong corpus import-label-studio project-1.json -o labelled.jsonl")
def import_label_studio(
    exports: Annotated[list[Path], typer.Argument(metavar="EXPORT...", help="Exports of Label Studio in its format JSON.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The corpus file to write.")],
    split: Annotated[Side, typer.Option(help="The split that the articles belong to.")] = Side.TRAIN,
    scheme: SchemeName = "ukraine",
) -> None:
    """Turn what people answered in Label Studio, to the tasks of 'laptruong label --export', into a corpus file.

    A task that breaks a rule is listed with its reason and everything else is written. Exit status 1 if anything was refused.
    """
    from laptruong.corpus.records import write_records
    from laptruong.label_studio import read_tasks
    from laptruong.scheme import load_scheme

    if output.resolve() in {path.resolve() for path in exports}:
        raise CorpusError(f"{output}: is one of the files to read; write to another")
    done = read_tasks(exports, load_scheme(scheme), split.value)
    for place, reason in done.refused:
        say(f"refused: {clean(place)}: {clean(reason)}")
    told = f"{done.tasks} labelled tasks, {done.unlabelled} not labelled yet, {done.skipped} skipped, {len(done.refused)} refused"
    if not done.records:
        raise CorpusError(f"nothing to write: {told}")
    write_records(done.records, output)
    say(f"{len(done.records)} articles written to {output}: {told}")
    if done.refused:
        raise typer.Exit(1)


def _inputs(files: list[Path] | None, annotation: list[Path] | None, name: str) -> tuple[Scheme, list[Path], list[Annotation]]:
    from laptruong.corpus.annotation import read_annotation
    from laptruong.scheme import load_scheme

    scheme = load_scheme(name)
    if not files:
        files, annotation = _shipped(annotation)
    return scheme, files, [read_annotation(folder, scheme) for folder in annotation or []]


def _shipped(annotation: list[Path] | None) -> tuple[list[Path], list[Path]]:
    """Find the corpus of the project's own folder, where the command is given no file."""
    files = [DATA / "corpus" / f"{split}.jsonl" for split in ("train", "feed", "dev", "test")]
    if not all(path.is_file() for path in files):
        raise CorpusError(f"no corpus in {DATA / 'corpus'}; name the files to read, or run this in the project's folder")
    passes = [DATA / "annotation" / layer for layer in ("written", "feed")]
    if (real := DATA / "real" / "corpus.jsonl").is_file():
        files.append(real)
        passes.append(DATA / "annotation" / "real")
    else:
        say(f"{real} is not there: the written layer alone ('laptruong corpus hydrate' makes it)")
    return files, annotation or passes
