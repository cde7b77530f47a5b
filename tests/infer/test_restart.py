"""A run that is stopped, at whatever moment and however, goes on and leaves the bytes of one that was not."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from support import write_jsonl

import laptruong
from infer import chunks, journal, label_files
from laptruong import LaptruongError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are killed by signals, which this system has not")

_OPENINGS = ["Đức cam kết viện trợ thêm vũ khí cho Ukraine", "Nga bác bỏ đề xuất ngừng bắn của Mỹ", "Ba Lan phản đối đưa quân tới Ukraine"]


@pytest.fixture(scope="module")
def labeller():
    return laptruong.load("tfidf")


@pytest.fixture
def news(tmp_path) -> Path:
    """Records of every fate: labelled, repeated, refused, withheld."""
    records = [{"id": f"n{n}", "date": "2025-08-18", "text": f"{_OPENINGS[n % 3]}, theo Reuters ngày {n}."} for n in range(60)]
    path = write_jsonl(tmp_path / "news.jsonl", records + records[:5])
    path.write_bytes(path.read_bytes() + b'{"text": 5}\n{broken\n{"text": "\xff"}\n')
    return path


@pytest.fixture(autouse=True)
def many_small_commits(monkeypatch):
    monkeypatch.setattr(chunks, "RECORDS", 10)
    monkeypatch.setattr(journal, "COMMIT_SECONDS", 0.0)


def label(news, folder, labeller, **options):
    folder.mkdir(exist_ok=True)
    return label_files(
        [news],
        model=labeller,
        records=folder / "l.jsonl",
        rows=folder / "l.parquet",
        html=folder / "l.html",
        export="label-studio",
        **options,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def in_child(work) -> int:
    """Run something in a process of its own; give the signal that ended it, 0 for none."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def kill_at_sync(count: int, folder: Path, after: bool) -> None:
    """Make this process die at its n-th fsync, and lose what was not yet durable, as when the power goes."""
    real, durable, calls = os.fsync, {}, 0

    def sync(handle: int) -> None:
        nonlocal calls
        calls += 1
        if after or calls < count:
            real(handle)
            durable[os.fstat(handle).st_ino] = os.fstat(handle).st_size
        if calls == count:
            for path in folder.rglob("*"):
                if path.is_file() and ".unfinished" in str(path):
                    os.truncate(path, min(path.stat().st_size, durable.get(path.stat().st_ino, 0)))
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync = sync


def test_killed_at_every_fsync(tmp_path, news, labeller):
    label(news, tmp_path / "whole", labeller)
    whole = files(tmp_path / "whole")
    assert {"l.jsonl", "l.quarantine.jsonl", "l.duplicates.jsonl", "l.label-studio.json"} <= set(whole)
    for after in (False, True):
        for count in range(1, 1000):
            folder = tmp_path / f"{after}{count}"

            def work(folder=folder, count=count, after=after):
                kill_at_sync(count, folder, after)
                label(news, folder, labeller)

            killed = in_child(work)
            assert killed in (0, signal.SIGKILL)
            if not killed:  # there are no more of them
                break
            assert not (folder / "l.jsonl").exists() or (folder / "l.jsonl").read_bytes() == whole["l.jsonl"]
            label(news, folder, labeller)
            assert files(folder) == whole
        assert count > 20


def test_killed_at_random_again_and_again(tmp_path, news, labeller):
    label(news, tmp_path / "whole", labeller)
    started = time.monotonic()
    label(news, tmp_path / "timed", labeller)
    seconds, dice, kills = time.monotonic() - started, random.Random(7), 0
    for attempt in range(5):
        folder = tmp_path / f"run{attempt}"
        folder.mkdir()

        def work(folder=folder):
            signal.signal(signal.SIGALRM, signal.SIG_DFL)  # dies wherever it is, between any two instructions
            signal.setitimer(signal.ITIMER_REAL, dice.uniform(0.01, 0.7 * seconds))
            label(news, folder, labeller)

        while in_child(work):
            kills += 1
            dice.random()
        assert files(folder) == files(tmp_path / "whole")
    assert kills >= 5


def test_a_power_cut_may_leave_half_a_line_of_the_journal(tmp_path, news, labeller):
    label(news, tmp_path / "whole", labeller)
    folder = tmp_path / "torn"

    def work():
        kill_at_sync(14, folder, after=True)
        label(news, folder, labeller)

    assert in_child(work)
    path = folder / "l.jsonl.unfinished/journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:40] + b"\0\0\0")
    label(news, folder, labeller)
    assert files(folder) == files(tmp_path / "whole")


def interrupted(news, folder, labeller, monkeypatch, at: int = 3) -> None:
    """Leave an unfinished run behind."""
    commits = []

    def stop(self, *arguments, **options):
        commits.append(1)
        if len(commits) == at:
            raise KeyboardInterrupt
        real(self, *arguments, **options)

    real = journal.Journal.advance
    with monkeypatch.context() as patch:
        patch.setattr(journal.Journal, "advance", stop)
        with pytest.raises(KeyboardInterrupt):
            label(news, folder, labeller)
    assert (folder / "l.jsonl.unfinished").is_dir()


def test_an_interrupted_run_tells_what_it_found_done(tmp_path, news, labeller, monkeypatch):
    interrupted(news, tmp_path / "a", labeller, monkeypatch)
    done = label(news, tmp_path / "a", labeller)
    assert done.resumed == 20
    assert (done.records, done.articles, done.repeated, done.refused) == (68, 60, 5, 3)
    assert done.records == done.articles + done.repeated + done.refused


