"""Fine-tune the encoder with transformers' ``Trainer``: several seeds and their mean, early stopping, checkpoints that resume.

Runs that start from the same weights end near enough to one another for the mean of their weights to be a model, and often a better
one than each (Wortsman et al. 2022, "Model soups"): it costs no more to label with. So the seeds of one training differ in the
order of the data, the versions seen and the dropout, and not in what the heads start from.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from datasets import Dataset
from safetensors.torch import load_file, save_file
from transformers import EarlyStoppingCallback, PrinterCallback, Trainer, TrainingArguments

from laptruong.classifiers.base import Example, FitContext, Gold, check_labels
from laptruong.classifiers.encoder import losses
from laptruong.classifiers.encoder.development import METRIC, Dev, mean_holds
from laptruong.classifiers.encoder.export import trace
from laptruong.classifiers.encoder.network import Network, merge
from laptruong.classifiers.encoder.pretrained import fetch, licence, load_config, load_encoder, load_subwords, positions
from laptruong.classifiers.encoder.sampling import ShuffledBatches
from laptruong.classifiers.encoder.table import Collator, table
from laptruong.classifiers.encoder.torch_runtime import TorchRun
from laptruong.classifiers.encoder.windows import SHORTEST
from laptruong.errors import ConfigError

if TYPE_CHECKING:
    from laptruong.classifiers.encoder.classifier import EncoderClassifier

_T = TypeVar("_T")
_BEST, _DONE = "best.safetensors", "done.json"


class Tuner(Trainer):
    """The trainer with two losses, a faster rate for the new heads and the project's own dev score."""

    def __init__(self, *, owner: EncoderClassifier, weights: torch.Tensor, dev: Dev, tell: Callable[[str], None], **rest: Any) -> None:
        super().__init__(**rest)
        self.owner, self.weights, self.dev, self.tell = owner, weights, dev, tell
        self.model_accepts_loss_kwargs = False
        self.remove_callback(PrinterCallback)

    def compute_loss(self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None) -> Any:
        scores = model(inputs["ids"], inputs["mask"], inputs["pool"])
        scores = merge(scores, inputs["units"], len(inputs["stances"]), inputs["pool"])
        loss = losses.stance_loss(scores.stances, inputs["stances"], self.weights.to(scores.stances.device))
        if scores.topics.shape[1]:
            loss = loss + losses.topic_loss(scores.topics, inputs["topics"])
        return (loss, scores) if return_outputs else loss

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:
        data: Any = self.train_dataset
        return ShuffledBatches(data["length"], data["unit"], self.args.train_batch_size, self.args.seed)

    def create_optimizer(self, model: Any = None) -> Any:
        if self.optimizer is None:
            assert self.model is not None  # noqa: S101  # for the type checker
            groups = parameter_groups(self.model, self.owner)
            self.optimizer = torch.optim.AdamW(groups, fused=True)
        return self.optimizer

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        scores = self.dev.score(TorchRun(self.accelerator.unwrap_model(self.model)))
        [scores] = broadcast_object_list([scores])  # all processes stop together, whatever their last digits
        metrics = {f"eval_{name}": value for name, value in scores.items()}
        self.log(metrics)
        self.tell(f"epoch {self.state.epoch:g}: " + _told(scores))
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def parameter_groups(network: Any, owner: EncoderClassifier) -> list[dict[str, Any]]:
    """Give the weights their learning rates: the new heads learn faster; biases and norms are not decayed."""
    groups: dict[tuple[bool, bool], list[Any]] = {}
    for name, weight in network.named_parameters():
        if weight.requires_grad:
            groups.setdefault((name.startswith("encoder."), weight.ndim > 1), []).append(weight)
    return [
        {
            "params": weights,
            "lr": owner.learning_rate if pretrained else owner.head_learning_rate,
            "weight_decay": owner.weight_decay * matrix,
        }
        for (pretrained, matrix), weights in groups.items()
    ]


