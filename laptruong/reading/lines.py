"""What one line of a crawled page looks like: a credit, a counter, a byline, a heading …

Each function answers one question about one line; `laptruong.reading.layout` looks at the page as a whole.
"""

from __future__ import annotations

import re

from laptruong.dates import find_date, without_date
from laptruong.text import normalize, strip_diacritics

_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[.!?…:;][\"'”’)\]]*$")

_CREDIT_WORD = r"(?:Ảnh|ẢNH|Video|VIDEO|Clip|Đồ họa|ĐỒ HỌA|Infographic|Nguồn ảnh|Minh họa|Photo|PHOTO)"
_CREDIT_ONLY = re.compile(
    rf"^\(?{_CREDIT_WORD}\s*(?:minh họa|chụp màn hình|tư liệu)?\s*[:：.]?\s*[^.!?]{{0,60}}\)?\.?$|^\(?Nguồn\s*:\s*[^.!?]{{1,60}}\)?\.?$"
)
_AGENCY_ONLY = re.compile(r"^\(?(?:reuters|afp|ap|getty images|getty|epa|xinhua|tass|ttxvn|sputnik|ria novosti|vnexpress|ukrinform|cnn|bbc)(?:\s*/\s*[\w ]+)?\)?$", re.IGNORECASE)
_CAPTION_END = re.compile(
    rf"[.\"”'’)\s\-–(|]\(?{_CREDIT_WORD}\s*(?::\s*[^.!?]{{1,60}}|\d+|IT|internet|minh họa|tư liệu|chụp màn hình|cắt từ clip)\)?\.?$"
    r"|\(Nguồn:?\s*[^)]{1,60}\)\s*[|.]?$|\(Ảnh[^)]{0,60}\)\.?$"
)
_SLUG_CAPTION = re.compile(r"^[a-z0-9 ,.\-]+\s(?:hinh|anh|image|photo|picture)(?: anh)? \d+$")

