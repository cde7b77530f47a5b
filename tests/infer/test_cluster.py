"""The cluster engine on a real Ray cluster of two nodes on this machine, one of which dies."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import threading
import time
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import write_jsonl

from infer import cluster, label_files, ranges
from infer.cluster import label_on_ray
from infer.nodes import Labelling
from infer.work import Worker
from laptruong import LaptruongError

pytest.importorskip("ray", reason="Ray is an extra: pip install 'laptruong[ray]'")
pytestmark = pytest.mark.filterwarnings(r"ignore::DeprecationWarning:ray\..*")  # Ray warns of settings that it makes itself

ARTICLES = 320


@pytest.fixture(scope="module")
def head():
    """A cluster of one node of one core; tests add the second."""
    patch = pytest.MonkeyPatch()
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    noticed_soon = {"health_check_period_ms": 500, "health_check_failure_threshold": 3}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False, "_system_config": noticed_soon})
    patch.setenv("RAY_ADDRESS", cluster.address)
    yield cluster
    cluster.shutdown()
    patch.undo()


@pytest.fixture
def news(tmp_path, monkeypatch):
    """JSON Lines in many ranges, Parquet, gzip, pages; repeats within and across files, and some of everything that is refused."""
    monkeypatch.setattr(ranges, "LARGEST", 8_000)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "news"
    folder.mkdir()
    text = "Nga và Ukraine đàm phán. Mỹ viện trợ tên lửa cho Kiev, theo Reuters. Ngày thứ {}. " * 3
    records = [{"id": str(n), "date": "2025-08-01", "text": text.format(n, n, n)} for n in range(ARTICLES)]
    lines = [json.dumps(each, ensure_ascii=False) for each in records]
    lines[100:100] = [lines[3], "{broken", "", '{"id": "nothing"}', lines[99]]
    (folder / "a.jsonl").write_text("\n".join(lines[:220]), "utf-8")
    (folder / "b.jsonl.gz").write_bytes(gzip.compress("\n".join(lines[210:260]).encode()))
    pq.write_table(pa.Table.from_pylist(records[250:]), folder / "c.parquet", row_group_size=20)
    (folder / "d.txt").write_text("Đức cam kết viện trợ vũ khí cho Ukraine.", "utf-8")
    (folder / "empty.txt").touch()
    return folder


def slow(seen, pause):
    """Make an actor class that pauses after each chunk and writes down what it labelled, and on which node."""

    class SlowWorker(Worker):
        def run(self, chunk):
            done = super().run(chunk)
            time.sleep(pause)
            return done

    class Slow(Labelling):
        def __call__(self, row):
            import ray

            mark = seen / f"{ray.get_runtime_context().get_node_id()}.{row['number']}.{os.getpid()}.{time.monotonic_ns()}"
            mark.touch()
            answer = super().__call__(row)
            mark.rename(f"{mark}.done")
            return answer

        def _load(self):
            worker = super()._load()
            return SlowWorker(worker.labeller, list(worker.formats))

    return Slow


def lines_of(path):
    """Give each line of a file or of a folder of parts, and how often it stands there."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    assert path.is_file() or [each.name for each in files] == sorted(each.name for each in files if each.name.startswith("part-"))
    return Counter(line for each in files for line in each.read_bytes().splitlines())


def assert_same(ours, local, folder):
    """Hold a cluster's results against the local engine's."""
    for name in ("labels.jsonl", "labels.quarantine.jsonl", "labels.duplicates.jsonl"):
        assert lines_of(folder / "ray" / name) == lines_of(folder / "local" / name)
    frames = [pq.read_table(folder / each / "rows.parquet").to_pylist() for each in ("ray", "local")]
    assert Counter(map(str, frames[0])) == Counter(map(str, frames[1]))
    assert sorted(path.name for path in (folder / "ray").iterdir()) == sorted(path.name for path in (folder / "local").iterdir())
    fields = ("records", "articles", "refused", "repeated", "paragraphs", "boilerplate", "statements", "abstained")
    assert {name: getattr(ours, name) for name in fields} == {name: getattr(local, name) for name in fields}
    assert ours.records == ours.articles + ours.refused + ours.repeated


def label(run, where, inputs, **options):
    where.mkdir(exist_ok=True)
    return run(inputs, model="tfidf", records=where / "labels.jsonl", rows=where / "rows.parquet", **options)


