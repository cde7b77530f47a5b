"""The tables of a corpus, counted by hand on one made for it."""

from __future__ import annotations

import pytest
from support import ROOT, run_cli, write_jsonl

from laptruong.corpus.check import check_corpus
from laptruong.corpus.stats import name_only_accuracy, tables


def record(number, *units, split="train", noise=False, **change):
    """Make an article of units given as (text, topics, {actor: stance})."""
    paragraphs = []
    for text, topics, stances in units:
        rows = [{"actor": actor, "topic": topic, "stance": stance} for topic in topics for actor, stance in stances.items()]
        kind = {} if topics else {"off_topic": "energy" if "khí" in text else "politics"}
        paragraphs.append({"text": text, "kind": "body", "topics": topics, "stances": rows} | kind)
    if noise:
        paragraphs.append({"text": "Ảnh: AFP", "kind": "boilerplate", "topics": [], "stances": []})
    return {
        "id": f"a{number}", "title": "T", "date": f"202{number % 5}-01-01", "split": split, "origin": "written", "event": f"e{number}",
        "genre": "wire", "paragraphs": paragraphs, "topics": [], "stances": [],
    } | change  # fmt: skip


GIVES = ("Mỹ chuyển thêm đạn cho Ukraine.", ["aid"], {"us": "support", "ukraine": "neutral"})
REFUSES = ("Mỹ không chuyển đạn cho Ukraine.", ["aid"], {"us": "oppose", "ukraine": "neutral"})
ALONE = ("Mỹ xin thêm thời gian.", ["negotiations"], {"us": "conditional"})
GAS = ("Giá khí đốt tăng.", [], {})
VOTE = ("Bầu cử sớm tại Séc.", [], {})


@pytest.fixture
def counted(tmp_path, ukraine):
    path = write_jsonl(
        tmp_path / "c.jsonl",
        [
            record(1, GIVES, GAS, noise=True),
            record(2, REFUSES, VOTE),
            record(3, GIVES, ALONE),
            record(4, GAS, split="test", origin="constructed"),
        ],
    )
    entries = check_corpus([path], ukraine).entries
    return {table.title: table for table in tables(entries, ukraine)}


def test_sizes_shares_and_topics(counted):
    sizes = {row[0]: row[1:] for row in counted["Size"].rows}
    assert sizes["train"][:6] == [3, 3, 6, 6, 1, 7]
    assert sizes["all"][:6] == [4, 4, 7, 7, 1, 7]
    shares = dict(counted["Shares"].rows)
    assert shares["units without a topic"] == pytest.approx(3 / 7)
    assert shares["units with a topic in which two actors differ on one topic"] == pytest.approx(3 / 4)
    assert shares["articles with page noise"] == pytest.approx(1 / 4)
    assert ["aid", 3, 0, 3] in counted["Units per topic"].rows
    assert {row[0]: row[2] for row in counted["Units without a topic"].rows if row[2]} == {
        "energy": 2,
        "inner politics": 1,
        "all near ones": 2,
    }


def test_stances_actors_and_counts(counted):
    assert counted["Pairs by stance"].rows[-1] == ["all", 2, 1, 1, 3, 7]
    (title,) = (title for title in counted if title.startswith("Actors"))
    assert title == "Actors (2; 0 with 40 pairs or more)"
    assert counted["Articles by origin"].rows == [["written", 3], ["constructed", 1]]
    signs = {row[0]: row[1] for row in counted["Surface signs in units with a topic"].rows}
    assert signs["negation"] == 1


def test_a_stance_that_follows_from_the_name_is_seen(tmp_path, ukraine):
    """Where the US always gives, a model of names alone is always right; where it gives every other time, it is not."""

    def accuracy(name, choose):
        path = write_jsonl(tmp_path / name, [record(n, choose(n)) for n in range(40)])
        units = [(entry, unit, gold) for entry in check_corpus([path], ukraine).entries for unit, gold in entry.labelled.units]
        return name_only_accuracy(units, ukraine)

    assert accuracy("same", lambda n: GIVES) == 1.0
    assert accuracy("mixed", lambda n: (GIVES, REFUSES)[n % 2]) == pytest.approx(0.75, abs=0.1)
    assert name_only_accuracy([], ukraine) is None


@pytest.mark.parametrize(
    ("files", "passes"), [(("train", "dev", "test"), "written"), (("feed",), "feed")], ids=["written layer", "feed items"]
)
def test_the_shipped_corpus_has_what_its_data_sheet_says(files, passes):
    paths = (ROOT / f"data/corpus/{name}.jsonl" for name in files)
    done = run_cli("corpus", "stats", *paths, "--annotation", ROOT / "data/annotation" / passes, cwd=ROOT)
    assert done.returncode == 0
    sheet = (ROOT / "data/DATASHEET.md").read_text("utf-8")
    tables = [each.partition("\n")[2].strip() for each in done.stdout.split("### ")[1:]]
    assert len(tables) >= 10
    assert [table for table in tables if table not in sheet] == []
