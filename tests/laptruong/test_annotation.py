from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from support import write_jsonl

from laptruong.corpus.agreement import agreement, alpha, kappa
from laptruong.corpus.annotation import PASSES, read_annotation
from laptruong.errors import CorpusError


def said(number, stance="support", topics=("aid",), **more):
    stances = [{"actor": "us", "topic": topic, "stance": stance} for topic in topics]
    return {"id": f"a{number}", "paragraph": 0, "topics": list(topics), "stances": stances} | more


@pytest.fixture
def passes(tmp_path, ukraine):
    """Write passes and read them back."""

    def write(one, two, third=()):
        for name, records in zip(PASSES, (one, two, third), strict=True):
            write_jsonl(tmp_path / f"{name}.jsonl", list(records))
        return read_annotation(tmp_path, ukraine)

    return write


def test_kappa_and_alpha_agree_with_the_libraries_on_plain_lists():
    generator = np.random.default_rng(1)
    one = generator.integers(0, 4, 300)
    two = np.where(generator.random(300) < 0.7, one, generator.integers(0, 4, 300))
    table = np.zeros((4, 4), dtype=int)
    np.add.at(table, (one, two), 1)
    assert kappa(table) == pytest.approx(cohen_kappa_score(one, two))
    assert alpha(table) == pytest.approx(krippendorff.alpha(np.array([one, two]), level_of_measurement="nominal"))


def test_a_textbook_table():
    """Cohen's kappa of a 2 x 2 table counted by hand: agreement 0.7, by chance 0.5."""
    assert kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)


def test_agreement_counts_topics_stances_and_statements(passes, ukraine):
    one = [said(n, "support" if n % 2 else "oppose") for n in range(20)]
    two = [said(n, "support" if n % 2 or n < 4 else "oppose") for n in range(18)] + [said(n, topics=()) for n in (18, 19)]
    found = {each.question: each for each in agreement(passes(one, two), ukraine, resamples=200)}
    assert found["aid"].agreed == pytest.approx(0.9)
    assert found["stance"].decisions == 18  # only where both gave the topic
    assert found["stance"].agreed == pytest.approx(16 / 18)
    assert found["stance"].kappa_interval[0] < found["stance"].kappa < found["stance"].kappa_interval[1]
    assert found["statements"].agreed == pytest.approx(2 * 16 / (20 + 18))
    assert found["statements"].agreed_interval[0] < found["statements"].agreed <= found["statements"].agreed_interval[1]
    assert found["negotiations"].kappa is None  # nobody ever gave it: agreement beyond chance is not defined


def test_intervals_are_seeded_and_resample_articles(passes, ukraine):
    """All of an article's decisions move together: forty copies in four articles are no more certain than four."""
    few = [said(n, "support" if n < 2 else "oppose") for n in range(4)], [said(n, "support" if n < 3 else "oppose") for n in range(4)]
    many = [[each | {"paragraph": p} for each in side for p in range(10)] for side in few]
    a, b, again = (
        next(each for each in agreement(passes(*sides), ukraine, resamples=300, seed=3) if each.question == "stance")
        for sides in (few, many, many)
    )
    assert b.kappa_interval == again.kappa_interval == a.kappa_interval


def test_the_third_decides_and_left_out_pairs_are_neutral(passes, ukraine):
    both = said(1, topics=("negotiations", "aid"))
    half = both | {"stances": both["stances"][:1]}
    annotation = passes([half, said(2)], [half, said(2, "oppose")], [said(3)])
    assert annotation.decided(("a1", 0), ukraine).stances == {("us", "negotiations"): "support", ("us", "aid"): "neutral"}
    assert annotation.decided(("a2", 0), ukraine) is None
    assert annotation.decided(("a3", 0), ukraine).stances == {("us", "aid"): "support"}


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([said(1), said(1)], "line 2: a1, paragraph 0 is labelled twice"),
        ([said(1, stanse="x")], "stanse: unknown key; did you mean 'stances'"),
        ([{"id": "a"}], "line 1: paragraph: is missing"),
        ([said(1, "yes")], "line 1: has a topic, stance or 'off_topic' that scheme 'ukraine' has not"),
        ([said(1) | {"topics": []}], "a pair of a topic that is not among its topics"),
        ([said(1) | {"stances": said(1)["stances"] * 2}], "labels a pair twice"),
        ([said(1) | {"paragraph": "0"}], "paragraph: input should be a valid integer"),
    ],
)
def test_bad_passes_are_refused_with_their_place(passes, records, told):
    with pytest.raises(CorpusError, match=told):
        passes(records, [said(1)])


def test_a_missing_pass_is_refused(tmp_path, ukraine):
    with pytest.raises(CorpusError, match=r"pass_a.jsonl: cannot be read"):
        read_annotation(tmp_path, ukraine)
