"""No mention is ever lost on the way from the raw text to the network and back."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT

from laptruong import ActorFinder, load_scheme
from laptruong.classifiers import Example
from laptruong.classifiers.encoder.network import Scores, merge
from laptruong.classifiers.encoder.pretrained import load_subwords
from laptruong.classifiers.encoder.runtime import run_windows
from laptruong.classifiers.encoder.windows import _stretches, batches, collate, make_windows

SUBWORDS = load_subwords(ROOT / "tests" / "encoders" / "tiny", 10_000)
FINDER = ActorFinder(load_scheme("ukraine"))
SENTENCES = [
    "Nga bác bỏ đề xuất ngừng bắn.", "Điện Kremlin chưa bình luận về thông tin này.", "Thời tiết hôm nay đẹp.",
    "Ukraine hoan nghênh cam kết của Đức và Pháp về các tên lửa phòng không mà Kiev đã xin từ lâu.", "Không ai nói gì.",
]  # fmt: skip


def example(text: str) -> Example:
    return Example(text, tuple(FINDER.find(text)))


def words(window, subwords=SUBWORDS):
    return [subwords.tokenizer.id_to_token(i) for i in window.ids]


def named(windows, actor) -> list[str]:
    return ["".join(words(window)[at] for at in window.places[actor]) for window in windows if window.places[actor]]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_subwords_of_a_mention_spell_it(form):
    text = unicodedata.normalize(form, "Theo Điện Kremlin, Đức và Ba Lan phản đối; Đức cũng vậy.")
    each = example(text)
    [window] = make_windows([each], [each.actors], SUBWORDS, 128)
    assert named([window], "russia") == ["▁Điện▁Kremlin,"] or named([window], "russia") == ["▁Điện▁Kremlin"]
    assert named([window], "germany") == ["▁Đức▁Đức"]
    assert window.places["germany"] == sorted(window.places["germany"])


def test_a_headline_in_capitals_is_read_as_if_it_were_not():
    text = "Ukraine và Nga đàm phán tại Thổ Nhĩ Kỳ, NATO đứng ngoài. Hai bên chưa bình luận."
    plain, loud = example(text), example("UKRAINE VÀ NGA ĐÀM PHÁN TẠI THỔ NHĨ KỲ, NATO ĐỨNG NGOÀI. Hai bên chưa bình luận.")
    assert plain.actors == loud.actors
    assert make_windows([plain], [plain.actors], SUBWORDS, 128) == make_windows([loud], [loud.actors], SUBWORDS, 128)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=12), st.integers(16, 60))
def test_every_mention_of_a_long_unit_is_in_a_window(sentences, limit):
    each = example(" ".join(sentences))
    windows = make_windows([each], [each.actors], SUBWORDS, limit)
    assert all(len(window.ids) <= limit for window in windows)
    whole = make_windows([each], [each.actors], SUBWORDS, 10_000)[0]
    for actor in each.actors:
        assert sum(len(window.places[actor]) for window in windows) >= len(whole.places[actor]) > 0
    inside = [window.ids[1:-1] for window in windows]
    assert whole.ids[1 : 1 + len(inside[0])] == inside[0]
    assert whole.ids[-1 - len(inside[-1]) : -1] == inside[-1]
    covered = _stretches(each.text, SUBWORDS.cut([each.text], [[]])[0], limit - 2)
    assert {at for start, end in covered for at in range(start, end)} == set(range(len(whole.ids) - 2))


def test_windows_end_at_sentences_and_overlap():
    text = " ".join([SENTENCES[0], SENTENCES[2], SENTENCES[4]] * 6)
    windows = make_windows([Example(text)], [[]], SUBWORDS, 64)
    texts = ["".join(words(window)[1:-1]).replace("▁", " ").strip() for window in windows]
    assert len(texts) > 1
    assert all(each.endswith(".") and each[0].isupper() for each in texts)
    for one, two in pairwise(texts):
        last = one.split(". ")[-1]
        assert two.startswith(last), "the last sentence of a window opens the next one"


def test_an_actor_that_is_not_named_has_no_place():
    [window] = make_windows([Example("Không ai nói gì.")], [["russia", None]], SUBWORDS, 64)
    assert window.places["russia"] == []
    assert window.places[None] == list(range(len(window.ids)))
    pool = collate([window], [["russia", None]], SUBWORDS.marks).pool
    assert pool[0, 0].sum() == 0
    assert pool[0, 1].sum() == pytest.approx(1)


def test_batches_hold_every_window_once_and_are_no_larger_than_asked():
    windows = make_windows([example(" ".join(SENTENCES[: 1 + i % 5])) for i in range(50)], [[]] * 50, SUBWORDS, 128)
    found = list(batches(windows, 300))
    assert sorted(i for batch in found for i in batch) == list(range(50))
    assert all(len(batch) == 1 or len(batch) * max(len(windows[i].ids) for i in batch) <= 300 for batch in found)


def test_merging_is_the_same_in_training_and_in_labelling():
    texts = [" ".join(SENTENCES * 3), SENTENCES[0], " ".join(SENTENCES[::-1] * 2)]
    units = [example(text) for text in texts]
    actors = [[*each.actors, "china"] for each in units]  # one that nobody names
    windows = make_windows(units, actors, SUBWORDS, 30)
    assert len(windows) > len(units)
    draw = np.random.default_rng(0)
    most = max(map(len, actors))
    topics, stances = draw.normal(size=(len(windows), 3)), draw.normal(size=(len(windows), most, 3, 4))

    def run(batch):
        rows = order.pop(0)
        return topics[rows], stances[rows]

    order = list(batches(windows, 4096))
    found_topics, found_stances = run_windows(run, windows, actors, SUBWORDS.marks, 3)
    scores = Scores(torch.tensor(topics), torch.tensor(stances))
    batch = collate(windows, actors, SUBWORDS.marks)
    merged = merge(scores, torch.tensor([window.unit for window in windows]), len(units), torch.tensor(batch.pool))
    assert np.allclose(found_topics, merged.topics)
    for unit, each in enumerate(found_stances):
        assert np.allclose(each, merged.stances[unit, : len(actors[unit])])
