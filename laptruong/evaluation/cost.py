"""What labelling costs: measured in a process of its own, so that nothing else counts as the model's.

python -m laptruong.evaluation.cost MODEL < TEXTS.jsonl
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from laptruong.classifiers.base import Example
from laptruong.errors import ModelError
from laptruong.evaluation.results import Cost

MOST = 300
"""Paragraphs to label; each once, so that no cache flatters."""


def cost(model: Path, examples: Sequence[Example]) -> Cost:
    """Measure a model on texts: load time, paragraphs a second (actors found, labelled), peak memory, size on disk.

    Parameters
    ----------
    model : Path
        The run folder.
    examples : sequence of Example
        Their texts, at most `MOST`, are labelled.

    Raises
    ------
    ModelError
        If the process that measures fails.
    """
    texts = list(dict.fromkeys(each.text for each in examples))[:MOST]
    done = subprocess.run(  # noqa: S603  # this very module
        [sys.executable, "-m", "laptruong.evaluation.cost", str(model.resolve())],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ModelError(f"{model}: the cost of labelling could not be measured: {done.stderr.strip().splitlines()[-1]}")
    size = sum(path.stat().st_size for path in model.iterdir() if path.is_file())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Cost(paragraphs=len(texts), size_mb=size / 1e6, cores=cores, **json.loads(done.stdout))


def main() -> None:
    """Load the model named, label the texts of standard input, and tell what it took as JSON."""
    from laptruong.models import load

    texts = json.load(sys.stdin)
    start = time.perf_counter()
    labeller = load(sys.argv[1])
    loaded = time.perf_counter()
    examples = [Example(text, tuple(labeller.finder.find(text))) for text in texts]
    labeller.classifier.predict(examples, floor=labeller.decision.floor(labeller.scheme))
    done = time.perf_counter()
    print(json.dumps({"load_seconds": loaded - start, "paragraphs_per_second": len(texts) / (done - loaded), "peak_mb": peak() / 1e6}))


def peak() -> float:
    """Give the most memory that this process has had, in bytes.

    Linux counts in ``ru_maxrss`` what the process had that started this one, too, and in ``VmHWM`` not.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        return float(re.search(r"VmHWM:\s+(\d+) kB", status.read_text("ascii"))[1]) * 1024  # type: ignore[index]
    import resource  # neither is there on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)  # bytes on macOS


if __name__ == "__main__":
    main()
