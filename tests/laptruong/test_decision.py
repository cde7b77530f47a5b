from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binom

from laptruong import Article, Mention, Paragraph, Statement
from laptruong.aggregate import article_stances, article_topics
from laptruong.articles import Unit
from laptruong.classifiers.base import Gold, Prediction
from laptruong.decision import Decision, abstention_threshold, choose, f1_threshold, label_unit
from laptruong.labels import Abstention, TopicLabel, UnitLabels

LOW = Decision(
    {"security_guarantees": 0.5, "negotiations": 0.4, "aid": 0.5}, {"security_guarantees": 0.5, "negotiations": 0.6, "aid": 0.5}, 0.45
)


def unit(kind: str, index: int) -> Unit:
    return Unit("x", ((index, 0),), kind)


def labels(
    kind: str, index: int, topics: dict[str, float], stances: Sequence[tuple[str, str, str]] = (), unsure: Sequence[Abstention] = ()
) -> UnitLabels:
    return UnitLabels(
        unit(kind, index), (Mention("us", 0, 1, "x"),), tuple(TopicLabel(*each) for each in topics.items()),
        tuple(Statement(*each, 0.8) for each in stances), tuple(unsure),
    )  # fmt: skip


def probabilities(units, scheme):
    return [np.array([{t.topic: t.probability for t in each.topics}.get(topic, 0.1) for topic in scheme.topic_ids]) for each in units]


def test_what_is_sure_is_given_and_what_is_not_is_listed(ukraine):
    prediction = Prediction(
        np.array([0.9, 0.5, 0.1]),
        {
            ("us", "security_guarantees"): np.array([0.7, 0.1, 0.1, 0.1]),
            ("russia", "security_guarantees"): np.array([0.3, 0.1, 0.4, 0.2]),
            ("us", "negotiations"): np.array([0.9, 0.0, 0.0, 0.1]),
        },
    )
    found = label_unit(unit("lead", 3), (), prediction, LOW, ukraine)
    assert [(each.topic, each.probability) for each in found.topics] == [("security_guarantees", 0.9)]
    assert [(each.actor, each.stance) for each in found.stances] == [("us", "support")]
    assert [(each.index, each.actor, each.topic, each.stance) for each in found.abstained] == [
        (3, None, "negotiations", None),
        (3, "russia", "security_guarantees", "oppose"),
    ]


def test_the_f1_threshold_is_good_and_does_not_stray():
    rng = np.random.default_rng(0)
    strayed = []
    for _ in range(20):
        p = rng.beta(0.6, 1.2, 300)
        y = rng.random(300) < p  # calibrated by construction
        f1 = {t: 2 * np.sum(y & (p >= t)) / (np.sum(y) + np.sum(p >= t)) for t in np.linspace(0.02, 0.98, 97)}
        threshold = f1_threshold(p, y)
        strayed.append(abs(threshold - max(f1, key=f1.get)))
        assert 2 * np.sum(y & (p >= threshold)) / (np.sum(y) + np.sum(p >= threshold)) > max(f1.values()) - 0.05
        assert 0.3 < threshold < 0.6
    assert max(strayed) > 0.05  # the plain maximum does stray


def test_the_f1_threshold_leaves_a_half_that_is_plainly_bad():
    p = np.concatenate([np.full(100, 0.3), np.full(100, 0.1)])
    y = np.concatenate([np.ones(100, dtype=bool), np.zeros(100, dtype=bool)])
    assert f1_threshold(p, y) == pytest.approx(0.2)


def test_abstention_is_where_calibration_puts_it_unless_dev_says_otherwise():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.25, 1, 2000)
    assert abstention_threshold(confidence, rng.random(2000) < confidence, 0.5) == pytest.approx(0.5, abs=0.03)
    assert abstention_threshold(confidence, rng.random(2000) < confidence, 0.3) == pytest.approx(0.7, abs=0.03)
    boastful = rng.random(2000) < confidence - 0.3
    assert abstention_threshold(confidence, boastful, 0.5) > 0.6
    assert abstention_threshold(confidence, np.ones(2000, dtype=bool), 0.5) < 0.3
    assert abstention_threshold(np.zeros(0), np.zeros(0, dtype=bool), 0.5) == 0.5


