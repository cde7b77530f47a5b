"""Logging to MLflow: a real server and a real database, read back through MLflow's client."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest

from laptruong import tracking
from laptruong.classifiers import storage
from laptruong.cli.options import EMBEDDED
from laptruong.errors import ModelError, TrackingError
from laptruong.evaluation.results import Report
from laptruong.models import fingerprint

pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy"),  # MLflow's own use of SQLAlchemy
    pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning"),  # MLflow keeps its connection
]

CONFIG = {
    "name": "mini", "seed": 13, "classifier": "tfidf", "abstention_cost": 0.5, "empty": "", "nothing": None,
    "data": {"train": ["../a.jsonl", "../b/a.jsonl"]}, "tfidf": {"ngrams": [2, 5], "weights": {"unit": 0.3}, "lower": True},
    "long": "ế" * 7000, "many": {f"k{number:03}": number for number in range(150)}, "x" * 300: 1,
}  # fmt: skip
MANIFEST = {
    "format": 1, "name": "mini", "kind": "tfidf", "version": "0.1.0", "seed": 13, "commit": None, "files": {"config.json": "aa"},
    "scheme": {"name": "ukraine", "sha256": "11"}, "libraries": {"numpy": "2.4.6", "scikit-learn": "1.9.1"},
    "data": {"train": {"units": 7, "files": [{"file": "a.jsonl", "sha256": "22"}, {"file": "a.jsonl", "sha256": "33"}]}},
}  # fmt: skip


def interval(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


TASK = {
    "level": "paragraph", "task": "stance", "items": 40, "primary": "macro_f1",
    "figures": {"macro_f1": interval(0.5, 0.25, 0.75), "accuracy": interval(0.625)},
    "classes": [{"name": "support", "precision": 0.5, "recall": 1.0, "f1": interval(0.625, 0.5, 0.75), "support": 9}],
    "confusions": {"stance": {"labels": ["a", "b"], "counts": [[1, 2], [3, 4]]}},
}  # fmt: skip
ACTORS = {"recall": interval(0.75), "precision": interval(0.5), "labelled": 4, "found": 6}
DEV = {
    "units": 40,
    "scores": [TASK],
    "actors": ACTORS,
    "stance_given": 0.875,
    "stance_right_where_given": None,
    "many": dict.fromkeys(map(str, range(1100)), 1),
}
REPORT = {
    "schema_version": 1, "name": "mini on test", "created": "2026-01-02T03:04:05+00:00", "commit": "abc", "libraries": {"numpy": "2.4.6"},
    "seed": 7, "resamples": 100, "items_sha256": "44", "scores": [TASK], "actors": ACTORS, "cost": None,
    "model": {"name": "mini", "kind": "tfidf", "version": "0.1.0", "sha256": "55", "seed": 13, "commit": None},
    "scheme": {"name": "ukraine", "version": "1", "sha256": "66"},
    "data": {"files": [{"file": "test.jsonl", "sha256": "77"}], "split": None, "articles": 3, "units": 40, "sha256": "88"},
    "calibration": [{"task": "stance", "items": 40, "brier": interval(0.25), "ece": interval(0.125, 0.0625, 0.25), "bins": []}],
    "coverage_risk": [{
        "task": "stance", "items": 40, "aurc": interval(0.5), "points": [{"threshold": 0.5, "coverage": 1.0, "risk": 0.5}],
        "budgets": [{
            "max_error": 0.05, "threshold": None, "coverage": 0.0, "error": interval(0.0), "right_withheld": 1, "wrong_withheld": 2,
        }],
    }],
    "slices": [
        {"by": "outlet", "name": name, "task": "stance", "items": 5, "score": interval(score), "small": True}
        for name, score in (("báo/một", 0.5), ("báo_một", 0.25))
    ],
    "behaviour": {
        "capabilities": [{
            "name": "negation", "kind": "moves", "about": "A word.", "cases": 4, "passed": 3, "rate": interval(0.75),
            "failures": [{"text": "a", "changed": "b", "actor": None, "topic": None, "expected": "c", "got": "d"}],
        }],
        "awareness": interval(0.5), "changes_when_it_should": None, "stays_when_it_should": None,
    },
    "leakage": {
        "looked_at": ["a"], "missing": [], "units": 5, "leaks": [{"place": "p", "of": "q", "similarity": 0.9}],
        "apart": {"stance": interval(0.5)},
    },
}  # fmt: skip
SCORES = {
    "paragraph.stance.macro_f1": 0.5, "paragraph.stance.macro_f1.low": 0.25, "paragraph.stance.macro_f1.high": 0.75,
    "paragraph.stance.accuracy": 0.625, "paragraph.stance.items": 40, "paragraph.stance.support.precision": 0.5,
    "paragraph.stance.support.recall": 1, "paragraph.stance.support.f1": 0.625, "paragraph.stance.support.f1.low": 0.5,
    "paragraph.stance.support.f1.high": 0.75, "paragraph.stance.support.support": 9, "actors.recall": 0.75, "actors.precision": 0.5,
    "actors.labelled": 4, "actors.found": 6,
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "mini"
    folder.mkdir()
    for name, content in {"config": CONFIG, "manifest": MANIFEST, "decision": {"t": 0.5}, "dev_scores": DEV}.items():
        storage.write_json(folder, f"{name}.json", content)
    (folder / "README.md").write_text("# Thẻ\n", "utf-8")
    (folder / "dev_predictions.jsonl").write_bytes(b"{}\r\n" * 100)
    (folder / "model.safetensors").write_bytes(b"\0" * 100)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Run MLflow's server on a free port; give its URI."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{folder / 'server.db'}",
        "--artifacts-destination", str(folder / "files"), "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
    ]  # fmt: skip
    settings = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=settings, stdout=log, stderr=log, start_new_session=True)
    try:
        yield wait(process, f"http://127.0.0.1:{port}", folder / "log")
    finally:
        os.killpg(process.pid, 9)  # its workers too
        process.wait()


def wait(process, uri, log):
    end = time.monotonic() + 120
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{uri}/health", timeout=2):
                return uri
        except OSError:
            time.sleep(0.2)
    return pytest.fail(log.read_text("utf-8")[-3000:])


@pytest.fixture
def database(tmp_path, monkeypatch):
    """Stand in an empty folder, so that the embedded database is made there."""
    folder = tmp_path / "thư mục"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return EMBEDDED


def read(uri, run_id, folder):
    """Read a run back: its data, and its files by name."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = client.get_run(run_id)
    assert client.get_experiment(found.info.experiment_id).name == "laptruong"
    assert found.info.status == "FINISHED"
    folder.mkdir()
    names = [entry.path for entry in client.list_artifacts(run_id)]
    files = {name: Path(client.download_artifacts(run_id, name, str(folder))).read_bytes() for name in names}
    return found, files


