"""Train: config in, run folder out."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from laptruong import provenance
from laptruong.actors import ActorFinder
from laptruong.classifiers import classifier_class, storage
from laptruong.classifiers.base import Classifier, FitContext, Prediction
from laptruong.corpus import Dataset, file_sha256, flatten, read_corpus
from laptruong.decision import Decision, choose, decide_stance, decide_topics
from laptruong.errors import ConfigError, CorpusError
from laptruong.evaluation import judge
from laptruong.labelling import Labeller
from laptruong.models import FORMAT, MANIFEST
from laptruong.scheme import Scheme, load_scheme
from train.card import write_card
from train.config import Config, load_config
from train.encoder import adapted_encoder, find_encoder
from train.versions import versions

_DESCRIPTIVE = {"README.md", "dev_scores.json", "dev_predictions.jsonl", MANIFEST}
"""Files of a run that say what it is but do not decide what it labels."""


def _silent(text: str) -> None:
    """Tell nothing."""


def train(config_path: str | Path, overrides: Iterable[str] = (), *, tell: Callable[[str], None] = _silent) -> Path:
    """Train a model from an experiment file.

    Parameters
    ----------
    config_path : str or Path
    overrides : iterable of str
        ``a.b=value``, as the command's ``--set``.
    tell : callable, optional
        Called with a line at each step.

    Returns
    -------
    Path
        The run folder: model, config, manifest, thresholds, dev scores, dev predictions, model card. A run of the
        same name is replaced once the new one is complete.

    Raises
    ------
    ConfigError, SchemeError, CorpusError
        If the file, its scheme or its data is wrong.
    """
    if not is_first():
        tell = _silent
    path, overrides = Path(config_path), list(overrides)
    config = load_config(path, overrides)
    base = path.resolve().parent
    scheme = load_scheme(base / config.scheme if config.scheme.endswith((".yaml", ".yml")) else config.scheme)
    finder = ActorFinder(scheme)
    more = _there(base, config.data.layers, tell)
    layers = {name: _read(_resolve(base, getattr(config.data, name), name), more, name, scheme, finder) for name in ("train", "dev")}
    learn, dev = layers["train"][0], layers["dev"][0]
    for purpose, data in (("learning from", learn), ("then choosing thresholds on", dev)):
        tell(f"{purpose} {len(data)} units of {len(set(data.groups))} articles")
    target = (base / config.output).resolve() / config.name
    _check_place(target)
    manifest = _manifest(config, scheme, {name: entry for name, (_, entry) in layers.items()})
    parameters = getattr(config, config.classifier).model_dump()
    if config.classifier == "phobert":
        parameters, manifest["encoder"] = find_encoder(config.phobert, base)
    work = target.parent / f".{config.name}-{_fingerprint(config, manifest)}"
    for left in sorted(set(target.parent.glob(f".{config.name}-{'[0-9a-f]' * 12}")) - {work}):
        tell(f"{left}: is what a training of this name with another config, data or commit left when it was stopped; remove it if unwanted")
    if config.classifier == "phobert" and config.phobert.adapt is not None:
        parameters["encoder"] = str(adapted_encoder(config.phobert, parameters["encoder"], base, work / "adapted", config.seed, tell))
    model = classifier_class(config.classifier)(scheme, **parameters)
    others = versions(learn, scheme, config.seed) if config.classifier == "phobert" and config.phobert.versions else None
    context = FitContext((dev.examples, dev.gold), work, tell, others)
    model.fit(learn.examples, learn.gold, learn.groups, seed=config.seed, context=context)
    if is_first():
        _write(target, " ".join([path.name, *(f"--set {each}" for each in overrides)]), config, model, dev, manifest)
        shutil.rmtree(work, ignore_errors=True)
    return target


def is_first() -> bool:
    """Tell whether this is the one of several training processes (`accelerate launch`) that tells and writes."""
    return os.environ.get("RANK", "0") == "0"


def _fingerprint(config: Config, manifest: dict[str, Any]) -> str:
    """Name what decides a training, so that only the same one goes on from its checkpoints."""
    decisive = {key: manifest.get(key) for key in ("scheme", "data", "encoder", "libraries", "commit")}
    decisive["config"] = json.loads(config.model_dump_json(exclude={"output"}))
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:12]


def thresholds(config: Config, model: Classifier, dev: Dataset) -> tuple[Decision, list[Prediction]]:
    """Choose a model's thresholds on dev, and give its predictions there for the pairs that dev labels."""
    predictions = model.predict(dev.examples, [list(gold.stances) for gold in dev.gold])
    return choose(predictions, dev.gold, model.scheme, abstention_cost=config.abstention_cost), predictions


