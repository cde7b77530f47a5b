"""Is one model better than another? Paired differences on labelled texts, with intervals.

    python benchmarks/paired.py offline tfidf --data NEWS.jsonl [--split test]

Both models label the same texts; articles are drawn again with replacement, the same ones for both (cluster bootstrap,
percentile interval, seeded), and the difference of each primary figure is taken.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import laptruong
from laptruong.corpus import flatten, read_corpus
from laptruong.evaluation import stance_scores, statement_scores, topic_scores


def figures(labeller, given, found, gold) -> np.ndarray:
    """Give topic macro-F1, stance macro-F1 and statement F1."""
    decision, scheme = labeller.decision, labeller.scheme
    return np.array([
        topic_scores(given, gold, decision, scheme)["macro_f1"],
        stance_scores(given, gold, decision, scheme)["macro_f1"],
        statement_scores(found, gold, decision, scheme)["f1"],
    ])  # fmt: skip


def main() -> None:
    """Print a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs=2)
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--split")
    parser.add_argument("--resamples", type=int, default=1000)
    options = parser.parse_args()
    labellers = [laptruong.load(name) for name in options.models]
    if labellers[0].scheme.sha256 != labellers[1].scheme.sha256:
        raise SystemExit("the two models were trained for different schemes")
    data = flatten(read_corpus(options.data, labellers[0].scheme, options.split), labellers[0].finder)
    pairs = [list(gold.stances) for gold in data.gold]
    said = [
        (
            each,
            each.classifier.predict(data.examples, pairs),
            each.classifier.predict(data.examples, floor=each.decision.floor(each.scheme)),
        )
        for each in labellers
    ]
    clusters: dict[str, list[int]] = {}
    for unit, group in enumerate(data.groups):
        clusters.setdefault(group, []).append(unit)
    members = list(clusters.values())

    def both(units: list[int]) -> np.ndarray:
        gold = [data.gold[i] for i in units]
        return np.array([figures(each, [given[i] for i in units], [found[i] for i in units], gold) for each, given, found in said])

    whole = both(list(range(len(data))))
    draw = np.random.default_rng(0)
    differences = []
    for _ in range(options.resamples):
        chosen = draw.integers(0, len(members), len(members))
        one, two = both([i for at in chosen for i in members[at]])
        differences.append(one - two)
    low, high = np.percentile(differences, [2.5, 97.5], axis=0)
    print(f"{len(data)} units of {len(members)} articles, {options.resamples} resamples")
    for at, name in enumerate(("topic macro-F1", "stance macro-F1", "statement F1")):
        one, two = whole[:, at]
        scores = f"{options.models[0]} {one:.3f}  {options.models[1]} {two:.3f}"
        print(f"{name:<16} {scores}  difference {one - two:+.3f} [{low[at]:+.3f}, {high[at]:+.3f}]")


if __name__ == "__main__":
    main()