def fit(
    owner: EncoderClassifier, examples: Sequence[Example], gold: Sequence[Gold], groups: Sequence[str], seed: int, context: FitContext
) -> None:
    """Fit a classifier with each of its seeds and keep the mean of their weights; see `Classifier.fit`."""
    owner.run_ = None
    if owner.seeds < 1 or owner.epochs < 1 or owner.max_tokens < SHORTEST:
        raise ConfigError("phobert", [f"seeds and epochs must be at least 1, max_tokens at least {SHORTEST}"])
    folder = fetch(owner.encoder)
    config = load_config(folder)
    owner.licence_ = licence(folder)
    owner.window_ = min(owner.max_tokens, positions(config))
    owner.subwords_ = load_subwords(folder, config.vocab_size)
    dev, versions = context.dev, context.versions or [[] for _ in examples]
    owner.graph_ = trace(_network(owner, folder, seed))  # an encoder that cannot be exported is told before hours of training
    if dev is None:
        out = held_out(groups, seed)
        learnt = [not each for each in out]
        dev = _only(examples, out), _only(gold, out)
        examples, gold, groups = _only(examples, learnt), _only(gold, learnt), _only(groups, learnt)
        versions = _only(versions, learnt)
        check_labels(owner.scheme, examples, gold, groups)
    owner.dev_ = Dev(*dev, owner.scheme, owner.subwords_, owner.window_)
    data = table(owner, examples, gold, versions)
    with context.folder() as work:
        owner.seeds_ = []
        for each in range(seed, seed + owner.seeds):
            owner.seeds_.append({"seed": each} | tune(owner, folder, data, (seed, each), work / f"seed-{each}", context.tell))
            context.tell(f"seed {each}, best epoch: {_told(owner.seeds_[-1])}")
        owner.network_ = _network(owner, folder, seed)
        owner.mean_ = _choose(owner, [work / f"seed-{run['seed']}" / _BEST for run in owner.seeds_], context.tell)
    owner.topic_slope_, owner.topic_shift_, owner.temperature_ = owner.dev_.calibrate(TorchRun(owner.network_))


def _choose(owner: EncoderClassifier, runs: Sequence[Path], tell: Callable[[str], None]) -> dict[str, float] | None:
    """Give the network the mean of its runs' weights, or those of the best run where the mean is no model; see `mean_holds`.

    Returns
    -------
    dict from str to float, or None
        The mean's dev scores; None where there is one run.
    """
    assert owner.network_ is not None  # noqa: S101  # for the type checker
    owner.network_.load_state_dict(mean_weights(runs))
    if len(runs) == 1:
        return None
    scores = owner.dev_.score(TorchRun(owner.network_))
    tell(f"mean of {len(runs)} seeds: {_told(scores)}")
    if not mean_holds(owner.seeds_, scores):
        best = max(range(len(runs)), key=lambda run: owner.seeds_[run][METRIC])
        tell(f"the runs are better than their mean; seed {owner.seeds_[best]['seed']} is kept")
        owner.network_.load_state_dict(load_file(runs[best]))
    return scores


def mean_weights(files: Sequence[Path]) -> dict[str, torch.Tensor]:
    """Give the mean of networks' weights."""
    total = load_file(files[0])
    for path in files[1:]:
        for name, weight in load_file(path).items():
            total[name] += weight
    return {name: weight / len(files) for name, weight in total.items()}


