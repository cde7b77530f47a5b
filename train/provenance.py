"""Where a run came from: commit, versions, data."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from laptruong.corpus import file_sha256

_LIBRARIES = ("laptruong", "numpy", "scipy", "scikit-learn", "pyvi", "python-crfsuite", "safetensors", "pydantic")


def versions() -> dict[str, str]:
    """Give the versions of Python and of the libraries that decide what a model learns."""
    return {"python": platform.python_version()} | {name: version(name) for name in _LIBRARIES}


def commit() -> str | None:
    """Give the commit of the checkout that trains, marked where files were changed; None outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
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
