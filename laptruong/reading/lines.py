"""What one line of a crawled page looks like: a credit, a counter, a byline, a heading …

Each function answers one question about one line; `laptruong.reading.layout` looks at the page as a whole.
"""

from __future__ import annotations

import re

from laptruong.dates import find_date, without_date
from laptruong.text import normalize, strip_diacritics

_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[.!?…:;][\"'”’)\]]*$")


def _any(*patterns: str) -> str:
    return "(?:" + "|".join(patterns) + ")"


def _line(*patterns: str) -> re.Pattern[str]:
    """Compile alternatives that must fit the whole line, in any case."""
    return re.compile(rf"^{_any(*patterns)}$", re.IGNORECASE)


_CREDIT_WORD = r"(?:Ảnh|ẢNH|Video|VIDEO|Clip|Đồ họa|ĐỒ HỌA|Infographic|Nguồn ảnh|Minh họa|Photo|PHOTO)"
_CREDIT_WORD = rf"(?:{_CREDIT_WORD}(?: (?:tư liệu|minh họa|đồ họa|chụp từ \w+))?)"
_WHOSE = r"(?:[^.!?]|\.(?=\S)|(?<=\b[A-ZĐ])\.){1,60}"  # initials have dots
_CREDIT_ONLY = re.compile(
    _any(
        rf"^\(?{_CREDIT_WORD}\s*(?:IT|internet|minh họa|chụp màn hình|tư liệu)?\s*(?:[:：]\s*[^.!?]{{0,60}})?\)?\.?$",
        r"^\(?Nguồn\s*:\s*[^.!?]{1,60}\)?\.?$",
    )
)
_AGENCIES = "reuters|afp|ap|getty images|getty|epa|xinhua|tass|ttxvn|sputnik|ria novosti|vnexpress|ukrinform|cnn|bbc"
_AGENCY_ONLY = _line(rf"\(?(?:{_AGENCIES})(?:\s*/\s*[\w ]+)?\)?")
_CAPTION_END = re.compile(
    _any(
        rf"[.\"”'’)\s\-–(|]\(?{_CREDIT_WORD}\s*"
        rf"(?::\s*{_WHOSE}|\d+|IT|internet|minh họa|tư liệu|chụp màn hình|cắt từ clip)\)?\.?$",
        r"\(Nguồn:?\s*[^)]{1,60}\)\s*[|.]?$",
        rf"[.\"”’)]\s*Nguồn\s*:\s*{_WHOSE}$",
        r"\(Ảnh[^)]{0,60}\)\.?$",
    )
)
_SLUG_CAPTION = re.compile(r"^[a-z0-9 ,.\-]+\s(?:hinh|anh|image|photo|picture)(?: anh)? \d+$")

