from __future__ import annotations

import json

import pytest
from support import ROOT, write_jsonl

from laptruong.corpus import read_corpus
from laptruong.errors import CorpusError

SPLITS = ("train", "dev", "test")


def records(split: str):
    return [json.loads(line) for line in (ROOT / f"data/corpus/{split}.jsonl").read_text("utf-8").splitlines()]


def test_the_shipped_corpus_keeps_its_format(ukraine):
    seen: dict[str, str] = {}
    for split in SPLITS:
        assert read_corpus([ROOT / f"data/corpus/{split}.jsonl"], ukraine, split)
        for record in records(split):
            assert record["split"] == split
            assert seen.setdefault(record["event"], split) == split, "an event on two sides"
            assert record["origin"] in ("written", "constructed")
            for paragraph in record["paragraphs"]:
                pairs = {(each["actor"], each["topic"]) for each in paragraph["stances"]}
                assert len(pairs) == len(paragraph["stances"])
                assert {topic for _, topic in pairs} <= set(paragraph["topics"])
                assert paragraph["kind"] != "boilerplate" or not (paragraph["topics"] or paragraph["stances"])
    ids = [record["id"] for split in SPLITS for record in records(split)]
    assert len(ids) == len(set(ids)) >= 80


def test_headline_and_lead_carry_the_labels_of_their_unit():
    for split in SPLITS:
        for record in records(split):
            head = [each for each in record["paragraphs"] if each["kind"] in ("headline", "lead")]
            assert len({json.dumps([each["topics"], each["stances"]]) for each in head}) == 1


def test_single_paragraph_records_are_read(ukraine, tmp_path):
    record = {
        "id": "a",
        "date": "2025-08-18",
        "text": "Mỹ gặp Nga.",
        "topics": ["negotiations"],
        "stances": [{"actor": "us", "topic": "negotiations", "stance": "support"}],
    }
    (article,) = read_corpus([write_jsonl(tmp_path / "a.jsonl", [record])], ukraine)
    ((unit, gold),) = article.units
    assert unit.text == record["text"]
    assert gold.stances == {("us", "negotiations"): "support"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"topics": ["negotiation"]}, "line 1, paragraphs.0.: unknown topic 'negotiation'; did you mean 'negotiations'"),
        ({"stances": [{"actor": "us", "topic": "aid", "stance": "for"}]}, "unknown stance 'for'"),
        ({"stances": [{"topic": "aid", "stance": "support"}]}, "without an actor"),
        ({"stances": [{"actor": "us", "topic": "aid", "stance": "support"}] * 2}, "labelled twice"),
        ({"topics": [], "stances": [{"actor": "us", "topic": "aid", "stance": "support"}]}, "not among the paragraph's topics"),
        ({"stances": [{"actor": ["us"], "topic": "aid", "stance": "support"}]}, "is no id"),
        ({"topics": "aid"}, "must be lists"),
        ({"text": ""}, "not empty"),
    ],
)
def test_wrong_labels_are_told_with_their_place(ukraine, tmp_path, change, told):
    record = {"text": "Mỹ viện trợ.", "topics": ["aid"], "stances": []} | change
    with pytest.raises(CorpusError, match=told):
        read_corpus([write_jsonl(tmp_path / "a.jsonl", [record])], ukraine)


def test_empty_and_missing_files(ukraine, tmp_path):
    (tmp_path / "e.jsonl").touch()
    with pytest.raises(CorpusError, match="holds no labelled record"):
        read_corpus([tmp_path / "e.jsonl"], ukraine)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_corpus([tmp_path / "none.jsonl"], ukraine)
