from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laptruong.dates import find_date, parse_date
from laptruong.encoding import decode
from laptruong.errors import ReadError
from laptruong.text import is_vietnamese_syllable, lower_capitals, normalize, sentence_spans, vietnamese_share

SENTENCE = "Tổng thống Ukraine cho biết nước này sẵn sàng ngừng bắn nếu được bảo đảm an ninh đầy đủ, người phát ngôn nói thêm."
TCVN3 = "Tæng thèng Mü cho biÕt n­íc nµy sÏ tiÕp tôc viÖn trî vò khÝ cho Ukraine trong thêi gian tíi"
VNI = "Toång thoáng Myõ cho bieát nöôùc naøy seõ tieáp tuïc vieän trôï vuõ khí cho Ukraine trong thôøi gian tôùi"


@given(st.text(alphabet="aăâeêioôơuưyđ̣̀́̉̃ hqnt\xa0–“", max_size=40))
def test_positions_lead_back_to_the_raw_text(raw):
    plain = normalize(raw)
    assert plain.raw(len(plain.text)) == len(raw)
    assert all(plain.raw(plain.position(at)) <= at for at in range(len(raw)))
    assert normalize(unicodedata.normalize("NFD", raw)).text == normalize(unicodedata.normalize("NFC", raw)).text


@given(st.text(alphabet="한국어ự\u1112\u1161\u11ab\u0300 n", max_size=12))
def test_korean_names_are_composed_too(raw):
    plain = normalize(unicodedata.normalize("NFD", raw))
    assert plain.text == normalize(unicodedata.normalize("NFC", raw)).text
    assert unicodedata.is_normalized("NFC", plain.text)


def test_tone_marks_have_one_place():
    assert normalize("hoà bình, thuỷ quân, quý, toà, khoẻ").text == "hòa bình, thủy quân, quý, tòa, khỏe"


@pytest.mark.parametrize(
    ("word", "is_one"), [("Tuấn", True), ("nghiêng", True), ("Mỹ", True), ("Starmer", False), ("Keir", False), ("Friedrich", False)]
)
def test_syllables(word, is_one):
    assert is_vietnamese_syllable(word) is is_one


def test_sentences_cover_the_text():
    text = 'Ông nói: "Không." Sau đó, ông đi. Giá 1.000 đồng, theo T.T. Nam.'
    spans = sentence_spans(text)
    assert "".join(text[start:end] for start, end in spans) == text
    assert text[slice(*spans[1])].startswith("Sau đó")


@pytest.mark.parametrize("start", ["Đức", "Ấn Độ", "Ông", "Ưu tiên", "Úc", "Nga", '"Ủng hộ'])
def test_a_sentence_may_begin_with_any_vietnamese_capital(start):
    assert sentence_spans(f"Mỹ ký. {start} không ký.") == [(0, 7), (7, 17 + len(start))]


@pytest.mark.parametrize("rest", ["đồng", "ấy", "ông", "ý kiến", "ỷ lại"])
def test_no_sentence_begins_with_a_small_letter(rest):
    assert len(sentence_spans(f"Gói 1. {rest}")) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_unicode_is_decoded(encoding):
    assert decode(SENTENCE.encode(encoding), "x") == SENTENCE


def test_windows_1258_is_converted():
    decomposed = "".join(
        unicodedata.normalize(
            "NFC", unicodedata.normalize("NFD", char).translate({0x300: None, 0x301: None, 0x303: None, 0x309: None, 0x323: None})
        )
        + "".join(mark for mark in unicodedata.normalize("NFD", char) if mark in "̣̀́̉̃")
        for char in SENTENCE
    )
    assert decode(decomposed.encode("cp1258"), "x") == SENTENCE


def test_markup_does_not_hide_the_encoding():
    markup = (
        '<html><head><meta name="viewport" content="width=device-width"><script>var a = 1;</script></head><body><p>{}</p></body></html>'
    )
    with pytest.raises(ReadError, match="TCVN3"):
        decode(markup.format(TCVN3).encode("latin-1"), "page.html")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (TCVN3.encode("latin-1"), "TCVN3"),
        (TCVN3.encode(), "TCVN3"),
        (VNI.encode("latin-1"), "VNI"),
        (VNI.encode(), "VNI"),
        (SENTENCE.encode().decode("latin-1").encode(), "wrong table"),
        (b"\x89PNG\r\n\x1a\n....", "binary"),
        (b"abc\x00def", "binary"),
        ("Grüße aus Köln und Zürich, schöne Wünsche".encode("latin-1"), "neither UTF-8"),
    ],
)
def test_other_encodings_are_named_and_refused(data, told):
    with pytest.raises(ReadError, match=told):
        decode(data, "page.txt")


@pytest.mark.parametrize(
    "text", [SENTENCE, "Le président français évoque la sécurité et la liberté à Paris.", "Die Grünen größer für Österreich", "a" * 50]
)
def test_unicode_text_of_any_language_is_not_taken_for_legacy(text):
    assert decode(text.encode(), "x") == text


def test_lines_in_capitals_are_lowered_and_names_and_abbreviations_stay():
    text = "NHÀ TRẮNG: UKRAINE, EU VÀ NATO ĐÀM PHÁN. Ông Trump nói Mỹ gửi UAV."
    names = [(0, 9), (11, 18), (20, 22), (26, 30)]
    assert lower_capitals(text, names) == "Nhà Trắng: Ukraine, EU và NATO đàm phán. Ông Trump nói Mỹ gửi UAV."
    assert lower_capitals("NGỪNG BẮN Ở UKRAINE") == "Ngừng bắn ở ukraine"


@pytest.mark.parametrize("text", ["Tin 24H: EU, NATO, IMF và ông Trump", "Ảnh: VIỆT ANH", "BẢN TIN SÁNG", ""])
def test_three_words_in_capitals_are_no_line(text):
    assert lower_capitals(text) == text


@given(st.text(max_size=60))
def test_lowering_keeps_every_character_in_its_place(text):
    lowered = lower_capitals(text)
    assert len(lowered) == len(text)
    assert all(new == old or new == old.lower() for new, old in zip(lowered, text, strict=True))


def test_share_of_vietnamese():
    assert vietnamese_share(SENTENCE) > 0.9
    assert vietnamese_share("The quick brown fox jumps over lazy dogs") < 0.6
    assert vietnamese_share("123") == 0


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Thứ tư, 26/01/2022 06:55 AM", "2022-01-26"),
        ("ngày 4/11/2023", "2023-11-04"),
        ("date 2026-01-07 Ngày 6-1", "2026-01-07"),
        ("Ngày 24 tháng 2 năm 2022", "2022-02-24"),
        ("24.02.2022 | 10:00", "2022-02-24"),
        ("2025-08-18T09:15:00+07:00", "2025-08-18"),
        ("ngày 6-1", None),
        ("31/02/2022", None),
        ("Điều 5/2022", None),
    ],
)
def test_dates(text, day):
    assert parse_date(text) == day
    assert (find_date(text) is None) == (day is None)