def check_training(uri, run, folder):
    before = {path.name: path.read_bytes() for path in run.iterdir()}
    found, files = read(uri, tracking.log_training(run, uri if uri.startswith("http") else EMBEDDED), folder)
    assert found.info.run_name == "mini"
    assert files == {name: content for name, content in before.items() if name != "model.safetensors"}
    assert {path.name: path.read_bytes() for path in run.iterdir()} == before
    params = {key: value for key, value in found.data.params.items() if not key.startswith("many.")}
    assert params == {
        "name": "mini", "seed": "13", "classifier": "tfidf", "abstention_cost": "0.5", "empty": '""', "long": "ế" * 6000,
        "data.train": '["../a.jsonl", "../b/a.jsonl"]', "tfidf.ngrams": "[2, 5]", "tfidf.weights.unit": "0.3", "tfidf.lower": "true",
        "x" * 250: "1",
    }  # fmt: skip
    assert len(found.data.params) == len(params) + 150
    tags = {key: value for key, value in found.data.tags.items() if not key.startswith("mlflow.")}
    assert tags == {
        "command": "train", "sha256": fingerprint(MANIFEST),
        "name": "mini", "kind": "tfidf", "version": "0.1.0", "seed": "13", "scheme.name": "ukraine",
        "scheme.sha256": "11", "libraries.numpy": "2.4.6", "libraries.scikit-learn": "1.9.1", "data.train.units": "7",
        "data.train.files.a.jsonl.sha256": "22", "data.train.files.a.jsonl.sha256.2": "33",
    }  # fmt: skip
    metrics = {key: value for key, value in found.data.metrics.items() if not key.startswith("dev.many.")}
    assert metrics == {f"dev.{key}": value for key, value in SCORES.items()} | {"dev.units": 40, "dev.stance_given": 0.875}
    assert len(found.data.metrics) == len(metrics) + 1100


