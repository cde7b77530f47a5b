"""SVG as matplotlib writes it, made fit for a page: no styles inside, colours by class, ids of its own, a title."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from markupsafe import Markup

INK, SOFT, LINE, ACCENT, GOOD, BAD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
"""Stand-ins to draw with: the page's style sheet says what colour each is, in light and in dark."""
_CLASSES = {INK: "ink", SOFT: "soft", LINE: "line", ACCENT: "accent", GOOD: "good", BAD: "bad"}
_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_OWN_FONT = ("font", "font-family")


def fit(source: str, key: str, title: str, description: str) -> Markup:
    """Make an SVG of matplotlib part of a page.

    Parameters
    ----------
    source : str
        The SVG.
    key : str
        What no other chart of the page is called; every id starts with it.
    title, description : str
        What is told to those who do not see it.

    Returns
    -------
    Markup
        An ``<svg>`` element without style, script or metadata.
    """
    ET.register_namespace("", _SVG)
    root = ET.fromstring(source)  # noqa: S314 (matplotlib wrote it)
    for parent in list(root.iter()):
        for child in [each for each in parent if each.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style")]:
            parent.remove(child)
    for element in root.iter():
        _own_ids(element, key)
        _style_to_attributes(element)
    _describe(root, key, title, description)
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 (ElementTree has escaped it)


def _own_ids(element: ET.Element, key: str) -> None:
    link = element.attrib.pop(f"{{{_XLINK}}}href", None)
    if link:
        element.set("href", link.replace("#", f"#{key}-"))
    if "id" in element.attrib:
        element.set("id", f"{key}-{element.attrib['id']}")
    if "clip-path" in element.attrib:
        element.set("clip-path", element.attrib["clip-path"].replace("url(#", f"url(#{key}-"))


def _style_to_attributes(element: ET.Element) -> None:
    """Say by attributes and classes what a style said: the page's policy allows no styles but its own sheet."""
    classes = []
    for rule in element.attrib.pop("style", "").split(";"):
        name, _, value = (part.strip() for part in rule.partition(":"))
        if value in _CLASSES:
            classes.append(f"{name[0]}-{_CLASSES[value]}")  # f for fill, s for stroke
        elif name and name not in _OWN_FONT:
            element.set(name, value)
    if classes:
        element.set("class", " ".join(sorted(classes)))


def _describe(root: ET.Element, key: str, title: str, description: str) -> None:
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    wide = re.fullmatch(r"0 0 ([\d.]+) [\d.]+", root.attrib["viewBox"])
    root.attrib |= {"role": "img", "aria-labelledby": f"{key}-title {key}-desc", "stroke-linejoin": "round"}
    root.set("class", "chart wide" if wide and float(wide[1]) > 340 else "chart")
    for place, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(f"{{{_SVG}}}{tag}", {"id": f"{key}-{tag}"})
        element.text = text
        root.insert(place, element)
