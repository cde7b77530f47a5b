"""The verdict on two reports, and reports as files: what is decided, what is not, what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from support import ROOT, mood_records, run_cli, write_jsonl

from laptruong.errors import CorpusError, ReportError
from laptruong.evaluation import compare, evaluate, read_report
from train.run import train

CONFIG = f"""name: moods
classifier: tfidf
scheme: {ROOT}/tests/schemes/moods.yaml
output: runs
data: {{train: [corpus.jsonl], dev: [corpus.jsonl]}}
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The report of the baseline on the written test split, as it is read again."""
    folder = tmp_path_factory.mktemp("reports")
    evaluate("tfidf", [ROOT / "data/corpus/test.jsonl"], output=folder, resamples=200)
    return read_report(folder / "tfidf-test")


@pytest.fixture(scope="module")
def moods(tmp_path_factory):
    folder = tmp_path_factory.mktemp("moods")
    write_jsonl(folder / "corpus.jsonl", mood_records())
    (folder / "config.yaml").write_text(CONFIG, "utf-8")
    train(folder / "config.yaml")
    return folder


def renamed(found, name):
    return replace(found, report=found.report.model_copy(update={"name": name}))


def spoilt(found, chosen: pd.Series, name="spoilt"):
    """Give the same report with the stances of some items turned wrong."""
    items = found.items.copy()
    order = list(found.scheme.stance_ids)
    items.loc[chosen, "predicted"] = [order[(order.index(gold) + 1) % len(order)] for gold in items.loc[chosen, "gold"]]
    items.loc[chosen, "right"] = False
    return replace(renamed(found, name), items=items)


def test_a_report_is_read_as_it_was_written(written):
    assert {path.name for path in written.folder.iterdir()} == {"report.json", "items.parquet", "report.html", "scheme.json"}
    report = written.report
    assert report.data.units == 547
    assert "train.jsonl" in report.leakage.looked_at
    assert report.leakage.units == 0
    assert report.cost.paragraphs_per_second > 0
    assert report.cost.peak_mb > report.cost.size_mb > 1
    table = written.frame()
    stance = table[(table.level == "paragraph") & (table.task == "stance") & (table.figure == "macro_f1")].iloc[0]
    assert stance["low"] < stance["value"] < stance["high"]
    assert {"by", "name", "task", "items", "small", "value", "low", "high"} <= set(written.slices().columns)
    page = (written.folder / "report.html").read_text("utf-8")
    assert f"{stance['value']:.3f}" in page


def test_a_model_against_itself_is_not_decided_anywhere(written):
    found = compare([written, renamed(written, "again")], resamples=300)
    [pairing] = found.result.pairings
    assert len(pairing.differences) > 50
    assert {each.verdict for each in pairing.differences} == {"not decided"}
    assert {each.difference.value for each in pairing.differences} == {0}
    assert {each.more_articles for each in pairing.differences} == {None}
    assert {each.p for each in pairing.decisions} == {1}
    assert found.disagreements.empty
    assert all({rank.place for rank in each.ranks} == {1} for each in found.result.rankings)


def test_three_percent_of_labels_spoilt_is_worse_and_the_right_slice_is_named(written):
    items = written.items
    stances = (items.level == "paragraph") & (items.task == "stance")
    right = items.index[stances & (items.actor == "russia") & items.right]
    count = round(0.03 * stances.sum())
    chosen = items.index.isin(np.random.default_rng(0).permutation(right)[:count])
    found = compare([written, spoilt(written, chosen)])
    [pairing] = found.result.pairings
    verdicts = {(each.level, each.task, each.figure, each.by, each.name): each for each in pairing.differences}
    whole = verdicts["paragraph", "stance", "macro_f1", None, None]
    assert whole.verdict == "worse"
    assert whole.difference.high < 0
    assert whole.more_articles is None
    assert verdicts["paragraph", "topic", "macro_f1", None, None].verdict == "not decided"
    assert verdicts["article", "stance", "macro_f1", None, None].verdict == "not decided"
    assert verdicts["paragraph", "stance", "macro_f1", "actor", "russia"].verdict == "worse"
    assert [each.name for each in pairing.differences if each.by == "actor" and each.verdict != "not decided"] == ["russia"]
    assert not [each for each in pairing.differences if each.verdict == "better"]
    [test] = [each for each in pairing.decisions if (each.level, each.task) == ("paragraph", "stance")]
    assert (test.only_first, test.only_second) == (count, 0)
    assert test.p == pytest.approx(2 * 0.5**count)
    assert len(found.disagreements) == count
    assert set(found.disagreements["actor"]) == {"russia"}
    most = found.disagreements[["first_confidence", "second_confidence"]].max(axis=1)
    assert most.is_monotonic_decreasing


def test_small_slices_are_no_findings(written):
    items = written.items
    few = items[(items.level == "paragraph") & (items.task == "stance")].actor.value_counts()
    actor = next(name for name in few.index if 8 < few[name] < 30)
    chosen = (items.level == "paragraph") & (items.task == "stance") & (items.actor == actor) & items.right
    [pairing] = compare([written, spoilt(written, chosen)]).result.pairings
    [part] = [each for each in pairing.differences if (each.by, each.name, each.task) == ("actor", actor, "stance")]
    assert part.difference.value < -0.2
    assert part.holm is None
    assert part.verdict == "not decided"


def test_three_models_are_ranked_and_those_not_told_apart_share_a_place(written):
    items = written.items
    stances = items.index[(items.level == "paragraph") & (items.task == "stance") & items.right]
    one = spoilt(written, items.index == stances[0], "one label")
    many = spoilt(written, items.index.isin(stances[::5]), "a fifth")
    found = compare([many, one, written], resamples=300)
    assert [(each.first, each.second) for each in found.result.pairings] == [("a fifth", "one label"), ("a fifth", "tfidf")]
    [ranking] = [each for each in found.result.rankings if (each.level, each.task) == ("paragraph", "stance")]
    assert [(rank.place, rank.name) for rank in ranking.ranks] == [(1, "tfidf"), (1, "one label"), (3, "a fifth")]
    table = found.frame()
    chosen = table[(table.second_model == "one label") & (table.task == "stance") & (table.level == "paragraph") & table.by.isna()]
    assert chosen.set_index("figure").loc["macro_f1", "verdict"] == "better"


def test_a_comparison_is_written_whole(written, tmp_path):
    compare([written, renamed(written, "again")], resamples=100).write(tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"comparison.json", "comparison.html"}
    assert json.loads((tmp_path / "out" / "comparison.json").read_text("utf-8"))["names"] == ["tfidf", "again"]
    (tmp_path / "mine").mkdir()
    with pytest.raises(ReportError, match="is not replaced"):
        compare([written, written], resamples=100).write(tmp_path / "mine")


@pytest.mark.parametrize(("spoil", "told"), [
    (lambda folder: edit(folder, schema_version=7), "is of version 7"),
    (lambda folder: (folder / "report.json").write_text("{", "utf-8"), "is damaged"),
    (lambda folder: edit(folder, scores="many"), "is damaged .scores"),
    (lambda folder: (folder / "items.parquet").write_bytes(b"PAR1"), "was changed"),
    (lambda folder: (folder / "items.parquet").unlink(), "cannot be read"),
    (lambda folder: edit(folder, "scheme.json", version="9"), "is not the scheme of the report"),
    (lambda folder: (folder / "report.json").unlink(), "cannot be read"),
])  # fmt: skip
def test_reports_that_cannot_be_trusted_are_refused(spoil, told, written, tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    for path in written.folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    spoil(folder)
    done = run_cli("compare", folder, written.folder)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert told.replace(" .", " (") in done.stderr


def edit(folder, name="report.json", **changes):
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | changes), "utf-8")


def test_other_data_and_other_schemes_are_refused_with_their_hashes(written, moods):
    other = evaluate(moods / "runs" / "moods", [moods / "corpus.jsonl"], resamples=100)
    one, two = (each.report.scheme.sha256[:12] for each in (written, other))
    with pytest.raises(ReportError, match=f"the scheme differs .SHA-256 {one}… and {two}"):
        compare([written, other])
    records = mood_records()
    records[0]["paragraphs"][0]["stances"][0]["stance"] = "flat"
    changed = evaluate(moods / "runs" / "moods", [write_jsonl(moods / "changed.jsonl", records)], resamples=100)
    with pytest.raises(ReportError, match="the data differs"):
        compare([other, changed])
    with pytest.raises(ReportError, match="needs two reports"):
        compare([other])


@pytest.mark.parametrize(("content", "told"), [
    ('{"text": "Mỹ viện trợ.", "topics": ["peace"], "stances": []}\n', "unknown topic 'peace'"),
    ("", "holds no labelled record"),
    ('{"text": "Bảng quảng cáo.", "boilerplate": true, "topics": [], "stances": []}\n', "nothing but boilerplate"),
    (json.dumps({"text": "Trời đẹp.", "topics": ["weather"], "stances": []}) + "\n", "unknown topic 'weather'"),
])  # fmt: skip
def test_data_that_cannot_be_scored_is_refused(content, told, tmp_path):
    (tmp_path / "a.jsonl").write_text(content, "utf-8")
    with pytest.raises(CorpusError, match=told):
        evaluate("tfidf", [tmp_path / "a.jsonl"])


def test_the_commands_leave_reports_and_a_verdict(moods, tmp_path):
    data = ["--data", moods / "corpus.jsonl", "-o", tmp_path, "--resamples", 100]
    done = run_cli("evaluate", moods / "runs" / "moods", *data)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "moods-corpus"
    assert done.stdout.strip().endswith(str(folder)) or str(folder) in done.stdout.replace("\n", "")
    twin = shutil.copytree(moods / "runs" / "moods", tmp_path / "twin")
    again = run_cli("evaluate", moods / "runs" / "moods", twin, *data)
    assert again.returncode == 0, "a report may be replaced by the next"
    assert {path.name for path in tmp_path.iterdir()} == {"twin", "moods-corpus", "moods-2-corpus"}
    done = run_cli("compare", folder, folder, "-o", tmp_path / "verdict", "--resamples", 100)
    assert done.returncode == 0, done.stderr
    assert "not decided" in done.stdout
    assert (tmp_path / "verdict" / "comparison.html").is_file()
    report = read_report(folder).report
    assert report.actors is None
    assert report.model.name == "moods"
