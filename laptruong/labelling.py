"""Label texts and articles with a loaded model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from laptruong.actors import ActorFinder
from laptruong.aggregate import article_stances, article_topics
from laptruong.articles import Article
from laptruong.classifiers.base import Classifier
from laptruong.corpus import make_examples
from laptruong.decision import Decision, label_unit
from laptruong.labels import Abstention, ArticleLabels
from laptruong.reading import article_from_text


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
        """Label articles in one batch; the result does not depend on what else is in it, but for the last digits of an encoder's."""
        units = [make_examples(article, self.finder) for article in articles]
        predictions = self.classifier.predict([example for each in units for _, example in each], floor=self._floor)
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
