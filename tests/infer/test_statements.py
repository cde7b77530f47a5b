from __future__ import annotations

import csv

import pytest
from support import SCHEMES, run_cli, write_jsonl

from infer import label_files
from infer.network import export_network
from laptruong import Scheme, load_scheme


def paragraph(kind, text, *stances):
    names = ("actor", "topic", "stance", "probability")
    return {"kind": kind, "text": text, "stances": [dict(zip(names, each, strict=True)) for each in stances]}


def article(*paragraphs, **fields):
    return {"schema_version": 1, "id": "a", "date": "2025-08-14", "stances": [], "paragraphs": list(paragraphs), **fields}


def rows(path):
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def export(tmp_path, *records, scheme):
    summary = export_network(
        [write_jsonl(tmp_path / "l.jsonl", records)], scheme, statements=tmp_path / "s.csv", documents=tmp_path / "d.csv"
    )
    return rows(tmp_path / "s.csv"), rows(tmp_path / "d.csv"), summary


def java_substring(text, start, end):
    """Cut as Java does, which counts UTF-16 code units."""
    return text.encode("utf-16-le")[2 * int(start) : 2 * int(end)].decode("utf-16-le")


AID = ("germany", "aid", "support", 0.91)


def test_a_statement_has_what_dna_wants(tmp_path, ukraine):
    body = paragraph("body", "Đức viện trợ.", AID, ("hungary", "aid", "oppose", 0.8), ("us", "aid", "conditional", 0.7))
    statements, documents, summary = export(
        tmp_path, article(body, title="Viện trợ", outlet="Báo mẫu", author="A. B.", url="https://x.vn"), scheme=ukraine
    )
    assert statements[0] == {
        "documentID": "1", "startCaret": "0", "endCaret": "13", "person": "", "organization": "Đức", "concept": "viện trợ",
        "agreement": "1", "stance": "support", "tone": "positive", "probability": "0.91", "paragraph": "0", "article": "a",
        "date": "2025-08-14",
    }  # fmt: skip
    assert [each["agreement"] for each in statements] == ["1", "0", ""]  # whether a condition is a yes, a researcher decides
    assert documents == [{
        "documentID": "1", "title": "Viện trợ", "text": "Đức viện trợ.", "author": "A. B.", "source": "Báo mẫu", "section": "",
        "type": "", "notes": "a https://x.vn", "date_time": "2025-08-14",
    }]  # fmt: skip
    assert (summary.statements, summary.documents) == (3, 1)


@pytest.mark.parametrize("opening", ["Mở bài.", "🇺🇦 Mở bài 😀.", "=1+1", "- Mở bài", "Hai\r\ndòng\rcuối", "\x00@", "@\ud7ff𝐀"])
def test_positions_give_the_paragraph_in_the_text_of_the_table(tmp_path, ukraine, opening):
    texts = ["Đức 😀 viện trợ\r\ncho Kiev.", "=Cuối 🇩🇪"]
    noise = paragraph("boilerplate", "Chia sẻ")
    whole = article(paragraph("body", opening, AID), noise, *(paragraph("body", each, AID) for each in texts))
    statements, documents, _ = export(tmp_path, article(), whole, scheme=ukraine)
    found = [java_substring(documents[0]["text"], each["startCaret"], each["endCaret"]) for each in statements]
    shown = opening.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    assert found == [shown, "Đức 😀 viện trợ\ncho Kiev.", "=Cuối 🇩🇪"]
    assert [each["paragraph"] for each in statements] == ["0", "2", "3"]
    assert not documents[0]["text"].startswith(("=", "-", "@"))


def test_cells_are_disarmed(tmp_path, ukraine):
    record = article(paragraph("body", "a", ("=HYPERLINK(1)", "aid", "support", 0.9)), id="+1", title="@x", outlet="-y", author="\tz")
    statements, documents, _ = export(tmp_path, record, scheme=ukraine)
    assert (statements[0]["organization"], statements[0]["article"]) == ("'=HYPERLINK(1)", "'+1")
    assert [documents[0][name] for name in ("title", "source", "author", "notes")] == ["'@x", "'-y", "'\tz", "'+1"]


def test_neutral_states_nothing_and_a_document_without_statements_is_left_out(tmp_path, ukraine):
    neutral = article(paragraph("body", "Đức.", ("germany", "aid", "neutral", 0.9)))
    statements, documents, summary = export(tmp_path, neutral, article(paragraph("body", "Đức.", AID)), neutral, scheme=ukraine)
    assert [each["documentID"] for each in statements] == [each["documentID"] for each in documents] == ["1"]
    assert summary.articles == 3


def test_headline_and_lead_are_decided_once(tmp_path, ukraine):
    hungary = ("hungary", "aid", "oppose", 0.8)
    whole = article(
        paragraph("headline", "Đức viện trợ", AID), paragraph("boilerplate", "x"), paragraph("lead", "Đức …", AID, hungary),
        paragraph("body", "Đức …", AID),
    )  # fmt: skip
    statements, _, _ = export(tmp_path, whole, article(paragraph("lead", "Đức …", AID)), scheme=ukraine)
    assert [(each["documentID"], each["paragraph"], each["organization"]) for each in statements] == [
        ("1", "0", "Đức"), ("1", "2", "Hungary"), ("1", "3", "Đức"), ("2", "0", "Đức"),
    ]  # fmt: skip


def test_without_actors_the_author_speaks(tmp_path):
    moods = load_scheme(SCHEMES / "moods.yaml")
    record = article(paragraph("body", "Hay.", (None, "football", "praise", 0.9)), author="A. B.", outlet="Báo mẫu")
    statements, documents, _ = export(tmp_path, record, scheme=moods)
    assert (statements[0]["person"], statements[0]["organization"], statements[0]["concept"]) == ("A. B.", "Báo mẫu", "bóng đá")
    assert documents[0]["title"] == "Hay."
    whole = article(paragraph("body", "Hay.", (None, None, "praise", 0.9)))
    assert export(tmp_path, whole, scheme=Scheme.model_validate(moods.model_dump() | {"topics": None}))[0][0]["concept"] == "moods"


def test_from_texts_to_statements_by_the_commands(tmp_path):
    news = write_jsonl(tmp_path / "n.jsonl", [{"id": "n", "text": "Đức cam kết viện trợ thêm vũ khí phòng không cho Ukraine.\nHết."}])
    label_files([news], model="tfidf", records=tmp_path / "l.jsonl")
    done = run_cli("network", "l.jsonl", "-o", "g.graphml", "--statements", "s.csv", "--documents", "d.csv", cwd=tmp_path)
    assert done.returncode == 0
    assert "1 statements of 1 documents in s.csv" in done.stderr
    statement, document = rows(tmp_path / "s.csv")[0], rows(tmp_path / "d.csv")[0]
    assert (statement["organization"], statement["concept"], statement["agreement"]) == ("Đức", "viện trợ", "1")
    assert java_substring(document["text"], statement["startCaret"], statement["endCaret"]).startswith("Đức cam kết")
