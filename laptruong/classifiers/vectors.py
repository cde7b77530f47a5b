"""TF-IDF without scikit-learn: the same numbers as its ``TfidfVectorizer``, from a vocabulary and an array.

Weights follow scikit-learn's definition with ``sublinear_tf`` and smoothed idf: ``(1 + ln tf) * idf``, each row then
divided by its Euclidean length. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from scipy import sparse

_CACHE_LIMIT = 50_000
_NO_COLUMNS = np.zeros(0, dtype=np.int32)


class Weighed(NamedTuple):
    """Weighed documents, as a sparse matrix in coordinates: sorted by row, no cell twice.

    Labelling needs one product of it and not scipy, which takes longer to import than a page to label.
    """

    rows: np.ndarray
    columns: np.ndarray
    values: np.ndarray
    shape: tuple[int, int]

    def product(self, weights: np.ndarray) -> np.ndarray:
        """Multiply by a dense matrix, shape (n_features, n); gives shape (n_documents, n)."""
        found = np.zeros((self.shape[0], weights.shape[1]))
        if len(self.rows):
            starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
            for number, column in enumerate(np.ascontiguousarray(weights.T)):  # one after the other is twice as fast as all at once
                found[self.rows[starts], number] = np.add.reduceat(self.values * column.take(self.columns), starts)
        return found

    def only(self, wanted: np.ndarray) -> Weighed:
        """Empty all rows but those wanted, shape (n_documents,)."""
        kept = wanted[self.rows]
        return Weighed(self.rows[kept], self.columns[kept], self.values[kept], self.shape)

    def to_csr(self) -> sparse.csr_matrix:
        """Give it to those who train."""
        from scipy import sparse

        starts = np.searchsorted(self.rows, np.arange(self.shape[0] + 1))
        return sparse.csr_matrix((self.values, self.columns, starts), shape=self.shape)


def product(blocks: Sequence[Weighed], weights: np.ndarray) -> np.ndarray:
    """Multiply blocks of features that stand side by side by a dense matrix, shape (n_features of all blocks, n)."""
    ends = np.cumsum([each.shape[1] for each in blocks])
    return np.asarray(sum(each.product(weights[end - each.shape[1] : end]) for each, end in zip(blocks, ends, strict=True)))


def side_by_side(blocks: Sequence[Weighed]) -> sparse.csr_matrix:
    """Put blocks of features side by side in one matrix of scipy's, as training wants them."""
    from scipy import sparse

    return sparse.csr_matrix(sparse.hstack([each.to_csr() for each in blocks], format="csr"))


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
        self._expand = expand
        self._known: dict[str, np.ndarray] = {}

    @cached_property
    def _columns(self) -> dict[str, int]:
        return {feature: column for column, feature in enumerate(self.vocabulary)}

    def transform(self, documents: Sequence[Sequence[str]], weight: float = 1.0) -> Weighed:
        """Weigh documents.

        Parameters
        ----------
        documents : sequence of sequences of str
            Items of each document, repeated as often as they occur.
        weight : float
            The length of each row that is not empty.

        Returns
        -------
        Weighed, shape (n_documents, n_features)
        """
        columns = [self._look_up(item) for items in documents for item in items]
        lengths = np.fromiter(map(len, columns), dtype=np.int64, count=len(columns))
        rows = np.arange(len(documents)).repeat([len(items) for items in documents]).repeat(lengths)
        return self.weigh(rows, np.concatenate([_NO_COLUMNS, *columns]), len(documents), weight)

    def weigh(self, rows: np.ndarray, columns: np.ndarray, count: int, weight: float = 1.0) -> Weighed:
        """Weigh `count` documents, given the document and the column of every occurrence of a feature."""
        small = np.int32 if count * len(self.vocabulary) < 2**31 else np.int64  # sorts in half the time
        cells, counts = np.unique((rows * len(self.vocabulary) + columns).astype(small), return_counts=True)
        row, column = np.divmod(cells, max(len(self.vocabulary), 1))
        values = (1.0 + np.log(counts)) * self.idf[column]
        norms = np.sqrt(np.bincount(row, values**2, minlength=count))
        values *= weight / norms[row]
        return Weighed(row, column, values, (count, len(self.vocabulary)))

    def _look_up(self, item: str) -> np.ndarray:
        known = self._known.get(item)
        if known is None:
            if len(self._known) >= _CACHE_LIMIT:
                self._known.clear()
            expanded = [item] if self._expand is None else self._expand(item)
            known = np.array([self._columns[feature] for feature in expanded if feature in self._columns], dtype=np.int32)
            self._known[item] = known
        return known
