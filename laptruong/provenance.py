"""Where a run came from: commit, versions, data."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from laptruong.corpus import file_sha256
from laptruong.errors import ConfigError

_LIBRARIES = ("laptruong", "numpy", "scipy", "scikit-learn", "pyvi", "python-crfsuite", "safetensors", "pydantic")
_MEASURING = ("openvino", "pandas", "tokenizers")
_ENCODER_LIBRARIES = ("torch", "transformers", "datasets", "accelerate", "tokenizers", "onnx", "onnxscript", "openvino")


def versions(kind: str | None = None) -> dict[str, str]:
    """Give the versions of Python and of the libraries that decide what a model of a kind learns; without one, what is measured.

    Raises
    ------
    ConfigError
        If one of them is not installed.
    """
    wanted = _LIBRARIES + {None: _MEASURING, "phobert": _ENCODER_LIBRARIES}.get(kind, ())
    try:
        return {"python": platform.python_version()} | {name: version(name) for name in wanted}
    except PackageNotFoundError as err:
        raise ConfigError("classifier", [f"'{kind}' needs {err.name} to train: pip install 'laptruong[train]'"]) from None


def commit() -> str | None:
    """Give the commit of the checkout that runs, marked where files were changed; None outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        own = ["git", "ls-files", "--error-unmatch", Path(__file__).name]  # no other project's, in whose folder this one is installed
        subprocess.run(own, cwd=here, capture_output=True, check=True)
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no", "--", ":!../models", ":!../README.md"],
            cwd=here, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return None
    return head.stdout.strip() + ("-changed" if changed.stdout.strip() else "")


def data_entries(paths: Sequence[Path], articles: int, units: int) -> dict[str, object]:
    """Describe a data layer: its files by name and hash, and how much is in it."""
    files = [{"file": path.name, "sha256": file_sha256(path)} for path in paths]
    return {"files": files, "articles": articles, "units": units}
