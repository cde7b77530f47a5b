"""What labelling counts in arrays is what training reads as strings."""

from __future__ import annotations

import numpy as np
import pytest
from support import ROOT

from laptruong import ActorFinder, load_scheme
from laptruong.articles import Mention
from laptruong.classifiers import Example, codes, features
from laptruong.classifiers.vectors import Tfidf
from laptruong.corpus import flatten, read_corpus


@pytest.fixture(scope="module")
def analyses():
    scheme = load_scheme("ukraine")
    examples = flatten(read_corpus([ROOT / "data/corpus/dev.jsonl"], scheme), ActorFinder(scheme)).examples
    spaced = Example("Bộ Ngoại giao và Nga họp; l1://Nga?", (Mention("bộ ngoại giao", 0, 13, ""), Mention("russia", 17, 20, "")))
    return features.analyze_all([*examples, spaced, Example("", ()), Example("Hòa đàm.", ())])


def vectors(documents: list[list[str]]) -> Tfidf:
    """Fit every second feature."""
    vocabulary = sorted({feature for document in documents for feature in document})[::2]
    return Tfidf(vocabulary, np.linspace(1, 2, len(vocabulary)))


def test_words_of_topics(analyses):
    documents = [features.topic_words(each) for each in analyses]
    fitted = vectors(documents)
    cells = codes.topic_cells([features.plain_words(each) for each in analyses], codes.Codebook({"word": fitted}))
    assert (fitted.weigh(*cells, len(analyses)).to_csr() != fitted.transform(documents).to_csr()).nnz == 0


def test_views_of_stances(analyses):
    asked = [(unit, actor) for unit, each in enumerate(analyses) for actor in [*features.mentions(each), None, "nobody"]]
    views = [features.stance_views(analyses[unit], actor) for unit, actor in asked]
    fitted = {block: vectors([view[block] for view in views]) for block in features.BLOCKS}
    found = codes.StanceCells(analyses, asked, codes.Codebook(fitted))
    for block, each in fitted.items():
        assert (each.weigh(*found.of(block), len(views)).to_csr() != each.transform([view[block] for view in views]).to_csr()).nnz == 0


def test_views_of_nothing(analyses):
    book = codes.Codebook({block: Tfidf(["a"], np.ones(1)) for block in features.BLOCKS})
    for block in features.BLOCKS:
        assert not len(codes.StanceCells(analyses, [(len(analyses) - 2, None)], book).of(block)[0])
