"""Fixtures: the shipped scheme and model."""

from __future__ import annotations

import pytest

import laptruong
from laptruong.scheme import Scheme


@pytest.fixture(scope="session")
def ukraine() -> Scheme:
    """The shipped scheme."""
    return laptruong.load_scheme("ukraine")


@pytest.fixture(scope="session")
def shipped() -> laptruong.Labeller:
    """The shipped model."""
    return laptruong.load()
