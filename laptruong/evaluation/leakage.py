"""Has the model seen what it is judged on? Near-duplicates between the data it learnt from and the data of the evaluation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from laptruong.classifiers import storage
from laptruong.corpus import Dataset, file_sha256, read_corpus
from laptruong.corpus.splits import Text, near_duplicates
from laptruong.evaluation.resampling import Draws
from laptruong.evaluation.results import Leak, Leakage
from laptruong.evaluation.scores import articles_of, score
from laptruong.models import read_manifest
from laptruong.scheme import Scheme

_LEARNT = "learnt"


def leakage(model: Path, near: Sequence[Path], data: Dataset, items: pd.DataFrame, scheme: Scheme, draws: Draws) -> Leakage:
    """Hold the data of an evaluation against the files that the run's manifest names.

    Parameters
    ----------
    model : Path
        The run folder.
    near : sequence of Path
        The evaluation's files; training files may lie beside them.
    data : Dataset
    items : DataFrame
        The model's, on the data; see `items.collect`.
    scheme : Scheme
    draws : Draws

    Returns
    -------
    Leakage
        Training files that are nowhere, or have another hash now, are listed as missing and were not looked at.
    """
    learnt, missing = _training_files(model, near)
    texts = [
        Text(f"{path.name}: {each.article.id}", _LEARNT, unit.text)
        for path in learnt for each in read_corpus([path], scheme) if each.split in (None, "train") for unit, _ in each.units
    ]  # fmt: skip
    texts += [Text(str(at), "", unit.text) for at, unit in enumerate(data.units)]
    of: dict[str, tuple[str, float]] = {}
    for one, two, like in near_duplicates(texts):
        if one.side == _LEARNT and like > of.get(two.place, ("", 0.0))[1]:
            of[two.place] = one.place, like
    leaks = [Leak(place=_place(data, int(at)), of=place, similarity=round(like, 3)) for at, (place, like) in of.items()]
    tainted = {data.groups[int(at)] for at in of}
    clean = items[~items["article"].isin(tainted)]
    apart = score(clean, scheme, Draws(len(articles_of(clean)), len(draws.weights))) if tainted and len(clean) else []
    return Leakage(
        looked_at=[path.name for path in learnt], missing=missing, units=len(leaks),
        leaks=sorted(leaks, key=lambda leak: -leak.similarity),
        apart={each.task: each.figures[each.primary] for each in apart if each.level == "paragraph"},
    )  # fmt: skip


def _training_files(model: Path, near: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Find the files of the manifest by name and hash: where the config names them, or beside the evaluation's files.

    Paths in a config count from its own folder, which a run does not know; it usually lies beside the folder of runs.
    """
    manifest, config = read_manifest(model), storage.read_json(model, "config.json")
    named = [Path(file) for file in [*config["data"]["train"], *config["data"].get("layers", [])]]
    top = model.resolve().parent.parent
    places = (
        [top / "configs" / path for path in named]
        + [top / path for path in named]
        + [path.parent / each.name for path in near for each in named]
    )
    wanted = {entry["sha256"]: entry["file"] for entry in manifest.get("data", {}).get("train", {}).get("files", [])}
    found: dict[str, Path] = {}
    for path in places:
        if path.is_file() and path.name in wanted.values():
            found.setdefault(file_sha256(path), path)
    return [found[sha] for sha in wanted if sha in found], [name for sha, name in wanted.items() if sha not in found]


def _place(data: Dataset, at: int) -> str:
    return f"{data.articles[at].article.source}, paragraph {data.units[at].parts[0][0]}"
