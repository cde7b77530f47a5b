"""What the encoder classifier needs before it can be fitted: the encoder, adapted to news if the config asks for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from laptruong.errors import ConfigError
from train.config import Adaptation, Phobert
from train.texts import read_texts


def prepare(config: Phobert, base: Path, work: Path, seed: int, tell: Callable[[str], None]) -> dict[str, Any]:
    """Give the classifier's parameters, the encoder adapted.

    Parameters
    ----------
    config : Phobert
    base : Path
        The config file's folder.
    work : Path
        Where the adapted encoder is kept until the training is done.
    seed : int
    tell : callable
        Called with a line at each step.
    """
    parameters = config.model_dump(exclude={"adapt"})
    if (base / config.encoder).is_dir():
        parameters["encoder"] = str(base / config.encoder)
    if config.adapt is not None:
        parameters["encoder"] = str(_adapt(config.adapt, parameters["encoder"], config, base, work / "adapted", seed, tell))
    return parameters


def _adapt(adapt: Adaptation, encoder: str, config: Phobert, base: Path, target: Path, seed: int, tell: Callable[[str], None]) -> Path:
    from laptruong.classifiers.encoder.adaptation import adapt as run

    missing = [f"{base / file}: no such file" for file in adapt.texts + adapt.without if not (base / file).is_file()]
    if missing:
        raise ConfigError("phobert.adapt", missing)
    if target.is_dir():
        return target
    texts = list(chosen_texts(adapt, base))
    tell(f"adapting the encoder to {len(texts)} texts")
    return run(
        encoder, texts, target, tokens=adapt.tokens, batch_size=adapt.batch_size, learning_rate=adapt.learning_rate,
        window=config.max_tokens, precision=config.precision, seed=seed, tell=tell,
    )  # fmt: skip


def chosen_texts(adapt: Adaptation, base: Path) -> Iterator[str]:
    """Give the texts to learn from: those wanted, none twice, none that the model will be scored on."""
    seen = {_key(each.text) for file in adapt.without for each in read_texts(base / file) if each.split != "train"}
    wanted = re.compile(adapt.keep)
    for file in adapt.texts:
        for text, date, _ in read_texts(base / file):
            if (date or "") < (adapt.before or "9") and wanted.search(text) and _key(text) not in seen:
                seen.add(_key(text))
                yield text


def _key(text: str) -> str:
    return " ".join(text.split())[:200]