_NOISE = re.compile(
    r"^(?:"
    r"\d*\s*(?:bình luận|trả lời|lượt xem|lượt thích|chia sẻ|phản hồi|comments?|views?|likes?|shares?)\s*(?:\(?\d+\)?)?"
    r"|(?:bình luận|ý kiến)\s*(?:bạn đọc|của bạn)?\s*\(?\d*\)?|gửi (?:bình luận|ý kiến|phản hồi).*|viết bình luận.*|hãy là người đầu tiên bình luận.*|không có bình luận.*|chưa có bình luận.*"
    r"|chia sẻ(?: bài viết| lên| qua| trên)?\s*:?\s*(?:facebook|twitter|zalo|x|email|link|liên kết|fb|mạng xã hội|[\s,/|·-])*"
    r"|facebook|twitter|zalo|messenger|telegram|pinterest|linkedin|google news|email|copy link|sao chép liên kết|in bài(?: viết)?|lưu bài(?: viết)?|lưu tin|gửi bài|thích|tweet|print|share"
    r"|theo dõi .{0,80}(?:google news|facebook|zalo|telegram|youtube|trên).{0,40}|(?:báo .{2,30} )?trên google news.*"
    r"|quảng cáo(?:\s*[:|–-].*)?|advertisement|advertising|tài trợ|nội dung tài trợ|adv|ads"
    r"|(?:từ khóa|từ khoá|tags?|chủ đề|chuyên đề|thẻ|keywords?)\s*:.*|#\w.*"
    r"|mời (?:các bạn|quý|bạn đọc|độc giả|bạn|các bạn đọc).*|(?:quý )?(?:bạn đọc|độc giả) (?:có thể|vui lòng|quan tâm|hãy|gửi).*"
    r"|đăng (?:ký|nhập)(?: .{0,60})?|nhận (?:tin|bản tin).{0,60}|đọc báo in.*|nghe (?:đọc )?bài.*|nghe audio.*|giọng (?:nữ|nam).*|tải (?:ứng dụng|app).*"
    r"|(?:©|\(c\)|copyright|bản quyền|giấy phép|tổng biên tập|phó tổng biên tập|tòa soạn|cơ quan chủ quản|hotline|đường dây nóng|liên hệ quảng cáo|điện thoại|fax|email|e-mail|địa chỉ|® ?ghi rõ|ghi rõ nguồn|cấm sao chép|vui lòng ghi)\b.{0,300}"
    r"|xem theo ngày.*|trang chủ.*|quay lại.*|trở (?:lại|về) .{0,40}|lên đầu trang|về đầu trang|xem tiếp.{0,20}|\d+ (?:phút|giờ|ngày|tuần) trước|[\d\W]+"
    r"|(?:video|clip|ảnh|đồ họa|infographic|chuyên mục|mục)\s*:.{1,120}|chuyên mục .{1,40}|.{1,120}[-–(|]\s*(?:video|clip|infographic|ảnh)\)?"
    r"|.{0,80}giấy phép (?:số|hoạt động|xuất bản).{0,120}"
    r"|https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.]+|audio|video|ảnh|infographic|emagazine|podcast|menu|tìm kiếm|thời tiết|rss|sự kiện\s*:.*"
    r")$",
    re.IGNORECASE,
)
_TEASER = re.compile(r"^(?:>{1,3}|»|►|▶|→|\+\s|[•■▪●]\s*(?=\S)|(?:xem thêm|đọc thêm|tin liên quan|bài liên quan|đọc tiếp|có thể bạn quan tâm|xem ngay|đọc ngay|>>)\s*[:>»]\s*\S)", re.IGNORECASE)
_BLOCK = re.compile(
    r"^[>»\s]*(?:đọc thêm|đọc tiếp|xem thêm|tin liên quan|bài liên quan|bài viết liên quan|tin bài liên quan|tin cùng chủ đề|tin đề xuất|có thể bạn quan tâm|có thể bạn muốn xem|bạn có thể quan tâm|đừng bỏ lỡ|nên đọc|liên quan|xem nhiều|đọc nhiều(?: nhất)?|tin đọc nhiều|bài đọc nhiều|được quan tâm|gợi ý cho bạn|đề xuất cho bạn|dành cho bạn)\s*[:>»]*$",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"^(?:tin mới(?: nhất| hơn| nhận)?|tin khác|các tin khác|bài khác|tin cũ hơn|cùng chuyên mục|(?:tin|bài) cùng chuyên mục|(?:tin|bài) cùng (?:mục|tác giả|sự kiện)|tin nổi bật|nổi bật|tin nóng|tin tức khác|mới nhất|tin hot|tin tiếp theo|bài tiếp theo|tin trong ngày|chuyên mục khác)\s*(?:\(\d+\))?\s*:?$",
    re.IGNORECASE,
)
_COMMENTS = re.compile(r"^(?:bình luận|ý kiến bạn đọc|thảo luận|\d+ bình luận)\s*(?:\(\d+\)|\d+)?\s*:?$", re.IGNORECASE)
_SOURCE_LINE = re.compile(r"^\(?(?:theo|tổng hợp|nguồn)\b[^.!?]{0,60}\)?\.?$", re.IGNORECASE)
_SOURCE_AT_END = re.compile(r"\s*[\-–/|]?\s*\(?(?:theo|tổng hợp|lược dịch|dịch|biên dịch|p/v|pv)\b[^()]{0,60}\)?\s*$|\s*/\s*(?:vietnam\+|ttxvn|vov\S*|nld|vtc news)\s*$|\s*\((?:ttxvn[^)]*|vietnam\+|t/h|tổng hợp)\)\s*$", re.IGNORECASE)
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
    return len(words(line)) <= 14 and bool(re.search(r"\S\s*[|›»>/]\s*\S", line)) and not _SENTENCE.search(line)


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
    bare = _SOURCE_AT_END.sub("", line).strip(" .,;-–|")
    parts = [part for part in bare.split() if part.lower() not in _NAME_GLUE]
    if not 1 <= len(parts) <= 8 or (len(parts) == 1 and bare == line.strip() and not parts[0].isupper()):
        return False
    return all(part[0].isupper() and not any(map(str.isdigit, part)) for part in (p.strip(".,;()") or "a" for p in parts))


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
