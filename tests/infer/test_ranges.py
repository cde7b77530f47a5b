from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infer import ranges
from infer.ranges import Range, RangeReader, find_ranges
from laptruong import LaptruongError
from laptruong.reading.reader import RawReader


@pytest.fixture
def news(tmp_path):
    """Every kind of input, with what is awkward in it: blank lines, no line end at the end, repeats, bad ones."""
    texts = [f"Đức cam kết viện trợ vũ khí cho Ukraine, ngày {n % 90}. {'Nga phản đối. ' * (n % 7)}" for n in range(120)]
    lines = [json.dumps({"id": f"a{n}", "text": text}, ensure_ascii=False) for n, text in enumerate(texts)]
    lines[7:7] = ["", "  ", "{broken", "[]", "x" * 3000]
    (tmp_path / "a.jsonl").write_text("\ufeff" + "\n".join(lines), "utf-8")
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress("\r\n".join(lines[:40]).encode()))
    pq.write_table(pa.table({"id": [f"p{n}" for n in range(100)], "text": texts[:100]}), tmp_path / "c.parquet", row_group_size=15)
    (tmp_path / "d.csv").write_text("id,text\n1,Nga\n2,Mỹ\n", "utf-8")
    (tmp_path / "e.txt").write_text("Nga và Ukraine đàm phán.", "utf-8")
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "f.jsonl.gz").write_bytes(gzip.compress(b'{"text": "Nga"}\n' * 2000)[:-20])
    (tmp_path / "g.parquet").write_bytes(b"PAR1" + b"x" * 5000)
    pq.write_table(pa.table({"body": texts}), tmp_path / "h.parquet", row_group_size=15)
    return tmp_path


def read(found: list[Range]):
    """Read ranges as the cluster does: once for their lines, again with their places."""
    before = 0
    for each in found:
        work = Range.from_json(each.to_json())
        reader = RangeReader(work)
        list(reader)
        before = before if work.start else 0
        yield from RangeReader(work if work.start is None else work._replace(before=before))
        before += reader.lines


@pytest.mark.parametrize("size", [1, 100, 777, 4000, 50_000_000])
def test_ranges_are_the_input_in_order(news, size, monkeypatch):
    monkeypatch.setattr(ranges, "LARGEST", size)
    inputs = [str(news), str(news / "missing*.txt"), str(news / "a.jsonl")]
    found = find_ranges(inputs, lambda path: path.endswith("e.txt"))
    assert list(read(found)) == list(RawReader(inputs, skip=lambda path: path.endswith("e.txt")))
    kinds = {(each.start is not None, each.groups is not None) for each in found}
    assert kinds == {(True, False), (False, True), (False, False)} if size < 5000 else {(False, False)}
    assert sum(each.size for each in found) == pytest.approx(
        sum(path.stat().st_size for path in [*news.iterdir(), news / "a.jsonl"] if path.name != "e.txt"), abs=20
    )


def test_pages_share_a_range_and_little_input_is_split_finely(tmp_path, monkeypatch):
    for n in range(30):
        (tmp_path / f"{n:02}.txt").write_text("Nga. " * 100, "utf-8")
    assert len(find_ranges([str(tmp_path)], lambda path: False)) == 1
    monkeypatch.setattr(ranges, "SMALLEST", 1000)
    assert [len(each.files) for each in find_ranges([str(tmp_path)], lambda path: False)] == [2] * 15
    monkeypatch.setattr(ranges, "SHARE", 3)
    assert [len(each.files) for each in find_ranges([str(tmp_path)], lambda path: False)] == [10] * 3


def test_a_node_that_sees_another_file_says_so(news):
    work, *_ = find_ranges([str(news / "e.txt")], lambda path: False)
    (news / "e.txt").write_text("other", "utf-8")
    with pytest.raises(LaptruongError, match="storage that all nodes share"):
        list(RangeReader(work))
