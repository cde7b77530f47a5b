"""The experiment file: closed, every mistake at once, overrides that must match."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, field_validator

from laptruong.errors import ConfigError
from laptruong.schemas import Closed, check, read_yaml


class Data(Closed):
    """Corpus files; paths count from the config file's folder."""

    train: list[str] = Field(min_length=1, description="files to learn from")
    dev: list[str] = Field(min_length=1, description="files on which thresholds are chosen and scores reported")
    layers: list[str] = Field(
        default_factory=list,
        description="corpus files used where they are there: their split 'train' is learnt from, 'dev' joins dev; a missing one is told",
    )


class Views(Closed):
    """Weights of the views of a stance."""

    near: float = Field(default=1.0, ge=0, description="words right beside the actor, by side and distance")
    clause: float = Field(default=1.0, ge=0, description="words from the actor to the next one")
    sentence: float = Field(default=0.5, ge=0, description="the actor's sentences")
    unit: float = Field(default=0.3, ge=0, description="the whole unit")


class Tfidf(Closed):
    """Hyper-parameters of the TF-IDF classifier."""

    topic_c: float = Field(default=10.0, gt=0, allow_inf_nan=False, description="inverse L2 penalty of the topic models")
    stance_c: float = Field(default=3.0, gt=0, allow_inf_nan=False, description="inverse L2 penalty of the stance model")
    min_df: int = Field(default=2, ge=1, description="fewest training units that must have a feature")
    ngrams: tuple[int, int] = Field(default=(2, 5), description="shortest and longest character n-gram")
    weights: Views = Field(default_factory=Views, description="weights of the views of a stance")
    cross_weight: float = Field(default=0.5, ge=0, description="weight of the features crossed with the topic")

    @field_validator("ngrams")
    @classmethod
    def _in_order(cls, ngrams: tuple[int, int]) -> tuple[int, int]:
        if not 1 <= ngrams[0] <= ngrams[1]:
            raise ValueError(f"the shortest must be at least 1 and no longer than the longest (got {list(ngrams)})")
        return ngrams


class Config(Closed):
    """An experiment."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="the run's name and folder")
    classifier: Literal["tfidf"] = Field(description="which classifier to train")
    scheme: str = Field(default="ukraine", description="a shipped scheme's name, or a .yaml file")
    seed: int = Field(default=13, ge=0, description="seed of every random choice")
    data: Data = Field(description="what to learn from")
    output: str = Field(default="../models", description="folder in which the run's folder is made")
    abstention_cost: float = Field(default=0.5, gt=0, le=1, description="cost of withholding a label; a wrong one costs 1")
    tfidf: Tfidf = Field(default_factory=Tfidf, description="hyper-parameters of the TF-IDF classifier")


def load_config(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Read an experiment file and apply overrides.

    Parameters
    ----------
    path : Path
    overrides : sequence of str
        Each ``a.b=value``, the value in YAML.

    Raises
    ------
    ConfigError
        With every mistake of the file and of the overrides.
    """
    data, lines = read_yaml(path, ConfigError)
    problems = [problem for override in overrides if (problem := _apply(data, override))]
    if problems:
        raise ConfigError("--set", problems)
    return check(Config, data, str(path), lines, ConfigError)


def _apply(data: dict[str, Any], override: str) -> str | None:
    """Set one value; give the problem if there is one. Whether the key exists is for the schema to say."""
    key, equals, text = override.partition("=")
    if not equals or not all(key.split(".")):
        return f"'{override}' is not of the form a.b=value"
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return f"{key}: the value '{text}' is not YAML; quote it"
    at: Any = data
    *parents, last = key.split(".")
    for parent in parents:
        at = at.setdefault(parent, {}) if isinstance(at, dict) else None
    if not isinstance(at, dict):
        return f"{key}: '{parents[-1]}' is no group of settings"
    at[last] = value
    return None
