"""Pretrained encoders: any that transformers' Auto classes load, from the hub or from a folder.

No code of a checkpoint is run: safetensors are plain numbers, and a file of the older kind (PhoBERT's on the hub is one)
is read by torch's restricted reader, which builds nothing but tensors.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from pickle import UnpicklingError  # to catch it: torch's restricted reader raises it
from typing import Any

import numpy as np
import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, StrictDataclassError
from safetensors import SafetensorError
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoTokenizer
from transformers.utils import logging

from laptruong.classifiers.encoder import phobert
from laptruong.classifiers.encoder.dropout import lighten
from laptruong.classifiers.encoder.subwords import FILE, Marks, Subwords, read_tokenizer
from laptruong.classifiers.encoder.windows import SHORTEST
from laptruong.errors import ModelError

TOKENIZER_FILES = (
    FILE, *phobert.FILES, "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt",
    "sentencepiece.bpe.model", "spiece.model", "spm.model", "tokenizer.model",
)  # fmt: skip
_WANTED = [
    "config.json",
    "*.safetensors",
    "*.safetensors.index.json",
    "pytorch_model.bin",
    *TOKENIZER_FILES,
    "README.md",
    "LICENSE*",
]
_ATTENTION_DROPOUT = ("attention_probs_dropout_prob", "attention_dropout")
_LOADING: dict[str, Any] = {"dtype": torch.float32, "local_files_only": True, "trust_remote_code": False, "weights_only": True}

logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def fetch(name: str) -> Path:
    """Give the folder of an encoder, fetched from the hub if it is not a folder.

    Raises
    ------
    ModelError
        If it is neither; the text says how to get the weights.
    """
    if Path(name).is_dir():
        return Path(name)
    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as err:
        reason = "the hub cannot be reached" if isinstance(err, LocalEntryNotFoundError) else " ".join(str(err).split())[:100]
        raise ModelError(
            f"encoder '{name}' is no folder and was not fetched ({reason}); with a network check its name on the hub, without one give "
            "the folder of a copy (--set phobert.encoder=FOLDER), or make the offline encoder with 'laptruong encoder' "
            "and train configs/offline.yaml"
        ) from None


def licence(folder: Path) -> str | None:
    """Give the licence that an encoder's card names in its header; None where it names none."""
    card = folder / "README.md"
    found = re.search(r"^license:[ \t]*(\S+)", card.read_text("utf-8", "replace"), re.MULTILINE) if card.is_file() else None
    return found.group(1) if found else None


def load_config(folder: Path) -> Any:
    """Read an encoder's configuration.

    Raises
    ------
    ModelError
        If the folder holds none that transformers knows.
    """
    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, StrictDataclassError) as err:
        raise ModelError(f"{folder}: holds no encoder that transformers loads ({' '.join(str(err).split())[:160]})") from None


def load_encoder(folder: Path, *, masked: bool = False, seed: int = 0, dropout: float | None = None) -> Any:
    """Load an encoder, or with its head for masked-language modelling.

    Made for training on a CPU, too (`benchmarks/encoder.py`): attention is plain, since the backward pass of torch's fused
    one takes twice as long, and has no dropout, whose mask would take longer than the rest; see also `dropout`.

    Raises
    ------
    ModelError
        If the folder holds no encoder that transformers' Auto classes load.
    """
    config = load_config(folder)
    for name in _ATTENTION_DROPOUT:
        if hasattr(config, name):
            setattr(config, name, 0.0)
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # it would tell of every head that is to be learnt; trainers reset it
    torch.manual_seed(seed)  # what the checkpoint lacks, a head for instance, is drawn
    kind = AutoModelForMaskedLM if masked else AutoModel
    try:
        model, told = kind.from_pretrained(folder, config=config, attn_implementation="eager", output_loading_info=True, **_LOADING)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError, UnpicklingError) as err:
        raise ModelError(f"{folder}: holds no encoder that transformers loads ({' '.join(str(err).split())[:160]})") from None
    if missing := [
        name for name in told["missing_keys"] if "pooler" not in name and (not masked or name.startswith(model.base_model_prefix))
    ]:
        raise ModelError(
            f"{folder}: lacks weights of the encoder ({', '.join(sorted(missing)[:3])}, …); its config.json is of another model"
        )
    lighten(model, dropout)
    return model if masked else _without_pooler(model)


