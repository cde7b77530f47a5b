"""Who stands where, as a network: label files to GraphML for Gephi, igraph, NetworkX and visone.

Discourse network analysis (P. Leifeld, "Discourse Network Analysis: Policy Debates as Dynamic Networks", in The Oxford
Handbook of Political Networks, 2017, doi:10.1093/oxfordhb/9780190228217.013.25) reads a debate as a network of actors and
of what they speak for or against. Label files are read one article at a time; only counts are held.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import combinations
from math import fsum, sqrt
from pathlib import Path

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from infer.statements import AGREEMENT, DnaTables, LabelRecord, StatementRecord, read_labels, whole_files
from laptruong.errors import LaptruongError
from laptruong.reading import Refusal
from laptruong.scheme import Scheme

KINDS = ("affiliation", "congruence", "conflict")
_PERIODS = {"week": "%G-W%V", "month": "%Y-%m"}
_FIRST_DAY = {"week": "-1", "month": "-01"}
_DIRECT = 512
"""Below this length the definition of a convolution is quicker than Fourier transforms."""
_NO_TIE = 1e-12
"""What rounding may take from a cumulated probability."""

Key = tuple[str, str, str, str]
"""Actor's node, topic's node, stance, period (empty without ``by``)."""


@dataclass(slots=True)
class Tie:
    """The articles that show one stance of one actor on one topic: how many with each probability, and since when."""

    probabilities: Counter[float] = field(default_factory=Counter)
    days: tuple[dt.date, dt.date] | None = None

    def add(self, probability: float, day: dt.date | None) -> None:
        """Count an article; probabilities have four digits in records, so that few are distinct."""
        self.probabilities[round(probability, 4)] += 1
        if day is not None:
            first, last = self.days or (day, day)
            self.days = min(first, day), max(last, day)

    def attributes(self) -> dict[str, int | float | str]:
        """Give the count and what the probabilities say of it (see `bounds`)."""
        pairs = sorted(self.probabilities.items())
        expected, variance = fsum(p * n for p, n in pairs), fsum(p * (1 - p) * n for p, n in pairs)
        low, high = bounds(self.probabilities)
        weight = self.probabilities.total()
        found: dict[str, int | float | str] = {
            "weight": weight, "expected": round(expected, 4), "sd": round(sqrt(variance), 4), "low": low, "high": high,
            "mean_probability": round(expected / weight, 4),
        }  # fmt: skip
        return found | dict(zip(("first", "last"), (day.isoformat() for day in self.days or ()), strict=False))


def bounds(probabilities: Counter[float]) -> tuple[int, int]:
    """Bound, with 95 %, how many of the labels are right, were they right independently with their probabilities.

    The 2.5 % and 97.5 % quantiles of the Poisson binomial distribution, exactly: it is the convolution of the labels' own
    distributions (Y. Hong, "On computing the distribution function for the Poisson binomial distribution", Computational
    Statistics & Data Analysis 59, 2013), folded pair by pair. Copies of one agency report err together, so that the truth
    may lie further out.
    """
    parts = [np.array([1 - p, p]) for p, n in sorted(probabilities.items()) for _ in range(n)]
    while len(parts) > 1:
        folded = [_convolve(one, two) for one, two in zip(parts[::2], parts[1::2], strict=False)]
        parts = folded + parts[2 * len(folded) :]
    cumulated = np.cumsum(parts[0]) + _NO_TIE
    low, high = np.searchsorted(cumulated, [0.025, 0.975])
    return int(low), int(high)


def _convolve(one: NDArray[np.float64], two: NDArray[np.float64]) -> NDArray[np.float64]:
    if min(len(one), len(two)) < _DIRECT:
        return np.convolve(one, two)
    size = len(one) + len(two) - 1
    return np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(two, size), size)


class DiscourseNetwork:
    """Counts articles and gives the network.

    Without actors in the scheme an article speaks for its outlet (``author`` where it names none); without topics there
    is one node for the whole, named as the scheme.

    Parameters
    ----------
    scheme : Scheme
    by : str, optional
        ``week`` or ``month``: edges of each by itself; articles without a date are then left out.
    """

    def __init__(self, scheme: Scheme, by: str | None = None) -> None:
        if by is not None and by not in _PERIODS:
            raise LaptruongError(f"a network is made by {' or '.join(_PERIODS)}, not by '{by}'")
        self.scheme, self.by = scheme, by
        self.tones: dict[str, str] = {stance.id: stance.tone for stance in scheme.stances}
        self.undated = 0
        self._ties: defaultdict[Key, Tie] = defaultdict(Tie)
        self._articles: Counter[str] = Counter()

    def add(self, record: LabelRecord) -> None:
        """Count an article's stances, as decided for the whole article."""
        if self.by is not None and record.date is None:
            self.undated += 1
            return
        period = f"{record.date:{_PERIODS[self.by]}}" if self.by else ""
        shown = {(*self._pair(each, record), each.stance, period): each.probability for each in record.stances}
        for key, probability in shown.items():
            self._ties[key].add(probability, record.date)
        self._articles.update({node for key in shown for node in key[:2]})

    def _pair(self, each: StatementRecord, record: LabelRecord) -> tuple[str, str]:
        return f"actor:{each.actor or record.outlet or 'author'}", f"topic:{each.topic or self.scheme.name}"

    def graph(self, kind: str = "affiliation") -> nx.MultiGraph[str]:
        """Make the network.

        Parameters
        ----------
        kind : str
            ``affiliation``: actors and topics, an edge a stance. ``congruence``: actors alone, tied by what both support
            or both oppose; ``conflict``: by what one supports and the other opposes.

        Returns
        -------
        networkx.MultiGraph
            Nodes and edges are sorted; each edge has a key of its own, since Gephi takes keys for ids.
        """
        check_kind(kind)
        edges = self._affiliations() if kind == "affiliation" else self._alliances(same=kind == "congruence")
        found: nx.MultiGraph[str] = nx.MultiGraph()
        positioned = {key[0] for key in self._ties if self.tones[key[2]] in AGREEMENT}
        for node in sorted(self._articles if kind == "affiliation" else positioned):
            found.add_node(node, **self._node(node))
        for number, (one, two, attributes) in enumerate(edges):
            found.add_edge(one, two, key=f"e{number}", **attributes)
        return found

    def _node(self, node: str) -> dict[str, int | str]:
        kind, _, name = node.partition(":")
        group = self.scheme.actors if kind == "actor" else self.scheme.topics
        known = next((each for each in group or () if each.id == name), None)
        names = {"label": known.vi, "label_en": known.en} if known else {"label": name}
        return {"kind": kind, **names, "articles": self._articles[node]}

    def _affiliations(self) -> Iterable[tuple[str, str, dict[str, int | float | str]]]:
        for (actor, topic, stance, period), tie in sorted(self._ties.items(), key=lambda item: item[0]):
            yield actor, topic, {"stance": stance, "tone": self.tones[stance], **tie.attributes(), **self._when(period)}

    def _alliances(self, *, same: bool) -> Iterable[tuple[str, str, dict[str, int | float | str]]]:
        """Give the ties between actors as DNA does (``Exporter.java``, one-mode networks, "average activity").

        For actors i and i' the products of their counts are summed over topics and agreement (congruence), or over topics
        with opposite agreement (conflict), and divided by the mean of both actors' numbers of positions. Mixed and neutral
        stances are no positions.
        """
        positions: defaultdict[str, defaultdict[str, Counter[tuple[str, int]]]] = defaultdict(lambda: defaultdict(Counter))
        for (actor, topic, stance, period), tie in self._ties.items():
            if (agreement := AGREEMENT.get(self.tones[stance])) is not None:
                positions[period][actor][topic, agreement] += tie.probabilities.total()
        for period, by_actor in sorted(positions.items()):
            for one, two in combinations(sorted(by_actor), 2):
                mine, theirs = by_actor[one], by_actor[two]
                raw = sum(n * theirs[topic, agreement if same else 1 - agreement] for (topic, agreement), n in mine.items())
                if raw:
                    weight = raw / ((mine.total() + theirs.total()) / 2)
                    yield one, two, {"weight": round(weight, 4), "raw": raw, **self._when(period)}

    def _when(self, period: str) -> dict[str, str]:
        if not self.by:
            return {}
        return {self.by: period, "start": dt.date.fromisoformat(period + _FIRST_DAY[self.by]).isoformat()}


