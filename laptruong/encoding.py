"""Bytes to text: UTF-8 and UTF-16, Windows-1258 by Python's codec; other legacy encodings are named and refused."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable

from laptruong.errors import ReadError
from laptruong.text import vietnamese_share

_TO_UTF8 = "convert the file to UTF-8 first (for instance with UniKey's toolkit or iconv) and read it again"
_BINARY = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xd0\xcf\x11\xe0", b"SQLite", b"\x80\x04", b"\x80\x05")
_TAG = re.compile(r"(?is)<(script|style)\b.*?</\1>|<[^>]{0,2000}>|&\w{2,8};")
_WINDOWS_1258_MARKS = re.compile("[\u0300\u0301\u0303\u0309\u0323đĐơƠưƯăĂ]")
# What the bytes of TCVN3 (ABC fonts) mean; its capitals are the small letters in another font.
_TCVN3 = dict(
    zip(
        map(chr, (*range(0xA1, 0xAF), *range(0xB5, 0xBA), *range(0xBB, 0xBF), *range(0xC6, 0xCD), *range(0xCE, 0xD9),
                  *range(0xDC, 0xE0), *range(0xE1, 0xF0), *range(0xF1, 0xFF))),
        "ĂÂÊÔƠƯĐăâêôơưđàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ",
        strict=True,
    )
)  # fmt: skip
# What VNI writes behind a letter, as far as the letter without its tone; enough to see whether words come out.
_VNI = [
    (re.compile("[ñÑ]"), "đ"), (re.compile("[öÖ]"), "ư"), (re.compile("[ôÔ]"), "ơ"),
    (re.compile("[aA][âàáåãä]", re.IGNORECASE), "â"), (re.compile("[eE][âàáåãä]", re.IGNORECASE), "ê"),
    (re.compile("[oO][âàáåãä]", re.IGNORECASE), "ô"), (re.compile("[aA][êèéúüë]", re.IGNORECASE), "ă"),
    (re.compile("(?<=[aeouyơư])[øùûõï]", re.IGNORECASE), ""), (re.compile("[ìíæóò]"), "i"), (re.compile("î"), "y"),
]  # fmt: skip


def is_binary(data: bytes) -> bool:
    """Tell data that is no text in any encoding that `decode` reads, by its first bytes."""
    return data.startswith(_BINARY) or b"\x00" in data[:65536]


def decode(data: bytes, where: str) -> str:
    r"""Decode a file's bytes.

    Parameters
    ----------
    data : bytes
    where : str
        The file's name, for the error.

    Returns
    -------
    str
        Without a byte order mark; line ends as they are.

    Raises
    ------
    ReadError
        For binary data, TCVN3, VNI and doubly encoded text, each named, and for bytes in no known encoding.
    """
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            try:
                return data[len(mark) :].decode(encoding)
            except UnicodeDecodeError as err:
                raise ReadError(where, f"is not the {encoding} that its first bytes announce (byte {err.start}); {_TO_UTF8}") from None
    if is_binary(data):
        raise ReadError(where, "is a binary file, not text; give .txt, .html, .jsonl, .csv or .parquet")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as err:
        return _decode_legacy(data, where, err.start)
    refuse_legacy(text, where)
    return text


def _decode_legacy(data: bytes, where: str, position: int) -> str:
    latin = data.decode("latin-1")
    refuse_legacy(latin, where)
    as_1258 = unicodedata.normalize("NFC", data.decode("cp1258", "replace"))
    words = _TAG.sub(" ", as_1258)
    marks = len(_WINDOWS_1258_MARKS.findall(unicodedata.normalize("NFD", words)))
    if marks > len(words) / 100 and vietnamese_share(words) > 0.8 and "�" not in as_1258:
        return as_1258
    raise ReadError(where, f"is neither UTF-8 (byte {position}) nor Windows-1258; {_TO_UTF8}")


def refuse_legacy(text: str, where: str) -> None:
    """Raise `ReadError` for text that was written for TCVN3 or VNI fonts, or decoded with the wrong table.

    Each is tried on the text: it is the one under which words turn Vietnamese that were not so before. French,
    German or a stray symbol in a Vietnamese page does not.
    """
    sample = _TAG.sub(" ", text[:200_000])[:20_000]
    if sample.isascii() or vietnamese_share(sample) > 0.7:
        return
    shares = {}
    for name, read in _LEGACY.items():
        meant = read(sample)
        shares[name] = vietnamese_share(meant) if len(set(meant) - set(sample)) >= 3 else 0.0
    name = max(shares, key=lambda each: shares[each])
    if shares[name] > 0.85:
        raise ReadError(where, f"is {name}; {_TO_UTF8}")


def _as_vni(text: str) -> str:
    for pattern, letter in _VNI:
        text = pattern.sub(letter, text)
    return text


def _as_mojibake(text: str) -> str:
    data = b"".join(char.encode("cp1252" if _in_cp1252(char) else "latin-1", "replace") for char in text)
    return data.decode("utf-8", "ignore")


def _in_cp1252(char: str) -> bool:
    try:
        char.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


_LEGACY: dict[str, Callable[[str], str]] = {
    "text in the TCVN3 (ABC) encoding, not Unicode": lambda text: "".join(_TCVN3.get(char, char) for char in text),
    "text in the VNI encoding, not Unicode": _as_vni,
    "UTF-8 that was decoded with the wrong table and saved so": _as_mojibake,
}