def test_a_dearer_silence_withholds_less(ukraine):
    rng = np.random.default_rng(1)
    predictions, gold = [], []
    for _ in range(200):
        shares = rng.dirichlet(np.ones(4))
        right = rng.choice(4, p=shares)
        predictions.append(Prediction(rng.random(3), {("us", "aid"): shares}))
        gold.append(
            Gold(
                frozenset({"aid"}) if rng.random() < 0.5 else frozenset({"negotiations", "security_guarantees"}),
                {("us", "aid"): ukraine.stance_ids[right]},
            )
        )
    thresholds = [choose(predictions, gold, ukraine, abstention_cost=cost).stance_abstain for cost in (0.2, 0.5, 0.9)]
    assert thresholds[0] >= thresholds[1] >= thresholds[2]
    assert 0.3 < thresholds[1] < 0.7


@pytest.mark.parametrize(("having", "given"), [(1, True), (0, False)])
def test_a_quarter_of_the_body_gives_the_article_its_topic(ukraine, having, given):
    units = [labels("headline", 0, {})] + [labels("body", n, {"aid": 0.9} if n <= having else {}) for n in range(1, 5)]
    topics, _ = article_topics(units, probabilities(units, ukraine), ukraine)
    assert [each.topic for each in topics] == (["aid"] if given else [])


def test_less_than_a_quarter_does_not(ukraine):
    units = [labels("body", n, {"aid": 0.9} if n == 1 else {}) for n in range(1, 6)]
    assert article_topics(units, probabilities(units, ukraine), ukraine)[0] == []


def test_the_head_alone_gives_the_article_its_topic(ukraine):
    units = [labels("headline", 0, {"aid": 0.9})] + [labels("body", n, {}) for n in range(1, 9)]
    (topic,), _ = article_topics(units, probabilities(units, ukraine), ukraine)
    assert topic.topic == "aid"
    assert topic.probability == pytest.approx(1 - 0.1 * binom.cdf(1, 8, 0.1))  # two of eight make a quarter


def test_a_withheld_topic_is_listed_for_the_article(ukraine):
    units = [labels("headline", 0, {}, unsure=[Abstention("paragraph", 0, None, "aid", None, 0.45)])]
    topics, unsure = article_topics(units, probabilities(units, ukraine), ukraine)
    assert topics == []
    assert [(each.level, each.topic) for each in unsure] == [("article", "aid")]


def test_the_headline_outweighs_many_paragraphs_and_neutral_counts_last(ukraine):
    units = [
        labels("headline", 0, {"aid": 0.9}, [("us", "aid", "oppose"), ("russia", "aid", "neutral")]),
        labels("body", 2, {"aid": 0.9}, [("us", "aid", "support"), ("russia", "aid", "neutral"), ("eu", "aid", "support")]),
        labels("body", 3, {"aid": 0.9}, [("us", "aid", "support"), ("eu", "aid", "conditional")]),
        labels("body", 4, {"aid": 0.9}, [("eu", "aid", "support"), ("russia", "aid", "conditional")]),
    ]
    topics, _ = article_topics(units, probabilities(units, ukraine), ukraine)
    stances, _ = article_stances(units, topics, ukraine)
    found = {each.actor: (each.stance, each.evidence) for each in stances}
    assert found == {"us": ("oppose", (0,)), "eu": ("support", (2, 4)), "russia": ("conditional", (4,))}


def test_boilerplate_colours_nothing(shipped):
    body = "Giá lúa ở đồng bằng sông Cửu Long tăng nhẹ trong tuần qua nhờ nhu cầu xuất khẩu."
    teaser = "Mỹ tuyên bố viện trợ thêm tên lửa cho Ukraine"
    plain = Article("a", "x", (Paragraph(body, "body"),))
    noisy = Article("a", "x", (Paragraph(body, "body"), Paragraph(teaser, "boilerplate")))
    assert shipped.label(plain).topics == shipped.label(noisy).topics == ()
    assert shipped.label(Article("a", "x", (Paragraph(teaser, "headline"),))).topics
