"""Any size of input, from anywhere: nothing is lost, nothing is labelled twice, nothing depends on what stands beside it."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from support import run_cli, write_jsonl

import laptruong
from infer import chunks, label_files
from laptruong import LaptruongError, read_articles
from laptruong.classifiers.base import Example
from laptruong.reading import Refusal

TEXT = "Đức cam kết viện trợ thêm vũ khí cho Ukraine, Thủ tướng Merz nói."


@pytest.fixture(scope="module")
def tfidf():
    return laptruong.load("tfidf")


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def everything(folder: Path) -> int:
    """Make inputs of every kind and fate; give the number of records in them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    good = [{"id": f"g{n}", "date": "2025-08-18", "text": f"{TEXT} Ngày {n}."} for n in range(40)]
    bad = [b'{"text": 5}', b"{broken", b'{"text": "\xff\xfe"}', b'{"title": "x"}']
    body = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in good).encode()
    (folder / "a.jsonl").write_bytes(body + b"\n\n" + b"\n".join(bad) + b"\n" + body[: body.index(b"\n")])  # the first again, at the end
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(body[: 3 * body.index(b"\n")]))  # two whole ones again, and a torn one
    (folder / "c.jsonl.zst").write_bytes(pa.compress(json.dumps({"id": "z", "text": TEXT}).encode(), codec="zstd", asbytes=True))
    (folder / "d.csv").write_text(f'id,text\nc1,"{TEXT}"\nc2\nc3,"{TEXT}\nHai dòng."\nc1,"{TEXT}"\n', "utf-8")
    pq.write_table(pa.table({"id": [f"p{n}" for n in range(30)], "text": [f"{TEXT} {n % 29}" for n in range(30)]}), folder / "e.parquet", 7)
    (folder / "f.txt").write_text(TEXT, "utf-8")
    (folder / "g.txt").write_bytes(b"\x00\x01")
    (folder / "h.txt.gz").write_bytes(b"no gzip")
    return 45 + 3 + 1 + 4 + 30 + 3


def test_every_record_is_labelled_refused_or_repeated(tmp_path, tfidf, monkeypatch):
    monkeypatch.setattr(chunks, "RECORDS", 8)
    source = tmp_path / "in"
    source.mkdir()
    count = everything(source)
    told: list[Refusal] = []
    done = label_files([source], model=tfidf, records=tmp_path / "l.jsonl", refused=told.append)
    labelled, refused, repeated = (lines(tmp_path / f"l{name}.jsonl") for name in ("", ".quarantine", ".duplicates"))
    assert done.records == count == len(labelled) + len(refused) + len(repeated)
    assert (done.articles, done.refused, done.repeated) == (len(labelled), len(refused), len(repeated))
    assert [(each.where, each.reason) for each in told] == [(each["place"], each["reason"]) for each in refused]
    places = [each["source"] for each in labelled] + [each["place"] for each in (*refused, *repeated)]
    assert len({place.split(", paragraphs")[0] for place in places}) == count
    assert [(each["id"], Path(each["place"]).name) for each in repeated] == [
        ("g0", "a.jsonl, line 47"), ("g0", "b.jsonl.gz, line 1"), ("g1", "b.jsonl.gz, line 2"), ("c1", "d.csv, row 5"),
    ]  # fmt: skip
    raw = {Path(each["place"]).name: each for each in refused}
    assert raw["a.jsonl, line 44"]["raw"] == "{broken\n"
    assert base64.b64decode(raw["a.jsonl, line 45"]["raw_base64"]) == b'{"text": "\xff\xfe"}\n'
    assert raw["d.csv, row 3"]["raw"] == "c2\n"
    assert raw["g.txt"]["raw"] == "\x00\x01"
    assert set(raw) == {
        "a.jsonl, line 43", "a.jsonl, line 44", "a.jsonl, line 45", "a.jsonl, line 46", "b.jsonl.gz, line 3", "d.csv, row 3", "g.txt",
        "h.txt.gz",
    }  # fmt: skip