def test_another_model_input_or_setting_is_refused_and_nothing_is_mixed(tmp_path, news, labeller, monkeypatch):
    folder = tmp_path / "a"
    interrupted(news, folder, labeller, monkeypatch)
    before = files(folder)
    stricter = labeller.deciding(type(labeller.decision)(labeller.decision.topic, labeller.decision.topic_abstain, 0.99))
    with pytest.raises(LaptruongError, match=r"unfinished run that differs in its model; finish it .* or delete"):
        label(news, folder, stricter)
    with pytest.raises(LaptruongError, match="differs in its inputs"):
        label(write_jsonl(tmp_path / "other.jsonl", [{"text": "Nga"}]), folder, labeller)
    with pytest.raises(LaptruongError, match="differs in its outputs"):
        label_files([news], model=labeller, records=folder / "l.jsonl")
    assert files(folder) == before
    content = news.read_bytes()
    news.write_bytes(content.replace(b"2025-08-18", b"2025-08-19", 1))
    with pytest.raises(LaptruongError, match="the input has changed: its first 20 records"):
        label(news, folder, labeller)
    news.write_bytes(content[:300])
    with pytest.raises(LaptruongError, match="the input has changed"):
        label(news, folder, labeller)
    assert files(folder) == before
    news.write_bytes(content)
    label(news, folder, labeller)
    label(news, tmp_path / "whole", labeller)
    assert files(folder) == files(tmp_path / "whole")


def test_two_runs_never_write_the_same_files(tmp_path, news, labeller):
    def second(refusal):
        with pytest.raises(LaptruongError, match="another process is writing this run"):
            label(news, tmp_path / "a", labeller)
        seen.append(refusal)

    seen: list[object] = []
    label(news, tmp_path / "a", labeller, refused=second)
    assert len(seen) == 3


def test_a_full_disk_is_one_clear_line_and_loses_nothing(tmp_path, news, labeller):
    """A limit on the size of files stands for the disk; the system refuses to write beyond it."""
    code = (
        "import resource, sys; from pathlib import Path; from infer import chunks, journal; from laptruong.cli import main;"
        "chunks.RECORDS = 10; journal.COMMIT_SECONDS = 0.0;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop()), resource.RLIM_INFINITY)); main()"
    )
    (tmp_path / "a").mkdir()
    command = [sys.executable, "-c", code, "label", news, "--model", "tfidf", "--jobs", "1", "-o", tmp_path / "a/l.jsonl"]
    short = subprocess.run([*command, "20000"], capture_output=True, text=True, check=False)
    assert short.returncode == 1
    assert os.strerror(errno.EFBIG) in short.stderr
    assert "run the same command again" in short.stderr
    assert "Traceback" not in short.stderr
    assert list(files(tmp_path / "a"))[-1] != "l.jsonl"
    again = subprocess.run([*command, str(2**40)], capture_output=True, text=True, check=False)
    assert "after 20 records of an earlier run" in again.stderr or "after 10 records of an earlier run" in again.stderr
    label_files([news], model=labeller, records=tmp_path / "whole.jsonl")
    assert (tmp_path / "a/l.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_ctrl_c_says_how_to_go_on(tmp_path):
    command = [sys.executable, "-m", "laptruong.cli", "label", "-", "--model", "tfidf", "-o", tmp_path / "l.jsonl"]
    run = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while run.poll() is None and not (tmp_path / "l.jsonl.unfinished").exists():
        time.sleep(0.02)
    time.sleep(0.5)
    for _ in range(5):  # Python loses an interrupt that comes while it finalizes an object: who sees nothing happen presses again
        run.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            run.wait(timeout=5)
            break
    told = run.communicate()[1]
    assert run.returncode == 130, told
    assert "interrupted; no output file was changed; the same command goes on" in told
    assert "Traceback" not in told


def test_kill_9_of_a_command_with_many_processes(tmp_path):
    texts = [f"{_OPENINGS[n % 3]}, theo hãng tin ngày {n}. Điện Kremlin nói vũ khí kéo dài xung đột, {n * n}." for n in range(6000)]
    news = write_jsonl(tmp_path / "news.jsonl", [{"id": str(n), "text": text} for n, text in enumerate(texts)])
    command = [sys.executable, "-m", "laptruong.cli", "label", str(news), "--model", "tfidf", "--jobs", "2"]
    subprocess.run([*command, "-o", tmp_path / "whole.jsonl"], check=True, capture_output=True)
    run = subprocess.Popen([*command, "-o", tmp_path / "l.jsonl"], stderr=subprocess.PIPE)
    unfinished, children = tmp_path / "l.jsonl.unfinished/journal.jsonl", Path(f"/proc/{run.pid}/task/{run.pid}/children")
    while run.poll() is None and not (
        unfinished.exists() and b'"records"' in unfinished.read_bytes() and len(children.read_text().split()) > 1
    ):
        time.sleep(0.02)
    workers = [int(each) for each in children.read_text().split()]
    run.kill()
    run.communicate()
    for _ in range(500):
        if not any(Path(f"/proc/{each}/fd").exists() and os.path.exists(f"/proc/{each}/exe") for each in workers):
            break
        time.sleep(0.02)
    else:
        pytest.fail("processes outlived the one that started them")
    again = subprocess.run([*command, "-o", tmp_path / "l.jsonl"], check=True, capture_output=True, text=True)
    assert "of an earlier run" in again.stderr
    assert (tmp_path / "l.jsonl").read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["l.jsonl", "news.jsonl", "whole.jsonl"]
    assert len({json.loads(line)["id"] for line in (tmp_path / "l.jsonl").read_text("utf-8").splitlines()}) == 6000
