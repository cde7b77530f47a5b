"""Parquet, written at the end from Arrow's streams: a Parquet file itself cannot be appended to after a crash."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from infer.records import ROW_FIELDS

_GROUP_BYTES = 32_000_000
"""Bytes of a row group before compression: all that is ever held in memory."""


@cache
def row_schema() -> Any:
    """Give the columns of statement rows."""
    import pyarrow as pa

    types = {"probability": pa.float64(), "paragraph": pa.int32()}
    return pa.schema([(name, types.get(name, pa.string())) for name in ROW_FIELDS])


@cache
def record_schema() -> Any:
    """Give the columns of article records: those of the labels format (DESIGN, "Records"), lists and structs as there."""
    import pyarrow as pa

    text, whole, share = pa.string(), pa.int32(), pa.float64()
    topics = pa.list_(pa.struct([("topic", text), ("probability", share)]))
    stance = [("actor", text), ("topic", text), ("stance", text), ("probability", share)]
    mention = [("actor", text), ("start", whole), ("end", whole), ("surface", text)]
    paragraph = [
        ("index", whole), ("kind", text), ("text", text), ("start", whole), ("end", whole), ("topics", topics),
        ("mentions", pa.list_(pa.struct(mention))), ("stances", pa.list_(pa.struct(stance))),
    ]  # fmt: skip
    withheld = [("level", text), ("index", whole), *stance]
    return pa.schema([
        ("schema_version", whole), *((name, text) for name in ("id", "source", "title", "date", "outlet", "author", "url")),
        ("topics", topics), ("stances", pa.list_(pa.struct([*stance, ("evidence", pa.list_(whole))]))),
        ("paragraphs", pa.list_(pa.struct(paragraph))), ("abstained", pa.list_(pa.struct(withheld))),
        ("model", pa.struct([("name", text), ("version", text), ("sha256", text)])),
    ])  # fmt: skip


def to_ipc(rows: Sequence[dict[str, Any]], schema: Any) -> bytes:
    """Give rows as one Arrow stream, schema and end included; nothing for no rows."""
    import pyarrow as pa

    if not rows:
        return b""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_table(pa.Table.from_pylist(list(rows), schema=schema))
    return bytes(sink.getvalue())


def from_ipc(path: Path, made: Path, schema: Any) -> None:
    """Make a Parquet file of a file of Arrow streams."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetWriter(made, schema, compression="zstd") as writer:
        group: list[Any] = []
        for batch in _batches(path):
            group.append(batch)
            if sum(each.nbytes for each in group) >= _GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(group, schema))
                group = []
        if group:
            writer.write_table(pa.Table.from_batches(group, schema))


def _batches(path: Path) -> Iterator[Any]:
    import pyarrow as pa

    with pa.OSFile(str(path)) as file:
        while file.tell() < file.size():
            with pa.ipc.open_stream(file) as stream:
                yield from stream
