"""Surface signs of what makes stances hard."""

from __future__ import annotations

CUES = {
    "negation": r"\b(không|chưa|chẳng|từ chối|bác bỏ|phủ nhận)\b",
    "condition before the main clause": r"(^|[.?!…;:\"“]\s*)(nếu|trừ khi|chừng nào|một khi|với điều kiện|chỉ khi|khi nào)\b",
    "condition after it": r"[\w,]\s(nếu|trừ khi|chừng nào|một khi|với điều kiện|chỉ khi|miễn là)\b",
    "concession": r"\b(dù|mặc dù|tuy(?! [vb]ậy)|song(?! (phương|song))|bất chấp|dẫu)\b",
    "passive": r"\b(bị|được)\s\w+",
    "quotation": r"[\"“”]",
    "accusation": r"\b(cáo buộc|tố cáo|chỉ trích|đổ lỗi|buộc tội|tố)\b",
    "change of mind": r"\b(đổi ý|đổi (lập trường|quan điểm|ý định|giọng)|trước đây|từng(?! (bước|phần|nước|ngày))|đảo ngược|rút lại)\b",
}
"""Patterns for text in small letters; they count words, not meanings."""
