from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pytest
from moods import fit, make
from sklearn.metrics import f1_score
from support import ROOT
from yaml import safe_load

from laptruong import ActorFinder, Labeller
from laptruong.classifiers.base import Classifier, Example, Prediction
from laptruong.corpus import flatten, read_corpus
from laptruong.decision import Decision
from laptruong.evaluation.behaviour import behave
from laptruong.text import strip_diacritics

_PRAISE, _BLAME = re.compile(r"TUYET VOI|XUAT SAC"), re.compile(r"TOI TE|KEM COI")


SHEET = safe_load((ROOT / "laptruong" / "resources" / "behaviour_ukraine.yaml").read_text("utf-8"))
PLAIN = [(text, topic, stance) for topic, stances in SHEET["plain"].items() for stance, texts in stances.items() for text in texts]


class Fake(Classifier):
    """Answers by a function of (example, actor, topic), and remembers what it was asked."""

    kind = "fake"

    def __init__(self, scheme, stance, topics=lambda example: ()):
        super().__init__(scheme)
        self.stance, self.topics, self.asked, self.batches = stance, topics, [], 0

    def predict(self, examples, pairs=None, floor=None):
        self.batches += 1
        self.asked += examples
        asked = pairs or [self.scheme.pairs(example.actors, self.scheme.topic_ids) for example in examples]
        return [
            Prediction(
                np.array([float(topic in self.topics(example)) for topic in self.scheme.topic_ids]),
                {pair: np.eye(len(self.scheme.stance_ids))[self.scheme.stance_ids.index(self.stance(example, *pair))] for pair in each},
            )
            for example, each in zip(examples, asked, strict=True)
        ]

    def fit(self, *_, **__):
        raise NotImplementedError

    save = load = fit


def labeller(classifier) -> Labeller:
    topics = dict.fromkeys(classifier.scheme.topic_ids, 0.5)
    return Labeller(classifier, Decision(topics, topics, 0.0), {})


@pytest.fixture(scope="module")
def corpus(ukraine):
    return flatten(read_corpus([ROOT / "data" / "corpus" / "test.jsonl"], ukraine), ActorFinder(ukraine))


@pytest.fixture(scope="module")
def silent(corpus, ukraine):
    """A model that always answers neutral, and what it was asked."""
    classifier = Fake(ukraine, lambda *_: ukraine.neutral)
    return classifier, behave(labeller(classifier), corpus, seed=1)


def by_sentence(example, actor, topic):
    """Read the sentence of the actor: the right answer in the corpus of moods."""
    sentence = next(s for s in re.split(r"(?<=\.) ", example.text) for m in example.mentions if m.actor == actor and m.surface in s)
    plain = strip_diacritics(sentence).upper()
    return "praise" if _PRAISE.search(plain) else "blame" if _BLAME.search(plain) else "flat"


def by_text(example, actor, topic):
    """Read the text without asking about whom."""
    plain = strip_diacritics(example.text).upper()
    return "praise" if _PRAISE.search(plain) else "blame" if _BLAME.search(plain) else "flat"


def skeleton(example) -> str:
    """What is left of a text whoever is in it and however it is spelt."""
    text, at, pieces = example.text, 0, []
    for each in example.mentions:
        pieces.append(text[at : each.start])
        at = each.end
    plain = strip_diacritics(" ".join([*pieces, text[at:]])).lower().replace("y", "i").replace("kiev", "kiiv")
    return " ".join(re.findall(r"\w+", plain))


