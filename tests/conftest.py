"""Fixtures: the shipped scheme and model."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the networks of the tests are so small that threads wait for each other

import pytest

import laptruong
from laptruong.classifiers.encoder import export
from laptruong.scheme import Scheme


@pytest.fixture(scope="session")
def ukraine() -> Scheme:
    """The shipped scheme."""
    return laptruong.load_scheme("ukraine")


@pytest.fixture(scope="session")
def shipped() -> laptruong.Labeller:
    """The shipped model."""
    return laptruong.load()


@pytest.fixture(scope="session", autouse=True)
def _trace_once():
    """Trace each shape of network once: it takes seconds, and a graph has no weights."""
    known = {}
    real = export.trace

    def trace(network):
        shape = str(network) + network.encoder.config.to_json_string()
        if shape not in known:
            known[shape] = real(network)
        return known[shape]

    export.trace = trace
    yield
    export.trace = real
