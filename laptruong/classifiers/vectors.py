"""TF-IDF without scikit-learn: the same numbers as its ``TfidfVectorizer``, from a vocabulary and an array.

Weights follow scikit-learn's definition with ``sublinear_tf`` and smoothed idf: ``(1 + ln tf) * idf``, each row then
divided by its Euclidean length. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import sparse

_CACHE_LIMIT = 50_000
_NO_COLUMNS = np.zeros(0, dtype=np.int32)


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
        self._known: dict[str, np.ndarray] = {}

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
        columns = [self._look_up(item) for items in documents for item in items]
        lengths = np.fromiter(map(len, columns), dtype=np.int64, count=len(columns))
        rows = np.arange(len(documents)).repeat([len(items) for items in documents]).repeat(lengths)
        return self.weigh(rows, np.concatenate([_NO_COLUMNS, *columns]), len(documents), weight)

    def weigh(self, rows: np.ndarray, columns: np.ndarray, count: int, weight: float = 1.0) -> sparse.csr_matrix:
        """Weigh `count` documents, given the document and the column of every occurrence of a feature."""
        small = np.int32 if count * len(self.vocabulary) < 2**31 else np.int64  # sorts in half the time
        cells, counts = np.unique((rows * len(self.vocabulary) + columns).astype(small), return_counts=True)
        row, column = np.divmod(cells, max(len(self.vocabulary), 1))
        values = (1.0 + np.log(counts)) * self.idf[column]
        norms = np.sqrt(np.bincount(row, values**2, minlength=count))
        values *= weight / norms[row]
        starts = np.searchsorted(row, np.arange(count + 1))
        return sparse.csr_matrix((values, column, starts), shape=(count, len(self.vocabulary)))

    def _look_up(self, item: str) -> np.ndarray:
        known = self._known.get(item)
        if known is None:
            if len(self._known) >= _CACHE_LIMIT:
                self._known.clear()
            expanded = [item] if self._expand is None else self._expand(item)
            known = np.array([self._columns[feature] for feature in expanded if feature in self._columns], dtype=np.int32)
            self._known[item] = known
        return known