def check_report(uri, folder):
    folder.mkdir()
    files = {"report.json": json.dumps(REPORT).encode(), "report.html": b"<p>B\xc3\xa1o", "items.parquet": bytes(range(256)) * 1000}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    run_id = tracking.log_report(Report.model_validate(REPORT), folder, uri if uri.startswith("http") else EMBEDDED)
    found, read_files = read(uri, run_id, folder / "back")
    assert read_files == files
    assert found.info.run_name == "mini on test"
    assert found.data.params == {
        "seed": "7", "resamples": "100", "model.name": "mini", "model.kind": "tfidf", "model.version": "0.1.0", "model.sha256": "55",
        "model.seed": "13", "scheme.name": "ukraine", "scheme.version": "1", "scheme.sha256": "66", "data.articles": "3",
        "data.units": "40", "data.sha256": "88", "data.files.test.jsonl.sha256": "77",
    }  # fmt: skip
    tags = {key: value for key, value in found.data.tags.items() if not key.startswith("mlflow.")}
    assert tags == {
        "command": "evaluate", "name": "mini on test", "created": REPORT["created"], "commit": "abc", "items_sha256": "44",
        "libraries.numpy": "2.4.6",
    }  # fmt: skip
    assert found.data.metrics == SCORES | {
        "calibration.stance.items": 40, "calibration.stance.brier": 0.25, "calibration.stance.ece": 0.125,
        "calibration.stance.ece.low": 0.0625, "calibration.stance.ece.high": 0.25,
        "coverage_risk.stance.items": 40, "coverage_risk.stance.aurc": 0.5, "coverage_risk.stance.budgets.0.05.coverage": 0,
        "coverage_risk.stance.budgets.0.05.error": 0, "coverage_risk.stance.budgets.0.05.right_withheld": 1,
        "coverage_risk.stance.budgets.0.05.wrong_withheld": 2,
        "slices.outlet.báo_một.stance.items": 5, "slices.outlet.báo_một.stance.score": 0.5,
        "slices.outlet.báo_một.stance.items.2": 5, "slices.outlet.báo_một.stance.score.2": 0.25,
        "behaviour.negation.cases": 4, "behaviour.negation.passed": 3, "behaviour.negation.rate": 0.75, "behaviour.awareness": 0.5,
        "leakage.units": 5, "leakage.leaks": 1, "leakage.apart.stance": 0.5,
    }  # fmt: skip


def test_server(server, run, tmp_path, capfd):
    before = dict(os.environ)
    tracking.check(server)
    check_training(server, run, tmp_path / "back")
    check_report(server, tmp_path / "report")
    assert dict(os.environ) == before
    assert capfd.readouterr().out == ""


def test_embedded_database(run, tmp_path, database, capfd):
    from mlflow.telemetry.client import get_telemetry_client

    place = f"sqlite:///{tmp_path / 'thư mục' / 'mlflow.db'}"
    check_training(place, run, tmp_path / "back")
    check_report(place, tmp_path / "report")
    assert sorted(path.name for path in (tmp_path / "thư mục").iterdir()) == ["mlartifacts", "mlflow.db"]
    assert capfd.readouterr().out == ""
    assert get_telemetry_client() is None


def test_silent_server(run):
    with socket.socket() as listener:  # takes the connection and never answers
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        start = time.monotonic()
        uri = f"http://me:secret@127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(TrackingError, match=r"127\.0\.0\.1:\d+: no MLflow server answers there; .*unharmed") as caught:
            tracking.log_training(run, uri)
        assert time.monotonic() - start < 10
    assert "secret" not in str(caught.value)
    with pytest.raises(TrackingError, match="no MLflow server answers"):  # now nobody takes it
        tracking.check(uri)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "uri",
    [
        "htp://localhost:5000",
        "http://",
        "http://host:99999",
        "http://[::1",
        "mlruns",
        "sqlite://",
        "sqlite:///",
        "sqlite:///no/such/folder/a.db",
    ],
)
def test_wrong_uri(uri, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingError) as caught:
        tracking.check(uri)
    assert uri in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_no_database(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no database at all\n" * 100, "utf-8")
    with pytest.raises(TrackingError, match="not a database"):
        tracking.check(f"sqlite:///{path}")


def test_broken_off(server, run, monkeypatch):
    from mlflow import MlflowClient

    def fail(*_):
        raise OSError("no space left")

    monkeypatch.setattr(MlflowClient, "log_artifact", fail)
    with pytest.raises(TrackingError, match="no space left; what is on disk is unharmed"):
        tracking.log_training(run, server)
    client = MlflowClient(tracking_uri=server)
    experiment = client.get_experiment_by_name(tracking.EXPERIMENT)
    assert client.search_runs([experiment.experiment_id], max_results=1)[0].info.status == "FAILED"


@pytest.mark.parametrize("missing", ["mlflow", "mlflow.exceptions", "sqlalchemy", "alembic"])
def test_missing_extra(missing, database, run, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(TrackingError, match=r"pip install 'laptruong\[mlflow\]'"):
        tracking.log_training(run, database)


def test_no_run(tmp_path):
    with pytest.raises(ModelError, match=r"manifest\.json"):
        tracking.log_training(tmp_path, EMBEDDED)
