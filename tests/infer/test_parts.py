from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from support import write_jsonl

from infer.chunks import Chunk
from infer.parts import Parts
from infer.work import Worker
from laptruong import load
from laptruong.reading.reader import RawReader


@pytest.fixture(scope="module")
def worker():
    return Worker(load("tfidf"), ["records.parquet", "rows.csv"])


@pytest.fixture
def results(worker, tmp_path):
    """What two chunks give; the second has a repeat and nothing that is refused."""
    text = "Đức cam kết viện trợ vũ khí cho Ukraine."
    raws = list(RawReader([write_jsonl(tmp_path / "a.jsonl", [{"id": str(n), "text": text} for n in (1, 2, 3, 3)])]))
    return [worker.run(Chunk(raws[at : at + 2], [False, at == 2], 0, "", 0)) for at in (0, 2)]


@pytest.fixture
def parts(tmp_path, worker):
    (tmp_path / "run").mkdir()
    made = Parts(tmp_path / "run", tuple(worker.formats), 120_000)
    made.prepare()
    return made


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_attempt_after_another_changes_nothing(parts, worker, results):
    assert parts.done(7) is None
    counts = parts.write(7, worker.formats, results)
    assert (counts.records, counts.articles, counts.repeated) == (4, 3, 1)
    once = files(parts.folder)
    names = {"records.parquet/part-000007.parquet", "rows.csv/part-000007.csv", "duplicates.jsonl/part-000007.jsonl", "done/7.json"}
    assert set(once) == names
    assert pq.read_table(parts.path("records.parquet", 7)).column("id").to_pylist() == ["1", "2", "3"]
    assert parts.done(7) == parts.write(7, worker.formats, results) == counts
    assert files(parts.folder) == once


def test_an_attempt_that_fails_leaves_nothing(parts, worker, results):
    def failing():
        yield results[0]
        assert len(files(parts.folder / "writing")) == 4
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        parts.write(7, worker.formats, failing())
    assert not files(parts.folder)
    assert parts.done(7) is None


def test_a_range_without_articles_has_parts_that_can_be_read(parts, worker):
    parts.write(1, worker.formats, [])
    assert pq.read_table(parts.path("records.parquet", 1)).num_rows == 0
    assert parts.path("rows.csv", 1).read_text("utf-8-sig").startswith("id,source")
    assert not (parts.folder / "quarantine.jsonl").exists()
