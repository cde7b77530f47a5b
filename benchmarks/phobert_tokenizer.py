"""The fast PhoBERT tokenizer beside transformers' own: the same ids, and how much sooner.

    python benchmarks/phobert_tokenizer.py PHOBERT_FOLDER NEWS.jsonl [BACKGROUND.txt.gz ...]

PHOBERT_FOLDER holds vocab.txt and bpe.codes. Every text is segmented once, outside the clocks; exit status 1 if any text's
ids differ.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from transformers import PhobertTokenizer

from laptruong.classifiers.encoder.phobert import phobert_subwords
from laptruong.segmentation import segment
from laptruong.text import normalize
from train.texts import read_texts

Result = TypeVar("Result")


class Clock:
    """Adds up the seconds of calls."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, work: Callable[[], Result]) -> Result:
        start = time.perf_counter()
        result = work()
        self.seconds += time.perf_counter() - start
        return result


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("texts", type=Path, nargs="+")
    options = parser.parse_args()
    slow, fast = PhobertTokenizer(str(options.folder / "vocab.txt"), str(options.folder / "bpe.codes")), phobert_subwords(options.folder)
    old, library, ours = Clock(), Clock(), Clock()
    texts = tokens = different = 0
    for path in options.texts:
        for each in read_texts(path):
            words = [word.text for word in segment(normalize(each.text).text)]
            joined = " ".join(words)
            expected = old(lambda: slow.convert_tokens_to_ids(slow._tokenize(joined)))  # noqa: B023  # called at once
            library(lambda: fast.tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False))  # noqa: B023
            found = ours(lambda: [i for word in words for i in fast.word(word)])  # noqa: B023
            texts, tokens, different = texts + 1, tokens + len(expected), different + (found != expected)
    print(f"{texts:,} texts, {tokens:,} subwords, {different} texts with other ids")
    for name, clock in (("transformers", old), ("tokenizers, a text at a time", library), ("ours: each distinct word once", ours)):
        print(f"{name:<32}{tokens / clock.seconds:>12,.0f} subwords/s  x{old.seconds / clock.seconds:.1f}")
    raise SystemExit(different > 0)


if __name__ == "__main__":
    main()
