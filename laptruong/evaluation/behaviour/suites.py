"""The capabilities: what each is called, what it is about, and where its cases come from."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from laptruong.actors import ActorFinder
from laptruong.corpus import Dataset
from laptruong.evaluation.behaviour import from_corpus, from_sheet
from laptruong.evaluation.behaviour.cases import Suite
from laptruong.evaluation.behaviour.edits import Names, Source
from laptruong.evaluation.behaviour.from_sheet import Filler
from laptruong.evaluation.behaviour.sheet import Sheet, sheet_of
from laptruong.evaluation.behaviour.spelling import SPELLINGS, respelt
from laptruong.labelling import Labeller
from laptruong.scheme import Scheme


def suites(labeller: Labeller, data: Dataset, seed: int) -> Iterator[Suite]:
    """Give all capabilities, their cases still to be made; some may turn out to have none.

    Units are asked in one order by all, so that the texts they share are labelled once.
    """
    scheme, sheet = labeller.scheme, sheet_of(labeller.scheme)
    names = Names(scheme, sheet)
    order = _draw(seed).sample(range(len(data)), len(data))
    labelled = [unit for at in order if (unit := _source(data, at)).stances]
    yield from _of_names(labelled, names, scheme, labeller.finder, seed)
    for name, (about, spelling) in SPELLINGS.items():
        readable = name != "no diacritics"  # to most models it is not: that says nothing of whom they see
        yield Suite(f"spelling: {name}", "same", about, respelt(labelled, spelling, name, scheme), "stays" if readable else None)
    if sheet is not None:
        filler = Filler(names, labeller.finder, _draw(seed))
        yield from _must(sheet, filler, scheme)
        yield from _of_two(sheet, filler, scheme)
        rest = [_source(data, at) for at in order if not data.gold[at].topics]
        yield from _of_teasers(labelled, rest, sheet, scheme, labeller.finder, seed)


def _source(data: Dataset, at: int) -> Source:
    example = data.examples[at]
    stances = {pair: stance for pair, stance in data.gold[at].stances.items() if pair[0] is None or pair[0] in example.actors}
    return Source(example, stances, data.units[at], data.articles[at].article.date)


def _draw(seed: int) -> Random:
    return Random(seed)  # noqa: S311


def _of_names(units: list[Source], names: Names, scheme: Scheme, finder: ActorFinder, seed: int) -> Iterator[Suite]:
    yield Suite(
        "alias for alias", "same",
        "Where an actor is the subject of a position another of its names is written (Nga, Moskva, Điện Kremlin); topics and stance stay.",
        from_corpus.aliases(units, names, scheme, finder, _draw(seed)), "stays",
    )  # fmt: skip
    yield Suite(
        "actors swapped", "moves",
        "Two actors with different stances exchange names; each must now have the stance that the other had, and another than its own.",
        from_corpus.swapped(units, names, finder, _draw(seed)), "changes",
    )  # fmt: skip
    yield Suite(
        "actor masked", "same",
        "An actor's name gives way to that of one whom the text does not name; the newcomer has the stance that goes with the place.",
        from_corpus.masked(units, names, finder, _draw(seed)), "stays",
    )  # fmt: skip


def _must(sheet: Sheet, filler: Filler, scheme: Scheme) -> Iterator[Suite]:
    plain = sheet.plain_sentences
    yield Suite("topic named", "must", "A plain sentence on one topic; that topic is decided.", from_sheet.has_topic(plain, filler))
    for stance in scheme.stance_ids:
        mine = [each for each in plain if each.says["a"] == stance]
        if mine:
            yield Suite(f"plain: {stance}", "must", f"A plain sentence shows one actor's stance: {stance}.", from_sheet.says(mine, filler))
    for name, about, cases in (
        ("passive", "The position stands in the passive (được, bị); it is the agent's.", from_sheet.says(sheet.passive, filler)),
        ("quotation", "The position stands in speech, direct or reported; it is the speaker's.", from_sheet.says(sheet.quotation, filler)),
        ("who is who", "Two actors differ in one sentence; each has its own stance.", from_sheet.says(sheet.who_is_who, filler)),
        ("negation added", "What an actor does or wants is denied; it opposes.", from_sheet.twins(sheet.negation, filler)),
        ("negation removed", "The denial is taken away; the actor supports.", from_sheet.twins(sheet.negation, filler, back=True)),
        ("condition added", "A support is put under a condition; it is conditional.", from_sheet.twins(sheet.condition, filler)),
    ):
        yield Suite(name, "must", about, cases)


def _of_two(sheet: Sheet, filler: Filler, scheme: Scheme) -> Iterator[Suite]:
    yield Suite(
        "who is who, exchanged", "moves", "Two actors who differ in one sentence exchange names; the stances follow.",
        from_sheet.exchanged_names(sheet.who_is_who, filler), "changes",
    )  # fmt: skip
    yield Suite(
        "negation beside another", "moves", "What one of two actors does is denied; its stance changes, the other's stays.",
        from_sheet.negated_beside(sheet.negated_beside, filler), "changes",
    )  # fmt: skip
    yield Suite(
        "moved out of the position", "moves",
        "An actor leaves the sentence with the position for one that shows none; its stance changes, to neutral.",
        from_sheet.moved_out(sheet, filler, scheme), "changes",
    )  # fmt: skip
    yield Suite(
        "special operation and invasion", "same",
        "A sentence before the position calls the war by the words of one side, then of the other; topics and stance stay.",
        from_sheet.worded(sheet, filler, scheme), "stays",
    )  # fmt: skip


def _of_teasers(
    labelled: list[Source], rest: list[Source], sheet: Sheet, scheme: Scheme, finder: ActorFinder, seed: int
) -> Iterator[Suite]:
    yield Suite(
        "teaser added", "same",
        "Behind a paragraph stands a teaser about the war, which is boilerplate and has no topic; topics and stances stay.",
        from_sheet.with_teaser(labelled, sheet, finder, scheme, _draw(seed)), "stays",
    )  # fmt: skip
    yield Suite(
        "teaser behind no topic", "same", "The same behind a paragraph without a topic; what topics the model gave it, it gives again.",
        from_sheet.with_teaser(rest, sheet, finder, scheme, _draw(seed)),
    )  # fmt: skip
