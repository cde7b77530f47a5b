"""PhoBERT's tokenizer as one of the ``tokenizers`` library, from its ``vocab.txt`` and ``bpe.codes``.

transformers has it in plain Python only, and without places in the text. Byte-pair encoding is the same in both
(Sennrich et al. 2016); three things are not, and a test holds the ids against transformers' on written text:

- The files mark a subword that does not end its word (``ng@@``), the library one that does (``ng</w>``).
- Python's ``split`` also splits at the no-break space, so merges that hold one are never found; they are left out here.
- Some merges give what the vocabulary has not. They are made all the same and end as ``<unk>``: they get ids of
  their own behind the vocabulary's, which `Subwords` takes for unknown.
"""

from __future__ import annotations

from pathlib import Path

from tokenizers import Tokenizer, models

from laptruong.classifiers.encoder.subwords import Marks, Subwords
from laptruong.errors import ModelError

FILES = ("vocab.txt", "bpe.codes")
_MARKS = Marks(start=0, padding=1, end=2, unknown=3)
_SPECIAL = 4
_END = "</w>"


def phobert_subwords(folder: Path) -> Subwords:
    """Build the tokenizer of a checkpoint folder.

    Raises
    ------
    ModelError
        If a file is missing or not of the form.
    """
    try:
        entries = [line.rpartition(" ")[0] for line in _lines(folder / FILES[0])]
        merges = [pair for line in _lines(folder / FILES[1]) if len(pair := line.split()[:-1]) == 2]
    except OSError as err:
        raise ModelError(f"{err.filename}: cannot be read: {err.strerror}; PhoBERT needs {' and '.join(FILES)} in its folder") from None
    if not merges or len(entries) != len(set(entries)):
        raise ModelError(f"{folder}: {' and '.join(FILES)} are not PhoBERT's; get them again")
    vocabulary = {_spelt(entry): _SPECIAL + i for i, entry in enumerate(entries)}
    size = _SPECIAL + len(vocabulary)
    for left, right in merges:
        for piece in (left, right, left + right):
            vocabulary.setdefault(piece, len(vocabulary) + _SPECIAL + 1)  # behind <mask>, which has the id `size`
    vocabulary |= {"<s>": _MARKS.start, "<pad>": _MARKS.padding, "</s>": _MARKS.end, "<unk>": _MARKS.unknown, "<mask>": size}
    merging = models.BPE(vocabulary, [(left, right) for left, right in merges], end_of_word_suffix=_END, unk_token="<unk>")  # noqa: S106  # no password
    return Subwords(Tokenizer(merging), _MARKS, size, segmented=True)


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def _spelt(entry: str) -> str:
    return entry.removesuffix("@@") if entry.endswith("@@") else entry + _END
