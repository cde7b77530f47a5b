"""What the commands show: text from outside loses control characters and cannot style anything."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from laptruong.labels import ArticleLabels
    from laptruong.scheme import Scheme

error = Console(stderr=True, highlight=False, soft_wrap=True)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STYLES = {"positive": "green", "mixed": "yellow", "negative": "red", "neutral": "dim"}


def say(text: str) -> None:
    """Print a line of the command's own on standard error."""
    error.print(text, markup=False)


def clean(text: str) -> str:
    """Make a text from outside fit for one line of a terminal."""
    return CONTROL.sub("\ufffd", text.replace("\n", " "))


class Screen:
    """Shows each article as a small table."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme, self.console = scheme, Console(highlight=False)
        self.tones = {stance.id: stance.tone for stance in scheme.stances}

    def show(self, labels: ArticleLabels) -> None:
        """Print one article."""
        article = labels.article
        table = Table(title=escape(clean(article.title or article.id)), title_justify="left", title_style="bold", min_width=60)
        for column in ("topic", "actor", "stance", "probability", "paragraphs"):
            table.add_column(column, justify="right" if column == "probability" else "left")
        for each in labels.stances:
            style = _STYLES[self.tones[each.stance]]
            table.add_row(
                _name(self.scheme, each.topic), _name(self.scheme, each.actor), f"[{style}]{_name(self.scheme, each.stance)}[/]",
                f"{each.probability:.2f}", " ".join(map(str, each.evidence)),
            )  # fmt: skip
        given = {each.topic for each in labels.stances}
        for topic in labels.topics:
            if topic.topic not in given:
                table.add_row(_name(self.scheme, topic.topic), "", "", f"{topic.probability:.2f}", "")
        facts = [article.date, article.outlet, article.source]
        self.console.print(table if table.rows else f"[bold]{escape(clean(article.title or article.id))}[/]\n  no topic of the scheme")
        self.console.print(f"[dim]{escape(clean(' · '.join(fact for fact in facts if fact)))}; {len(labels.abstained)} withheld[/]\n")


def _name(scheme: Scheme, label_id: str | None) -> str:
    return escape(clean(scheme.label(label_id)))


class Progress:
    """A counter on a terminal; nothing where the output is piped."""

    def __enter__(self) -> Any:
        from rich.progress import MofNCompleteColumn, SpinnerColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        self.bar = Bar(
            SpinnerColumn(), "articles", MofNCompleteColumn(), TimeElapsedColumn(),
            console=error, transient=True, disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self.bar.start()
        task = self.bar.add_task("articles", total=None)
        return lambda: self.bar.advance(task)

    def __exit__(self, *error: object) -> None:
        self.bar.stop()
