from __future__ import annotations

import gzip
import itertools
import json
import math
from collections import Counter

import networkx as nx
import numpy as np
import pytest
from scipy.stats import binom
from support import SCHEMES, run_cli, write_jsonl
from typer.testing import CliRunner

from infer.network import DiscourseNetwork, bounds, export_network
from infer.statements import read_labels
from laptruong import LaptruongError, Scheme, load_scheme
from laptruong.cli import app


def article(number, date, *stances, **fields):
    names = ("actor", "topic", "stance", "probability")
    return {
        "schema_version": 1, "id": f"a{number}", "date": date, "stances": [dict(zip(names, each, strict=True)) for each in stances],
        "paragraphs": [], **fields,
    }  # fmt: skip


NEWS = [
    article(1, "2025-08-11", ("russia", "aid", "oppose", 0.9), ("germany", "aid", "support", 0.8)),
    article(2, "2025-08-17", ("russia", "aid", "oppose", 0.7), ("germany", "negotiations", "support", 0.6)),
    article(3, "2025-08-18", ("russia", "aid", "oppose", 0.9), ("russia", "negotiations", "support", 0.5)),
    article(4, None, ("germany", "aid", "support", 0.9), ("us", "aid", "conditional", 0.8)),
    article(5, "2025-12-29", ("hungary", "aid", "neutral", 0.99)),
]


def export(tmp_path, records, scheme, **options):
    """Write the graph of records and read it back as NetworkX does."""
    summary = export_network([write_jsonl(tmp_path / "labels.jsonl", records)], scheme, graph=tmp_path / "g.graphml", **options)
    found = nx.read_graphml(tmp_path / "g.graphml", force_multigraph=True)
    return found, {(one, two, edge.get("stance"), edge.get("week")): edge for one, two, edge in found.edges(data=True)}, summary


def test_edges_count_articles_and_say_how_sure_that_is(tmp_path, ukraine):
    graph, edges, summary = export(tmp_path, NEWS, ukraine)
    assert (summary.articles, summary.undated, summary.nodes, summary.edges) == (5, 0, 6, 6)
    assert graph.nodes["actor:russia"] == {"kind": "actor", "label": "Nga", "label_en": "Russia", "articles": 3}
    assert graph.nodes["topic:aid"] == {"kind": "topic", "label": "viện trợ", "label_en": "aid", "articles": 5}
    edge = edges["actor:russia", "topic:aid", "oppose", None]
    assert (edge["tone"], edge["weight"], edge["first"], edge["last"]) == ("negative", 3, "2025-08-11", "2025-08-18")
    assert edge["expected"] == pytest.approx(2.5)
    assert edge["mean_probability"] == pytest.approx(2.5 / 3, abs=1e-4)
    assert edge["sd"] == pytest.approx(math.sqrt(0.09 + 0.21 + 0.09), abs=1e-4)
    assert (edge["low"], edge["high"]) == (1, 3)
    assert edges["actor:us", "topic:aid", "conditional", None]["tone"] == "mixed"
    assert "first" not in edges["actor:us", "topic:aid", "conditional", None]
    assert len({key for _, _, key in graph.edges(keys=True)}) == 6  # Gephi refuses an id that comes twice


def test_stances_of_one_pair_are_parallel_edges(tmp_path, ukraine):
    graph, edges, _ = export(tmp_path, [*NEWS, article(6, None, ("russia", "aid", "support", 0.6))], ukraine)
    assert graph.number_of_edges("actor:russia", "topic:aid") == 2
    assert edges["actor:russia", "topic:aid", "support", None]["weight"] == 1


def test_the_bounds_are_the_quantiles_of_every_outcome_counted():
    for probabilities in ([0.5], [0.99], [0.2, 0.9, 0.7, 0.7, 0.55], [0.31, 0.62, 0.93] * 3):
        chance = Counter()
        for outcome in itertools.product([0, 1], repeat=len(probabilities)):
            chance[sum(outcome)] += math.prod(p if right else 1 - p for p, right in zip(probabilities, outcome, strict=True))
        cumulated = list(itertools.accumulate(chance[k] for k in range(len(probabilities) + 1)))
        wanted = tuple(next(k for k, c in enumerate(cumulated) if c >= level) for level in (0.025, 0.975))
        assert bounds(Counter(probabilities)) == wanted


