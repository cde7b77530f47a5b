"""Other versions of labelled units: who is written for whom, and what becomes of the labels."""

import json

import pytest

from laptruong import ActorFinder, load_scheme
from laptruong.corpus import flatten, read_corpus
from train.versions import versions

AID = "Pháp sẽ chuyển thêm pháo cho Ukraine, trong khi Ý từ chối góp tiền."
STANCES = {"france": "support", "italy": "oppose", "ukraine": "neutral"}


@pytest.fixture(scope="module")
def scheme():
    return load_scheme("ukraine")


@pytest.fixture
def units(tmp_path, scheme):
    """Make labelled units of texts of one kind each; those of a topic are of aid."""

    def make(*texts, stances=STANCES):
        def labelled(kind, text):
            said = [{"actor": actor, "topic": "aid", "stance": stance} for actor, stance in stances.items()]
            return {"text": text, "kind": kind, "topics": ["aid"] if stances else [], "stances": said}

        record = {"id": "v1", "date": "2025-10-02", "paragraphs": [labelled(*each) for each in texts]}
        path = tmp_path / "corpus.jsonl"
        path.write_text(json.dumps(record, ensure_ascii=False) + "\n", "utf-8")
        return flatten(read_corpus([path], scheme), ActorFinder(scheme))

    return make


def test_who_stands_in_anothers_place_has_its_stance(units, scheme):
    data = units(("body", AID))
    (found,) = versions(data, scheme, seed=1)
    assert found
    finder = ActorFinder(scheme)
    for example, gold in found:
        assert example.text != AID
        assert example.mentions == tuple(finder.find(example.text))
        giver, _, refuser = example.actors
        assert gold.topics == {"aid"}
        assert gold.stances == {(giver, "aid"): "support", (refuser, "aid"): "oppose", ("ukraine", "aid"): "neutral"}


def test_nobody_stands_for_ukraine_or_russia_or_for_one_who_is_named_by_a_person(units, scheme):
    text = "Ông Macron nói Pháp sẽ chuyển thêm pháo cho Ukraine bất chấp Nga."
    stances = {"france": "support", "ukraine": "neutral", "russia": "neutral"}
    assert versions(units(("body", text), stances=stances), scheme, seed=1) == [[]]


def test_a_unit_without_a_topic_keeps_its_names(units, scheme):
    assert versions(units(("body", "Pháp thắng Ý ở chung kết."), stances={}), scheme, seed=1) == [[]]


def test_the_seed_decides_who_stands_for_whom(units, scheme):
    data = units(("body", AID))
    assert versions(data, scheme, seed=1) == versions(data, scheme, seed=1)
    assert any(versions(data, scheme, seed=1) != versions(data, scheme, seed=seed) for seed in range(2, 6))
