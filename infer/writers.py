"""Where labels go: each writer takes articles one by one and leaves a whole file or none."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Protocol, Self

from infer.page import Page
from infer.records import ROW_FIELDS, safe_cell, to_record, to_rows
from laptruong.errors import LaptruongError
from laptruong.labels import ArticleLabels
from laptruong.scheme import Scheme

_PARQUET_BATCH = 5_000


class Writer(Protocol):
    """Takes labels; `close` is called only when all went well."""

    def write(self, labels: ArticleLabels) -> None:
        """Take the labels of one article."""

    def close(self) -> None:
        """Write what is left."""


class Records:
    """JSON Lines."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, labels: ArticleLabels) -> None:
        """Write one line."""
        self.stream.write(json.dumps(to_record(labels), ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Send the last lines on."""
        self.stream.flush()


class CsvRows:
    """One statement a row, for spreadsheets."""

    def __init__(self, stream: IO[str]) -> None:
        stream.write("\ufeff")  # without it Excel takes UTF-8 for the system's legacy encoding
        self.writer = csv.DictWriter(stream, ROW_FIELDS)
        self.writer.writeheader()

    def write(self, labels: ArticleLabels) -> None:
        """Write the article's rows."""
        self.writer.writerows({key: safe_cell(value) for key, value in row.items()} for row in to_rows(labels))

    def close(self) -> None:
        """Nothing is left."""


class ParquetRows:
    """One statement a row, for data frames."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        types = {"probability": pa.float64(), "paragraph": pa.int32()}
        self.schema = pa.schema([(name, types.get(name, pa.string())) for name in ROW_FIELDS])
        self.table, self.writer = pa.Table, pq.ParquetWriter(path, self.schema)
        self.rows: list[dict[str, Any]] = []

    def write(self, labels: ArticleLabels) -> None:
        """Collect the article's rows and write them by the thousand."""
        self.rows += to_rows(labels)
        if len(self.rows) >= _PARQUET_BATCH:
            self._flush()

    def _flush(self) -> None:
        self.writer.write_table(self.table.from_pylist(self.rows, schema=self.schema))
        self.rows.clear()

    def close(self) -> None:
        """Write the last rows and the footer."""
        self._flush()
        self.writer.close()


class Outputs:
    """All the files of one run; each appears under its name only when everything is written.

    Parameters
    ----------
    scheme : Scheme
    records, rows, html : Path, optional
        JSON Lines; CSV or Parquet by its suffix; a page.
    """

    def __init__(self, scheme: Scheme, records: Path | None, rows: Path | None, html: Path | None) -> None:
        if rows is not None and rows.suffix.lower() not in (".csv", ".parquet"):
            raise LaptruongError(f"{rows}: --rows writes .csv or .parquet; give the file one of these endings")
        _refuse_clashes([path for path in (records, rows, html) if path is not None])
        self._temporary: list[tuple[Path, Path]] = []
        self._streams: list[IO[str]] = []
        self.writers: list[Writer] = []
        if records is not None:
            self.writers.append(Records(self._open(records)))
        if rows is not None:
            is_csv = rows.suffix.lower() == ".csv"
            self.writers.append(CsvRows(self._open(rows)) if is_csv else ParquetRows(self._beside(rows)))
        if html is not None:
            self.writers.append(Page(self._open(html), scheme))

    def _beside(self, path: Path) -> Path:
        try:
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        except OSError as err:
            raise LaptruongError(f"{path}: cannot be written: {err.strerror}; give a place that exists and is yours") from None
        os.close(handle)
        self._temporary.append((Path(name), path))
        return Path(name)

    def _open(self, path: Path) -> IO[str]:
        stream = self._beside(path).open("w", encoding="utf-8", newline="")
        self._streams.append(stream)
        return stream

    def __enter__(self) -> Self:
        return self

    def write(self, labels: ArticleLabels) -> None:
        """Hand an article's labels to every writer."""
        for writer in self.writers:
            writer.write(labels)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                for writer in self.writers:
                    writer.close()
        finally:
            for stream in self._streams:
                stream.close()
            for temporary, path in self._temporary:
                if kind is None:
                    temporary.chmod(0o666 & ~_umask())
                    temporary.replace(path)
                else:
                    temporary.unlink(missing_ok=True)


def _refuse_clashes(paths: list[Path]) -> None:
    for path in paths:
        if path.is_dir():
            raise LaptruongError(f"{path}: is a folder; name a file to write")
    if len({path.resolve() for path in paths}) < len(paths):
        raise LaptruongError(f"{paths[0]}: two outputs have the same name; give each its own")


def _umask() -> int:
    """Give the mask that a file opened in the usual way would have had; a temporary one is the owner's alone."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
