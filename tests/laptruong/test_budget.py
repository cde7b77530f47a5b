"""Error budgets: thresholds counted by hand, and held against what the model then really gives."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest
from scipy.stats import binomtest
from support import ROOT

import laptruong
from laptruong import ActorFinder
from laptruong.corpus import file_sha256, flatten, read_corpus
from laptruong.decision import Decision
from laptruong.errors import ReportError
from laptruong.evaluation import Draws, collect
from laptruong.evaluation.budget import decision_for, find_report
from laptruong.evaluation.items import COLUMNS
from laptruong.evaluation.scores import articles_of
from laptruong.evaluation.trust import BUDGETS, coverage_risk
from laptruong.labelling import Labeller
from laptruong.scheme import Scheme

MODEL = {"name": "tiny", "version": "1", "sha256": "ab" * 32}


def row(task, unit, confidence, right, *, topic="aid", **more):
    told = {"topic": "yes"}.get(task, "support")
    gold = told if right else {"topic": "no"}.get(task, "oppose")
    return {
        "level": "paragraph", "task": task, "article": "0:a", "unit": str(unit), "actor": None if task == "topic" else "us",
        "topic": topic, "gold": gold, "predicted": told, "confidence": confidence, "right": right, "given": True, "probabilities": [0.5],
    } | more  # fmt: skip


def write_report(folder, items, scheme, model=MODEL, leaks=0):
    folder.mkdir(parents=True)
    pd.DataFrame(items, columns=COLUMNS).to_parquet(folder / "items.parquet", index=False)
    (folder / "scheme.json").write_text(scheme.model_dump_json(by_alias=True), "utf-8")
    report = {
        "schema_version": 1, "name": model["name"], "created": "2026-01-01T00:00:00+00:00", "commit": None, "libraries": {}, "seed": 0,
        "resamples": 100, "model": model | {"kind": "tfidf", "seed": 1, "commit": None},
        "scheme": {"name": scheme.name, "version": scheme.version, "sha256": scheme.sha256},
        "data": {"files": [{"file": "news.jsonl", "sha256": "0"}], "split": None, "articles": 1, "units": 9, "sha256": "0"},
        "items_sha256": file_sha256(folder / "items.parquet"), "scores": [], "actors": None, "calibration": [], "coverage_risk": [],
        "slices": [], "behaviour": None, "cost": None,
        "leakage": {"looked_at": [], "missing": [], "units": leaks, "leaks": [], "apart": {}},
    }  # fmt: skip
    (folder / "report.json").write_text(json.dumps(report), "utf-8")
    return folder


@pytest.fixture
def labeller(ukraine):
    own = {"security_guarantees": 0.5, "negotiations": 0.75, "aid": 0.5}
    return Labeller(SimpleNamespace(scheme=ukraine), Decision(own, own, 0.4), MODEL)


TOPICS = [row("topic", n, p, right) for n, (p, right) in enumerate([(0.9, True), (0.8, True), (0.7, True), (0.6, False), (0.55, True)])]


def test_thresholds_by_hand(labeller, ukraine, tmp_path):
    """The statement on the withheld topic (unit 3) counts for nothing; at 0.5 the statements would do, the stances would not."""
    items = [
        *TOPICS,
        row("topic", 5, 0.95, True, predicted="no", gold="no"), row("topic", 6, 0.99, True, level="article"),
        *(row("statement", n, p, True) for n, p in enumerate([0.9, 0.8, 0.5])), row("statement", 3, 0.99, False),
        row("statement", 1, float("nan"), False, predicted=None),
        *(row("stance", n, p, right) for n, (p, right) in enumerate([(0.9, True), (0.7, True), (0.6, False)])),
    ]  # fmt: skip
    found = decision_for(labeller, write_report(tmp_path / "r", items, ukraine), 0.2)
    assert found.decision.topic_abstain == {"security_guarantees": 0.55, "negotiations": 0.75, "aid": 0.55}
    strict = decision_for(labeller, write_report(tmp_path / "s", items, ukraine), 0.1)
    assert strict.decision == Decision(labeller.decision.topic, {"security_guarantees": 0.7, "negotiations": 0.75, "aid": 0.7}, 0.7)
    topics, positions, stances = strict.kinds
    assert (topics.items, topics.given, topics.threshold, topics.error.value) == (5, 3, 0.7, 0)
    assert topics.error.high == pytest.approx(binomtest(0, 3).proportion_ci(method="wilson").high)
    assert (positions.items, positions.given, stances.given) == (4, 2, 2)
    assert "topics: given from 0.700 on: 60.0 %, the other 40.0 % withheld; 0.0 % of those given wrong" in strict.lines[1]
    assert "3 of 5 labels; too few to rely on" in strict.lines[1]
    assert strict.warnings == ()


def test_a_threshold_keeps_each_kind_to_the_budget_not_only_at_its_own(labeller, ukraine, tmp_path):
    """Stances alone are right from 0.5 on, and where positions must start (0.8) they are not: one at 0.85 is wrong."""
    items = [
        *TOPICS[:1], row("statement", 0, 0.95, True), row("statement", 0, 0.8, True), row("statement", 0, 0.7, False),
        row("stance", 0, 0.9, True), row("stance", 0, 0.85, False), *(row("stance", 0, 0.5, True) for _ in range(8)),
    ]  # fmt: skip
    found = decision_for(labeller, write_report(tmp_path / "r", items, ukraine), 0.1)
    assert found.decision.stance_abstain == 0.9
    assert [each.error.value for each in found.kinds] == [0, 0, 0]


def test_where_no_threshold_does_all_is_withheld_and_told(labeller, ukraine, tmp_path):
    wrong = [each | {"right": False} for each in TOPICS]
    report = write_report(tmp_path / "r", [*wrong, row("statement", 0, 0.9, True), row("stance", 0, 0.9, True)], ukraine, leaks=2)
    found = decision_for(labeller, report, 0.05)
    assert min(*found.decision.topic_abstain.values(), found.decision.stance_abstain) > 1
    assert [each.given for each in found.kinds] == [0, 0, 0]
    assert found.lines[1] == "topics: NONE of 5 is given"
    assert found.warnings[0] == "ALL TOPICS ARE WITHHELD: no threshold keeps them to 5.0 % errors"
    assert "2 of 9 units" in found.warnings[-1]


@pytest.mark.parametrize("max_error", [0, 1, -0.1, 5, float("nan")])
def test_a_budget_is_a_share(labeller, max_error):
    with pytest.raises(ReportError, match="between 0 and 1"):
        decision_for(labeller, "nowhere", max_error)


def test_a_report_of_another_model_or_scheme_is_refused(labeller, ukraine, tmp_path):
    other = write_report(tmp_path / "m", TOPICS, ukraine, model=MODEL | {"sha256": "cd" * 32})
    with pytest.raises(ReportError, match=r"another model.*laptruong evaluate tiny --data FILE"):
        decision_for(labeller, other, 0.05)
    changed = write_report(tmp_path / "s", TOPICS, Scheme.model_validate(ukraine.model_dump(by_alias=True) | {"version": "9"}))
    with pytest.raises(ReportError, match="another scheme"):
        decision_for(labeller, changed, 0.05)


def test_the_report_is_found_if_there_is_one(labeller, ukraine, tmp_path):
    reports = tmp_path / "reports"
    with pytest.raises(ReportError, match=r"no report of the model 'tiny'.*laptruong evaluate tiny --data FILE"):
        find_report(labeller, reports)
    write_report(reports / "other", TOPICS, ukraine, model=MODEL | {"sha256": "cd" * 32})
    (reports / "broken").mkdir()
    (reports / "broken" / "report.json").write_text("[", "utf-8")
    mine = write_report(reports / "tiny-news", TOPICS, ukraine)
    assert find_report(labeller, reports) == mine
    write_report(reports / "tiny-more", TOPICS, ukraine)
    with pytest.raises(ReportError, match=r"tiny-more, .*tiny-news; choose with --report"):
        find_report(labeller, reports)
    trained = Labeller(labeller.classifier, labeller.decision, MODEL | {"sha256": "ef" * 32}, tmp_path / "runs" / "tiny")
    with pytest.raises(ReportError, match=r"evaluate .*runs/tiny --data FILE"):
        find_report(trained, reports)


@pytest.mark.parametrize("max_error", [0.05, 0.25])
def test_what_the_model_then_gives_keeps_to_the_budget_on_the_reports_news(ukraine, tmp_path, max_error):
    baseline = laptruong.load("tfidf")
    data = flatten(read_corpus([ROOT / "data" / "corpus" / "test.jsonl"], ukraine)[:60], ActorFinder(ukraine))
    items = collect(baseline, data)
    report = write_report(tmp_path / "r", items, ukraine, model=baseline.model)
    found = decision_for(baseline, report, max_error)
    careful = collect(Labeller(baseline.classifier, found.decision, baseline.model), data)
    here = careful[(careful["level"] == "paragraph") & careful["given"] & careful["predicted"].notna() & (careful["predicted"] != "no")]
    for kind, task in zip(found.kinds[:2], ("topic", "statement"), strict=True):
        given = here[here["task"] == task]
        assert (len(given), 1 - given["right"].mean()) == (kind.given, pytest.approx(kind.error.value))
        assert kind.error.value <= max_error
        assert 0 < kind.given <= kind.items
    assert found.kinds[2].error.value <= max_error
    assert found.kinds[1].given < found.kinds[1].items
    if max_error in BUDGETS:
        told = coverage_risk(items, "topic", Draws(len(articles_of(items)), 100)).budgets[BUDGETS.index(max_error)]
        assert found.kinds[0].threshold == told.threshold
        assert found.decision.topic_abstain == {topic: max(own, told.threshold) for topic, own in baseline.decision.topic.items()}
    assert replace(found.decision, topic_abstain={}, stance_abstain=0) == replace(baseline.decision, topic_abstain={}, stance_abstain=0)
