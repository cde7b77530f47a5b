"""Training runs and reports in MLflow: on a server, or in a database of one's own.

Both have written their files before anything is logged, so nothing is lost if it cannot be. MLflow's client is used without its
global state and its telemetry. Its variables for credentials hold (``MLFLOW_TRACKING_USERNAME``, ``_PASSWORD``, ``_TOKEN``), but
not those for waiting and trying again, whose defaults hold a command up for minutes.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from laptruong.classifiers import storage
from laptruong.errors import TrackingError
from laptruong.models import MANIFEST, fingerprint, read_manifest

if TYPE_CHECKING:
    from laptruong.evaluation.results import Report

EXPERIMENT = "laptruong"

_RUN_FILES = ("README.md", "config.json", MANIFEST, "decision.json", "dev_scores.json", "dev_predictions.jsonl")
_REPORT_FILES = ("report.json", "report.html", "items.parquet")
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true", "MLFLOW_LOGGING_LEVEL": "WARNING"}
_BRISK = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}  # is there a server at all?
_PATIENT = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "30", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}  # there is one; files take time
_KEY, _PARAM, _TAG = 250, 6000, 5000  # MLflow's longest; of tags, older servers'
_TEXTS, _METRICS = 25, 1000  # at once: MLflow takes 100 and 1000, but no request above 1 MB
_NAMES = ("level", "by", "class", "name", "file", "task", "max_error")  # what tells the records of a list apart
_SKIPPED = ("scores", "figures", "classes", "capabilities", "value")  # they would only lengthen a metric's key


def check(uri: str) -> None:
    """See, before a long training, that logging is possible; a `TrackingError` says what to do if it is not."""
    with _connected(uri):
        pass


def log_training(run: Path, uri: str) -> str:
    """Log a run folder as `train` leaves it: config as parameters, manifest as tags, dev scores as metrics, small files.

    Parameters
    ----------
    run : Path
    uri : str
        ``http(s)://HOST:PORT`` of an MLflow server, or ``sqlite:///FILE``.

    Returns
    -------
    str
        MLflow's run id.

    Raises
    ------
    ModelError
        If the folder is no run.
    TrackingError
        If MLflow is not installed, cannot be reached or refuses.
    """
    manifest = read_manifest(run)
    facts = {key: value for key, value in manifest.items() if key not in ("files", "format")}
    tags = {"command": "train", "sha256": fingerprint(manifest)} | facts
    scores = {"dev": storage.read_json(run, "dev_scores.json")}
    return _log(uri, manifest["name"], storage.read_json(run, "config.json"), tags, scores, [run / name for name in _RUN_FILES])


def log_report(report: Report, folder: Path, uri: str) -> str:
    """Log a report, whose files are in a folder: what was evaluated on what, every score and its bounds; else as `log_training`."""
    rest = report.model_dump(mode="json", exclude={"schema_version"})
    params = {key: rest.pop(key) for key in ("model", "data", "scheme", "seed", "resamples")}
    tags = {"command": "evaluate"} | {key: rest.pop(key) for key in ("name", "created", "commit", "items_sha256", "libraries")}
    if report.leakage:
        rest["leakage"]["leaks"] = len(report.leakage.leaks)
    return _log(uri, report.name, params, tags, rest, [folder / name for name in _REPORT_FILES])


def _log(uri: str, name: str, params: dict[str, Any], tags: dict[str, Any], scores: dict[str, Any], files: Sequence[Path]) -> str:
    with _connected(uri) as (client, experiment):
        from mlflow.entities import Metric, Param, RunTag

        now = int(time.time() * 1000)
        batches: list[tuple[str, int, list[Any]]] = [
            ("params", _TEXTS, [Param(key, _text(value)[:_PARAM]) for key, value in _table(params).items()]),
            ("tags", _TEXTS, [RunTag(key, _text(value)[:_TAG]) for key, value in _table(tags).items()]),
            ("metrics", _METRICS, [Metric(k, v, now, 0) for k, v in _table(scores, _SKIPPED).items() if type(v) in (int, float)]),
        ]
        run: str = client.create_run(experiment, run_name=name).info.run_id
        try:
            for kind, size, things in batches:
                for start in range(0, len(things), size):
                    client.log_batch(run, **{kind: things[start : start + size]})
            for path in filter(Path.is_file, files):
                client.log_artifact(run, str(path))
        except BaseException:
            with suppress(Exception), _environment(_BRISK):
                client.set_terminated(run, "FAILED")
            raise
        client.set_terminated(run)
    return run


def _text(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _table(content: Any, skipped: Sequence[str] = ()) -> dict[str, Any]:
    """Give a tree's leaves under keys that MLflow takes, none twice."""
    table: dict[str, Any] = {}
    for name, value in _leaves(content, "", skipped):
        key = re.sub(r"[^\w.\- ]", "_", name)
        keys = (f"{key[: _KEY - 5]}.{number}" if number > 1 else key[:_KEY] for number in count(1))
        table[next(each for each in keys if each not in table)] = value
    return table


