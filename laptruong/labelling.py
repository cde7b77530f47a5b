"""Label texts and articles with a loaded model."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path

from laptruong.actors import ActorFinder
from laptruong.aggregate import article_stances, article_topics
from laptruong.articles import Article
from laptruong.classifiers.base import Classifier, Example, Prediction
from laptruong.corpus import make_examples
from laptruong.decision import Decision, label_unit
from laptruong.labels import Abstention, ArticleLabels
from laptruong.reading import article_from_text

_KNOWN = 4_096


class Labeller:
    """A model with its thresholds, ready to label.

    Parameters
    ----------
    classifier : Classifier
    decision : Decision
    model : dict of str to str
        Name, version and hash, written into every record.
    folder : Path, optional
        Where the model was loaded from, so that other processes can load it, too.

    Examples
    --------
    >>> import laptruong
    >>> labels = laptruong.load("offline").label("Đức cam kết viện trợ thêm vũ khí phòng không cho Ukraine.")
    >>> [topic.topic for topic in labels.topics]
    ['aid']
    """

    def __init__(self, classifier: Classifier, decision: Decision, model: dict[str, str], folder: Path | None = None) -> None:
        self.classifier, self.decision, self.model, self.folder = classifier, decision, model, folder
        self.scheme = classifier.scheme
        self.finder = ActorFinder(self.scheme)
        self._floor = decision.floor(self.scheme)
        self._known: dict[bytes, Prediction] = {}

    def deciding(self, decision: Decision) -> Labeller:
        """Give the same model with other thresholds."""
        return Labeller(self.classifier, decision, self.model, self.folder)

    def label(self, text: str | Article) -> ArticleLabels:
        """Label a text, read as a page is, or an article.

        Raises
        ------
        ReadError
            If the text holds nothing to label.
        """
        article = article_from_text(text) if isinstance(text, str) else text
        return self.label_all([article])[0]

    def label_all(self, articles: Sequence[Article]) -> list[ArticleLabels]:
        """Label articles in one batch; the result does not depend on what else is in it.

        A unit with the same text and mentions as one of the last `_KNOWN` is not asked about again: agency copy stands in
        every paper.
        """
        units = [make_examples(article, self.finder) for article in articles]
        predictions = self._predict([example for each in units for _, example in each])
        found, at = [], 0
        for article, each in zip(articles, units, strict=True):
            mine = predictions[at : at + len(each)]
            at += len(each)
            labels = [
                label_unit(unit, example.mentions, prediction, self.decision, self.scheme)
                for (unit, example), prediction in zip(each, mine, strict=True)
            ]
            topics, unsure = article_topics(labels, [prediction.topics for prediction in mine], self.scheme)
            stances, withheld = article_stances(labels, topics, self.scheme)
            abstained: list[Abstention] = [*unsure, *withheld, *(item for unit in labels for item in unit.abstained)]
            found.append(ArticleLabels(article, tuple(labels), tuple(topics), tuple(stances), tuple(abstained), self.model))
        return found

    def _predict(self, examples: Sequence[Example]) -> list[Prediction]:
        keys = [_key(example) for example in examples]
        new = {key: example for key, example in zip(keys, examples, strict=True) if key not in self._known}
        told = dict(zip(new, self.classifier.predict(list(new.values()), floor=self._floor), strict=True)) if new else {}
        found = [told.get(key) or self._known[key] for key in keys]
        if len(self._known) + len(told) > _KNOWN:
            self._known = {}
        self._known |= told
        return found


def _key(example: Example) -> bytes:
    """Hash what a prediction follows from."""
    mentions = "".join(f"\0{each.actor}\0{each.start}\0{each.end}" for each in example.mentions)
    return blake2b(f"{example.text}\0{mentions}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