def test_the_files_of_refusals_and_repetitions_are_those_of_this_run(tmp_path, tfidf):
    path = write_jsonl(tmp_path / "a.jsonl", [{"id": "a", "text": TEXT}] * 2)
    label_files([path], model=tfidf, records=tmp_path / "l.jsonl")
    assert len(lines(tmp_path / "l.duplicates.jsonl")) == 1
    assert not (tmp_path / "l.quarantine.jsonl").exists()
    write_jsonl(path, [{"id": "a", "text": TEXT}])
    done = label_files([path], model=tfidf, records=tmp_path / "l.jsonl")
    assert done.files == (tmp_path / "l.jsonl",)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.jsonl", "l.jsonl"]


def test_an_article_on_which_the_program_fails_costs_only_itself(tmp_path, tfidf, monkeypatch):
    path = write_jsonl(tmp_path / "a.jsonl", [{"id": str(n), "text": f"{TEXT} Lần {n}"} for n in range(5)])
    real = tfidf.classifier.predict

    def predict(examples, pairs=None, floor=None):
        if any(each.text.endswith("3") for each in examples):
            raise ZeroDivisionError("by zero")
        return real(examples, pairs, floor)

    monkeypatch.setattr(tfidf.classifier, "predict", predict)
    done = label_files([path], model=tfidf, records=tmp_path / "l.jsonl")
    assert [each["id"] for each in lines(tmp_path / "l.jsonl")] == ["0", "1", "2", "4"]
    (refused,) = lines(tmp_path / "l.quarantine.jsonl")
    assert "ZeroDivisionError: by zero" in refused["reason"]
    assert json.loads(refused["raw"])["id"] == "3"
    assert (done.articles, done.refused) == (4, 1)


def test_identical_paragraphs_are_labelled_once(tmp_path, monkeypatch):
    tfidf = laptruong.load("tfidf")
    asked: list[str] = []
    real = tfidf.classifier.predict

    def predict(examples, pairs=None, floor=None):
        asked.extend(each.text for each in examples)
        return real(examples, pairs, floor)

    monkeypatch.setattr(tfidf.classifier, "predict", predict)
    monkeypatch.setattr(chunks, "RECORDS", 4)
    papers = ("Tuổi Trẻ", "Thanh Niên", "Tiền Phong")
    copies = [{"id": f"{paper}{n}", "outlet": paper, "text": f"{TEXT} {n}"} for paper in papers for n in range(5)]
    done = label_files([write_jsonl(tmp_path / "a.jsonl", copies)], model=tfidf, records=tmp_path / "l.jsonl")
    assert done.articles == 15
    assert sorted(asked) == sorted({each["text"] for each in copies})
    found = lines(tmp_path / "l.jsonl")
    assert [each["stances"] for each in found[:5]] == [each["stances"] for each in found[5:10]] == [each["stances"] for each in found[10:]]
    assert {each["outlet"] for each in found} == set(papers)


@pytest.mark.parametrize("model", ["tfidf", "offline"])
def test_a_label_does_not_depend_on_what_is_labelled_beside_it(model):
    classifier = laptruong.load(model).classifier
    finder = laptruong.ActorFinder(classifier.scheme)
    texts = [each.text for article in read_articles([Path(__file__).resolve().parents[2] / "data/samples"]) for each in article.units()]
    examples = [Example(text, tuple(finder.find(text))) for text in texts]
    together = classifier.predict(examples)
    for size in (1, 3):
        apart = [each for at in range(0, len(examples), size) for each in classifier.predict(examples[at : at + size])]
        for one, other in zip(together, apart, strict=True):
            assert np.array_equal(one.topics, other.topics)
            assert all(np.array_equal(one.stances[pair], other.stances[pair]) for pair in one.stances)