def test_a_node_dies_in_the_middle_and_nothing_is_lost_or_doubled(head, news, tmp_path, monkeypatch):
    inputs = ["news", "missing.txt"]
    local = label(label_files, tmp_path / "local", inputs)
    seen = tmp_path / "seen"
    seen.mkdir()
    monkeypatch.setattr(cluster, "Labelling", slow(seen, 0.25))
    second = head.add_node(num_cpus=1)

    def kill():
        while True:
            marks = sorted(seen.glob(f"{second.node_id}.*"))
            atwork = [path for path in marks if path.suffix != ".done"]
            if len(marks) >= 3 and atwork:
                os.kill(int(atwork[0].name.split(".")[2]), signal.SIGKILL)  # a worker alone would finish its range
                head.remove_node(second, allow_graceful=False)
                return
            time.sleep(0.02)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    refused, steps = [], []
    ours = label(label_on_ray, tmp_path / "ray", inputs, refused=refused.append, advance=lambda *step: steps.append(step))
    killer.join(1)
    assert not killer.is_alive()
    assert len({path.name.split(".")[0] for path in seen.iterdir()}) == 2
    assert [path for path in seen.glob(f"{second.node_id}.*") if path.suffix != ".done"]  # it died at work
    assert_same(ours, local, tmp_path)
    assert ours.repeated == 17
    assert ours.resumed == 0
    assert len(refused) == ours.refused == 4
    parts = len(list((tmp_path / "ray" / "labels.jsonl").iterdir()))
    assert parts == len(steps) > 10
    assert steps[-1][0] == ours.articles
    assert steps[-1][1] == steps[-1][2]


def test_a_run_whose_driver_died_goes_on(head, news, tmp_path, monkeypatch):
    local = label(label_files, tmp_path / "local", ["news"])
    seen = [tmp_path / "first", tmp_path / "second"]
    for each in seen:
        each.mkdir()
    monkeypatch.setattr(cluster, "Labelling", slow(seen[0], 0.05))

    def stop(articles, position, total):
        if articles > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label(label_on_ray, tmp_path / "ray", ["news"], advance=stop)
    assert [path.name for path in (tmp_path / "ray").iterdir()] == ["labels.jsonl.unfinished"]
    finished = {path.stem for path in (tmp_path / "ray" / "labels.jsonl.unfinished" / "done").iterdir()}
    with (news / "d.txt").open("a", encoding="utf-8") as stream:
        stream.write(" Anh cũng vậy.")
    with pytest.raises(LaptruongError, match="unfinished run that differs in its inputs"):
        label(label_on_ray, tmp_path / "ray", ["news"])
    (news / "d.txt").write_text("Đức cam kết viện trợ vũ khí cho Ukraine.", "utf-8")
    monkeypatch.setattr(cluster, "Labelling", slow(seen[1], 0))
    ours = label(label_on_ray, tmp_path / "ray", ["news"])
    assert_same(ours, local, tmp_path)
    assert 100 < ours.resumed < ours.records
    assert finished.isdisjoint(path.name.split(".")[1] for path in seen[1].iterdir())
    with pytest.raises(LaptruongError, match=r"labels\.jsonl: exists; a folder of results is never replaced"):
        label(label_on_ray, tmp_path / "ray", ["news"])
    assert_same(ours, local, tmp_path)


@pytest.mark.parametrize(
    ("nodes", "fills", "ranges", "wanted"),
    [
        ([{"CPU": 4.0}, {"CPU": 2.0}], False, 100, (6, 1, None)),
        ([{"CPU": 4.0}, {"CPU": 3.0}, {"GPU": 0.0}], True, 100, (3, 2, None)),
        ([{"CPU": 1.0}, {"CPU": 64.0}], True, 100, (65, 1, None)),
        ([{"CPU": 8.0, "GPU": 2.0}, {"CPU": 64.0}], True, 100, (2, 1, 1)),
        ([{"CPU": 8.0, "GPU": 2.0}], False, 3, (3, 1, None)),
    ],
)
def test_actors_follow_from_the_nodes(nodes, fills, ranges, wanted, monkeypatch):
    alive = [{"Alive": True, "Resources": each} for each in nodes]
    monkeypatch.setattr("ray.nodes", lambda: [*alive, {"Alive": False, "Resources": {"CPU": 99.0}}])
    chosen = cluster._actors(fills, ranges)
    assert (chosen["compute"].max_size, chosen["num_cpus"], chosen.get("num_gpus")) == wanted


def test_what_cannot_work_is_said_at_once(tmp_path, monkeypatch):
    path = write_jsonl(tmp_path / "a.jsonl", [{"id": "a", "text": "Đức viện trợ vũ khí cho Ukraine."}])
    with pytest.raises(LaptruongError, match="not standard input"):
        label_on_ray(["-"], model="tfidf", records=tmp_path / "l.jsonl")
    with pytest.raises(LaptruongError, match="folders of part files"):
        label_on_ray([path], model="tfidf")
    with pytest.raises(LaptruongError, match="two outputs have the same name"):
        label_on_ray([path], model="tfidf", records=tmp_path / "l.parquet", rows=tmp_path / "l.parquet")
    with pytest.raises(LaptruongError, match="there is no folder"):
        label_on_ray([path], model="tfidf", records=tmp_path / "no" / "l.jsonl")
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(LaptruongError, match=r"no Ray cluster at 127\.0\.0\.1:1"):
        label_on_ray([path], model="tfidf", records=tmp_path / "l.jsonl")
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(LaptruongError, match=r"pip install 'laptruong\[ray\]'"):
        label_on_ray([path], model="tfidf", records=tmp_path / "l.jsonl")
    assert [each.name for each in tmp_path.iterdir()] == ["a.jsonl"]