_COUNTERS = _any(
    r"\d*\s*(?:bình luận|trả lời|lượt xem|lượt thích|chia sẻ|phản hồi|comments?|views?|likes?|shares?)\s*\(?\d*\)?",
    r"(?:bình luận|ý kiến)\s*(?:bạn đọc|của bạn)?\s*\(?\d*\)?",
    r"(?:gửi|viết) (?:bình luận|ý kiến|phản hồi)(?:\s*[|/].*)?",
    r"(?:hãy là người đầu tiên|không có|chưa có) bình luận.*",
    r"(?:(?:xem thêm|mở rộng|viết|\d+)\s+)?bình luận(?:\s*\(?\d+\)?)?(?:\s*[|.…].{0,60})?|(?:gửi )?ý kiến (?:của bạn|bạn đọc)\b.{0,40}",
    r"nhận xét của bạn|gửi (?:bình luận|phản hồi)\b.{0,30}|trở thành người đầu tiên.{0,60}",
    r"(?:hiện )?chưa có bình luận(?: nào)?(?:, hãy .{0,40})?|\d+\s*/\s*\d+ ký tự",
    r"(?:quan tâm|mới) nhất(?:\s*\|.{0,60})?|quan tâm nhiều(?: nhất)?|tối đa:? \d+ ký tự|thích \d+.{0,30}|tặng sao.{0,40}",
    r"(?:bình chọn|khảo sát|thăm dò(?: ý kiến)?)\s*:.{0,120}\?(?:\s*★+)?|bài viết hay\?.{0,60}|bạn thấy (?:bài|thông tin).{0,80}",
)
_BUTTONS = _any(
    r"chia sẻ(?: bài viết| lên| qua| trên)?\s*:?\s*(?:facebook|twitter|zalo|x|email|link|liên kết|fb|mạng xã hội|[\s,/|·-])*",
    r"facebook|twitter|zalo|messenger|telegram|pinterest|linkedin|google news|email|copy link|sao chép liên kết",
    r"in bài(?: viết)?|lưu bài(?: viết)?|lưu tin|gửi bài|thích|tweet|print|share",
    r"theo dõi .{0,80}(?:google news|facebook|zalo|telegram|youtube|trên).{0,40}",
    r"(?:báo .{2,30} )?trên google news.*",
    r"đăng (?:ký|nhập)(?: (?:ngay|tài khoản|nhận|bản tin|để|bằng).{0,50})?|nhận bản tin.{0,60}|tải (?:ứng dụng|app)\b.{0,40}",
    r"nghe (?:đọc )?bài(?: viết| này)?|nghe audio|(?:giọng (?:nữ|nam)(?: miền \w+)?[\s,/|]*)+|xem theo ngày.*|xem tiếp",
    r"trang chủ(?:\s*[|›»>/].*)?|(?:quay lại|trở lại|trở về|về|lên)(?: (?:trang chủ|chuyên mục|đầu trang|trang .{2,20}))?",
    r"khám phá thêm chủ đề|đọc tiếp về .{0,40}|bình luận hay",
    r"audio|video|ảnh|infographic|emagazine|podcast|menu|tìm kiếm|thời tiết|rss",
    r"(?:bấm|nhấn|bật|tắt) (?:f5|vào đây|theo dõi|thông báo|thả tim|tự động|để).{0,80}|đừng quên bật.{0,40}|nhận thông báo.{0,40}",
    r"(?:tiếp tục )?cập nhật(?: liên tục)?(?:\s*[-–|].{0,60})?\s*[.…]*|cập nhật\s*:.{0,60}f5.{0,40}",
    r"cập nhật(?: lúc)?\s*:?\s*\d{1,2}[:h]\d{2}.{0,20}",
    r"(?:đặt|đọc|mua|đặt mua) (?:báo|quà)\b.{0,60}|báo lỗi.{0,30}|ủng hộ tác giả|tặng quà.{0,30}",
    r"cỡ chữ.{0,20}|mã xác nhận|gửi|lướt xem ảnh",
    r"(?:lưu (?:tin|bài(?: viết)?)|in (?:trang|bài)|gửi (?:email|mail|phản hồi))\b.{0,40}",
    r"chia sẻ\s*[:|].{0,40}|tải thêm .{0,20}|thêm vào danh sách.{0,20}",
    r"xem (?:tiếp|bản đồ|toàn bộ|ảnh|video|infographic).{0,40}|trang(?: \d+)+.{0,20}|in\s*\|.{0,80}",
    r"(?:trở lại|quay lại) (?:chuyên mục .{2,20}|thế giới|thời sự|quốc tế|quân sự|quốc phòng.{0,10})",
    r"bạn đang theo dõi .{0,100}|chia sẻ (?:bài|tin)(?: viết)?(?: này)?(?: qua| lên| trên)?.{0,30}|copy link.{0,20}|nghe đọc bài.{0,12}",
)
_TAGS = _any(
    r"(?:từ khóa|từ khoá|tags?|chủ đề|chuyên đề|thẻ|keywords?|sự kiện)\s*:.*",
    r"#\w.*",
    r"(?:video|clip|ảnh|đồ họa|infographics?|biểu đồ|podcast|banner|chuyên mục|mục)\s*:.{1,120}",
    r"(?:dòng sự kiện|chủ đề (?:nóng|nổi bật)|chuyên đề|sự kiện nóng)\s*:.{1,120}",
    r"chuyên mục .{1,40}",
    r".{1,120}[-–(|]\s*(?:video|clip|infographic|ảnh)\)?",
)
_ADVERTS = _any(
    r"quảng cáo(?:\s*[:|–-].*)?|advertisement|advertising|tài trợ|nội dung tài trợ|adv|ads",
    r"mời (?:các bạn|quý|bạn đọc|độc giả|bạn|các bạn đọc).*",
    r"(?:quý )?(?:bạn đọc|độc giả) (?:có thể|vui lòng|quan tâm|hãy|gửi).*",
    r"(?:gửi bài|tin bài|bài vở|thư từ)\s+(?:về|cộng tác|xin gửi)\b.{0,80}|sản phẩm được tài trợ|tổng đài .{0,60}",
    r".{0,60}(?:không chịu trách nhiệm về nội dung|không nhất thiết (?:trùng với|phản ánh)).{0,60}|[-–—=*\s]+quảng cáo[-–—=*\s]+",
    r"(?:nhà|đơn vị) tài trợ.{0,60}|\*\s*mời (?:bạn|quý|độc giả).*|xin mời quý vị .{0,80}|cuộc thi .{0,60}xem thể lệ|.{0,60}đăng ký ngay!?",
    r".{0,40}thể hiện (?:quan điểm|ý kiến|góc nhìn) (?:riêng )?của (?:tác giả|người viết).{0,40}",
)
_IMPRINT = _any(
    r"(?:©|\(c\)|copyright|® ?ghi rõ|ghi rõ nguồn|cấm sao chép|vui lòng ghi|liên hệ quảng cáo|cơ quan chủ quản).{0,300}",
    r"(?:bản quyền|giấy phép|tổng biên tập|phó tổng biên tập|tòa soạn|hotline|đường dây nóng|điện thoại|fax|e-?mail"
    r"|địa chỉ)\s*[:.(].{0,300}",
    r"bản quyền (?:thuộc|của).{0,100}",
    r".{0,80}giấy phép (?:số|hoạt động|xuất bản).{0,120}",
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.]+",
    r"\d+ (?:phút|giờ|ngày|tuần) trước|[\d\W]+",
)
_NOISE = _line(_COUNTERS, _BUTTONS, _TAGS, _ADVERTS, _IMPRINT)
_TEASER = re.compile(
    _any(
        r"^(?:>{1,3}|»|►|▶|→)",
        r"^(?:xem thêm|đọc thêm|đọc tiếp|có thể bạn quan tâm|xem ngay|đọc ngay|đừng bỏ lỡ|nên đọc|đọc nhiều|xem nhiều)\s*[:>»]\s*\S",
        r"^(?:tin|bài)(?: viết)? (?:liên quan|khác|nóng|mới|hot|tiếp theo|nên đọc)\s*[:>»]\s*\S",
        r"^(?:(?:tin|bài)(?: viết)? )?cùng (?:chuyên mục|mục|chủ đề|sự kiện)\s*[:>»]\s*\S",
        r"^(?:mới cập nhật|nóng cùng giờ|cùng giờ|góc chuyên gia|bạn có biết|dành cho bạn)\s*:\s*\S",
        r"^(?:(?:tin|bài) )?(?:cùng ngày|đọc nhiều|quan tâm nhiều(?: nhất)?)\s*:\s*\S|^bạn đọc viết\s*:\s*\S|^bản tin video\s*:\s*\S",
    ),
    re.IGNORECASE,
)
_BLOCK = re.compile(
    r"^[>»\s]*"
    + _any(
        r"đọc thêm|đọc tiếp|xem thêm|liên quan|(?:tin|bài|bài viết|tin bài) liên quan|tin đề xuất",
        r"(?:(?:tin|bài|bài viết|nội dung) )?cùng chủ đề|(?:tin|bài) nên đọc",
        r"có thể bạn (?:quan tâm|muốn xem|chưa đọc|thích)|bạn có thể quan tâm|(?:được )?quan tâm|đừng bỏ lỡ|nên đọc|đọc ngay|tin đọc thêm",
        r"xem nhiều|đọc nhiều(?: nhất)?|(?:tin|bài) đọc nhiều|gợi ý cho bạn|đề xuất cho bạn|dành (?:riêng )?cho bạn",
    )
    + r"\s*[:>»]*$",
    re.IGNORECASE,
)
_TAIL = _line(
    _any(
        r"tin mới(?: nhất| hơn| nhận)?|mới nhất|tin (?:bài )?khác|các tin khác|bài khác|tin cũ hơn|tin tức khác|chuyên mục khác",
        r"cùng chuyên mục|(?:tin|bài) cùng (?:chuyên mục|mục|tác giả|sự kiện)|(?:tin|bài) tiếp theo",
        r"tin nổi bật|nổi bật|tin nóng|tin hot|tin trong ngày",
    )
    + r"\s*(?:\(\d+\))?\s*:?"
)
_COMMENTS = _line(r"(?:bình luận|ý kiến bạn đọc|ý kiến(?=\s*\()|thảo luận|\d+ bình luận)\s*(?:\(\d+\)|\d+)?\s*:?")
_SOURCE_LINE = _line(r"\(?(?:theo|tổng hợp|nguồn)\b[^.!?]{0,60}\)?\.?")
_SOURCE_AT_END = re.compile(
    _any(
        r"\s*[\-–/|]?\s*\(?(?:theo|tổng hợp|lược dịch|dịch|biên dịch|p/v|pv)\b[^()]{0,60}\)?\s*$",
        r"\s+dịch \((?:theo|từ)\b[^()]{0,60}\)\s*$|\s*\(từ [^()]{1,30}\)\s*$",
        r"\s*/\s*(?:vietnam\+|ttxvn|vov\S*|nld|vtc news)\s*$",
        r"\s*\((?:ttxvn[^)]*|vietnam\+|t/h|tổng hợp)\)\s*$",
    ),
    re.IGNORECASE,
)
_CREDITED = re.compile(
    r"(?i)^(?:(?:tác giả|bài|thực hiện|nội dung|đồ họa|dịch|lược dịch)\s*:\s*)"
    r"|\s+(?:thực hiện|tổng hợp|dịch|ghi|lược dịch|biên dịch|lược thuật|\((?:lược ghi|tổng hợp|phóng viên [^)]*)\))$"
    r"|^(?:đại tá|thượng tá|trung tá|thiếu tá|đại úy|ts|pgs|gs|ths)\.?\s+(?=\S+ \S)"
)
_NAME_GLUE = {"-", "–", "và", "&", ",", "/", "|", "(t/h)", "t/h"}


