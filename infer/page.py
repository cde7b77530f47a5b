"""Labels as a web page that a person reads: self-contained, every text escaped by Jinja."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from infer.records import mentions_in
from laptruong.articles import Mention
from laptruong.labels import ArticleLabels, UnitLabels
from laptruong.scheme import Scheme

_TEMPLATES = Path(__file__).parent / "templates"


class Page:
    """Gives a page article by article, so that nothing ever holds more than one.

    Parameters
    ----------
    scheme : Scheme
        Names and tones of the labels.
    """

    END: ClassVar[str] = "</main>\n</body>\n</html>\n"

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme
        self.environment = environment = Environment(
            loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        self.tones = {stance.id: stance.tone for stance in scheme.stances}
        environment.globals |= {"name": scheme.label, "tone": self.tones.__getitem__, "percent": _percent}
        self.template = environment.get_template("article.html")

    def head(self) -> str:
        """Give what stands before the first article."""
        return self.environment.get_template("head.html").render(scheme=self.scheme)

    def article(self, labels: ArticleLabels) -> str:
        """Give one article."""
        return self.template.render(labels=labels, groups=self._groups(labels), paragraphs=self._paragraphs(labels))

    def _groups(self, labels: ArticleLabels) -> list[tuple[str | None, float | None, list[Any]]]:
        """Give the article's stances by topic, each topic with its probability."""
        if self.scheme.topics is None:
            return [(None, None, list(labels.stances))]
        return [(each.topic, each.probability, [s for s in labels.stances if s.topic == each.topic]) for each in labels.topics]

    def _paragraphs(self, labels: ArticleLabels) -> list[dict[str, Any]]:
        by_index = {index: unit for unit in labels.units for index, _ in unit.unit.parts}
        found = []
        for index, paragraph in enumerate(labels.article.paragraphs):
            unit = by_index.get(index)
            mentions = mentions_in(unit, index, len(paragraph.text)) if unit else []
            is_last = unit is None or unit.unit.parts[-1][0] == index  # headline and lead show their labels once
            found.append({
                "index": index, "kind": paragraph.kind, "html": self._marked(paragraph.text, mentions, unit),
                "topics": unit.topics if unit and is_last else (),
                "stances": self._positions(unit) if unit and is_last else (),
            })  # fmt: skip
        return found

    def _positions(self, unit: UnitLabels) -> list[Any]:
        """Give the stances of a unit that state something; the neutral ones would hide them."""
        return [each for each in unit.stances if each.stance != self.scheme.neutral]

    def _marked(self, text: str, mentions: list[Mention], unit: UnitLabels | None) -> Markup:
        """Escape a text and mark the words that name an actor, in the tone of its clearest stance."""
        pieces, at = [], 0
        for mention in mentions:
            tone = self._mention_tone(mention.actor, unit)
            title = self.scheme.label(mention.actor)
            pieces.append(escape(text[at : mention.start]))
            pieces.append(Markup('<mark class="{}" title="{}">{}</mark>').format(tone, title, text[mention.start : mention.end]))
            at = mention.end
        return Markup("").join([*pieces, escape(text[at:])])

    def _mention_tone(self, actor: str, unit: UnitLabels | None) -> str:
        stances = [each for each in unit.stances if each.actor == actor] if unit else []
        stated = [each for each in stances if each.stance != self.scheme.neutral]
        best = max(stated or stances, key=lambda each: each.probability, default=None)
        return self.tones[best.stance] if best else "none"


def _percent(probability: float) -> str:
    return "> 99 %" if probability > 0.995 else f"{round(100 * probability)} %"