def _leaves(value: Any, key: str, skipped: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Give a tree's leaves under dotted keys; records in a list go by their names, a list of anything else is a leaf."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, ".".join(filter(None, (key, "" if name in skipped else name))), skipped)
    elif isinstance(value, list) and value and all(isinstance(each, dict) and not each.keys().isdisjoint(_NAMES) for each in value):
        for each in value:
            place = ".".join(filter(None, (key, *(str(each[name]) for name in _NAMES if name in each))))
            yield from _leaves({name: inner for name, inner in each.items() if name not in _NAMES}, place, skipped)
    elif value is not None:
        yield key, value


@contextmanager
def _connected(uri: str) -> Iterator[tuple[Any, str]]:
    """Give a client and the experiment's id; what goes wrong before or while they are used becomes one line."""
    with _environment(_QUIET | _BRISK):
        try:
            from mlflow import MlflowClient
            from mlflow.exceptions import MlflowException
        except ImportError as err:
            raise _missing(err) from None
        try:
            place, files = _place(uri)
            client = MlflowClient(tracking_uri=place)
            known = client.get_experiment_by_name(EXPERIMENT)
            experiment = known.experiment_id if known else client.create_experiment(EXPERIMENT, artifact_location=files)
            with _environment(_PATIENT):
                yield client, experiment
        except ImportError as err:
            raise _missing(err) from None  # a database or a place for files may need more than the client
        except (MlflowException, OSError, ValueError, sqlite3.Error) as err:
            silent = isinstance(err, MlflowException) and isinstance(err.__context__, OSError)  # requests' errors are OSErrors
            reason = "no MLflow server answers there" if silent else " ".join(str(err).split())[:200]
            text = f"cannot log to MLflow at {uri}: {reason}; what is on disk is unharmed. Check the URI, or start the server"
            raise TrackingError(re.sub(r"//[^/\s]*@", "//", text)) from None  # no password on the screen


def _missing(err: ImportError) -> TrackingError:
    name = (err.name or "mlflow").partition(".")[0]
    what = "'laptruong[mlflow]'" if name in ("mlflow", "sqlalchemy", "alembic") else name
    return TrackingError(f"logging to MLflow needs {name}, which is not installed: pip install {what}")


def _place(uri: str) -> tuple[str, str | None]:
    """Check a URI; give it with its path in full, and the place for files where MLflow's server does not choose it."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:  # `port` raises ValueError
        return uri, None
    if not uri.startswith("sqlite:///") or uri.endswith("/"):
        raise ValueError("the URI is neither http://HOST:PORT of a server nor sqlite:///FILE")
    for needed in ("sqlalchemy", "alembic"):
        import_module(needed)  # of a missing one MLflow would say that the URI is unsupported
    path = Path(uri.removeprefix("sqlite:///")).absolute()
    with closing(sqlite3.connect(path)) as database:
        database.execute("BEGIN IMMEDIATE")  # is it a database that can be written? MLflow would try for minutes
    return f"sqlite:///{path.as_posix()}", (path.parent / "mlartifacts").as_uri()


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while: MLflow has no other way to tell it these things."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            os.environ.update({name: value} if value is not None else {})
