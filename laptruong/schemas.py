"""Closed schemas over YAML: every mistake of a file at once, each with its place and the nearest known key."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from laptruong.errors import ProblemsError

Place = tuple[str | int, ...]


class Closed(BaseModel):
    """A record that refuses unknown keys and cannot be changed after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


ModelT = TypeVar("ModelT", bound=Closed)


def read_yaml(path: Path, error: type[ProblemsError]) -> tuple[dict[str, Any], dict[Place, int]]:
    """Read a YAML mapping and the line on which each of its values stands.

    Returns
    -------
    data : dict
    lines : dict
        From the place of a value (keys and indexes) to its line, counted from 1.

    Raises
    ------
    ProblemsError
        Of the kind ``error``: no such file, no YAML, no mapping, or a key given twice.
    """
    try:
        text = path.read_text("utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except OSError as err:
        raise error(str(path), [f"cannot be read: {err.strerror}"]) from None
    except UnicodeDecodeError:
        raise error(str(path), ["is not UTF-8 text; save it as UTF-8"]) from None
    except yaml.YAMLError as err:
        raise error(str(path), ["is not YAML: " + " ".join(str(err).split())]) from None
    if not isinstance(data, dict):
        raise error(str(path), ["holds no keys; it must be a YAML mapping such as 'name: …'"])
    lines: dict[Place, int] = {}
    twice = list(_walk(node, (), lines))
    if twice:
        raise error(str(path), twice)
    return data, lines


def _walk(node: yaml.Node | None, place: Place, lines: dict[Place, int]) -> Iterator[str]:
    if node is None:
        return
    lines[place] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                yield f"line {key.start_mark.line + 1}: the key '{key.value}' is given twice"
            seen.add(key.value)
            yield from _walk(value, (*place, key.value), lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _walk(value, (*place, index), lines)


def check(model: type[ModelT], data: dict[str, Any], source: str, lines: dict[Place, int], error: type[ProblemsError]) -> ModelT:
    """Validate ``data``; raise ``error`` with all its mistakes at once, in the order of the file."""
    try:
        return model.model_validate(data)
    except ValidationError as err:
        found = [(_line(place, lines), text) for place, text in sentences(model, err)]
    found.sort(key=lambda pair: pair[0])
    raise error(source, [f"line {line}: {text}" if line else text for line, text in found])


def sentences(model: type[BaseModel], err: ValidationError) -> Iterator[tuple[Place, str]]:
    """Give each mistake's place and a sentence on it."""
    for item in err.errors():
        yield tuple(item["loc"]), _sentence(model, dict(item))


def _line(place: Place, lines: dict[Place, int]) -> int:
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 0) if place else 0


def dotted(place: Place) -> str:
    """Write a place as a path: ``('actors', 3, 'id')`` as ``actors[3].id``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")


def _sentence(model: type[BaseModel], item: dict[str, Any]) -> str:
    place = tuple(item["loc"])
    if item["type"] == "extra_forbidden":
        known = sorted(known_keys(model, place[:-1]))
        return f"{dotted(place)}: unknown key{nearest(str(place[-1]), known)}"
    if item["type"] == "missing":
        return f"{dotted(place)}: is missing"
    if item["type"] == "value_error":
        text = str(item["ctx"]["error"])
        return f"{dotted(place)}: {text}" if place else text
    got = item.get("input")
    shown = f" (got {got!r:.60})" if not isinstance(got, dict | list) else ""
    return f"{dotted(place)}: {item['msg'][0].lower()}{item['msg'][1:]}{shown}"


def nearest(word: str, known: list[str]) -> str:
    """Say which known word was probably meant, or list them all."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else f"; known here: {', '.join(known)}"


def known_keys(model: type[BaseModel], place: Place) -> set[str]:
    """List the keys that a schema knows at a place of the file."""
    models = {model}
    for part in place:
        inner: set[type[BaseModel]] = set()
        for each in models:
            if isinstance(part, str) and (field := _field(each, part)) is not None:
                inner |= set(_models_in(field.annotation))
        models = inner or models  # an index or a union's tag names no field: stay where we are
    return {field.alias or name for each in models for name, field in each.model_fields.items()}


def _field(model: type[BaseModel], key: str) -> Any:
    return next((field for name, field in model.model_fields.items() if key in (name, field.alias)), None)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
