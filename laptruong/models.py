"""Find, verify and load trained models; a model is a run folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from laptruong.classifiers import classifier_class, storage
from laptruong.classifiers.base import Classifier
from laptruong.corpus import file_sha256
from laptruong.decision import Decision
from laptruong.errors import ModelError, SchemeError
from laptruong.labelling import Labeller
from laptruong.schemas import check, nearest
from laptruong.scheme import Scheme

DEFAULT = "offline"
"""The shipped model that labels unless another is named."""
MANIFEST = "manifest.json"
FORMAT = 1

_HERE = Path(__file__).resolve().parent
_SHIPPED = (_HERE / "_models", _HERE.parent / "models")  # in a wheel; in a checkout


def shipped_models() -> dict[str, Path]:
    """Give the models that came with this installation, by name."""
    folders = [folder for place in _SHIPPED if place.is_dir() for folder in sorted(place.iterdir())]
    return {folder.name: folder for folder in reversed(folders) if (folder / MANIFEST).is_file()}


def find_model(name: str | Path) -> Path:
    """Find a model's folder by the name of a shipped one or by its path.

    Raises
    ------
    ModelError
        If there is none; the text lists those there are.
    """
    path, shipped = Path(name), shipped_models()
    if path.is_dir():
        return path
    if str(name) in shipped:
        return shipped[str(name)]
    raise ModelError(
        f"no model '{name}': no folder of that name{nearest(str(name), sorted(shipped))} (or give the folder of a trained run)"
    )


def load(name: str | Path = DEFAULT) -> Labeller:
    """Load a model, ready to label.

    Parameters
    ----------
    name : str or Path
        A shipped model's name, or a run folder.

    Raises
    ------
    ModelError
        If there is no such model, or a file of it is missing, changed, or not of a kind that is safe to read.
    """
    folder = find_model(name)
    manifest = read_manifest(folder)
    verify(folder, manifest)
    scheme = _scheme(folder)
    decision = Decision(**storage.read_json(folder, "decision.json"))
    classifier: Classifier = classifier_class(manifest["kind"]).load(folder, scheme)
    model = {"name": manifest["name"], "version": manifest["version"], "sha256": fingerprint(manifest)}
    return Labeller(classifier, decision, model, folder)


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read a run's manifest.

    Raises
    ------
    ModelError
        If it is missing, damaged or of another format.
    """
    manifest = storage.read_json(folder, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise ModelError(f"{folder}: the run has format {manifest.get('format')!r}, this version reads {FORMAT}; train it again")
    missing = [key for key in ("name", "kind", "version", "files") if key not in manifest]
    if missing or not isinstance(manifest["files"], dict):
        raise ModelError(f"{folder / MANIFEST}: lacks {', '.join(missing) or 'its list of files'}; get the model again")
    return manifest


def verify(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Hold a run's files against the hashes in its manifest.

    Raises
    ------
    ModelError
        For the first file that is missing or changed.
    """
    for name, expected in manifest["files"].items():
        path = folder / name
        if Path(name).name != name:
            raise ModelError(f"{folder / MANIFEST}: names a file outside the run ('{name}'); do not use this model")
        try:
            found = file_sha256(path)
        except OSError as err:
            raise ModelError(f"{path}: cannot be read: {err.strerror}; get the whole folder again") from None
        if found != expected:
            raise ModelError(f"{path}: is damaged or was changed (its SHA-256 is not the manifest's); get the model again or train it")


def fingerprint(manifest: Mapping[str, Any]) -> str:
    """Give one hash for all the files that decide what a model says."""
    return hashlib.sha256(json.dumps(manifest["files"], sort_keys=True).encode()).hexdigest()


def _scheme(folder: Path) -> Scheme:
    try:
        return check(Scheme, storage.read_json(folder, "scheme.json"), str(folder / "scheme.json"), {}, SchemeError)
    except SchemeError as err:
        raise ModelError(f"{folder}: its scheme is not one that this version reads; train it again\n{err}") from None
