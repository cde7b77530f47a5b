from __future__ import annotations

import csv
import json
import subprocess
import sys
from html.parser import HTMLParser

import pytest
from support import ROOT, write_jsonl

from infer import label_files
from infer.records import safe_cell
from laptruong import LaptruongError, read_articles

SAMPLES = ROOT / "data" / "samples"


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "laptruong.cli", *map(str, arguments)], capture_output=True, input=stdin, check=False)


def test_the_samples_give_whole_records(tmp_path, ukraine):
    label_files([SAMPLES], records=tmp_path / "l.jsonl")
    records = [json.loads(line) for line in (tmp_path / "l.jsonl").read_text("utf-8").splitlines()]
    assert {record["id"] for record in records} >= {"lt0043", "lt0180", "lt0293"}
    sources = {article.id: article for article in read_articles([SAMPLES])}
    for record in records:
        assert record["schema_version"] == 1
        text = sources[record["id"]].text
        for index, paragraph in enumerate(record["paragraphs"]):
            assert paragraph["index"] == index
            assert paragraph["start"] is None or text[paragraph["start"] : paragraph["end"]] == paragraph["text"]
            assert all(paragraph["text"][each["start"] : each["end"]] == each["surface"] for each in paragraph["mentions"])
            assert paragraph["kind"] != "boilerplate" or not (paragraph["topics"] or paragraph["stances"] or paragraph["mentions"])
            named = {each["actor"] for each in paragraph["mentions"]}
            assert {each["actor"] for each in paragraph["stances"]} <= named
        given = {each["topic"] for each in record["topics"]}
        for each in record["stances"]:
            assert each["topic"] in given
            assert each["stance"] in ukraine.stance_ids
            assert 0 < each["probability"] <= 1
            assert each["evidence"]
            for index in each["evidence"]:
                assert {"actor": each["actor"], "topic": each["topic"], "stance": each["stance"]}.items() <= next(
                    s for s in record["paragraphs"][index]["stances"] if s["actor"] == each["actor"] and s["topic"] == each["topic"]
                ).items()


