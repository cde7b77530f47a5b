"""What the commands show: text from outside loses control characters and cannot style anything."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from infer.pipeline import Summary
    from laptruong.labels import ArticleLabels
    from laptruong.reading import Refusal
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
    """Rate and time left on a terminal; nothing where the output is piped."""

    def __enter__(self) -> Callable[[int, int, int | None], None] | None:
        from rich.progress import BarColumn, DownloadColumn, SpinnerColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        if not sys.stderr.isatty():
            self.bar = None
            return None
        columns = (TextColumn("{task.fields[done]}"), BarColumn(), DownloadColumn(), TimeElapsedColumn(), "left", TimeRemainingColumn())
        self.bar = Bar(SpinnerColumn(), *columns, console=error, transient=True)
        self.bar.start()
        self.task, self.started = self.bar.add_task("", total=None, done="…"), time.monotonic()
        self.before: int | None = None
        return self._advance

    def _advance(self, articles: int, position: int, total: int | None) -> None:
        """Show how far labelling is: articles of this and earlier runs, bytes of the input."""
        if self.bar is not None:
            self.before = articles if self.before is None else self.before
            rate = (articles - self.before) / max(time.monotonic() - self.started, 1e-9)
            self.bar.update(self.task, completed=position, total=total, done=f"{articles:,} articles, {rate:,.1f} a second")

    def __exit__(self, *error: object) -> None:
        if self.bar is not None:
            self.bar.stop()


class Refusals:
    """Lists what was refused, up to a number of lines where a file holds them all."""

    def __init__(self, most: int | None) -> None:
        self.most, self.seen = most, 0

    def tell(self, refusal: Refusal) -> None:
        """Print one."""
        self.seen += 1
        if self.most is None or self.seen <= self.most:
            say(f"refused: {clean(refusal.where)}: {clean(refusal.reason)}")

    def close(self, refused: int, files: Sequence[Path]) -> None:
        """Say where those are that were not printed."""
        if unseen := refused - (self.seen if self.most is None else min(self.seen, self.most)):
            where = next((path for path in files if path.name.endswith("quarantine.jsonl")), None)
            say(f"refused: {unseen} more, listed in {where}")


def told(summary: Summary) -> str:
    """Give what a run did as one line."""
    parts = [
        f"{summary.articles} articles labelled ({summary.paragraphs} paragraphs, {summary.boilerplate} lines of boilerplate passed over)",
        f"{summary.statements} statements, {summary.abstained} labels withheld as unsure, {summary.refused} inputs refused"
        + (f", {summary.repeated} repeated records left out" if summary.repeated else ""),
    ]
    gone_on = f", after {summary.resumed} records of an earlier run" if summary.resumed else ""
    return f"{': '.join(parts)}; {summary.seconds:.1f} s{gone_on}"
