"""Read the weights of a conditional random field from CRFsuite's model file, and that file out of pyvi's pickle.

The layout is CRFsuite's (`crf1d_model.c`, `cqdb.c`): a header with the offsets of its parts, features of 20 bytes, and
the names of labels and attributes in two constant databases.
"""

from __future__ import annotations

import io
import pickle
import struct
from typing import Any

Weights = dict[tuple[str, str], float]
"""From (attribute, label) or (label before, label) to the weight."""

_FEATURE = struct.Struct("<IIId")  # kind, source, target, weight
_TRANSITION = 1


class _WeightsOnly(pickle.Unpickler):
    """Takes the bytes of the model out of pyvi's pickle and runs nothing that it names."""

    class _Inert:
        def __init__(self, *_: Any) -> None:
            self.state: Any = None

        def __setstate__(self, state: Any) -> None:
            self.state = state

    def find_class(self, module: str, name: str) -> Any:
        """Give a stand-in for every class but the function that turns text into bytes."""
        if (module, name) == ("_codecs", "encode"):
            return lambda text, encoding: text.encode(encoding)
        return type(name, (self._Inert,), {})


def pyvi_weights(data: bytes) -> tuple[Weights, Weights]:
    """Read pyvi's segmentation model.

    Parameters
    ----------
    data : bytes
        The content of pyvi's ``pyvi3.pkl``.

    Returns
    -------
    features, transitions : dict
    """
    crf = _WeightsOnly(io.BytesIO(data)).load()
    return read_model(crf.state["modelfile"].state["__FILE_RESOURCE_DATA__"])


def read_model(data: bytes) -> tuple[Weights, Weights]:
    """Read a CRFsuite model of type ``FOMC``.

    Raises
    ------
    ValueError
        If it is of another kind.
    """
    if data[:4] != b"lCRF" or data[8:12] != b"FOMC":
        raise ValueError("is no first-order CRFsuite model")
    _, _, _, _, at_features, at_labels, at_attributes = struct.unpack_from("<7I", data, 12)
    labels, attributes = _names(data, at_labels), _names(data, at_attributes)
    features: Weights = {}
    transitions: Weights = {}
    count = struct.unpack_from("<I", data, at_features + 8)[0]
    first = at_features + 12
    for kind, source, target, weight in _FEATURE.iter_unpack(data[first : first + count * _FEATURE.size]):
        if kind == _TRANSITION:
            transitions[labels[source], labels[target]] = weight
        else:
            features[attributes[source], labels[target]] = weight
    return features, transitions


def _names(data: bytes, at: int) -> list[str]:
    """Read a constant database: the strings in the order of their numbers."""
    if data[at : at + 4] != b"CQDB":
        raise ValueError("has no names where its header says")
    count, offsets = struct.unpack_from("<II", data, at + 16)
    names = []
    for offset in struct.unpack_from(f"<{count}I", data, at + offsets):
        length = struct.unpack_from("<I", data, at + offset + 4)[0]
        names.append(data[at + offset + 8 : at + offset + 8 + length - 1].decode("utf-8"))
    return names
