"""What the encoder classifier needs before it can be fitted: the encoder, adapted to news if the config asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from laptruong.corpus import file_sha256
from laptruong.errors import ConfigError
from laptruong.text import normalize
from train.config import Adaptation, Phobert
from train.texts import read_texts

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def find_encoder(config: Phobert, base: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find the encoder, in a folder or on the hub.

    Parameters
    ----------
    config : Phobert
    base : Path
        The config file's folder.

    Returns
    -------
    parameters : dict
        The classifier's, with the encoder's folder.
    entry : dict
        What the manifest says: the encoder's name, its files by hash, those it is adapted to, and in what it is trained.

    Raises
    ------
    ConfigError, ModelError
        If there is no such encoder or a text of the adaptation is missing.
    """
    from laptruong.classifiers.encoder.fitting import calculates_bfloat16  # torch comes with them
    from laptruong.classifiers.encoder.pretrained import fetch

    folder = base / config.encoder if (base / config.encoder).is_dir() else fetch(config.encoder)
    entry: dict[str, Any] = {
        "name": config.encoder,
        "files": {path.name: file_sha256(path) for path in sorted(folder.iterdir()) if path.is_file()},
        "trained_in": "bfloat16" if calculates_bfloat16(config.precision) else "float32",
    }
    if config.adapt is not None:
        paths = [base / file for file in config.adapt.texts + config.adapt.without]
        missing = [f"{path}: no such file (paths count from the config's folder)" for path in paths if not path.is_file()]
        if missing:
            raise ConfigError("phobert.adapt", missing)
        entry["adapted_to"] = {path.name: file_sha256(path) for path in paths}
    return config.model_dump(exclude={"adapt", "versions"}) | {"encoder": str(folder)}, entry


def adapted_encoder(config: Phobert, encoder: str, base: Path, target: Path, seed: int, tell: Callable[[str], None]) -> Path:
    """Adapt an encoder to the config's texts, or give what an earlier attempt at the same training left.

    Raises
    ------
    ConfigError, ReadError
        If no text is left to learn from, or a file cannot be read.
    """
    from laptruong.classifiers.encoder.adaptation import adapt

    if target.is_dir():
        return target
    settings = config.adapt
    texts = list(chosen_texts(settings, base)) if settings is not None else []
    if settings is None or not texts:
        raise ConfigError("phobert.adapt", ["no text is left to learn from; look at 'keep', 'before' and 'without'"])
    tell(f"adapting the encoder to {len(texts)} texts")
    return adapt(
        encoder, texts, target, tokens=settings.tokens, batch_size=settings.batch_size, learning_rate=settings.learning_rate,
        window=config.max_tokens, precision=config.precision, seed=seed, tell=tell,
    )  # fmt: skip


def chosen_texts(config: Adaptation, base: Path) -> Iterator[str]:
    """Give the texts to learn from: those wanted, none twice, none that the model will be scored on.

    Raises
    ------
    ConfigError
        If a record's date cannot be held against the config's.
    """
    seen = {_key(each.text) for file in config.without for each in read_texts(base / file) if each.split != "train"}
    wanted = re.compile(config.keep)
    for file in config.texts:
        for text, date, _ in read_texts(base / file):
            if config.before and date and not _DAY.match(date):
                raise ConfigError("phobert.adapt.before", [f"{base / file}: has the date '{date}'; only YYYY-MM-DD can be held against it"])
            late = bool(config.before and date and date >= config.before)
            if not late and wanted.search(text) and _key(text) not in seen:
                seen.add(_key(text))
                yield text


def _key(text: str) -> str:
    """Give what tells texts apart, whatever their spelling: their beginning."""
    return " ".join(normalize(text).text.split())[:200]
