"""Dates as Vietnamese pages write them."""

from __future__ import annotations

import datetime as dt
import re

_YEAR = r"(?P<y>(?:19|20)\d\d)"
_FORMS = [
    re.compile(rf"(?<!\d){_YEAR}-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)"),
    re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})\s?([/.-])\s?(?P<m>\d{{1,2}})\s?\2\s?{_YEAR}(?!\d)"),
    re.compile(rf"(?<!\d)(?P<d>\d{{1,2}})\s+tháng\s+(?P<m>\d{{1,2}})\s*(?:,|năm)?\s*{_YEAR}(?!\d)", re.IGNORECASE),
]
_WEEKDAY = r"(?:thứ\s+(?:hai|ba|tư|năm|sáu|bảy|[2-7])|chủ\s+nhật|cn)"
_REST = re.compile(
    rf"{_WEEKDAY}|ngày|lúc|date|cập nhật|đăng|xuất bản|\d{{1,2}}\s?[:h]\s?\d\d(?::\d\d)?|\b[ap]m\b|\(?gmt\s?[+-]\s?\d+\)?|[\s,;|()\-–•]",
    re.IGNORECASE,
)


def find_date(text: str) -> tuple[str, int, int] | None:
    """Find the first full date of a text.

    Returns
    -------
    (str, int, int) or None
        The ISO 8601 day and where it stands; a day without its year is no date.
    """
    for form in _FORMS:
        for match in form.finditer(text):
            try:
                day = dt.date(int(match["y"]), int(match["m"]), int(match["d"]))
            except ValueError:
                continue
            return day.isoformat(), match.start(), match.end()
    return None


def parse_date(value: object) -> str | None:
    """Turn a record's date field (text, date or datetime) into an ISO day; None where it holds no full date."""
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    found = find_date(value) if isinstance(value, str) else None
    return found[0] if found else None


def without_date(line: str) -> str:
    """Give what is left of a line beside its date, weekday, time and time zone."""
    found = find_date(line)
    rest = line[: found[1]] + " " + line[found[2] :] if found else line
    return " ".join(_REST.sub(" ", rest).split())
