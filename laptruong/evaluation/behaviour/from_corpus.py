"""Cases from labelled articles: names for names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from random import Random

from laptruong.actors import ActorFinder
from laptruong.articles import Mention
from laptruong.classifiers.base import Example
from laptruong.evaluation.behaviour.cases import Ask, Case, Check, exchanged, unchanged
from laptruong.evaluation.behaviour.edits import Names, Source, edit, is_found
from laptruong.scheme import Scheme

_OPENING = re.compile(r"(^|[.?!:;…\n\"“]\s*|,\s*|\b(?:còn|nhưng|song|rằng|khi|vì|do|mà|lúc|và)\s+)$", re.IGNORECASE)
_SPEAKS = re.compile(
    r"\s+(?:(?:đã|sẽ|đang|vẫn|cũng|thì|lại|còn|không|chưa|liền|tiếp tục|nhiều lần|lập tức|bất ngờ)\s+)*"
    r"(?:nói|tuyên bố|cho biết|cho hay|cho rằng|khẳng định|cảnh báo|bác|từ chối|phản đối|ủng hộ|hoan nghênh|muốn|yêu cầu|đòi|kêu gọi"
    r"|đề nghị|đề xuất|cam kết|hứa|sẵn sàng|đồng ý|chấp nhận|coi|xem|gọi|chỉ trích|lên án|xác nhận|phủ nhận|thông báo|công bố|để ngỏ|đáp"
    r"|nhấn mạnh|bày tỏ|loại trừ|cân nhắc|phủ quyết|cáo buộc|tố)\b"
)
"""Words after a name that is the subject of a position: there a state, its capital and its government's seat are the same."""


def aliases(units: list[Source], names: Names, scheme: Scheme, finder: ActorFinder, draw: Random) -> Iterator[Case]:
    """Write another name of an actor where it stands as the subject of a position."""
    for unit in units:
        example = unit.example
        spots: dict[str, list[Mention]] = {}
        for at, mention in enumerate(example.mentions):
            if names.kind(mention) and _is_subject(example, at):
                spots.setdefault(mention.actor, []).append(mention)
        asked = [actor for actor in spots if any(pair[0] == actor for pair in unit.stances)]
        if not asked:
            continue
        actor = draw.choice(asked)
        mine = spots[actor]
        others = [name for name in names.all(actor) if name not in {each.surface for each in mine}]
        if not others:
            continue
        new = draw.choice(others)
        after = edit(example, [(each.start, each.end, new) for each in mine])
        if is_found(example, after, finder, unit.date):
            pairs = [pair for pair in unit.stances if pair[0] == actor]
            yield Case(f"{mine[0].surface} → {new}", unchanged(scheme, example, after, pairs))


def _is_subject(example: Example, at: int) -> bool:
    """Tell a name that takes a position itself, and is not the last of a list of names."""
    mention = example.mentions[at]
    before = example.text[: mention.start]
    if not (_OPENING.search(before) and _SPEAKS.match(example.text, mention.end)):
        return False
    listed = at > 0 and re.fullmatch(r"\s*(?:,|,?\s*và)\s*", example.text[example.mentions[at - 1].end : mention.start])
    return not listed


def swapped(units: list[Source], names: Names, finder: ActorFinder, draw: Random) -> Iterator[Case]:
    """Exchange the names of two actors who differ on a topic."""
    for unit in units:
        movable = names.movable(unit.example)
        choices = [
            (first, second, topic)
            for first, second in itertools.combinations(movable, 2)
            for topic in {pair[1]: None for pair in unit.stances}
            if (one := unit.stances.get((first, topic))) and (two := unit.stances.get((second, topic))) and one != two
        ]
        if not choices:
            continue
        first, second, topic = draw.choice(choices)
        after = names.renamed(unit.example, {first: second, second: first})
        if is_found(unit.example, after, finder, unit.date):
            yield Case(f"{first} ↔ {second}", exchanged(unit.example, after, first, second, topic))


def masked(units: list[Source], names: Names, finder: ActorFinder, draw: Random) -> Iterator[Case]:
    """Write the name of an actor whom the text does not name in the place of one whom it does."""
    for unit in units:
        asked = [actor for actor in names.movable(unit.example) if any(pair[0] == actor for pair in unit.stances)]
        strangers = [
            actor
            for actor in names.interchangeable
            if actor not in unit.example.actors and not any(name in unit.example.text for name in names.all(actor))
        ]
        if not asked or not strangers:
            continue
        old, new = draw.choice(asked), draw.choice(strangers)
        after = names.renamed(unit.example, {old: new})
        if is_found(unit.example, after, finder, unit.date):
            topics = [topic for actor, topic in unit.stances if actor == old]
            checks = (Check(Ask(after, (new, topic)), Ask(unit.example, (old, topic))) for topic in topics)
            yield Case(f"{old} → {new}", tuple(checks))
