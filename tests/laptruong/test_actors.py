from __future__ import annotations

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laptruong import ActorFinder, load_scheme

FINDER = ActorFinder(load_scheme("ukraine"))


def actors(text: str, date: str | None = None) -> list[str]:
    return [mention.actor for mention in FINDER.find(text, date)]


@pytest.mark.parametrize(
    "text",
    [
        "VIỆT ANH", "Hoàng Anh", "Nguyễn Thị Nga", "Giỗ Đức Quốc Tổ Lạc Long Quân", "ý kiến của pháp luật", "học tiếng Anh",
        "triển lãm mỹ thuật", "cô Nga", "bà Nga nói", "ông Đức Anh", "Mỹ Linh hát", "huyện Mỹ Hào", "Anh Nguyễn Văn A",
        "Anh ấy đến muộn", "tạp chí Đức", "tờ Washington Post", "cựu Tổng thống Mỹ", "theo chuyên gia Nga", "100 đô la Mỹ",
        "họp tại Geneva", "hội nghị ở Brussels", "HLV người Đức", "Thái Bình Dương", "châu Mỹ Latinh", "Nga Sơn", "Minh Đức", "Đức Anh",
        "Tuấn Anh, Đức Anh", "Công ty CP Đức Mỹ", "Mỹ Anh (tổng hợp)", "Cô gái tên Nga", "Melania Trump",
        "thành phố Austin", "hãng Bosch (Đức)", "phe Áo vàng", "Pháp lý", "Nhật ký", "LÊ ĐỨC ANH VÀ NGUYỄN THỊ NGA VIẾT BÀI NÀY",
    ],
)  # fmt: skip
def test_what_names_no_actor(text):
    assert actors(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anh, Pháp, Đức ra tuyên bố", ["uk", "france", "germany"]),
        ("Nga bác bỏ đề xuất", ["russia"]),
        ("Quan hệ Mỹ - Nga", ["us", "russia"]),
        ("Hội đàm Nga-Ukraine", ["russia", "ukraine"]),
        ("Liên minh tự nguyện nhóm họp", ["coalition"]),
        ("liên minh thiện chí", ["coalition"]),
        ("Phía Nga im lặng", ["russia"]),
        ("Thủ tướng Đức Friedrich Merz", ["germany", "germany"]),
        ("Thủ tướng Anh Keir Starmer", ["uk", "uk"]),
        ("Bộ Quốc phòng Anh", ["uk"]),
        ("NGA TUYÊN BỐ KHÔNG ĐÀM PHÁN VỚI MỸ", ["russia", "us"]),
        ("MỸ VIỆN TRỢ UKRAINE", ["us", "ukraine"]),
        ("MỸ - NGA", ["us", "russia"]),
        ("ANH, PHÁP, ĐỨC", ["uk", "france", "germany"]),
        ("U-crai-na và Mát-xcơ-va, Ki-ép", ["ukraine", "russia", "ukraine"]),
        ("Kyiv, Kiev, Matxcơva, Moskva, Moscow", ["ukraine", "ukraine", "russia", "russia", "russia"]),
        ("Zelensky Zelenskiy Zelenskyy", ["ukraine"] * 3),
        ("Tòa Bạch Ốc, Toà Bạch Ốc, Hoa Kỳ", ["us"] * 3),
        ("các đồng minh châu Âu", ["eu"]),
        ("Tổ chức Hiệp ước Bắc Đại Tây Dương (NATO)", ["nato", "nato"]),
        ("Brussels nhắc lại lập trường", ["eu"]),
    ],
)
def test_who_is_named(text, expected):
    assert actors(text) == expected


@pytest.mark.parametrize(
    ("name", "date", "expected"),
    [
        ("Mark Rutte", "2023-01-01", ["netherlands"]),
        ("Mark Rutte", "2025-01-01", ["nato"]),
        ("Mark Rutte", "2024-08-15", []),
        ("Donald Trump", "2022-06-01", []),
        ("Donald Trump", "2024-11-20", ["us"]),
        ("Kaja Kallas", "2023-01-01", ["estonia"]),
        ("Kaja Kallas", "2025-01-01", ["eu"]),
        ("Donald Tusk", "2018-01-01", ["eu"]),
        ("Donald Tusk", "2025-01-01", ["poland"]),
        ("Mark Rutte", None, ["nato"]),
    ],
)
def test_a_person_counts_for_the_office_held_that_day(name, date, expected):
    assert actors(f"Ông {name} phát biểu", date) == expected


@given(
    st.lists(
        st.sampled_from(["Nga", "Mỹ - Nga", "Toà Bạch Ốc", "Điện Kremlin", "hoà bình", "Nguyễn", " ", "\xa0", "\n", "“", "U-crai-na", "ễ"])
    )
)
def test_offsets_point_into_the_raw_text_composed_or_not(pieces):
    text = " ".join(pieces)
    for form in ("NFC", "NFD"):
        raw = unicodedata.normalize(form, text)
        mentions = FINDER.find(raw)
        assert all(raw[each.start : each.end] == each.surface for each in mentions)
        assert [each.actor for each in mentions] == actors(text)
        assert all(one.end <= two.start for one, two in itertools.pairwise(mentions))