def _resolve(base: Path, files: list[str], name: str) -> list[Path]:
    paths = [base / file for file in files]
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise ConfigError(f"data.{name}", [f"{path}: no such file (paths count from the config's folder)" for path in missing])
    return paths


def _there(base: Path, files: list[str], tell: Callable[[str], None]) -> list[Path]:
    """Give the layers that are there, and tell of those that are not."""
    paths = [base / file for file in files]
    for path in paths:
        if not path.is_file():
            tell(f"without {path.name} of {path.parent}: it is not there; 'laptruong corpus hydrate' makes it from labels and texts")
    return [path for path in paths if path.is_file()]


def _read(paths: list[Path], more: list[Path], split: str, scheme: Scheme, finder: ActorFinder) -> tuple[Dataset, dict[str, object]]:
    """Read the files of a split and what the layers have of it; a layer may have nothing."""
    articles = read_corpus(paths, scheme)
    astray = next((each for each in articles if each.split not in (None, split)), None)
    if astray:
        raise CorpusError(
            f"{astray.article.source}: is of split '{astray.split}' and stands in data.{split}; a model must not learn from it"
        )
    articles += [each for path in more for each in read_corpus([path], scheme) if each.split == split]
    data = flatten(articles, finder)
    if not len(data):
        raise CorpusError(f"{', '.join(map(str, paths))}: nothing but boilerplate; there is nothing to learn from")
    return data, provenance.data_entries([*paths, *more], len(articles), len(data))


def _manifest(config: Config, scheme: Scheme, data: dict[str, dict[str, object]]) -> dict[str, Any]:
    libraries = provenance.versions(config.classifier)
    return {
        "format": FORMAT, "name": config.name, "kind": config.classifier, "version": libraries["laptruong"],
        "scheme": {"name": scheme.name, "version": scheme.version, "sha256": scheme.sha256}, "seed": config.seed,
        "data": data, "commit": provenance.commit(), "libraries": libraries,
    }  # fmt: skip


def _items(data: Dataset, predictions: list[Prediction], decision: Decision, scheme: Scheme) -> Iterable[dict[str, Any]]:
    """Give each dev unit's labels, right and predicted, without its text."""
    for group, unit, gold, prediction in zip(data.groups, data.units, data.gold, predictions, strict=True):
        yield {
            "article": group.partition(":")[2], "paragraphs": [index for index, _ in unit.parts],
            "topics": sorted(gold.topics),
            "predicted_topics": [label.topic for label in decide_topics(prediction, decision, scheme)],
            "topic_probabilities": [round(float(p), 6) for p in prediction.topics],
            "stances": [
                {"actor": pair[0], "topic": pair[1], "stance": stance, "predicted": decide_stance(shares, scheme)[0],
                 "probabilities": [round(float(p), 6) for p in shares]}
                for pair, stance in gold.stances.items() for shares in [prediction.stances[pair]]
            ],
        }  # fmt: skip


def _check_place(target: Path) -> None:
    """See before the training that its result can be written."""
    if target.exists() and not (target / MANIFEST).is_file():
        raise ConfigError("output", [f"{target}: is there and is no run; it is not replaced: choose another name or output"])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise ConfigError("output", [f"{target.parent}: cannot be made: {err.strerror}"]) from None


def _write(target: Path, source: str, config: Config, model: Classifier, dev: Dataset, manifest: dict[str, Any]) -> None:
    """Write a run beside its place and move it there when it is complete.

    Thresholds and scores are of the model as it will be loaded: the encoder's weights may have been rounded.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".run-") as name:
        folder = Path(name) / "run"
        folder.mkdir()
        model.save(folder)
        saved = type(model).load(folder, model.scheme)
        decision, predictions = thresholds(config, saved, dev)
        scores = judge(Labeller(saved, decision, {}), dev)
        storage.write_json(folder, "scheme.json", json.loads(model.scheme.model_dump_json(by_alias=True)))
        storage.write_json(folder, "decision.json", asdict(decision))
        storage.write_json(folder, "config.json", json.loads(config.model_dump_json()))
        storage.write_json(folder, "dev_scores.json", scores.model_dump())
        lines = (json.dumps(item, ensure_ascii=False) for item in _items(dev, predictions, decision, model.scheme))
        (folder / "dev_predictions.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        (folder / "README.md").write_text(write_card(config, source, manifest, scores, model.facts()), "utf-8")
        files = sorted(path for path in folder.iterdir() if path.name not in _DESCRIPTIVE)
        storage.write_json(folder, MANIFEST, manifest | {"files": {path.name: file_sha256(path) for path in files}})
        if target.exists():
            shutil.rmtree(target)
        folder.rename(target)
