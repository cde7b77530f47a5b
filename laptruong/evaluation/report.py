"""Evaluate a model on a data set, and keep what was found as a report: JSON, items as Parquet, a page for reading."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from laptruong import provenance
from laptruong.corpus import Dataset, file_sha256, flatten, read_corpus
from laptruong.errors import CorpusError, ReportError
from laptruong.evaluation.behaviour import behave
from laptruong.evaluation.cost import cost
from laptruong.evaluation.folders import check_place, whole_folder
from laptruong.evaluation.items import collect, typed
from laptruong.evaluation.leakage import leakage
from laptruong.evaluation.resampling import RESAMPLES, Draws
from laptruong.evaluation.results import SCHEMA_VERSION, DataInfo, ModelInfo, Report, SchemeInfo, Source
from laptruong.evaluation.scores import TASKS, articles_of, score, score_actors, task_items
from laptruong.evaluation.slices import slices
from laptruong.evaluation.trust import calibration, coverage_risk
from laptruong.labelling import Labeller
from laptruong.models import find_model, load, read_manifest
from laptruong.scheme import Scheme

REPORT, ITEMS, PAGE, SCHEME = "report.json", "items.parquet", "report.html", "scheme.json"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report and the items it rests on.

    Attributes
    ----------
    report : Report
    items : DataFrame
        Each decision beside the right one; see `items.collect`.
    scheme : Scheme
    folder : Path or None
        Where it was written or read.
    """

    report: Report
    items: pd.DataFrame
    scheme: Scheme
    folder: Path | None = None

    def frame(self) -> pd.DataFrame:
        """Give the scores as a table: level, task, figure, value, low, high; of a class where ``label`` is not None."""
        rows = []
        for each in self.report.scores:
            common = {"level": each.level, "task": each.task}
            rows += [common | {"label": None, "figure": name} | figure.model_dump() for name, figure in each.figures.items()]
            rows += [common | {"label": one.name, "figure": "f1"} | one.f1.model_dump() for one in each.classes]
        return pd.DataFrame(rows)

    def slices(self) -> pd.DataFrame:
        """Give the slices as a table: by, name, task, items, small, value, low, high."""
        return pd.DataFrame([each.model_dump(exclude={"score"}) | each.score.model_dump() for each in self.report.slices])


def _silent(text: str) -> None:
    """Tell nothing."""


def evaluate(
    model: str | Path, data: Iterable[str | Path], *, split: str | None = None, output: str | Path | None = None, name: str | None = None,
    seed: int = 0, resamples: int = RESAMPLES, tell: Callable[[str], None] = _silent,
) -> Evaluation:  # fmt: skip
    """Evaluate a model on labelled data.

    Parameters
    ----------
    model : str or Path
        A shipped model's name, or a run folder.
    data : iterable of str or Path
        Labelled JSON Lines.
    split : str, optional
        Only articles of this split.
    output : str or Path, optional
        A folder of reports; the report goes into a folder there, named after the model, the data's first file and the split.
    name : str, optional
        The report's name; by default the model's.
    seed, resamples : int
        Of the bootstrap, and of the draw of behaviour's cases.
    tell : callable, optional
        Called with a line at each step.

    Returns
    -------
    Evaluation

    Raises
    ------
    ModelError, CorpusError
        If the model or the data cannot be used: no such file, a label that the model's scheme has not, nothing to score.
    ReportError
        If the report cannot be written.
    """
    folder, files = find_model(model), [Path(each) for each in data]
    labeller = load(folder)
    units = flatten(read_corpus(files, labeller.scheme, split), labeller.finder)
    if not len(units):
        raise CorpusError("there is no labelled unit to score on: the data holds nothing but boilerplate")
    called = name or labeller.model["name"]
    place = None if output is None else check_place(Path(output) / "-".join(filter(None, [called, files[0].stem, split])), REPORT)
    tell(f"{called}: scoring {len(units)} units of {len(set(units.groups))} articles")
    items = collect(labeller, units)
    report = _report(labeller, folder, called, units, items, files, split, Draws(len(articles_of(items)), resamples, seed), seed, tell)
    found = Evaluation(report, items, labeller.scheme)
    return found if place is None else write(found, place)