class Oracle:
    """Knows the corpus and our sentences by heart, each place for an actor with its stance."""

    def __init__(self, corpus, scheme):
        self.scheme, self.finder, self.places = scheme, ActorFinder(scheme), {}
        for example, gold in zip(corpus.examples, corpus.gold, strict=True):
            self.learn(example, gold.topics, gold.stances)
        self.teasers = [skeleton(self.example(each)) for each in SHEET["teasers"]]
        for kind in ("passive", "quotation", "who_is_who"):
            for each in SHEET[kind]:
                self.teach(each["text"], each["topic"], each["says"])
        for kind in ("negation", "condition", "negated_beside"):
            for each in SHEET[kind]:
                self.teach(each["before"], each["topic"], {"a": each["was"], "b": "support"})
                self.teach(each["after"], each["topic"], {"a": each["becomes"], "b": "support"})
        for text, topic, stance in PLAIN:
            self.teach(text, topic, {"a": stance})
            for bystander in SHEET["bystanders"]:
                self.teach(f"{text} {bystander.format(a='{b}')}", topic, {"a": stance, "b": "neutral"})
            for words in SHEET["wordings"]:
                for each in words:
                    self.teach(f"{each} {text}", topic, {"a": stance})

    def example(self, text):
        return Example(text, tuple(self.finder.find(text)))

    def teach(self, text, topic, says):
        who = {"a": "germany", "b": "poland"}
        stances = {(who.get(slot, slot), topic): stance for slot, stance in says.items()}
        self.learn(self.example(text.format(a="Đức", b="Ba Lan")), {topic}, stances)

    def learn(self, example, topics, stances):
        places = [{topic: stances.get((each.actor, topic), "neutral") for topic in topics} for each in example.mentions]
        self.places[skeleton(example)] = topics, places

    def known(self, example):
        bones = skeleton(example)
        teaser = next((each for each in self.teasers if bones.endswith(each)), "")
        return self.places[bones.removesuffix(teaser).strip()]

    def topics(self, example):
        return self.known(example)[0]

    def stance(self, example, actor, topic):
        at = next(at for at, each in enumerate(example.mentions) if each.actor == actor)
        return self.known(example)[1][at][topic]


def test_a_model_that_knows_all_passes_everything(corpus, ukraine):
    oracle = Oracle(corpus, ukraine)
    found = behave(labeller(Fake(ukraine, oracle.stance, oracle.topics)), corpus, seed=1, most=150)
    assert {each.name: each.failures for each in found.capabilities if each.failures} == {}
    assert found.awareness.value == 1


def test_every_text_is_asked_once_in_one_batch_with_right_offsets(silent):
    classifier, _ = silent
    assert classifier.batches == 1
    assert len(set(classifier.asked)) == len(classifier.asked)
    for example in classifier.asked:
        assert all(example.text[each.start : each.end] == each.surface for each in example.mentions), example.text


def test_one_seed_gives_the_same_cases_and_most_is_kept(silent, corpus, ukraine):
    one, same, other = (Fake(ukraine, lambda *_: ukraine.neutral) for _ in range(3))
    found = behave(labeller(one), corpus, seed=1, most=20)
    assert behave(labeller(same), corpus, seed=1, most=20) == found
    behave(labeller(other), corpus, seed=2, most=20)
    assert same.asked == one.asked != other.asked
    assert max(each.cases for each in found.capabilities) == 20
    assert max(each.cases for each in silent[1].capabilities) == 200


def test_what_a_capability_tells(silent):
    for each in silent[1].capabilities:
        assert each.cases >= 20, each.name
        assert each.rate.low <= each.rate.value == each.passed / each.cases <= each.rate.high
        assert len(each.failures) == min(each.cases - each.passed, 20)
    assert len({each.name for each in silent[1].capabilities}) == 26


def test_a_model_that_is_always_neutral_is_not_aware(silent):
    found = silent[1]
    assert (found.changes_when_it_should.value, found.stays_when_it_should.value, found.awareness.value) == (0, 1, 0)
    rates = {each.name: each.rate.value for each in found.capabilities}
    assert rates["plain: neutral"] == 1
    assert {rates[name] for name in ("plain: support", "passive", "who is who", "negation added", "topic named", "actors swapped")} == {0}
    assert found.changes_when_it_should.low == 0 < found.changes_when_it_should.high < 0.02  # Wilson's, not Wald's


def test_a_model_that_ignores_the_actor_is_found_out_though_its_f1_is_not_bad(corpus, ukraine):
    commonest = {}
    for example, gold in zip(corpus.examples, corpus.gold, strict=True):
        for topic in gold.topics:
            shown = Counter(stance for (_, each), stance in gold.stances.items() if each == topic)
            commonest[skeleton(example), topic] = shown.most_common(1)[0][0]
    classifier = Fake(ukraine, lambda example, actor, topic: commonest.get((skeleton(example), topic), "support"))
    answers = [
        (stance, classifier.stance(example, *pair))
        for example, gold in zip(corpus.examples, corpus.gold, strict=True)
        for pair, stance in gold.stances.items()
    ]
    f1 = f1_score(*zip(*answers, strict=True), average="macro")
    found = behave(labeller(classifier), corpus, seed=1, most=50)
    assert f1 > 0.5  # one of four stances at random: 0.25
    assert found.stays_when_it_should.value > 0.75
    assert found.changes_when_it_should.value == 0
    assert found.awareness.value == 0