def describe(encoder: Any) -> dict[str, Any]:
    """Give what `blank_encoder` needs to build an encoder of the same shape."""
    private = ("_name_or_path", "transformers_version", "dtype", "architectures")
    return {name: value for name, value in encoder.config.to_dict().items() if name not in private}


def blank_encoder(description: dict[str, Any]) -> Any:
    """Build an encoder of a shape, its weights random.

    Raises
    ------
    ModelError
        If it is of a kind that transformers does not know.
    """
    try:
        config = AutoConfig.for_model(**{name: value for name, value in description.items() if name != "auto_map"})
        encoder = AutoModel.from_config(config, attn_implementation="eager", trust_remote_code=False)  # type: ignore[no-untyped-call]
    except (TypeError, ValueError, StrictDataclassError) as err:
        raise ModelError(f"an encoder of this kind cannot be built ({' '.join(str(err).split())[:160]})") from None
    return _without_pooler(encoder)


def _without_pooler(encoder: Any) -> Any:
    if getattr(encoder, "pooler", None) is not None:
        encoder.pooler = None  # unused, and weights that get no gradient stop training on several GPUs
    return encoder


def load_subwords(folder: Path, vocabulary: int) -> Subwords:
    """Load the tokenizer of an encoder's folder.

    Parameters
    ----------
    folder : Path
    vocabulary : int
        Size of the encoder's vocabulary.

    Raises
    ------
    ModelError
        If there is none of a kind that is known.
    """
    if all((folder / name).is_file() for name in phobert.FILES):
        return phobert.phobert_subwords(folder)
    tokenizer = read_tokenizer(folder) if (folder / FILE).is_file() else _converted(folder, vocabulary)
    return Subwords(tokenizer, _marks(tokenizer, folder), vocabulary, segmented=False)


def _converted(folder: Path, vocabulary: int) -> Tokenizer:
    """Let transformers make a tokenizer of an older checkpoint's files: WordPiece's vocabulary or SentencePiece's model."""
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # it would tell of each way it tried
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False).backend_tokenizer
        if tokenizer.get_vocab_size() > vocabulary / 2:
            return tokenizer
        reason = f"{tokenizer.get_vocab_size()} subwords found, and the encoder has {vocabulary}"  # it makes an empty one of no files
    except Exception as err:  # its parsers raise nothing more exact
        reason = " ".join(str(err).split())[:160]
    raise ModelError(
        f"{folder}: holds neither {FILE} nor PhoBERT's {' and '.join(phobert.FILES)} nor what transformers makes a tokenizer of "
        f"({reason}); get the whole checkpoint"
    )


def _marks(tokenizer: Tokenizer, folder: Path) -> Marks:
    """Find the special tokens by the names that BERT's and RoBERTa's families give them."""
    found = []
    for names in (("<s>", "[CLS]"), ("</s>", "[SEP]"), ("<pad>", "[PAD]"), ("<unk>", "[UNK]")):
        ids = [i for name in names if (i := tokenizer.token_to_id(name)) is not None]
        if not ids:
            raise ModelError(f"{folder}: its tokenizer has no token {' or '.join(names)}; this encoder's kind is not known here")
        found.append(ids[0])
    return Marks(*found)


def positions(config: Any) -> int:
    """Give the longest window of an encoder; RoBERTa's family counts positions from behind the padding's id.

    Raises
    ------
    ModelError
        If its configuration does not tell, as that of an encoder without absolute positions.
    """
    offset = config.pad_token_id + 1 if config.model_type in ("roberta", "xlm-roberta", "camembert", "phobert") else 0
    count = int(getattr(config, "max_position_embeddings", None) or 0) - offset
    if count < SHORTEST:
        raise ModelError(f"an encoder of the kind '{config.model_type}' does not tell how many positions it has; choose another encoder")
    return count


def hidden_states(folder: Path, ids: Sequence[Sequence[int]], embeddings: np.ndarray | None = None) -> list[np.ndarray]:
    """Give an encoder's last hidden states, each of shape (n_tokens, hidden), with other word embeddings if given."""
    encoder = load_encoder(folder).eval()
    if embeddings is not None:
        table = torch.nn.Embedding(*embeddings.shape)
        table.weight.data = torch.tensor(embeddings)
        encoder.set_input_embeddings(table)
    with torch.inference_mode():
        return [encoder(input_ids=torch.tensor([list(each)])).last_hidden_state[0].numpy() for each in ids]
