"""Plain texts to learn a vocabulary or a language from."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from laptruong.errors import ReadError


class Text(NamedTuple):
    """A text, with the day and the side of the split that its record names."""

    text: str
    date: str | None = None
    split: str | None = None


def read_texts(path: Path) -> Iterator[Text]:
    """Read the texts of a file: JSON Lines (``text``, or ``paragraphs`` with ``text``) or one a line, each also as ``.gz``.

    Raises
    ------
    ReadError
        If the file cannot be read so, with the line.
    """
    at = f"{path}"
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                at = f"{path}, line {number}"
                if line.strip():
                    yield _of_record(json.loads(line)) if ".jsonl" in path.suffixes else Text(line.strip())
    except OSError as err:
        raise ReadError(str(path), f"cannot be read: {err.strerror or err}") from None
    except (EOFError, zlib.error, UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as err:
        raise ReadError(at, f"holds no text ({err!r}); give JSON Lines with 'text', or plain text in UTF-8") from None


def _of_record(record: dict[str, Any]) -> Text:
    text = record["text"] if "text" in record else "\n".join(each["text"] for each in record["paragraphs"])
    if not all(isinstance(each, str | None) for each in (record.get("date"), record.get("split"))) or not isinstance(text, str):
        raise TypeError("'text', 'date' and 'split' must be texts")
    return Text(text, record.get("date"), record.get("split"))
