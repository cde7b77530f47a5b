"""What is done with a chunk, wherever it is done: parse, label, render. Nothing here depends on other chunks."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from infer.chunks import Chunk
from infer.formats import FORMATS, Format
from laptruong.articles import Article
from laptruong.errors import LaptruongError, ReadError
from laptruong.labelling import Labeller
from laptruong.labels import ArticleLabels
from laptruong.reading import Refusal
from laptruong.reading.inputs import parse
from laptruong.reading.raw import Raw

QUARANTINE, DUPLICATES = "quarantine.jsonl", "duplicates.jsonl"


@dataclass(slots=True)
class Counts:
    """What was done; ``records == articles + refused + repeated``, always."""

    records: int = 0
    articles: int = 0
    refused: int = 0
    repeated: int = 0
    paragraphs: int = 0
    boilerplate: int = 0
    statements: int = 0
    abstained: int = 0

    def add(self, other: Counts) -> None:
        """Add what another chunk did."""
        for each in fields(Counts):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def count(self, labels: ArticleLabels) -> None:
        """Add an article."""
        noise = sum(paragraph.kind == "boilerplate" for paragraph in labels.article.paragraphs)
        self.articles += 1
        self.paragraphs += len(labels.article.paragraphs) - noise
        self.boilerplate += noise
        self.statements += len(labels.stances)
        self.abstained += len(labels.abstained)


@dataclass(slots=True)
class Done:
    """What a chunk gave: bytes for each file, counts, refusals to tell of, and the labels where they are asked for."""

    files: dict[str, bytes]
    counts: Counts
    refusals: list[Refusal] = field(default_factory=list)
    labels: list[ArticleLabels] = field(default_factory=list)


class Worker:
    """A model and the forms in which its labels are wanted.

    Parameters
    ----------
    labeller : Labeller
    names : sequence of str
        Formats, of `FORMATS`.
    keep : bool
        Whether labels are handed back beside their bytes.
    """

    def __init__(self, labeller: Labeller, names: Sequence[str], *, keep: bool = False) -> None:
        self.labeller, self.keep = labeller, keep
        self.formats: dict[str, Format] = {name: FORMATS[name](labeller.scheme) for name in names}

    def run(self, chunk: Chunk) -> Done:
        """Label a chunk."""
        done = Done({}, Counts(records=len(chunk.records)))
        refused: list[bytes] = []
        repeated: list[bytes] = []
        articles: list[tuple[Raw, Article]] = []
        for raw, repeats in zip(chunk.records, chunk.repeats, strict=True):
            try:
                article = parse(raw)
            except ReadError as err:
                refused.append(_refuse(done, raw, Refusal(err.where, err.what)))
                continue
            if repeats:
                done.counts.repeated += 1
                repeated.append(_line({"place": raw.place, "id": article.id}))
            else:
                articles.append((raw, article))
        labels = self._label(articles, done, refused)
        done.files = {name: each.render(labels) for name, each in self.formats.items()}
        done.files |= {QUARANTINE: b"".join(refused), DUPLICATES: b"".join(repeated)}
        if self.keep:
            done.labels = labels
        return done

    def _label(self, articles: list[tuple[Raw, Article]], done: Done, refused: list[bytes]) -> list[ArticleLabels]:
        try:
            labels = self.labeller.label_all([article for _, article in articles])
        except LaptruongError:
            raise
        except Exception as err:  # one article that the program fails on must not stop a million others: it is found and told
            if len(articles) == 1:
                reason = f"could not be labelled, which is a mistake of this program ({type(err).__name__}: {err}); please report it"
                refused.append(_refuse(done, articles[0][0], Refusal(articles[0][0].place, reason)))
                return []
            return [label for each in articles for label in self._label([each], done, refused)]
        for each in labels:
            done.counts.count(each)
        return labels


def _refuse(done: Done, raw: Raw, refusal: Refusal) -> bytes:
    """Count a refusal and give its line of the quarantine, with the record's bytes."""
    done.counts.refused += 1
    done.refusals.append(refusal)
    line: dict[str, Any] = {"place": refusal.where, "reason": refusal.reason}
    try:
        line["raw"] = raw.payload.decode("utf-8")
    except UnicodeDecodeError:
        line["raw_base64"] = base64.b64encode(raw.payload).decode("ascii")
    return _line(line)


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n"
