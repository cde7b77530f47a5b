"""The labelling interface: what is asked in Label Studio, as its XML.

People see the scheme's Vietnamese names; results hold the ids, which stand as aliases. Whom a stance is of is told by a region:
the actor's name in the text, marked with its label; the stances of that actor are choices of the region, one for each topic.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from laptruong.scheme import Actor, Label, Scheme

TEXT, ACTOR, TOPIC, OFF_TOPIC = "text", "actor", "topic", "off_topic"
"""Names of the text and of its controls; see `stance_control` for the others."""


def stance_control(topic: str | None) -> str:
    """Give the name of the control that asks the stance on a topic; None where the scheme has no topics."""
    return "stance" if topic is None else f"stance_{topic}"


def config(scheme: Scheme) -> str:
    """Write the labelling interface of a scheme; paste it into Label Studio under Settings, Labeling Interface, Code."""
    view = ElementTree.Element("View")
    _header(view, "$title", 4)
    _header(view, "$unsure", 6)
    ElementTree.SubElement(view, "Text", name=TEXT, value=f"${TEXT}", granularity="symbol")
    if scheme.topics is not None:
        _choices(view, TOPIC, scheme.topics, choice="single" if scheme.exclusive else "multiple")
    if scheme.topics is not None and scheme.off_topic:
        without = ElementTree.SubElement(view, "View", visibleWhen="choice-unselected", whenTagName=TOPIC)
        _header(without, "Without a topic, it is about", 6)
        _choices(without, OFF_TOPIC, scheme.off_topic, required="true")
    _stances(view, scheme)
    if scheme.actors is not None:
        _actors(view, scheme.actors)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _header(view: ElementTree.Element, value: str, size: int) -> None:
    ElementTree.SubElement(view, "Header", value=value, size=str(size))


def _actors(view: ElementTree.Element, actors: Iterable[Actor]) -> None:
    ElementTree.SubElement(view, "Filter", name="find", toName=ACTOR, minlength="0", placeholder="actor …")
    labels = ElementTree.SubElement(view, "Labels", name=ACTOR, toName=TEXT)
    for each in actors:
        ElementTree.SubElement(labels, "Label", value=each.vi, alias=each.id)


def _stances(view: ElementTree.Element, scheme: Scheme) -> None:
    """Ask the stances: of the region that is selected where there are actors, on the topics that are chosen where there are topics.

    Those of regions are not ``required``: Label Studio would ask them on topics that are not chosen, too. Reading the answers refuses
    a task without them.
    """
    how = {"required": "true"}
    if scheme.actors is not None:
        how = {"perRegion": "true"}
        view = ElementTree.SubElement(view, "View", visibleWhen="region-selected", whenTagName=ACTOR)
    if scheme.topics is None:
        _choices(view, stance_control(None), scheme.stances, **how)
    for topic in scheme.topics or []:
        chosen = ElementTree.SubElement(view, "View", visibleWhen="choice-selected", whenTagName=TOPIC, whenChoiceValue=topic.id)
        _header(chosen, ": ".join(filter(None, [topic.vi, topic.proposition_vi])), 6)
        _choices(chosen, stance_control(topic.id), scheme.stances, **how)


def _choices(view: ElementTree.Element, name: str, labels: Iterable[Label], choice: str = "single", **more: str) -> None:
    attributes = {"name": name, "toName": TEXT, "choice": choice, "showInline": "true"} | more
    choices = ElementTree.SubElement(view, "Choices", attributes)
    for each in labels:
        ElementTree.SubElement(choices, "Choice", value=each.vi, alias=each.id)
