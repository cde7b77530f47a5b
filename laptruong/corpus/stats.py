"""What is in a corpus: the tables of its data sheet."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from sklearn.model_selection import GroupKFold

from laptruong.articles import Unit
from laptruong.classifiers.base import Gold
from laptruong.corpus.agreement import Agreement
from laptruong.corpus.cues import CUES
from laptruong.corpus.rules import Entry
from laptruong.scheme import Scheme

OFTEN = 40
"""An actor with so many pairs has a row of its own."""


@dataclass(slots=True)
class Table:
    """A table with its heading; cells are text or numbers."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)

    def markdown(self) -> str:
        """Write it as Markdown, numbers to the right."""
        numeric = [all(not isinstance(row[column], str) for row in self.rows) for column in range(len(self.head))]
        rule = ["---:" if each else "---" for each in numeric]
        lines = [self.head, rule, *([_cell(each) for each in row] for row in self.rows)]
        return f"### {self.title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


Units = list[tuple[Entry, Unit, Gold]]


def tables(entries: Iterable[Entry], scheme: Scheme) -> list[Table]:
    """Count a corpus.

    A *unit* is what is labelled: a body paragraph, or headline and lead together.

    Parameters
    ----------
    entries : iterable of Entry
        As `check_corpus` gives them.
    scheme : Scheme

    Returns
    -------
    list of Table
    """
    entries = list(entries)
    units = [(entry, unit, gold) for entry in entries for unit, gold in entry.labelled.units]
    made = [_sizes(entries, units), _figures(entries, units, scheme)]
    if scheme.topics is not None:
        made += [_topics(units, scheme), _without_topic(units, scheme)]
    made += [_stances(units, scheme), _cues(units)]
    if scheme.actors is not None:
        made.append(_actors(units, scheme))
    return made + [_counts(entries, name, key) for name, key in _KEYS.items()]


_KEYS: dict[str, Callable[[Entry], str]] = {
    "origin": lambda entry: entry.record.origin,
    "year": lambda entry: str(entry.record.date.year) if entry.record.date else "unknown",
    "genre": lambda entry: entry.record.genre or "unknown",
    "outlet": lambda entry: entry.record.outlet or "unknown",
}


def _sizes(entries: list[Entry], units: Units) -> Table:
    table = Table("Size", ["split", "articles", "events", "units", "body paragraphs", "boilerplate lines", "pairs", "median words a unit"])
    for split in (*dict.fromkeys(entry.record.split for entry in entries), None):
        mine = [entry for entry in entries if split in (None, entry.record.split)]
        parts = [(unit, gold) for entry, unit, gold in units if split in (None, entry.record.split)]
        kinds = Counter(each.kind for entry in mine for each in entry.record.paragraphs)
        table.rows.append([
            split or "all", len(mine), len({entry.record.event for entry in mine}), len(parts), kinds["body"], kinds["boilerplate"],
            sum(len(gold.stances) for _, gold in parts), int(np.median([len(unit.text.split()) for unit, _ in parts] or [0])),
        ])  # fmt: skip
    return table


def _figures(entries: list[Entry], units: Units, scheme: Scheme) -> Table:
    with_topic = [gold for _, _, gold in units if gold.topics]
    contrast = sum(_has_contrast(gold) for gold in with_topic)
    noisy = sum(any(each.kind == "boilerplate" for each in entry.record.paragraphs) for entry in entries)
    table = Table("Shares", ["what", "share"])
    if scheme.topics is not None:
        table.rows.append(["units without a topic", 1 - len(with_topic) / max(len(units), 1)])
        table.rows.append(["units with a topic in which two actors differ on one topic", contrast / max(len(with_topic), 1)])
    table.rows.append(["articles with page noise", noisy / max(len(entries), 1)])
    table.rows.append(["accuracy of a model that sees only actor and topic (5-fold, by event)", name_only_accuracy(units, scheme)])
    return table


def _has_contrast(gold: Gold) -> bool:
    shown = defaultdict(set)
    for (_, topic), stance in gold.stances.items():
        shown[topic].add(stance)
    return any(len(stances) > 1 for stances in shown.values())


def name_only_accuracy(units: Units, scheme: Scheme, *, folds: int = 5) -> float | None:
    """Measure how often the stance is told by actor and topic alone, the text unseen.

    The guess is the commonest stance of the (actor, topic) among the other events; of the topic where the pair is new.

    Returns
    -------
    float or None
        Cross-validated accuracy; None with fewer events than folds.
    """
    rows = [(entry.record.event, pair, stance) for entry, _, gold in units for pair, stance in gold.stances.items()]
    if len({event for event, _, _ in rows}) < folds:
        return None
    right = 0
    for learn, test in GroupKFold(folds).split(rows, groups=[event for event, _, _ in rows]):
        counts: dict[object, Counter[str]] = defaultdict(Counter)
        for _, pair, stance in (rows[number] for number in learn):
            counts[pair][stance] += 1
            counts[pair[1]][stance] += 1
        for _, pair, stance in (rows[number] for number in test):
            seen = counts.get(pair) or counts.get(pair[1]) or Counter({scheme.neutral: 1})
            right += seen.most_common(1)[0][0] == stance
    return right / len(rows)


