from __future__ import annotations

import pytest
from support import SCHEMES

from laptruong.errors import SchemeError
from laptruong.scheme import load_scheme


def test_the_shipped_scheme_covers_the_codebook(ukraine):
    wanted = """ukraine russia us eu nato uk france germany poland italy hungary turkey china belarus north_korea south_korea
    japan india canada vatican un saudi_arabia uae qatar iran israel finland sweden norway denmark netherlands belgium
    spain czechia slovakia romania bulgaria serbia lithuania latvia estonia greece switzerland austria portugal ireland
    moldova georgia azerbaijan kazakhstan brazil south_africa egypt australia g7 imf osce coalition west"""
    assert set(wanted.split()) <= ukraine.actor_ids
    assert ukraine.topic_ids == ("security_guarantees", "negotiations", "aid")
    assert ukraine.stance_ids == ("support", "conditional", "oppose", "neutral")
    assert ukraine.neutral == "neutral"
    assert all(topic.proposition_vi and topic.proposition_en for topic in ukraine.topics)


def test_a_scheme_without_actors():
    scheme = load_scheme(SCHEMES / "moods.yaml")
    assert scheme.actors is None
    assert scheme.pairs(["russia"], ["weather", "football"]) == [(None, "football"), (None, "weather")]


def test_all_mistakes_are_told_at_once_each_with_its_place(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text(
        """name: Broken Name
version: "1"
topics:
  - {id: a, vi: a, en: a, propositon_vi: b}
  - {id: a, vi: a, en: a}
stances:
  - {id: yes, vi: có, en: yes, tone: happy}
  - {id: n, vi: không, en: no, tone: negative}
actors:
  - {id: x, vi: X, en: X, aliases: [Alpha]}
  - {id: y, vi: Y, en: Y, aliases: [Alpha], people: [{names: [P], from: 2024-02-01, to: 2023-01-01}]}
""",
        "utf-8",
    )
    with pytest.raises(SchemeError) as caught:
        load_scheme(path)
    text = str(caught.value)
    assert "line 1: name:" in text
    assert "line 4: topics[0].propositon_vi: unknown key; did you mean 'proposition_vi'?" in text
    assert "line 7: stances[0].tone" in text
    assert "line 11: actors[1].people[0]: P: 'from' (2024-02-01) lies after 'to' (2023-01-01)" in text
    assert len(caught.value.problems) >= 4


def test_mistakes_that_span_entries(tmp_path):
    path = tmp_path / "clash.yaml"
    path.write_text(
        """name: clash
version: "1"
topics: [{id: a, vi: a, en: a}, {id: a, vi: b, en: b}]
stances: [{id: p, vi: p, en: p, tone: positive}, {id: n, vi: n, en: n, tone: negative}]
actors: [{id: x, vi: X, en: X, aliases: [Alpha]}, {id: y, vi: Y, en: Y, aliases: [Alpha]}]
""",
        "utf-8",
    )
    with pytest.raises(SchemeError) as caught:
        load_scheme(path)
    text = str(caught.value)
    assert "topics: given more than once: a" in text
    assert "exactly one stance must have 'tone: neutral'" in text
    assert "'Alpha' names both x and y" in text


@pytest.mark.parametrize(
    ("content", "told"),
    [("a: 1\na: 2\n", "the key 'a' is given twice"), ("- 1\n", "must be a YAML mapping"), ("a: [\n", "is not YAML")],
)
def test_what_is_no_scheme_at_all(tmp_path, content, told):
    path = tmp_path / "x.yaml"
    path.write_text(content, "utf-8")
    with pytest.raises(SchemeError, match=told):
        load_scheme(path)


def test_an_unknown_name():
    with pytest.raises(SchemeError, match="no shipped scheme"):
        load_scheme("ukrane")


def test_names_without_a_word_are_refused(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        """name: x
version: "1"
topics: none
stances: [{id: p, vi: p, en: p, tone: positive}, {id: n, vi: n, en: n, tone: neutral}]
actors: [{id: x, vi: X, en: X, aliases: ["!!"]}]
context: {not_after: [""]}
""",
        "utf-8",
    )
    with pytest.raises(SchemeError, match="no word in them: x: '!!'") as caught:
        load_scheme(path)
    assert "phrases without a word in: not_after" in str(caught.value)