def test_the_bounds_hold_for_many_articles():
    assert bounds(Counter({0.8: 5000})) == tuple(binom.ppf([0.025, 0.975], 5000, 0.8))
    draws = np.random.default_rng(3).random((4000, 3000)) < np.repeat([0.6, 0.9], 1500)
    assert bounds(Counter({0.6: 1500, 0.9: 1500})) == pytest.approx(np.quantile(draws.sum(axis=1), [0.025, 0.975]), abs=3)


def test_by_week_cuts_at_monday_and_leaves_undated_articles_out(tmp_path, ukraine):
    _, edges, summary = export(tmp_path, NEWS, ukraine, by="week")
    assert summary.undated == 1
    oppose = {week: edge for (one, _, stance, week), edge in edges.items() if (one, stance) == ("actor:russia", "oppose")}
    assert {week: (edge["weight"], edge["start"]) for week, edge in oppose.items()} == {
        "2025-W33": (2, "2025-08-11"), "2025-W34": (1, "2025-08-18"),
    }  # fmt: skip
    assert edges["actor:hungary", "topic:aid", "neutral", "2026-W01"]["start"] == "2025-12-29"  # the ISO year, not the calendar's
    assert "actor:us" not in {one for one, *_ in edges}


def test_by_month(tmp_path, ukraine):
    graph, _, _ = export(tmp_path, NEWS, ukraine, by="month")
    found = {(edge["month"], edge["start"]) for _, _, edge in graph.edges(data=True)}
    assert found == {("2025-08", "2025-08-01"), ("2025-12", "2025-12-01")}


def test_congruence_and_conflict_as_dna_counts_them(tmp_path, ukraine):
    conflict, edges, _ = export(tmp_path, NEWS, ukraine, kind="conflict")
    assert set(conflict) == {"actor:russia", "actor:germany"}  # a mixed or neutral stance is no position
    edge = edges["actor:germany", "actor:russia", None, None]
    assert edge["raw"] == 2 * 3  # aid: Germany supports in two articles, Russia opposes in three
    assert edge["weight"] == pytest.approx(6 / ((3 + 4) / 2), abs=1e-4)
    _, edges, _ = export(tmp_path, NEWS, ukraine, kind="congruence")
    assert edges["actor:germany", "actor:russia", None, None]["raw"] == 1  # both are for negotiations
    _, edges, _ = export(tmp_path, NEWS, ukraine, kind="conflict", by="week")
    assert {week: edge["raw"] for (*_, week), edge in edges.items()} == {"2025-W33": 1 * 2}


def test_the_order_of_articles_does_not_change_a_byte(tmp_path, ukraine):
    export(tmp_path, NEWS, ukraine)
    before = (tmp_path / "g.graphml").read_bytes()
    export(tmp_path, NEWS[::-1], ukraine)
    assert (tmp_path / "g.graphml").read_bytes() == before


def test_ids_of_any_kind_keep_the_file_valid(tmp_path, ukraine):
    names = ["aid", "Bộ \x00\x0bQuốc phòng", "<b>&\"'", "🇺🇦"]
    graph, _, _ = export(tmp_path, [article(n, None, (name, "aid", "support", 0.9)) for n, name in enumerate(names)], ukraine)
    labels = {data["label"] for node, data in graph.nodes(data=True) if data["kind"] == "actor"}
    assert labels == {"aid", "Bộ \ufffd\ufffdQuốc phòng", "<b>&\"'", "🇺🇦"}


def test_without_actors_the_outlet_speaks_and_without_topics_there_is_one(tmp_path):
    moods = load_scheme(SCHEMES / "moods.yaml")
    records = [article(1, None, (None, "football", "praise", 0.9), outlet="Báo mẫu"), article(2, None, (None, "football", "blame", 0.9))]
    graph, _, _ = export(tmp_path, records, moods)
    assert set(graph) == {"actor:Báo mẫu", "actor:author", "topic:football"}
    whole = Scheme.model_validate(moods.model_dump() | {"topics": None})
    graph, _, _ = export(tmp_path, [article(1, None, (None, None, "praise", 0.9), outlet="Báo mẫu")], whole)
    assert set(graph) == {"actor:Báo mẫu", "topic:moods"}


