"""The experiment file: closed, every mistake at once, overrides that must match."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, field_validator

from laptruong.classifiers.encoder.windows import SHORTEST
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


class Adaptation(Closed):
    """Masked-language modelling on unlabelled news before fine-tuning."""

    texts: list[str] = Field(min_length=1, description="texts, .jsonl or one a line, also as .gz; paths count from the config's folder")
    keep: str = Field(default="", description="regular expression; only texts that match it are learnt from")
    without: list[str] = Field(default_factory=list, description="corpus files whose texts are left out, but for the split train")
    before: str = Field(
        default="",
        pattern=r"^(\d{4}-\d\d-\d\d)?$",
        description="only records dated before this day; undated ones stay",
    )
    tokens: int = Field(default=2_000_000, ge=1, description="subwords to learn from, several passes if the texts are fewer")
    batch_size: int = Field(default=32, ge=1, description="sequences a step")
    learning_rate: float = Field(default=2e-4, gt=0, allow_inf_nan=False, description="peak learning rate")

    @field_validator("keep")
    @classmethod
    def _is_expression(cls, keep: str) -> str:
        try:
            re.compile(keep)
        except re.error as err:
            raise ValueError(f"is no regular expression ({err})") from None
        return keep


class Phobert(Closed):
    """Hyper-parameters of the encoder classifier."""

    encoder: str = Field(default="vinai/phobert-base", description="a name on the hub, or a folder (from the config's folder)")
    max_tokens: int = Field(default=256, ge=SHORTEST, description="longest window in subwords; never more than the encoder's positions")
    epochs: int = Field(default=5, ge=1, description="most passes over the training data")
    batch_size: int = Field(default=16, ge=1, description="units a step, on each device")
    accumulation: int = Field(default=1, ge=1, description="steps whose gradients are added up")
    learning_rate: float = Field(default=3e-5, gt=0, allow_inf_nan=False, description="peak learning rate of the encoder")
    head_learning_rate: float = Field(default=1e-3, gt=0, allow_inf_nan=False, description="peak learning rate of the new heads")
    warmup: float = Field(default=0.1, ge=0, lt=1, description="share of the steps in which the rate rises")
    weight_decay: float = Field(default=0.01, ge=0, allow_inf_nan=False, description="decay of the matrices")
    dropout: float = Field(default=0.1, ge=0, le=0.9, description="dropout of the heads, and the most in the encoder's layers")
    balance: float = Field(default=0.5, ge=0, le=1, description="weight of rare stances: 0 all pairs alike, 1 all stances alike")
    patience: int = Field(default=2, ge=1, description="epochs without a better dev score after which training stops")
    seeds: int = Field(default=1, ge=1, description="runs, with seeds that follow one another; the mean of their weights is kept")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        default="auto", description="of training; auto: bfloat16 where the chip has it"
    )
    quantize: Literal["auto", "never"] = Field(default="auto", description="eight-bit weights where they cost under half a point on dev")
    versions: bool = Field(default=False, description="see units now and then with other actors' names")
    adapt: Adaptation | None = Field(default=None, description="masked-language modelling before fine-tuning")


class Config(Closed):
    """An experiment."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", description="the run's name and folder")
    classifier: Literal["tfidf", "phobert"] = Field(description="which classifier to train")
    scheme: str = Field(default="ukraine", description="a shipped scheme's name, or a .yaml file")
    seed: int = Field(default=13, ge=0, description="seed of every random choice")
    data: Data = Field(description="what to learn from")
    output: str = Field(default="../models", description="folder in which the run's folder is made")
    abstention_cost: float = Field(default=0.5, gt=0, le=1, description="cost of withholding a label; a wrong one costs 1")
    tfidf: Tfidf = Field(default_factory=Tfidf, description="hyper-parameters of the TF-IDF classifier")
    phobert: Phobert = Field(default_factory=Phobert, description="hyper-parameters of the encoder classifier")


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