def test_remote_places_are_read_through_fsspec(tmp_path, tfidf):
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://news/a.jsonl.gz", "wb") as stream:
        stream.write(gzip.compress(json.dumps({"id": "a", "text": TEXT}).encode()))
    with fsspec.open("memory://news/sub/b.txt", "wb") as stream:
        stream.write(TEXT.encode())
    found = list(read_articles(["memory://news", "memory://news/*.gz", "memory://none", "s4://x/y.jsonl"]))
    assert [each.id for each in found[:3]] == ["a", "b", "a"]
    assert "does not exist" in found[3].reason
    assert "cannot be reached" in found[4].reason
    assert label_files(["memory://news"], model=tfidf, records=tmp_path / "l.jsonl").articles == 2


def test_records_as_parquet_are_those_of_json(tmp_path, tfidf):
    import pyarrow.parquet as pq

    path = write_jsonl(
        tmp_path / "a.jsonl", [{"id": str(n), "date": "2025-08-18", "text": f"{TEXT}\nNga phản đối {n}."} for n in range(700)]
    )
    label_files([path], model=tfidf, records=tmp_path / "l.jsonl", export="label-studio")
    label_files([path], model=tfidf, records=tmp_path / "l.parquet")
    assert pq.read_table(tmp_path / "l.parquet").to_pylist() == lines(tmp_path / "l.jsonl")


def test_withheld_labels_become_tasks_and_the_rest_of_the_options_say_what_is_wrong(tmp_path, tfidf):
    path = write_jsonl(
        tmp_path / "a.jsonl", [{"id": str(n), "text": f"{TEXT} {n}"} for n in range(600)] + [{"id": "n", "text": "Mưa lớn."}]
    )
    careful = tfidf.deciding(type(tfidf.decision)(tfidf.decision.topic, dict.fromkeys(tfidf.decision.topic, 2.0), 2.0))
    label_files([path], model=careful, records=tmp_path / "l.jsonl", export="label-studio")
    tasks = json.loads((tmp_path / "l.label-studio.json").read_text("utf-8"))
    assert len(tasks) == 600
    assert "<View>" in (tmp_path / "l.label-studio.xml").read_text("utf-8")
    assert all(not each["topics"] and each["abstained"] for each in lines(tmp_path / "l.jsonl")[:600])
    label_files(
        [write_jsonl(tmp_path / "b.jsonl", [{"text": "Mưa lớn."}])], model=careful, records=tmp_path / "m.jsonl", export="label-studio"
    )
    assert json.loads((tmp_path / "m.label-studio.json").read_text("utf-8")) == []
    with pytest.raises(LaptruongError, match="no export 'nix'"):
        label_files([path], model=tfidf, records=tmp_path / "l.jsonl", export="nix")
    with pytest.raises(LaptruongError, match="say where with --output"):
        label_files([path], model=tfidf, export="label-studio")
    with pytest.raises(LaptruongError, match=r"writes JSON Lines or .parquet; compress it afterwards"):
        label_files([path], model=tfidf, records=tmp_path / "l.jsonl.gz")


def test_many_refusals_are_listed_in_their_file(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"text": TEXT}) + "\n" + "{broken\n" * 30, "utf-8")
    done = run_cli("label", path, "--model", "tfidf", "-o", tmp_path / "l.jsonl")
    assert done.returncode == 1
    assert done.stderr.count("refused: ") == 21
    assert f"10 more, listed in {tmp_path / 'l.quarantine.jsonl'}" in done.stderr
    assert len(lines(tmp_path / "l.quarantine.jsonl")) == 30


def test_a_budget_needs_a_report_and_says_what_it_costs(tmp_path):
    done = run_cli("label", "-", "--model", "tfidf", "--max-error", "0.05", cwd=tmp_path)
    assert done.returncode == 1
    assert "laptruong evaluate tfidf --data FILE" in done.stderr
    assert "--report is what --max-error goes by" in run_cli("label", "-", "--report", "x").stderr
