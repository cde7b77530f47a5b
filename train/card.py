"""The model card: a template that the run fills in with what it knows."""

from __future__ import annotations

from typing import Any

from laptruong.classifiers.encoder.development import METRIC, mean_holds
from laptruong.evaluation.results import Interval, RunScores
from train.config import Config, Phobert

_TEMPLATE = """# {name}

A {kind} model for the scheme `{scheme}`: it tells which topics a paragraph has and where each named actor stands.

| | |
|---|---|
| trained by | `laptruong train {source}` (seed {seed}), commit {commit} |
| learnt from | {train} |
| thresholds and scores below | {dev} |
| licence | {licence} |

## Scores on the dev split

{scores}

Decisions are forced for these scores. With abstention a stance is given for {coverage} of the pairs and right in
{sure} of those.
{training}
## Use and limits

- `laptruong label --model {name} FILE…`, or `laptruong.load("{name}").label(text)`.
- For tallying positions over many articles. A single label is a guess with the probability that stands beside it;
  what is under the abstention threshold is listed as withheld.
- {reads}: irony, quotation inside quotation and a position told without its usual verbs
  escape it. It knows only what the paragraph says.
- The scores above are of the split on which its thresholds were chosen, and flatter it. What it is worth on other news
  `laptruong evaluate` tells.
"""


_ENCODER = """
## The encoder

| | |
|---|---|
| encoder | `{encoder}` |
| its licence | {licence} |
| adapted to news | {adapted} |
| trained in | {precision} |
| weights | {weights} |

{runs} (macro-F1 at a topic threshold of 0.5):

| seed | topic | stance |
|---|---|---|
{seeds}
"""
_READS = {"tfidf": "It reads words, not arguments", "phobert": "It has read a language but no arguments"}


def write_card(config: Config, source: str, manifest: dict[str, Any], scores: RunScores, facts: dict[str, Any]) -> str:
    """Fill in the card of a run; ``facts`` are what the classifier says of its training."""
    return _TEMPLATE.format(
        name=config.name, kind=config.classifier, scheme=manifest["scheme"]["name"], source=source,
        seed=config.seed, commit=manifest["commit"] or "unknown", train=_layer(manifest["data"]["train"]),
        dev=_layer(manifest["data"]["dev"]), scores=_table(scores),
        licence=_licence(facts.get("licence", "mit")), reads=_READS[config.classifier],
        training=_encoder(config.phobert, facts, manifest["encoder"].get("trained_in", "not recorded")) if facts else "",
        coverage=_percent(scores.stance_given), sure=_percent(scores.stance_right_where_given),
    )  # fmt: skip


def _encoder(config: Phobert, facts: dict[str, Any], precision: str) -> str:
    runs = [*facts["seeds"], *([{"seed": "mean of their weights"} | facts["mean"]] if facts["mean"] else [])]
    rows = [f"| {run['seed']} | {_score(run, 'topic_macro_f1')} | {_score(run, 'stance_macro_f1')} |" for run in runs]
    weights = "float32"
    if facts["quantized"]:
        weights = "{kept} (mean macro-F1 on dev {float32:.4f} in float32, {int8:.4f} in int8)".format(**facts["quantized"])
    return _ENCODER.format(
        encoder=config.encoder, licence=facts["licence"] or "see its source", weights=weights, precision=precision, seeds="\n".join(rows),
        runs="Runs, each at its best epoch on dev" + (f", and what is kept: {_kept(facts)}" if facts["mean"] else ""),
        adapted=f"masked-language modelling on {config.adapt.tokens:,} subwords" if config.adapt else "no",
    )  # fmt: skip


def _kept(facts: dict[str, Any]) -> str:
    if mean_holds(facts["seeds"], facts["mean"]):
        return "the mean of their weights"
    return f"seed {max(facts['seeds'], key=lambda run: run[METRIC])['seed']}, since the mean of their weights is worse than they are"


def _licence(encoder: str | None) -> str:
    own = "what is laptruong's in it is MIT"
    if encoder != "mit":
        own += f"; the encoder's licence ({encoder or 'see its source'}) binds the model"
    return own + "; the texts learnt from have their own"


def _score(run: dict[str, Any], name: str) -> str:
    return f"{run[name]:.3f}" if name in run else "–"


def _layer(entry: dict[str, Any]) -> str:
    names = ", ".join(f"`{each['file']}`" for each in entry["files"])
    return f"{entry['articles']} articles, {entry['units']} units ({names})"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.0f} %"


def _table(scores: RunScores) -> str:
    rows = ["| task | figure | score, 95 % interval |", "|---|---|---|"]
    tasks = [each for each in scores.scores if each.level == "paragraph"]
    for each in tasks:
        name = each.primary.replace("_f1", "-F1").replace("f1", "F1")
        rows.append(f"| {each.task} | {name} | {_with_interval(each.figures[each.primary])} |")
    rows += ["", "| class | precision | recall | F1, 95 % interval | support |", "|---|---|---|---|---|"]
    for one in (one for each in tasks if each.task != "statement" for one in each.classes):
        rows.append(f"| {one.name} | {one.precision:.3f} | {one.recall:.3f} | {_with_interval(one.f1)} | {one.support} |")
    return "\n".join(rows)


def _with_interval(figure: Interval) -> str:
    return f"{figure.value:.3f}" + (f" [{figure.low:.3f}, {figure.high:.3f}]" if figure.low is not None else "")
