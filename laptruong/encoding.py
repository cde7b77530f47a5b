"""Bytes to text: UTF-8 and UTF-16, Windows-1258 by Python's codec; other legacy encodings are named and refused."""

from __future__ import annotations

import codecs
import re

from laptruong.errors import ReadError
from laptruong.text import normalize, vietnamese_share

_TO_UTF8 = "convert the file to UTF-8 first (for instance with UniKey's toolkit or iconv) and read it again"
_BINARY = (b"%PDF", b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\xd0\xcf\x11\xe0", b"SQLite", b"\x80\x04", b"\x80\x05")
_WINDOWS_1258_MARKS = re.compile("[\u0300\u0301\u0303\u0309\u0323đĐơƠưƯăĂ]")
# Letters that TCVN3 (ABC fonts) and VNI text shows when its bytes are taken for Latin-1.
_TCVN3 = re.compile(r"[a-zA-Z][µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô­õøö÷ùúýûüþ]|®[a-zA-Z]")
_VNI = re.compile(r"[aeouyAEOUY][ùøûõïâêáàåãäéèúüëÙØÛÕÏ]|ñ[aeiouöô]|[öô][ùøûõïôi]|[nt]g?öô|ñöôïc", re.IGNORECASE)
_MOJIBAKE = re.compile("Ã[\x80-\xbf¡-¿]|áº[\x80-\xbf¡-¿]|á»[\x80-\xbf¡-¿\u2018-\u203a]|Ä[\u0080-\u00bf\u2018]|Æ[°¡]")


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
    if data.startswith(_BINARY) or b"\x00" in data[:65536]:
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
    as_1258 = normalize(data.decode("cp1258", "replace")).text
    marks = len(_WINDOWS_1258_MARKS.findall(data.decode("cp1258", "replace")))
    if marks > len(as_1258) / 100 and vietnamese_share(as_1258) > 0.8 and "�" not in as_1258:
        return as_1258
    raise ReadError(where, f"is neither UTF-8 (byte {position}) nor Windows-1258; {_TO_UTF8}")


def refuse_legacy(text: str, where: str) -> None:
    """Raise `ReadError` for text that was written for TCVN3 or VNI fonts, or decoded with the wrong table.

    The tell-tale pairs must be frequent (one in 40 characters) and the words no Vietnamese, so that French,
    German or a stray symbol in a Vietnamese page never trips it.
    """
    sample = text[:20000]
    letters = sum(map(str.isalpha, sample)) or 1
    if vietnamese_share(sample) > 0.7:
        return
    found = {name: len(pattern.findall(sample)) / letters for name, pattern in _LEGACY.items()}
    name = max(found, key=lambda each: found[each])
    if found[name] > 0.025:
        raise ReadError(where, f"is {name}; {_TO_UTF8}")


_LEGACY = {
    "text in the TCVN3 (ABC) encoding, not Unicode": _TCVN3,
    "text in the VNI encoding, not Unicode": _VNI,
    "UTF-8 that was decoded with the wrong table and saved so": _MOJIBAKE,
}