def test_records_of_a_notebook(ukraine, tmp_path):
    network = DiscourseNetwork(ukraine, by="week")
    for record in read_labels([write_jsonl(tmp_path / "l.jsonl", NEWS)], ukraine):
        network.add(record)
    assert network.graph().number_of_nodes() == 5
    with pytest.raises(LaptruongError, match="by week or month"):
        DiscourseNetwork(ukraine, by="day")
    with pytest.raises(LaptruongError, match="no network of kind"):
        network.graph("friends")


def test_labels_of_another_scheme_stop_everything(tmp_path, ukraine):
    (tmp_path / "g.graphml").write_text("old", "utf-8")
    records = [*NEWS, article(9, None, ("russia", "football", "support", 0.9))]
    with pytest.raises(LaptruongError, match=r"line 6: the topic 'football' is not in the scheme 'ukraine'.*--scheme"):
        export(tmp_path, records, ukraine)
    for stance, told in ((("russia", "aid", "praise", 1), "stance 'praise'"), ((None, "aid", "support", 1), "without an actor")):
        with pytest.raises(LaptruongError, match=told):
            export(tmp_path, [article(9, None, stance)], ukraine)
    assert (tmp_path / "g.graphml").read_text("utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.graphml", "labels.jsonl"]


def test_the_command_counts_the_good_lines_and_lists_the_bad(tmp_path):
    good = [json.dumps(each).encode() for each in NEWS]
    bad = [b"{broken", b"[1]", b'{"id": "x", "text": "y"}', json.dumps(NEWS[0] | {"schema_version": 2}).encode(), b"\xff"]
    bad.append(json.dumps(article(9, "11/8/2025")).encode())
    bad.append(json.dumps(article(9, None, ("us", "aid", "support", 1.5))).encode())
    with gzip.open(tmp_path / "a.jsonl.gz", "wb") as stream:
        stream.write(b"\n".join([*bad, b"", *good]))
    (tmp_path / "torn.jsonl.gz").write_bytes((tmp_path / "a.jsonl.gz").read_bytes()[:-20])
    (tmp_path / "empty.jsonl").touch()
    done = run_cli("network", "a.jsonl.gz", "a.jsonl.gz", "empty.jsonl", "missing.jsonl", "-o", "g.graphml", "--by", "week", cwd=tmp_path)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert sum(line.startswith("refused: a.jsonl.gz, line") for line in lines) == len(bad)
    assert "line 3: is no record of 'laptruong label -o': schema_version: is missing" in done.stderr
    assert "refused: empty.jsonl: is empty" in done.stderr
    assert "refused: missing.jsonl: cannot be read: No such file" in done.stderr
    assert lines[-1] == "5 articles read, 9 inputs refused; 1 articles without a date are in no week; 5 nodes and 6 edges in g.graphml"
    assert nx.read_graphml(tmp_path / "g.graphml").number_of_nodes() == 5
    assert "torn.jsonl.gz: is damaged gzip data" in run_cli("network", "torn.jsonl.gz", "-o", "h.graphml", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("labels", "options", "told"),
    [
        ("labels.jsonl", {"graph": "labels.jsonl"}, "is input and output at once"),
        ("labels.jsonl", {"graph": "x/g.graphml"}, "cannot be written"),
        ("labels.jsonl", {"graph": "."}, "is a folder"),
        ("labels.jsonl", {"graph": "g", "statements": "s", "documents": "g"}, "two outputs have the same name"),
        ("empty.jsonl", {"graph": "g"}, "no article was read from the label files; nothing is written"),
    ],
)
def test_mistakes_change_no_file(tmp_path, ukraine, labels, options, told):
    before = write_jsonl(tmp_path / "labels.jsonl", NEWS).read_bytes()
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(LaptruongError, match=told):
        export_network([tmp_path / labels], ukraine, **{name: tmp_path / path for name, path in options.items()})
    assert (tmp_path / "labels.jsonl").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty.jsonl", "labels.jsonl"]


@pytest.mark.parametrize(("options", "told"), [((), "nothing to write"), (("-o", "g", "--documents", "d.csv"), "give both")])
def test_outputs_that_make_no_sense_are_mistakes_of_usage(options, told):
    done = CliRunner().invoke(app, ["network", "labels.jsonl", *options])
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())