def check_kind(kind: str) -> None:
    """Raise `LaptruongError` for a kind of network that there is not."""
    if kind not in KINDS:
        raise LaptruongError(f"there is no network of kind '{kind}' (there are: {', '.join(KINDS)})")


@dataclass(slots=True)
class Summary:
    """What was read, left out and written."""

    articles: int = 0
    undated: int = 0
    nodes: int = 0
    edges: int = 0
    statements: int = 0
    documents: int = 0
    refused: list[Refusal] = field(default_factory=list)


def export_network(
    labels: Iterable[Path],
    scheme: Scheme,
    *,
    graph: Path | None = None,
    by: str | None = None,
    kind: str = "affiliation",
    statements: Path | None = None,
    documents: Path | None = None,
    each: Callable[[LabelRecord], None] = lambda record: None,
    refused: Callable[[Refusal], None] = lambda refusal: None,
) -> Summary:
    """Write label files as a network, and as tables for Discourse Network Analyzer.

    Parameters
    ----------
    labels : iterable of Path
        What ``laptruong label -o`` wrote; see `infer.statements.read_labels`.
    scheme : Scheme
        Of the model that gave the labels.
    graph : Path, optional
        GraphML.
    by, kind : str, optional
        See `DiscourseNetwork`.
    statements, documents : Path, optional
        CSV; see `infer.statements.DnaTables`.
    each, refused : callable, optional
        Called with each article, and with each line or file that was not read.

    Raises
    ------
    LaptruongError
        If nothing can be read or an output cannot be written; then no file is changed.
    """
    sources, outputs = list(dict.fromkeys(labels)), [path for path in (graph, statements, documents) if path is not None]
    for path in sources:
        if path.resolve() in {output.resolve() for output in outputs}:
            raise LaptruongError(f"{path}: is input and output at once; write to another file")
    network, summary = DiscourseNetwork(scheme, by), Summary()
    check_kind(kind)

    def refuse(refusal: Refusal) -> None:
        summary.refused.append(refusal)
        refused(refusal)

    with whole_files(outputs) as parts, ExitStack() as files:
        part = dict(zip(outputs, parts, strict=True))
        streams = [files.enter_context(part[path].open("w", encoding="utf-8", newline="")) for path in outputs if path != graph]
        tables = DnaTables(scheme, streams[0], streams[1] if documents else None) if statements else None
        for record in read_labels(sources, scheme, refuse):
            summary.articles += 1
            network.add(record)
            if tables is not None:
                tables.write(record)
            each(record)
        if not summary.articles:
            raise LaptruongError("no article was read from the label files; nothing is written")
        if graph is not None:
            found = network.graph(kind)
            summary.nodes, summary.edges = found.number_of_nodes(), found.number_of_edges()
            nx.write_graphml_xml(found, part[graph])  # of both its writers the one that gives the same bytes without lxml
        if tables is not None:
            summary.statements, summary.documents = tables.statements, tables.documents
    summary.undated = network.undated
    return summary
