"""A model's files: arrays as safetensors, the rest as JSON. Nothing here can run code from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from laptruong.errors import ModelError

ARRAYS = "model.safetensors"


def write_arrays(folder: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays into a folder; the same arrays give the same bytes."""
    (folder / ARRAYS).write_bytes(save({name: np.ascontiguousarray(arrays[name]) for name in sorted(arrays)}))


def read_arrays(folder: Path) -> dict[str, np.ndarray]:
    """Read a folder's arrays.

    Raises
    ------
    ModelError
        If the file is missing or not safetensors (a pickle, for instance).
    """
    path = folder / ARRAYS
    try:
        return load(path.read_bytes())
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}; train the model again or fetch the whole folder") from None
    except (SafetensorError, ValueError, KeyError) as err:
        raise ModelError(
            f"{path}: is not a safetensors file ({' '.join(str(err).split())[:100]}); it was not opened otherwise: get the model again"
        ) from None


def write_json(folder: Path, name: str, content: Any) -> None:
    """Write a JSON file that a person can read and that is the same for the same content."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / name).write_text(text + "\n", "utf-8")


def read_json(folder: Path, name: str) -> dict[str, Any]:
    """Read a JSON object of a model folder.

    Raises
    ------
    ModelError
        If it is missing or no JSON object.
    """
    path = folder / name
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}; train the model again or fetch the whole folder") from None
    except ValueError as err:
        raise ModelError(f"{path}: is not JSON ({err}); get the model again") from None
    if not isinstance(content, dict):
        raise ModelError(f"{path}: is no JSON object; get the model again")
    return content
