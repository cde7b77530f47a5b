"""The encoder classifier: PhoBERT, or any other encoder, fine-tuned for topics and stances in one forward pass.

Topics are read off the vector of ``<s>``, the stance of an actor off the vectors of the subwords that name it (DESIGN:
one encoder, one forward pass a paragraph). Training needs torch and transformers, labelling neither: a saved
model is an ONNX graph over its safetensors. Topic probabilities are calibrated by Platt's sigmoid, stances by a
temperature (Guo et al. 2017), both fitted on dev.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np

from laptruong.classifiers import storage
from laptruong.classifiers.base import Classifier, Example, FitContext, Gold, Prediction, check_labels
from laptruong.classifiers.encoder.runtime import Run, load_network, run_windows
from laptruong.classifiers.encoder.subwords import Marks, Subwords
from laptruong.classifiers.encoder.windows import make_windows
from laptruong.classifiers.probabilities import expit, softmax
from laptruong.errors import ModelError
from laptruong.scheme import Pair, Scheme

if TYPE_CHECKING:
    from onnx import ModelProto

    from laptruong.classifiers.encoder.development import Dev
    from laptruong.classifiers.encoder.network import Network

_LEARNT = ("window_", "topic_slope_", "topic_shift_", "temperature_", "seeds_", "mean_", "quantized_", "licence_")


class EncoderClassifier(Classifier):
    """Topics and stances by a fine-tuned encoder.

    Parameters
    ----------
    scheme : Scheme
    encoder : str
        A folder, or a name on the hub.
    max_tokens : int
        Longest window, special tokens included; never more than the encoder has positions.
    epochs, batch_size, accumulation : int
        Most passes over the data; units a step; steps whose gradients are added up.
    learning_rate, head_learning_rate : float
        Peak rates of the encoder and of the new heads.
    warmup : float
        Share of the steps in which the rate rises; then it falls linearly to 0.
    weight_decay, dropout : float
        Dropout is that of the heads, and the most in the encoder's layers.
    balance : float
        How far rare stances are weighed up; see `losses.balance`.
    patience : int
        Epochs without a better dev score after which training stops.
    seeds : int
        Runs, with seeds that follow one another; the mean of their weights is kept, see `mean_holds`.
    precision : {"auto", "float32", "bfloat16"}
        Of training; auto takes bfloat16 where the chip multiplies it.
    quantize : {"auto", "never"}
        Eight-bit weights in the saved model: auto where they cost less than half a point on dev.

    Attributes
    ----------
    window_ : int
        Longest window used.
    topic_slope_, topic_shift_ : ndarray, shape (n_topics,)
        ``p = 1 / (1 + exp(-(slope * score + shift)))``.
    temperature_ : float
        ``p = softmax(scores / temperature)``.
    seeds_ : list of dict
        Each run's seed and dev scores.
    mean_ : dict or None
        Dev scores of the mean of several runs' weights.
    quantized_ : dict or None
        Dev scores with and without eight-bit weights, once saved.
    licence_ : str or None
        Of the encoder, as its card names it.
    subwords_ : Subwords
        The tokenizer.
    network_, graph_, dev_ : Network, onnx.ModelProto, Dev
        What was fitted, its graph, and on what it was judged; a loaded model has none of them.
    """

    network_: Network | None
    graph_: ModelProto
    dev_: Dev
    subwords_: Subwords
    window_: int
    topic_slope_: np.ndarray
    topic_shift_: np.ndarray
    temperature_: float
    seeds_: list[dict[str, Any]]
    mean_: dict[str, float] | None
    licence_: str | None

    kind: ClassVar[str] = "phobert"
    fills_all_cores: ClassVar[bool] = True

    def __init__(
        self, scheme: Scheme, *, encoder: str = "vinai/phobert-base", max_tokens: int = 256, epochs: int = 5, batch_size: int = 16,
        accumulation: int = 1, learning_rate: float = 3e-5, head_learning_rate: float = 1e-3, warmup: float = 0.1,
        weight_decay: float = 0.01, dropout: float = 0.1, balance: float = 0.5, patience: int = 2, seeds: int = 1,
        precision: Literal["auto", "float32", "bfloat16"] = "auto", quantize: Literal["auto", "never"] = "auto",
    ) -> None:  # fmt: skip
        super().__init__(scheme)
        self.encoder, self.max_tokens = encoder, max_tokens
        self.epochs, self.batch_size, self.accumulation, self.patience, self.seeds = epochs, batch_size, accumulation, patience, seeds
        self.learning_rate, self.head_learning_rate, self.warmup = learning_rate, head_learning_rate, warmup
        self.weight_decay, self.dropout, self.balance = weight_decay, dropout, balance
        self.precision, self.quantize = precision, quantize
        self.run_: Run | None = None
        self.network_: Network | None = None
        self.quantized_: dict[str, Any] | None = None

    def fit(
        self, examples: Sequence[Example], gold: Sequence[Gold], groups: Sequence[str], *, seed: int = 0, context: FitContext | None = None
    ) -> Self:
        check_labels(self.scheme, examples, gold, groups)
        from laptruong.classifiers.encoder import fitting  # torch and transformers are needed here only

        fitting.fit(self, examples, gold, groups, seed, context or FitContext())
        return self

    def predict(
        self,
        examples: Sequence[Example],
        pairs: Sequence[Sequence[Pair]] | None = None,
        floor: np.ndarray | None = None,
    ) -> list[Prediction]:
        actors = [self._asked(example, None if pairs is None else pairs[unit]) for unit, example in enumerate(examples)]
        topic_scores, stance_scores = self.scores(examples, actors)
        topics = expit(self.topic_slope_ * topic_scores + self.topic_shift_)
        shares = [softmax(each / self.temperature_, axis=-1) for each in stance_scores]
        slots = {topic: at for at, topic in enumerate(self.scheme.topic_ids or (None,))}
        found = []
        for unit, (example, row) in enumerate(zip(examples, topics, strict=True)):
            wanted = self.default_pairs(example, row, floor) if pairs is None else pairs[unit]
            column = {actor: at for at, actor in enumerate(actors[unit])}
            found.append(Prediction(row, {(actor, topic): shares[unit][column[actor], slots[topic]] for actor, topic in wanted}))
        return found

    def _asked(self, example: Example, pairs: Sequence[Pair] | None) -> list[str | None]:
        if pairs is not None:
            return list(dict.fromkeys(actor for actor, _ in pairs))
        return [None] if self.scheme.actors is None else list(example.actors)

    def scores(self, examples: Sequence[Example], actors: Sequence[Sequence[str | None]]) -> tuple[np.ndarray, list[np.ndarray]]:
        """Run the network over units.

        Returns
        -------
        topics : ndarray, shape (n_units, n_topics)
            Logits.
        stances : list of ndarray, shape (n_actors, n_topics or 1, n_stances)
            Logits, for each unit.
        """
        windows = make_windows(examples, actors, self.subwords_, self.window_)
        return run_windows(self._run(), windows, actors, self.subwords_.marks, len(self.scheme.topic_ids), self.window_)

    def _run(self) -> Run:
        if self.run_ is None:
            if self.network_ is None:
                raise ModelError("the model was not fitted; fit or load it first")
            from laptruong.classifiers.encoder.torch_runtime import TorchRun

            self.run_ = TorchRun(self.network_)
        return self.run_

    def parameters(self) -> dict[str, Any]:
        """Give what labelling needs to know: what was learnt beside the weights, and the tokenizer's kind."""
        learnt = {name: getattr(self, name) for name in _LEARNT}
        return {name: each.tolist() if isinstance(each, np.ndarray) else each for name, each in learnt.items()} | {
            "marks": list(self.subwords_.marks), "vocabulary": self.subwords_.size, "segmented": self.subwords_.segmented,
        }  # fmt: skip

    def facts(self) -> dict[str, Any]:
        return {"licence": self.licence_, "seeds": self.seeds_, "mean": self.mean_, "quantized": self.quantized_}

    def save(self, folder: Path) -> None:
        if self.network_ is None:
            raise ModelError("only a model that was just fitted can be saved; to copy one, copy its folder")
        from laptruong.classifiers.encoder.development import METRIC
        from laptruong.classifiers.encoder.export import export
        from laptruong.classifiers.encoder.pretrained import describe
        from laptruong.classifiers.encoder.torch_runtime import SHAPE

        size = self.subwords_.size
        self.quantized_ = export(self.network_, self.graph_, folder, self.quantize, size, lambda run: self.dev_.score(run)[METRIC])
        self.subwords_.save(folder)
        storage.write_json(folder, SHAPE, describe(self.network_.encoder))
        storage.write_json(folder, "parameters.json", self.parameters())

    @classmethod
    def load(cls, folder: Path, scheme: Scheme) -> Self:
        parameters = storage.read_json(folder, "parameters.json")
        try:
            model = cls(scheme)
            model._restore(parameters)
            kind = parameters["segmented"]
            model.subwords_ = Subwords.load(folder, Marks(*parameters["marks"]), parameters["vocabulary"], segmented=kind)
        except (KeyError, TypeError, ValueError) as err:
            raise ModelError(f"{folder}: is no encoder model of this version ({err!r}); train it again") from None
        model.run_ = _on_gpu(folder, scheme) or load_network(folder)
        return model

    def _restore(self, parameters: dict[str, Any]) -> None:
        for name in _LEARNT:
            value = parameters.get(name) if name == "mean_" else parameters[name]  # runs made before there were means stay readable
            setattr(self, name, np.array(value) if name in ("topic_slope_", "topic_shift_") else value)
        if self.topic_slope_.shape != (len(self.scheme.topic_ids),):
            raise ValueError(f"calibrated for {len(self.topic_slope_)} topics, the scheme has {len(self.scheme.topic_ids)}")


def _on_gpu(folder: Path, scheme: Scheme) -> Run | None:
    """Load a network onto a GPU if there is one and torch is installed; torch is not imported just to ask."""
    if shutil.which("nvidia-smi") is None or not all(importlib.util.find_spec(name) for name in ("torch", "transformers")):
        return None
    import torch

    from laptruong.classifiers.encoder.torch_runtime import load_torch

    return load_torch(folder, len(scheme.topic_ids), len(scheme.stance_ids), "cuda") if torch.cuda.is_available() else None