def words(line: str) -> list[str]:
    """Give the words of a line."""
    return _WORD.findall(line)


def key(line: str) -> str:
    """Give what two lines share that say the same with other marks, case and punctuation."""
    return " ".join(_WORD.findall(strip_diacritics(normalize(line).text).lower()))


def is_credit(line: str) -> bool:
    """Tell a line that holds nothing but the credit of the picture above it."""
    return bool(_CREDIT_ONLY.match(line) or _AGENCY_ONLY.match(line))


def is_credit_of_above(line: str) -> bool:
    """Tell a credit that belongs to a caption on the line above; a stock picture ("Ảnh minh họa") has none."""
    return is_credit(line) and not re.search(r"(?i)minh họa|tư liệu", line)


def is_list_item(line: str) -> bool:
    """Tell a point of a list."""
    return bool(re.match(r"^(?:[-–—+*•■▪●]|\d{1,2}[.)]|[a-zđ][.)])\s*\S", line))


def is_caption(line: str) -> bool:
    """Tell a picture's caption by the credit at its end, or by the file name that stands for it."""
    if len(words(line)) > 70:
        return False
    return is_credit(line) or bool(_CAPTION_END.search(line)) or bool(_SLUG_CAPTION.match(line))


def is_noise(line: str) -> bool:
    """Tell buttons, counters, tags, adverts and imprint lines."""
    return bool(_NOISE.match(line)) or bool(_TEASER.match(line)) or is_dateline(line)