def test_many_processes_give_what_one_gives(tmp_path):
    text = "Nga và Ukraine đàm phán. " + "Mỹ viện trợ tên lửa cho Kiev, theo Reuters."
    path = write_jsonl(tmp_path / "many.jsonl", [{"id": str(n), "date": "2025-08-01", "text": f"{text} Ngày thứ {n}."} for n in range(900)])
    one = label_files([path], records=tmp_path / "one.jsonl", jobs=1)
    two = label_files([path], records=tmp_path / "two.jsonl", jobs=2)
    assert one.articles == two.articles == 900
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_rows_for_spreadsheets_and_data_frames(tmp_path):
    import pyarrow.parquet as pq

    path = write_jsonl(
        tmp_path / "a.jsonl",
        [{"id": "=1+1", "title": "@SUM(A1)", "date": "2025-08-01", "text": "Đức cam kết viện trợ vũ khí cho Ukraine."}],
    )
    label_files([path], rows=tmp_path / "r.csv")
    label_files([path], rows=tmp_path / "r.parquet")
    with (tmp_path / "r.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows[0]["id"] == "'=1+1"
    assert rows[0]["title"] == "'@SUM(A1)"
    frame = pq.read_table(tmp_path / "r.parquet").to_pylist()
    assert frame[0]["id"] == "=1+1"
    assert [row["actor"] for row in rows] == [row["actor"] for row in frame]
    assert {row["level"] for row in rows} == {"article", "paragraph"}
    with pytest.raises(LaptruongError, match=r"writes .csv or .parquet"):
        label_files([path], rows=tmp_path / "r.xlsx")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx"])
def test_formulas_are_disarmed(cell):
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell("Nga") == "Nga"


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.open = [], [], 0

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_self_contained_and_escaped(tmp_path):
    evil = '<script>alert(1)</script> Nga "và" <img src=x onerror=alert(1)> Ukraine đàm phán ngừng bắn.'
    path = write_jsonl(tmp_path / "a.jsonl", [{"id": "<b>x</b>", "title": "</title><script>1</script>", "text": evil, "outlet": "<i>"}])
    label_files([path, SAMPLES / "lt0043.txt"], html=tmp_path / "l.html")
    page = Tags()
    page.feed((tmp_path / "l.html").read_text("utf-8"))
    names = [tag for tag, _ in page.tags]
    assert not {"script", "img", "link", "iframe", "i", "b"} & set(names)
    assert not [attrs for _, attrs in page.tags if "src" in attrs or "href" in attrs or any(key.startswith("on") for key in attrs)]
    assert evil in "".join(page.text).replace("\n", "")
    marks = [attrs for tag, attrs in page.tags if tag == "mark"]
    assert any(attrs["title"] == "Nga" for attrs in marks)
    assert ("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}) in page.tags
    assert "prefers-color-scheme: dark" in "".join(page.text)
    assert any("chip positive" in (attrs.get("class") or "") for _, attrs in page.tags)


def test_no_output_is_touched_when_it_fails(tmp_path):
    (tmp_path / "old.jsonl").write_text("old", "utf-8")

    def fail(labels):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        label_files([SAMPLES], records=tmp_path / "old.jsonl", html=tmp_path / "new.html", each=fail)
    assert {path.name for path in tmp_path.iterdir()} <= {"old.jsonl", "old.jsonl.unfinished"}
    assert (tmp_path / "old.jsonl").read_text("utf-8") == "old"


def test_an_output_never_overwrites_an_input_or_another_output(tmp_path):
    path = write_jsonl(tmp_path / "in.jsonl", [{"id": "a", "text": "Đức cam kết viện trợ vũ khí cho Ukraine."}])
    before = path.read_bytes()
    with pytest.raises(LaptruongError, match="input and output at once"):
        label_files([path], records=path)
    with pytest.raises(LaptruongError, match="two outputs have the same name"):
        label_files([path], records=tmp_path / "x.parquet", rows=tmp_path / "x.parquet")
    with pytest.raises(LaptruongError, match="is a folder"):
        label_files([path], records=tmp_path)
    assert path.read_bytes() == before
    for _ in range(2):  # the second run finds the labels of the first in the folder
        assert label_files([tmp_path], records=tmp_path / "labels.jsonl").articles == 1


def test_the_command_labels_the_rest_and_lists_the_bad(tmp_path):
    (tmp_path / "good.txt").write_text("Đức cam kết viện trợ vũ khí cho Ukraine.", "utf-8")
    (tmp_path / "empty.txt").touch()
    (tmp_path / "binary.txt").write_bytes(b"\x00\x01")
    done = run("label", tmp_path, tmp_path / "missing.txt")
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.decode().splitlines()] == ["good"]
    errors = done.stderr.decode().splitlines()
    assert len(errors) == 4
    assert sum(line.startswith("refused: ") for line in errors) == 3
    assert "1 articles labelled" in errors[-1]
    assert "3 inputs refused" in errors[-1]


def test_the_command_reads_standard_input_and_shows_a_table(tmp_path):
    done = run("label", "-", "--table", "--jobs", "1", stdin="Đức cam kết viện trợ vũ khí cho Ukraine.\x1b[31m".encode())
    assert done.returncode == 0
    out = done.stdout.decode()
    assert "viện trợ" in out
    assert "ủng hộ" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("label", SAMPLES, "--model", "nix"), 1, "error: no model 'nix'"),
        (("label", SAMPLES, "-o", "/nowhere/x.jsonl"), 1, "cannot be written"),
        (("label",), 2, "Missing argument"),
        (("lable", "x"), 2, "No such command"),
        (("train", "nothing.yaml"), 1, "nothing.yaml: 1 problem"),
        (("evaluate", "tfidf", "--data", "nothing.jsonl"), 1, "nothing.jsonl: cannot be read"),
    ],
)
def test_errors_are_one_clear_message(arguments, status, told):
    done = run(*arguments)
    assert done.returncode == status
    assert told in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_evaluate_prints_the_scores():
    done = run("evaluate", "tfidf", "--data", ROOT / "data/corpus/test.jsonl")
    assert done.returncode == 0
    assert "macro f1" in done.stdout.decode()


def test_version_and_help():
    assert run("--version").stdout.decode().startswith("laptruong ")
    assert "Example" in run("label", "--help").stdout.decode()
