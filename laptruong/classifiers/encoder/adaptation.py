"""Domain adaptation: masked-language modelling on news before fine-tuning (Gururangan et al. 2020, "Don't stop pretraining")."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from transformers import PrinterCallback, Trainer, TrainingArguments

from laptruong.classifiers.encoder.fitting import last_checkpoint, surroundings
from laptruong.classifiers.encoder.pretrained import TOKENIZER_FILES, fetch, load_encoder, load_subwords, positions
from laptruong.classifiers.encoder.subwords import Marks, Subwords
from laptruong.errors import ModelError
from laptruong.text import normalize

_MASKED, _IGNORED = 0.15, -100


def adapt(
    encoder: str, texts: Sequence[str], target: Path, *, tokens: int, batch_size: int, learning_rate: float, window: int, precision: str,
    seed: int, tell: Callable[[str], None],
) -> Path:  # fmt: skip
    """Go on training an encoder on texts.

    Parameters
    ----------
    encoder : str
        A folder, or a name on the hub.
    texts : sequence of str
    target : Path
        Where the adapted checkpoint goes once it is complete; checkpoints on the way lie beside it, and a training that was
        killed goes on from the last.
    tokens : int
        Subwords to learn from, all passes together.
    batch_size, window : int
        Sequences a step, and their longest length.
    learning_rate : float
    precision : {"auto", "float32", "bfloat16"}
    seed : int
    tell : callable

    Returns
    -------
    Path
        ``target``.
    """
    source = fetch(encoder)
    model = load_encoder(source, masked=True, seed=seed)
    subwords = load_subwords(source, model.config.vocab_size)
    data = blocks(texts, subwords, min(window, positions(model.config)), tokens, seed)
    trainer = Trainer(
        model=model, train_dataset=data, data_collator=Masker(subwords.marks, _mask_id(source, subwords), model.config.vocab_size, seed),
        args=TrainingArguments(
            **surroundings(precision), output_dir=str(target.parent / "adapting"), seed=seed, num_train_epochs=1,
            per_device_train_batch_size=batch_size, learning_rate=learning_rate, warmup_steps=0.06, weight_decay=0.01,
            optim="adamw_torch_fused", save_strategy="steps", save_steps=0.2, logging_strategy="steps", logging_steps=0.05,
        ),
    )  # fmt: skip
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=last_checkpoint(target.parent / "adapting"))
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    tell(f"masked-language loss from {losses[0]:.3f} to {losses[-1]:.3f}" if losses else "adapted")
    if trainer.is_world_process_zero():
        _write(model, source, target)
    trainer.accelerator.wait_for_everyone()
    return target


def blocks(texts: Sequence[str], subwords: Subwords, limit: int, tokens: int, seed: int) -> Dataset:
    """Cut texts into stretches of at most ``limit`` subwords, special tokens included, and draw about so many subwords of them.

    A short last stretch of a text is kept. None comes again before all have come; each row knows its ``place``.
    """
    rows: list[dict[str, Any]] = []
    for text in texts:
        plain = normalize(text).text
        ids = subwords.cut([plain], [[]])[0].ids
        for start in range(0, len(ids), limit - 2):
            stretch = [subwords.marks.start, *ids[start : start + limit - 2], subwords.marks.end]
            rows.append({"ids": stretch, "length": len(stretch)})
    count = max(1, round(tokens * len(rows) / sum(row["length"] for row in rows)))
    order = np.random.default_rng(seed).permutation(len(rows))
    return Dataset.from_list(rows).select(np.resize(order, count)).add_column("place", list(range(count)))


@dataclass(frozen=True, slots=True)
class Masker:
    """Hides 15 % of the subwords: of these 80 % behind the mask, 10 % behind another subword, 10 % not at all (BERT).

    What it draws follows from the seed and a batch's place: a training that goes on from a checkpoint asks for batches before it has
    torch's generator back, and asks for others than one that was not interrupted.
    """

    marks: Marks
    mask: int
    vocabulary: int
    seed: int

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Give ``input_ids``, ``attention_mask`` and ``labels``, each of shape (batch, longest)."""
        longest = max(row["length"] for row in rows)
        ids = torch.tensor([row["ids"] + [self.marks.padding] * (longest - row["length"]) for row in rows])
        text = ~torch.isin(ids, torch.tensor(self.marks[:3]))
        drawn = np.random.SeedSequence((self.seed, rows[0]["place"])).generate_state(1)  # torch's generator takes 32 bits of a seed
        dice = torch.Generator().manual_seed(int(drawn[0]))
        hidden = (torch.rand(ids.shape, generator=dice) < _MASKED) & text
        labels = torch.where(hidden, ids, _IGNORED)
        draw = torch.rand(ids.shape, generator=dice)
        others = torch.randint(self.vocabulary, ids.shape, generator=dice)
        ids = torch.where(hidden & (draw < 0.8), self.mask, torch.where(hidden & (draw > 0.9), others, ids))
        return {"input_ids": ids, "attention_mask": (ids != self.marks.padding).long(), "labels": labels}


def _mask_id(source: Path, subwords: Subwords) -> int:
    if subwords.segmented:
        return subwords.size
    found = [i for name in ("<mask>", "[MASK]") if (i := subwords.tokenizer.token_to_id(name)) is not None]
    if not found:
        raise ModelError(f"{source}: its tokenizer has no mask, so it cannot be adapted; leave 'adapt' out")
    return found[0]


def _write(model: Any, source: Path, target: Path) -> None:
    """Write the encoder and the tokenizer's files, complete or not at all."""
    draft = target.with_name("adapted.part")
    model.base_model.save_pretrained(draft)
    for name in (*TOKENIZER_FILES, "README.md"):
        if (source / name).is_file():
            shutil.copy(source / name, draft)
    draft.rename(target)
    shutil.rmtree(target.parent / "adapting", ignore_errors=True)
