"""Small encoders with random weights, of the shapes and with the files of real ones.

python tests/tiny_encoders.py tests/encoders/tiny   # makes the one that configs/tiny.yaml trains
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import torch
from support import ROOT
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

from laptruong.segmentation import segment
from laptruong.text import normalize

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def corpus_texts(count: int = 600) -> list[str]:
    """Give paragraphs of the written corpus."""
    lines = (ROOT / "data" / "corpus" / "train.jsonl").read_text("utf-8").splitlines()
    return [each["text"] for line in lines for each in json.loads(line)["paragraphs"]][:count]


def make_tiny_encoder(folder: Path, texts: Iterable[str], *, pieces: int = 2000, hidden: int = 64, positions: int = 128) -> Path:
    """Make a two-layer BERT with a Unigram tokenizer of its own."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=pieces, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False)
    tokenizer.train_from_iterator([normalize(text).text for text in texts], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=hidden, num_hidden_layers=2, num_attention_heads=4, intermediate_size=2 * hidden,
        max_position_embeddings=positions, pad_token_id=1,
    )  # fmt: skip
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def make_phobert(folder: Path, texts: Iterable[str], *, merges: int = 600, hidden: int = 32) -> Path:
    """Make a two-layer RoBERTa with PhoBERT's files: byte pairs learnt from texts, both of PhoBERT's traps among them.

    One merge holds a no-break space, and the results of some merges are not in the vocabulary.
    """
    words = Counter(word.text for text in texts for word in segment(normalize(text).text))
    cut = {word: (*word[:-1], word[-1] + "</w>") for word in words}
    learnt: list[tuple[str, str]] = []
    for _ in range(merges):
        pairs = Counter[tuple[str, str]]()
        for word, parts in cut.items():
            for pair in pairwise(parts):
                pairs[pair] += words[word]
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        learnt.append(best)
        cut = {word: _merged(parts, best) for word, parts in cut.items()}
    codes = [f"{left} {right} {1000 - at}" for at, (left, right) in enumerate(learnt)]
    codes.insert(20, "\xa0 km</w> 900")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bpe.codes").write_text("\n".join(codes) + "\n", "utf-8")
    found = Counter(part for parts in cut.values() for part in parts)
    common = [part for part, _ in found.most_common(len(found) * 4 // 5)]
    entries = [part.removesuffix("</w>") if part.endswith("</w>") else f"{part}@@" for part in common]
    (folder / "vocab.txt").write_text("".join(f"{entry} 1\n" for entry in entries), "utf-8")
    torch.manual_seed(0)
    config = RobertaConfig(
        vocab_size=len(entries) + 5, hidden_size=hidden, num_hidden_layers=2, num_attention_heads=4, intermediate_size=2 * hidden,
        max_position_embeddings=258, pad_token_id=1, type_vocab_size=1,
    )  # fmt: skip
    RobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


def _merged(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    for part in parts:
        if found and (found[-1], part) == pair:
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


if __name__ == "__main__":
    make_tiny_encoder(Path(sys.argv[1]), corpus_texts(), pieces=1000, hidden=32)
