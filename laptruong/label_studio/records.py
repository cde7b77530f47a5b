"""From Label Studio's export to records of the corpus."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from laptruong.actors import ActorFinder
from laptruong.articles import Mention
from laptruong.corpus.records import labelled_article
from laptruong.corpus.rules import article_gold
from laptruong.corpus.schema import ArticleRecord, ParagraphRecord, Split
from laptruong.dates import parse_date
from laptruong.errors import CorpusError, ReadError
from laptruong.label_studio.answers import Answer, read_answer
from laptruong.label_studio.schema import Data, Task
from laptruong.label_studio.tasks import knows_names
from laptruong.reading.records import text_id
from laptruong.schemas import sentences
from laptruong.scheme import Scheme

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(slots=True)
class Imported:
    """What an export holds.

    Attributes
    ----------
    records : list of dict
        One an article, in the corpus format: those of its paragraphs that were labelled, in reading order.
    tasks, skipped, unlabelled : int
        Tasks that are in the records, that people skipped, and that nobody has labelled yet.
    refused : list of tuple of str
        Place and reason of each task that is not in the records.
    """

    records: list[dict[str, Any]] = field(default_factory=list)
    tasks: int = 0
    skipped: int = 0
    unlabelled: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Unit:
    """A task that was labelled."""

    place: str
    data: Data
    answer: Answer

    @property
    def article(self) -> tuple[str, str]:
        return self.data.article, self.data.source

    @property
    def index(self) -> int:
        return self.data.parts[0].index


def read_tasks(paths: Iterable[Path], scheme: Scheme, split: Split = "train") -> Imported:
    """Read Label Studio's exports of the tasks that `tasks` made.

    Tasks of one article become one record, since its paragraphs are not independent: an evaluation draws them together. The
    article's own labels follow, by section 5 of the codebook, from the paragraphs that are there.

    Parameters
    ----------
    paths : iterable of Path
        Exports in the format JSON: a list of tasks with their annotations.
    scheme : Scheme
    split : str
        The side on which the records stand. Withheld labels are the hard ones; what is measured on them alone is no estimate for a
        feed.

    Returns
    -------
    Imported

    Raises
    ------
    CorpusError
        If a file cannot be read, or is no such export; a task that is wrong is refused and the others are read.
    """
    done, finder = Imported(), ActorFinder(scheme)
    articles: dict[tuple[str, str], dict[int, _Unit]] = {}
    for path in dict.fromkeys(paths):
        for place, raw in _tasks(path):
            try:
                unit = _unit(place, raw, scheme, done)
                if unit is not None:
                    _add(unit, articles.setdefault(unit.article, {}))
            except CorpusError as err:
                done.refused.append((place, str(err)))
    taken: set[str] = set()
    for units in articles.values():
        ordered = [units[index] for index in sorted(units)]
        try:
            done.records.append(_record(ordered, taken, split, scheme, finder))
            done.tasks += len(ordered)
        except CorpusError as err:
            done.refused += [(each.place, str(err)) for each in ordered]
    return done


def _tasks(path: Path) -> Iterator[tuple[str, Any]]:
    try:
        content = json.loads(path.read_text("utf-8-sig"))
    except OSError as err:
        raise CorpusError(f"{path}: cannot be read: {err.strerror}") from None
    except (ValueError, RecursionError) as err:
        raise CorpusError(f"{path}: is not JSON ({err}); export the project as JSON") from None
    if not isinstance(content, list):
        raise CorpusError(f"{path}: is no list of tasks; export the project as JSON")
    for number, each in enumerate(content, 1):
        if not isinstance(each, dict) or "data" not in each:
            raise CorpusError(f"{path}: its entry {number} is no task with 'data'; export the project as JSON, not JSON-MIN or another")
        yield f"{path}, task {each.get('id', number)}", each


def _unit(place: str, raw: dict[str, Any], scheme: Scheme, done: Imported) -> _Unit | None:
    """Read a task; None where there is nothing to read of it, which is counted."""
    task = _valid(Task, raw)
    answered = [each for each in task.annotations if not each.was_cancelled]
    if not answered:
        done.skipped += bool(task.annotations)
        done.unlabelled += not task.annotations
        return None
    answers = {read_answer(each, task.data.text, scheme) for each in [each for each in answered if each.ground_truth] or answered}
    if len(answers) > 1:
        raise CorpusError(f"its {len(answered)} annotations differ; mark one as ground truth in Label Studio")
    return _Unit(place, task.data, answers.pop())


def _valid(model: type[BaseModel], raw: Mapping[str, Any]) -> Any:
    try:
        return model.model_validate(raw)
    except ValidationError as err:
        raise CorpusError(next(sentences(model, err))[1]) from None


def _add(unit: _Unit, units: dict[int, _Unit]) -> None:
    other = units.setdefault(unit.index, unit)
    if (other.data.text, other.answer) != (unit.data.text, unit.answer):
        raise CorpusError(f"the same paragraph is labelled otherwise in {other.place}; keep one")


def _record(units: list[_Unit], taken: set[str], split: Split, scheme: Scheme, finder: ActorFinder) -> dict[str, Any]:
    data = units[0].data
    paragraphs = [each for unit in units for each in _paragraphs(unit, scheme, finder)]
    name = data.article if _ID.fullmatch(data.article) and data.article not in taken else text_id("\n".join(units[0].article))
    title = next((each["text"] for each in paragraphs if each["kind"] == "headline"), data.title or paragraphs[0]["text"])
    record: dict[str, Any] = {
        "id": name, "title": title, "date": data.date, "outlet": data.outlet, "url": data.url, "split": split, "origin": "real",
        "event": name, "paragraphs": paragraphs,
    }  # fmt: skip
    try:
        labelled = labelled_article(record, f"article {name}", scheme)
    except ReadError as err:
        raise CorpusError(str(err)) from None
    if [unit.text for unit, _ in labelled.units] != [unit.data.text for unit in units]:
        raise CorpusError("its 'text' and 'parts' do not fit together; they must be as they were exported")
    gold = article_gold(labelled, scheme)
    record |= {
        "topics": [topic for topic in scheme.topic_ids if topic in gold.topics],
        "stances": [_pair(*pair, stance) for pair, stance in gold.stances.items()],
    }
    _valid(ArticleRecord, record)
    taken.add(name)
    return record


def _paragraphs(unit: _Unit, scheme: Scheme, finder: ActorFinder) -> Iterator[dict[str, Any]]:
    """Give the paragraphs of a unit; all carry its labels, and each the names that stand in it."""
    data, answer = unit.data, unit.answer
    stances = [_pair(*pair, stance) for pair, stance in answer.stances]
    found = finder.find(data.text, parse_date(data.date)) if knows_names(scheme) else []
    known, labelled = {each.actor for each in found}, {actor for (actor, _), _ in answer.stances}
    for part in data.parts:
        paragraph: dict[str, Any] = {"text": data.text[part.start : part.end], "kind": part.kind, "topics": list(answer.topics)}
        paragraph["stances"] = stances
        inside = [each for each in answer.mentions if part.start <= each.start and each.end <= part.end]
        if answer.off_topic is not None:
            paragraph["off_topic"] = answer.off_topic
        if scheme.actors is not None and not knows_names(scheme):
            paragraph["mentions"] = [_name(each, part.start) for each in inside]
        elif names := [_name(each, part.start) for each in inside if each.actor in labelled - known]:
            paragraph["names"] = names
        here = {each.actor for each in found if part.start <= each.start and each.end <= part.end}
        if stances and (unmade := sorted(here - labelled)):
            paragraph["not_actors"] = unmade
        _valid(ParagraphRecord, paragraph)
        yield paragraph


def _name(each: Mention, shift: int) -> dict[str, Any]:
    return {"actor": each.actor, "start": each.start - shift, "end": each.end - shift}


def _pair(actor: str | None, topic: str | None, stance: str) -> dict[str, str]:
    return {key: value for key, value in (("actor", actor), ("topic", topic), ("stance", stance)) if value is not None}