def test_who_asks_the_sentence_of_the_actor_passes_and_who_asks_the_text_does_not(tmp_path):
    scheme, data = make(tmp_path, "actors and topics")
    right = behave(labeller(Fake(scheme, by_sentence)), data, seed=0)
    wrong = behave(labeller(Fake(scheme, by_text)), data, seed=0)
    assert {"actors swapped", "spelling: decomposed", "spelling: no diacritics"} <= {each.name for each in right.capabilities}
    assert all(each.passed == each.cases for each in right.capabilities)
    assert right.awareness.value == 1
    assert wrong.stays_when_it_should.value == 1
    assert wrong.awareness.value == 0


def test_swapping_really_swaps(tmp_path):
    scheme, data = make(tmp_path, "actors and topics")
    classifier = Fake(scheme, by_sentence)
    behave(labeller(classifier), data, seed=0)
    swapped = [each for each in classifier.asked if each.text.startswith("Phe Beta thấy")]
    assert swapped
    for example in swapped:
        assert "Phe Alpha chỉ đứng ngoài" in example.text
        assert [(each.actor, each.surface) for each in example.mentions] == [("beta", "Beta"), ("alpha", "Alpha")]


def test_only_actors_that_may_stand_for_one_another_change_their_names(silent, corpus):
    originals, changed = {skeleton(example): example for example in corpus.examples}, 0
    for example in silent[0].asked:
        before = originals.get(skeleton(example))
        if before is None or len(before.mentions) != len(example.mentions):
            continue
        for old, new in zip(before.mentions, example.mentions, strict=True):
            if old.actor != new.actor:
                assert {old.actor, new.actor} <= set(SHEET["interchangeable"])
                assert any(new.surface in names for names in SHEET["names"][new.actor].values())
                changed += 1
    assert changed > 100


@pytest.mark.parametrize("shape", ["topics", "actors and topics", "actors", "neither"])
def test_schemes_of_every_shape(tmp_path, shape):
    scheme, data = make(tmp_path, shape)
    found = behave(labeller(fit("tfidf", scheme, data)), data, seed=0, most=10)
    names = {each.name for each in found.capabilities}
    assert "spelling: decomposed" in names
    assert not {"topic named", "who is who", "teaser added"} & names
    assert ("actors swapped" in names) == ("actors" in shape) == (found.awareness is not None)
    if scheme.actors is None:
        assert (found.changes_when_it_should, found.stays_when_it_should) == (None, None)


def test_another_scheme_of_the_same_name_is_not_asked_our_sentences(tmp_path, ukraine):
    scheme, data = make(tmp_path, "topics")
    scheme = scheme.model_copy(update={"name": "ukraine"})
    found = behave(labeller(Fake(scheme, lambda *_: "flat")), data, seed=0)
    assert {each.name.split(":")[0] for each in found.capabilities} == {"spelling"}


def test_our_sentences_name_the_actors_asked_about(ukraine):
    finder = ActorFinder(ukraine)
    twins = [
        text for kind in ("negation", "condition", "negated_beside") for each in SHEET[kind] for text in (each["before"], each["after"])
    ]
    said = [each["text"] for kind in ("passive", "quotation", "who_is_who") for each in SHEET[kind]]
    assert all(len(texts) >= 8 for stances in SHEET["plain"].values() for texts in stances.values())
    states = {actor: SHEET["names"][actor]["state"][0] for actor in SHEET["interchangeable"]}
    for text in [*(text for text, _, _ in PLAIN), *said, *twins, *SHEET["bystanders"]]:
        for actor, other in zip(states, [*list(states)[1:], next(iter(states))], strict=True):
            named = {each.actor for each in finder.find(text.format(a=states[actor], b=states[other]))}
            assert {actor, other} & named == ({actor, other} if "{b}" in text else {actor}), text


def test_hand_picked_names_are_the_schemes(ukraine):
    own = {each.id: {*each.aliases, *each.guarded, *each.places} for each in ukraine.actors}
    for actor, kinds in SHEET["names"].items():
        assert {name for names in kinds.values() for name in names} <= own[actor]