def is_breadcrumb(line: str) -> bool:
    """Tell the path of sections above an article: ``Thế giới | Quân sự``."""
    return len(words(line)) <= 14 and bool(re.search(r"\S\s*[|›»>]\s*\S|\S\s/\s\S", line)) and not _SENTENCE.search(line)


def is_dateline(line: str) -> bool:
    """Tell a line that gives the date of the page, alone or with its author."""
    if find_date(line) is None or len(words(line)) > 24 or _SENTENCE.search(line):
        return False
    rest = re.sub(r"(?i)\d*\s*(?:trả lời|bình luận|lượt xem)\s*\d*", "", without_date(line)).strip(" -–|")
    return not rest or is_name(rest) or bool(_SOURCE_LINE.match(rest)) or len(words(rest)) <= 2


def is_block_title(line: str) -> bool:
    """Tell the title of a block of links that may stand in the middle of an article."""
    return bool(_BLOCK.match(line))


def is_tail_title(line: str) -> bool:
    """Tell the title of what follows an article: newer items, items of the section, comments."""
    return bool(_TAIL.match(line))


def is_comments_title(line: str) -> bool:
    """Tell the title of the readers' comments."""
    return bool(_COMMENTS.match(line))


def is_source_line(line: str) -> bool:
    """Tell a line such as ``Theo Reuters`` or ``(Tổng hợp)``."""
    return len(words(line)) <= 8 and bool(_SOURCE_LINE.match(line))


