"""What several tests share: the places of files, and small corpora for schemes of every shape."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCHEMES = Path(__file__).resolve().parent / "schemes"

_SUBJECT = {"football": ["đội chủ nhà", "tiền đạo trẻ", "huấn luyện viên"], "weather": ["cơn mưa lớn", "đợt nắng nóng", "không khí lạnh"]}
_VERDICT = {
    "praise": ["tuyệt vời, ai cũng hài lòng", "xuất sắc, đáng khen ngợi"],
    "blame": ["tồi tệ, ai cũng thất vọng", "kém cỏi, đáng chê trách"],
    "flat": ["được ghi nhận trong ngày", "kéo dài đến chiều tối"],
}
_PLACES = ["Hà Nội", "Huế", "Đà Lạt", "Cần Thơ", "Vinh"]


def mood_records(actors: bool = False, topics: bool = True) -> list[dict[str, Any]]:
    """Make labelled articles of one paragraph each, of every combination; with actors, two who differ."""
    records = []
    for number, (topic, stance, place) in enumerate(itertools.product(_SUBJECT, _VERDICT, _PLACES)):
        subject, verdict = _SUBJECT[topic][number % 3], _VERDICT[stance][number % 2]
        text = f"Tại {place}, {subject} {verdict}."
        mentions = []
        who: list[str | None] = [None]
        if actors:
            text = f"Phe Alpha thấy {subject} ở {place} {verdict}. Phe Beta chỉ đứng ngoài quan sát."
            who = ["alpha", "beta"]
            mentions = [
                {"actor": each, "start": text.index(name), "end": text.index(name) + len(name)}
                for each, name in (("alpha", "Alpha"), ("beta", "Beta"))
            ]
        stances = [{"actor": each, "topic": topic if topics else None, "stance": stance if each != "beta" else "flat"} for each in who]
        stances = [{key: value for key, value in each.items() if value is not None} for each in stances]
        paragraph = {"text": text, "kind": "body", "topics": [topic] if topics else [], "stances": stances}
        records.append({"id": f"m{number}", "paragraphs": [paragraph | ({"mentions": mentions} if actors else {})]})
    if topics:
        plain = [
            {"id": f"n{n}", "paragraphs": [{"text": f"Chợ {place} mở cửa từ sáng sớm.", "kind": "body", "topics": [], "stances": []}]}
            for n, place in enumerate(_PLACES)
        ]
        records += plain
    return records


def write_jsonl(path: Path, records: list[dict[str, Any]]) -> Path:
    """Write records and give the path back."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
    return path


def run_cli(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    command = [sys.executable, "-m", "laptruong.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, check=False)
