"""``laptruong network``: label files as a discourse network, and as statements for Discourse Network Analyzer."""

from __future__ import annotations

import itertools
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from laptruong.cli.screen import Progress, clean, say


class Kind(StrEnum):
    """What the edges of a network are."""

    affiliation = "affiliation"
    congruence = "congruence"
    conflict = "conflict"


class Period(StrEnum):
    """What a network may be cut into."""

    week = "week"
    month = "month"


def network(
    labels: Annotated[list[Path], typer.Argument(metavar="LABELS...", help="What 'laptruong label -o' wrote; .jsonl, also as .gz.")],
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the network here: GraphML.")] = None,
    by: Annotated[Period | None, typer.Option(help="Edges of each ISO week or month by itself.", show_default="the whole time")] = None,
    kind: Annotated[
        Kind,
        typer.Option(
            help="Actors and topics (affiliation), or actors alone, tied by what they agree (congruence) or disagree on (conflict)."
        ),
    ] = Kind.affiliation,
    statements: Annotated[Path | None, typer.Option(help="Write statements here: CSV for rDNA's dna_addStatement.")] = None,
    documents: Annotated[
        Path | None, typer.Option(help="Write the documents of --statements here: CSV for rDNA's dna_addDocuments.")
    ] = None,
    scheme: Annotated[str, typer.Option(help="The scheme of the labels: a shipped one's name, or a .yaml file.")] = "ukraine",
) -> None:
    """Make of labels a network of actors and what they stand for, with how sure each edge is.

    An edge counts the articles that show a stance. Lines that cannot be read are listed; exit status 1 if there were any.
    """
    from infer.network import export_network
    from laptruong.scheme import load_scheme

    if output is None and statements is None:
        raise typer.BadParameter("nothing to write; give --output, --statements or both")
    if documents is not None and statements is None:
        raise typer.BadParameter("--documents are those of --statements; give both")
    count = itertools.count(1)
    with Progress() as advance:
        done = export_network(
            labels, load_scheme(scheme), graph=output, by=by, kind=kind, statements=statements, documents=documents,
            each=lambda record: advance(next(count), 0, None) if advance else None,
            refused=lambda refusal: say(f"refused: {clean(refusal.where)}: {clean(refusal.reason)}"),
        )  # fmt: skip
    told = [f"{done.articles} articles read, {len(done.refused)} inputs refused"]
    if done.undated:
        told.append(f"{done.undated} articles without a date are in no {by}")
    if output is not None:
        told.append(f"{done.nodes} nodes and {done.edges} edges in {clean(str(output))}")
    if statements is not None:
        told.append(f"{done.statements} statements of {done.documents} documents in {clean(str(statements))}")
    say("; ".join(told))
    if done.refused:
        raise typer.Exit(1)
