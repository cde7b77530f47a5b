"""Small labelled data of every shape of a scheme, and classifiers fitted to it in seconds."""

from __future__ import annotations

from support import ROOT, SCHEMES, mood_records, write_jsonl

from laptruong import ActorFinder, load_scheme
from laptruong.classifiers import FitContext, classifier_class
from laptruong.corpus import Dataset, flatten, read_corpus

SHAPES = {"topics": (False, True), "actors and topics": (True, True), "actors": (True, False), "neither": (False, False)}


def make(tmp_path, shape: str):
    actors, topics = SHAPES[shape]
    text = (SCHEMES / "moods.yaml").read_text("utf-8")
    if actors:
        text = text.replace("actors: none", "actors: [{id: alpha, vi: Alpha, en: Alpha}, {id: beta, vi: Beta, en: Beta}]")
    if not topics:
        start, end = text.index("topics:"), text.index("stances:")
        text = text[:start] + "topics: none\n" + text[end:]
    path = tmp_path / "scheme.yaml"
    path.write_text(text, "utf-8")
    scheme = load_scheme(path)
    corpus = write_jsonl(tmp_path / "corpus.jsonl", mood_records(actors, topics))
    return scheme, flatten(read_corpus([corpus], scheme), ActorFinder(scheme))


SMALL = {
    "encoder": str(ROOT / "tests" / "encoders" / "tiny"), "epochs": 40, "batch_size": 8, "learning_rate": 3e-3, "head_learning_rate": 3e-3,
    "patience": 40, "dropout": 0.0, "precision": "float32", "quantize": "never",
}  # fmt: skip
PARAMETERS = {"tfidf": {}, "phobert": SMALL}
SAVED = {"tfidf": 0.0, "phobert": 0.02}
"""The encoder is trained in float32 and labels in what the chip has, bfloat16 on many."""
ALONE = {"tfidf": 1e-12, "phobert": 1e-5}
"""What a unit's neighbours in a batch may change: the encoder's windows are padded to one length."""


def fit(kind: str, scheme, data: Dataset, seed: int = 3, **parameters):
    """Fit on the data, and let the encoder choose its epoch on the same."""
    context = FitContext(dev=(data.examples, data.gold))
    return classifier_class(kind)(scheme, **(PARAMETERS[kind] | parameters)).fit(
        data.examples, data.gold, data.groups, seed=seed, context=context
    )
