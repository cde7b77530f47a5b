"""TF-IDF without scikit-learn: the same numbers as its ``TfidfVectorizer``, from a vocabulary and an array.

Weights follow scikit-learn's definition with ``sublinear_tf`` and smoothed idf: ``(1 + ln tf) * idf``, each row then
divided by its Euclidean length. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain

import numpy as np
from scipy import sparse

_CACHE_LIMIT = 200_000


class Tfidf:
    """A fitted vocabulary.

    Parameters
    ----------
    vocabulary : sequence of str
        Features in the order of their columns.
    idf : ndarray, shape (n_features,)
        Inverse document frequencies.
    expand : callable, optional
        Turns an item of a document into its features, such as a word into its character n-grams; what it gave for
        an item is kept, so that each distinct word is taken apart once. By default an item is a feature itself.
    """

    def __init__(self, vocabulary: Sequence[str], idf: np.ndarray, expand: Callable[[str], list[str]] | None = None) -> None:
        self.vocabulary = list(vocabulary)
        self.idf = np.asarray(idf, dtype=np.float64)
        self._columns = {feature: column for column, feature in enumerate(self.vocabulary)}
        self._expand = expand
        self._known: dict[str, list[int]] = {}

    def transform(self, documents: Sequence[Sequence[str]], weight: float = 1.0) -> sparse.csr_matrix:
        """Weigh documents.

        Parameters
        ----------
        documents : sequence of sequences of str
            Items of each document, repeated as often as they occur.
        weight : float
            The length of each row that is not empty.

        Returns
        -------
        csr_matrix, shape (n_documents, n_features)
        """
        columns = [self._look_up(items) for items in documents]
        lengths = np.fromiter(map(len, columns), dtype=np.int64, count=len(columns))
        rows = np.repeat(np.arange(len(columns)), lengths)
        flat = np.fromiter(chain.from_iterable(columns), dtype=np.int64, count=int(lengths.sum()))
        cells, counts = np.unique(rows * len(self.vocabulary) + flat, return_counts=True)
        row, column = np.divmod(cells, max(len(self.vocabulary), 1))
        values = (1.0 + np.log(counts)) * self.idf[column]
        norms = np.sqrt(np.bincount(row, values**2, minlength=len(columns)))
        values *= weight / norms[row]
        starts = np.searchsorted(row, np.arange(len(columns) + 1))
        return sparse.csr_matrix((values, column, starts), shape=(len(columns), len(self.vocabulary)))

    def _look_up(self, items: Sequence[str]) -> list[int]:
        columns = self._columns
        if self._expand is None:
            return [columns[item] for item in items if item in columns]
        found: list[int] = []
        for item in items:
            known = self._known.get(item)
            if known is None:
                if len(self._known) >= _CACHE_LIMIT:
                    self._known.clear()
                known = [columns[feature] for feature in self._expand(item) if feature in columns]
                self._known[item] = known
            found += known
        return found