def is_name(line: str) -> bool:
    """Tell a byline: one to three persons' names, perhaps with the source they wrote from."""
    bare = _CREDITED.sub("", _SOURCE_AT_END.sub("", line).strip(" .,;-–|")).strip(" .,;-–|")
    parts = [part for part in bare.split() if part.lower() not in _NAME_GLUE]
    if not 1 <= len(parts) <= 8 or (len(parts) == 1 and bare == line.strip() and not parts[0].isupper()):
        return False
    return all(part[0].isupper() and not any(map(str.isdigit, part)) for part in (p.strip(".,;()") or "a" for p in parts))


def is_signed(line: str) -> bool:
    """Tell a byline that says what it is: a name with its source, or with what the person did."""
    return is_name(line) and bool(_CREDITED.search(line) or _SOURCE_AT_END.search(line))


def author_of(line: str) -> str | None:
    """Give the author whom a byline or dateline names."""
    line = re.sub(r"\((?i:theo|tổng hợp|dịch|lược dịch)\b[^)]*\)", " ", line)
    bare = _SOURCE_AT_END.sub("", without_date(line) if find_date(line) else line).strip(" .,;-–|")
    bare = re.sub(r"(?i)^(?:tác giả|bài|thực hiện|pv|phóng viên)\s*:?\s+", "", bare)
    return bare if bare and is_name(bare) and 2 <= len(bare.split()) <= 8 else None


def is_headlike(line: str) -> bool:
    """Tell a line with the shape of a headline or subheading: short, and no full stop at its end."""
    return len(words(line)) <= 28 and not re.search(r"[.…;:,][\"'”’)\]]*$", line)


def is_sentence(line: str) -> bool:
    """Tell a line with the shape of a paragraph: it ends as a sentence does, or is long."""
    return bool(_SENTENCE.search(line)) or len(words(line)) > 28