def _report(
    labeller: Labeller, folder: Path, name: str, data: Dataset, items: pd.DataFrame, files: Sequence[Path], split: str | None, draws: Draws,
    seed: int, tell: Callable[[str], None],
) -> Report:  # fmt: skip
    scheme, manifest = labeller.scheme, read_manifest(folder)
    trusted = [task for task in TASKS if len(task_items(items, "paragraph", task))]
    tell(f"{name}: leakage, behaviour, cost")
    return Report(
        schema_version=1, name=name, created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        commit=provenance.commit(), libraries=provenance.versions(), seed=seed, resamples=len(draws.weights),
        model=ModelInfo(**labeller.model, kind=manifest["kind"], seed=manifest.get("seed"), commit=manifest.get("commit")),
        scheme=SchemeInfo(name=scheme.name, version=scheme.version, sha256=scheme.sha256),
        data=describe(data, files, split), items_sha256="", scores=score(items, scheme, draws),
        actors=score_actors(data, draws) if scheme.actors is not None else None,
        calibration=[calibration(items, task, scheme, draws) for task in trusted if task != "statement"],
        coverage_risk=[coverage_risk(items, task, draws) for task in trusted],
        slices=slices(items, scheme, draws), behaviour=behave(labeller, data, seed=seed),
        leakage=leakage(folder, files, data, items, scheme, draws), cost=cost(folder, data.examples),
    )  # fmt: skip


def describe(data: Dataset, files: Sequence[Path], split: str | None) -> DataInfo:
    """Describe evaluation data; the hash is of texts and right labels, whatever file they stand in."""
    content = [
        [group, unit.text, sorted(gold.topics), sorted([*map(str, pair), stance] for pair, stance in gold.stances.items())]
        for group, unit, gold in zip(data.groups, data.units, data.gold, strict=True)
    ]
    return DataInfo(
        files=[Source(file=path.name, sha256=file_sha256(path)) for path in files], split=split, articles=len(set(data.groups)),
        units=len(data), sha256=hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest(),
    )  # fmt: skip


def write(found: Evaluation, place: Path) -> Evaluation:
    """Write a report: a folder of its JSON, its items, its scheme and its page.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    from laptruong.evaluation.page import report_page

    with whole_folder(place, REPORT) as folder:
        found.items.to_parquet(folder / ITEMS, index=False)
        report = found.report.model_copy(update={"items_sha256": file_sha256(folder / ITEMS)})
        (folder / REPORT).write_text(report.model_dump_json(indent=1) + "\n", "utf-8")
        (folder / PAGE).write_text(report_page(report, found.items), "utf-8")
        (folder / SCHEME).write_text(found.scheme.model_dump_json(by_alias=True, indent=1) + "\n", "utf-8")
    return Evaluation(report, found.items, found.scheme, place)


def read_report(path: str | Path) -> Evaluation:
    """Read a report's folder, or its ``report.json`` with what lies beside it.

    Raises
    ------
    ReportError
        If a file is missing, damaged, changed, or of another version.
    """
    folder = Path(path).parent if Path(path).name == REPORT else Path(path)
    content = _json(folder / REPORT)
    if content.get("schema_version") != SCHEMA_VERSION:
        version = content.get("schema_version")
        raise ReportError(f"{folder / REPORT}: is of version {version!r}, this version reads {SCHEMA_VERSION}; evaluate again")
    try:
        report = Report.model_validate(content)
        scheme = Scheme.model_validate(_json(folder / SCHEME))
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ReportError(f"{folder}: its report is damaged ({where}: {first['msg']}); evaluate again") from None
    if scheme.sha256 != report.scheme.sha256:
        raise ReportError(f"{folder / SCHEME}: was changed (it is not the scheme of the report); evaluate again")
    try:
        sha256 = file_sha256(folder / ITEMS)
    except OSError as err:
        raise ReportError(f"{folder / ITEMS}: cannot be read: {err.strerror}; evaluate again") from None
    if sha256 != report.items_sha256:
        raise ReportError(f"{folder / ITEMS}: is damaged or was changed (its SHA-256 is not the report's); evaluate again")
    return Evaluation(report, typed(pd.read_parquet(folder / ITEMS)), scheme, folder)


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as err:
        raise ReportError(f"{path}: cannot be read: {err.strerror}; give the folder of a report") from None
    except ValueError as err:
        raise ReportError(f"{path}: is damaged: no JSON ({err}); evaluate again") from None
    if not isinstance(content, dict):
        raise ReportError(f"{path}: is damaged: no JSON object; evaluate again")
    return content
