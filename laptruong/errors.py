"""The exceptions of laptruong, one tree.

::

    LaptruongError            what the command line turns into one clear line and exit status 1
    ├── ProblemsError         several mistakes of one file, told at once
    │   ├── ConfigError       an experiment file or an override
    │   └── SchemeError       a scheme file
    ├── ReadError             an input that cannot be read as articles; the others still are
    ├── CorpusError           a labelled record that breaks the format or the scheme
    ├── ModelError            a model that is missing, damaged or of another kind
    ├── ReportError           a report that is missing, damaged, of another version or on other data
    └── TrackingError         MLflow is not installed, cannot be reached or refuses
"""

from __future__ import annotations

from collections.abc import Sequence


class LaptruongError(Exception):
    """Base of every error that laptruong raises on purpose; its text is meant for the user."""


class ProblemsError(LaptruongError):
    """All the mistakes of one file.

    Parameters
    ----------
    source : str
        The file, as the user named it.
    problems : sequence of str
        One sentence a mistake, each with its place in the file.
    """

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source, self.problems = source, list(problems)
        lines = [f"{source}: {len(self.problems)} problem{'s' if len(self.problems) > 1 else ''}"]
        super().__init__("\n".join(lines + [f"  {problem}" for problem in self.problems]))


class ConfigError(ProblemsError):
    """An experiment file or an override is wrong."""


class SchemeError(ProblemsError):
    """A scheme file is wrong."""


class ReadError(LaptruongError):
    """An input cannot be read as an article.

    Parameters
    ----------
    where : str
        The file, and the line or row where there is one.
    what : str
        What is wrong and what to do next.
    """

    def __init__(self, where: str, what: str) -> None:
        self.where, self.what = where, what
        super().__init__(f"{where}: {what}")


class CorpusError(LaptruongError):
    """A labelled record breaks the corpus format or names a label that the scheme has not."""


class ModelError(LaptruongError):
    """A model is missing, damaged, or was made for something else."""


class ReportError(LaptruongError):
    """A report is missing, damaged, of another version, or cannot be compared with another."""


class TrackingError(LaptruongError):
    """A run or a report cannot be logged to MLflow; what is on disk is unharmed."""