def _topics(units: Units, scheme: Scheme) -> Table:
    splits = list(dict.fromkeys(entry.record.split for entry, _, _ in units))
    table = Table("Units per topic", ["topic", *splits, "all"])
    for topic in scheme.topic_ids:
        counts = Counter(entry.record.split for entry, _, gold in units if topic in gold.topics)
        table.rows.append([topic, *(counts[split] for split in splits), counts.total()])
    return table


def _without_topic(units: Units, scheme: Scheme) -> Table:
    rest = [entry.paragraphs_of(unit)[0].off_topic for entry, unit, gold in units if not gold.topics]
    counts = Counter(rest)
    near = sum(counts[each.id] for each in scheme.off_topic if each.near)
    table = Table("Units without a topic", ["what it is about", "near to a topic", "units", "share"])
    for each in scheme.off_topic:
        table.rows.append([each.en, "yes" if each.near else "no", counts[each.id], counts[each.id] / max(len(rest), 1)])
    if counts[None]:
        table.rows.append(["not said", "no", counts[None], counts[None] / len(rest)])
    table.rows.append(["all near ones", "yes", near, near / max(len(rest), 1)])
    return table


def _stances(units: Units, scheme: Scheme) -> Table:
    table = Table("Pairs by stance", ["topic", *scheme.stance_ids, "all"])
    counts = Counter((topic, stance) for _, _, gold in units for (_, topic), stance in gold.stances.items())
    for topic in scheme.topic_ids or (None,):
        row = [counts[topic, stance] for stance in scheme.stance_ids]
        table.rows.append([topic or "all", *row, sum(row)])
    if scheme.topics is not None:
        row = [sum(counts[topic, stance] for topic in scheme.topic_ids) for stance in scheme.stance_ids]
        table.rows.append(["all", *row, sum(row)])
    return table


def _actors(units: Units, scheme: Scheme) -> Table:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for _, _, gold in units:
        for (actor, _), stance in gold.stances.items():
            counts[str(actor)][stance] += 1
    often = sorted((actor for actor in counts if counts[actor].total() >= OFTEN), key=lambda actor: -counts[actor].total())
    table = Table(
        f"Actors ({len(counts)}; {len(often)} with {OFTEN} pairs or more)", ["actor", "pairs", *scheme.stance_ids, "commonest share"]
    )
    for actor in often:
        mine = counts[actor]
        table.rows.append([actor, mine.total(), *(mine[stance] for stance in scheme.stance_ids), max(mine.values()) / mine.total()])
    rest: Counter[str] = sum((counts[actor] for actor in counts if actor not in often), Counter())
    if rest:
        table.rows.append(["all others", rest.total(), *(rest[stance] for stance in scheme.stance_ids), max(rest.values()) / rest.total()])
    return table


def _cues(units: Units) -> Table:
    table = Table("Surface signs in units with a topic", ["sign", "units", "share"])
    texts = [unit.text.lower() for _, unit, gold in units if gold.topics]
    for sign, pattern in CUES.items():
        count = sum(bool(re.search(pattern, text)) for text in texts)
        table.rows.append([sign, count, count / max(len(texts), 1)])
    return table


def _counts(entries: list[Entry], name: str, key: Callable[[Entry], str]) -> Table:
    counts = Counter(map(key, entries))
    ordered = sorted(counts.items(), key=lambda item: item[0] if name == "year" else -item[1])
    return Table(f"Articles by {name}", [name, "articles"], [list(each) for each in ordered])


def agreement_table(title: str, found: Iterable[Agreement]) -> Table:
    """Write agreements as a table."""
    table = Table(title, ["question", "decisions", "Cohen's kappa", "95 %", "Krippendorff's alpha", "95 %", "same", "95 %"])
    for each in found:
        table.rows.append([
            each.question, each.decisions, each.kappa, _range(each.kappa_interval), each.alpha, _range(each.alpha_interval),
            each.agreed, _range(each.agreed_interval),
        ])  # fmt: skip
    return table


def _range(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"{interval[0]:.3f} to {interval[1]:.3f}"


def report(entries: Iterable[Entry], scheme: Scheme, agreements: Iterable[tuple[str, Iterable[Agreement]]]) -> Iterator[str]:
    """Give all tables of a corpus, as Markdown."""
    for table in tables(entries, scheme):
        yield table.markdown()
    for name, found in agreements:
        yield agreement_table(f"Agreement of the two blind passes: {name}", found).markdown()
