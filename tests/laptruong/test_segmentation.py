from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from laptruong import syllables
from laptruong.segmentation import segment, segment_all
from laptruong.text import normalize


@pytest.fixture(scope="module")
def pyvi():
    from pyvi.ViTokenizer import ViTokenizer

    return ViTokenizer


def test_it_cuts_the_corpus_exactly_as_pyvi(pyvi):
    texts = [
        normalize(paragraph["text"]).text
        for split in ("dev", "test")
        for line in (ROOT / f"data/corpus/{split}.jsonl").read_text("utf-8").splitlines()
        for paragraph in json.loads(line)["paragraphs"]
    ]
    assert len(texts) > 400
    for text in texts:
        assert [word.text for word in segment(text)] == pyvi.tokenize(text).split(), text


@given(st.text(alphabet="ăâđêôơưạảấáàA BĐn.ghtic,:;()\"'0123456789/-_@\n\t…", max_size=60))
def test_it_cuts_anything_as_pyvi(text):
    from pyvi.ViTokenizer import ViTokenizer

    text = normalize(text).text
    assert "".join(word.text for word in segment(text)).replace("_", "") == "".join(ViTokenizer.tokenize(text).split()).replace("_", "")
    assert [word.text for word in segment(text)] == ViTokenizer.tokenize(text).split()


def test_places_and_boundaries():
    text = "Tổng thống Nga phát biểu về an ninh"
    words = segment(text)
    assert [text[word.start : word.end].replace(" ", "_") for word in words] == [word.text for word in words]
    assert "an_ninh" in [word.text for word in words]
    cut = text.index("ninh")
    assert "an_ninh" not in [word.text for word in segment(text, [(cut, len(text))])]


def test_many_texts_are_cut_as_each_alone():
    texts = ["", "Tổng thống Nga phát biểu", " ", "an ninh\tbiên  giới \n", "b\nan ninh", "Kiev."]
    spans = [[], [(11, 14)], [], [(3, 7)], [], []]
    words = segment_all(texts, spans)
    for number, (text, each) in enumerate(zip(texts, spans, strict=True)):
        first, last = words.bounds[number], words.bounds[number + 1]
        found = zip(words.texts[first:last], words.starts[first:last].tolist(), words.ends[first:last].tolist(), strict=True)
        assert list(found) == segment(text, each)


def test_a_full_cache_is_emptied(monkeypatch):
    monkeypatch.setattr(syllables, "_CACHE_CHARACTERS", 10)
    before = segment("Lực lượng vũ trang Ukraine")
    assert [segment(f"Lực lượng vũ trang {name}")[0] for name in ("Nga", "Mỹ", "Anh")] == [before[0]] * 3


def test_decomposed_text_is_refused():
    with pytest.raises(ValueError, match="NFC"):
        segment(unicodedata.normalize("NFD", "hòa bình"))