def tune(
    owner: EncoderClassifier, folder: Path, data: Dataset, seeds: tuple[int, int], work: Path, tell: Callable[[str], None]
) -> dict[str, float]:
    """Fine-tune with one seed, going on from the last checkpoint in the work folder if there is one.

    Parameters
    ----------
    owner : EncoderClassifier
    folder : Path
        The encoder's.
    data : Dataset
    seeds : (int, int)
        What the heads start from, and what order, versions and dropout follow.
    work : Path
    tell : callable

    Returns
    -------
    dict from str to float
        The best epoch's dev scores; its weights are left as ``best.safetensors`` in the work folder.
    """
    done = work / _DONE
    if done.is_file():
        return dict(json.loads(done.read_text("utf-8")))
    start, seed = seeds
    network = _network(owner, folder, start)
    counts = np.sum([shares for row in data["stances"] for actor in row for shares in actor], axis=0)
    trainer = Tuner(
        owner=owner, weights=losses.balance(torch.tensor(counts), owner.balance), dev=owner.dev_, tell=tell, model=network,
        args=arguments(owner, work / "checkpoints", seed), train_dataset=data, eval_dataset=data.select(range(1)),
        data_collator=Collator(owner.subwords_.marks, (max(len(owner.scheme.topic_ids), 1), len(owner.scheme.stance_ids))),
        callbacks=[EarlyStoppingCallback(owner.patience)],
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=last_checkpoint(work / "checkpoints"))
    trainer.accelerator.wait_for_everyone()
    scores = owner.dev_.score(TorchRun(network))
    if trainer.is_world_process_zero():
        save_file({name: each.contiguous() for name, each in network.state_dict().items()}, work / _BEST)
        done.write_text(json.dumps(scores), "utf-8")
        shutil.rmtree(work / "checkpoints")
    trainer.accelerator.wait_for_everyone()
    return scores


def arguments(owner: EncoderClassifier, output: Path, seed: int) -> TrainingArguments:
    """Give the trainer's settings; rates and decay are those of `parameter_groups`."""
    return TrainingArguments(
        **surroundings(owner.precision), output_dir=str(output), seed=seed, num_train_epochs=owner.epochs, warmup_steps=owner.warmup,
        per_device_train_batch_size=owner.batch_size, gradient_accumulation_steps=owner.accumulation, max_grad_norm=1.0,
        eval_strategy="epoch", save_strategy="epoch", load_best_model_at_end=True, metric_for_best_model=METRIC, greater_is_better=True,
        restore_callback_states_from_checkpoint=True, logging_strategy="no",
    )  # fmt: skip


def surroundings(precision: str) -> dict[str, Any]:
    """Give the trainer's settings that follow from the machine, and those that every training shares."""
    return {
        "use_cpu": not torch.accelerator.is_available(), "bf16": calculates_bfloat16(precision),
        "dataloader_pin_memory": torch.cuda.is_available(), "lr_scheduler_type": "linear", "save_total_limit": 1, "report_to": [],
        "disable_tqdm": True, "remove_unused_columns": False,
    }  # fmt: skip


def calculates_bfloat16(precision: str) -> bool:
    """Tell whether to train in bfloat16; ``auto`` does where the chip multiplies it itself, as elsewhere it is slower."""
    if precision != "auto":
        return precision == "bfloat16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu.get_capabilities().get("avx512_bf16"))


def held_out(groups: Sequence[str], seed: int) -> list[bool]:
    """Choose a tenth of the articles, at least one, to stop early on where no dev set is given."""
    names = sorted(set(groups))
    chosen = set(np.random.default_rng(seed).permutation(names)[: max(1, len(names) // 10)].tolist())
    return [group in chosen for group in groups]


def _only(each: Sequence[_T], flags: Sequence[bool]) -> list[_T]:
    return [one for one, flag in zip(each, flags, strict=True) if flag]


def _told(scores: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in scores.items() if name != "seed")


def _network(owner: EncoderClassifier, folder: Path, seed: int) -> Network:
    encoder = load_encoder(folder, seed=seed, dropout=owner.dropout)
    return Network(encoder, len(owner.scheme.topic_ids), len(owner.scheme.stance_ids), owner.dropout)


def last_checkpoint(folder: Path) -> str | None:
    """Give the newest checkpoint that was written whole; the trainer writes its state last."""
    found = [path for path in folder.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return str(max(found, key=lambda path: int(path.name.partition("-")[2]))) if found else None
