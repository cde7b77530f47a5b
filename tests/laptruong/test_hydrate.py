from __future__ import annotations

import hashlib
import json
import shutil

import pytest
from support import run_cli, write_jsonl

from laptruong.corpus.check import check_corpus
from laptruong.corpus.hydrate import hydrate
from laptruong.errors import CorpusError

NEWS = "Mỹ hứa tên lửa cho Ukraine. Nhà Trắng nói sẽ chuyển trong tháng này."
LONG = "Hungary chặn khoản vay\nBudapest phủ quyết khoản vay mà EU định cấp cho Kiev.\nGiá lúa mì giảm nhẹ."


def text_id(text):
    return hashlib.sha1(text.encode()).hexdigest()[:12]


def pair(actor, stance):
    return {"actor": actor, "topic": "aid", "stance": stance}


def label(text, paragraphs, **change):
    return {
        "schema_version": 1, "id": text_id(text), "date": "2025-09-01", "outlet": None, "url": None, "split": "train", "origin": "real",
        "event": text_id(text), "genre": "brief", "paragraphs": paragraphs,
    } | change  # fmt: skip


GIVES = {"kind": "lead", "topics": ["aid"], "stances": [pair("us", "support"), pair("ukraine", "neutral")]}
VETO = {"topics": ["aid"], "stances": [pair("hungary", "oppose"), pair("eu", "support"), pair("ukraine", "neutral")]}
PLAIN = {"kind": "body", "topics": [], "stances": [], "off_topic": "other"}
LABELS = [label(NEWS, [GIVES]), label(LONG, [{"kind": "headline", **VETO}, {"kind": "lead", **VETO}, PLAIN], date=None, split="dev")]


@pytest.fixture
def files(tmp_path):
    texts = [{"id": "not to be believed", "text": NEWS, "title": "Mỹ hứa tên lửa"}, {"text": "Không ai gán nhãn."}, {"text": LONG}]
    return write_jsonl(tmp_path / "labels.jsonl", LABELS), write_jsonl(tmp_path / "texts.jsonl", texts), tmp_path / "out" / "corpus.jsonl"


def test_labels_and_texts_join_by_hash_into_a_corpus_that_checks(files, ukraine):
    labels, texts, output = files
    done = hydrate(labels, [texts], output, ukraine)
    assert (done.articles, done.missing, done.refused) == (2, [], [])
    news, long = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert news["paragraphs"] == [{"text": NEWS, **GIVES}]
    assert (news["title"], news["topics"]) == ("Mỹ hứa tên lửa", ["aid"])
    assert [each["text"] for each in long["paragraphs"]] == LONG.split("\n")
    assert (long["title"], long["split"]) == ("Hungary chặn khoản vay", "dev")
    assert {(each["actor"], each["stance"]) for each in long["stances"]} == {
        ("hungary", "oppose"),
        ("eu", "support"),
        ("ukraine", "neutral"),
    }
    assert [str(each) for each in check_corpus([output], ukraine).mistakes] == []


def test_what_does_not_join_is_told_and_the_rest_is_written(files, ukraine, tmp_path):
    labels, texts, output = files
    texts.write_text(texts.read_text("utf-8") + "{broken\n", "utf-8")
    extra = label("một văn bản không có ở đây", [GIVES])
    short = label("Một dòng.\nHai dòng.", [GIVES])
    write_jsonl(labels, [*LABELS, extra, short])
    more = write_jsonl(tmp_path / "more.jsonl", [{"text": "Một dòng.\nHai dòng."}, {"text": NEWS}, {"text": 7}])
    done = hydrate(labels, [texts, more], output, ukraine)
    assert done.articles == 2
    assert done.missing == sorted([extra["id"], short["id"]])
    assert [reason for _, reason in done.refused][1].endswith("the text has 2 lines, and there are labels for 1")
    assert done.refused[0][0].endswith("texts.jsonl, line 4")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"id": "zz"}, "line 1: id:"),
        ({"text": "copied"}, "text: unknown key"),
        ({"paragraphs": [GIVES | {"text": NEWS}]}, "unknown key"),
        ({"id": LABELS[1]["id"]}, "is given twice"),
    ],
)
def test_labels_that_break_the_format_are_refused(files, ukraine, change, told):
    labels, texts, output = files
    write_jsonl(labels, [LABELS[0] | change, LABELS[1]])
    with pytest.raises(CorpusError, match=told):
        hydrate(labels, [texts], output, ukraine)
    assert not output.exists()


def test_a_label_that_the_scheme_has_not_is_told(files, ukraine):
    labels, texts, output = files
    write_jsonl(labels, [LABELS[0] | {"paragraphs": [GIVES | {"topics": ["aids"]}]}, LABELS[1]])
    done = hydrate(labels, [texts], output, ukraine)
    assert done.articles == 1
    assert "unknown topic 'aids'" in done.refused[0][1]


def test_one_bad_text_costs_only_itself(files, ukraine, tmp_path):
    labels, texts, output = files
    gap = "Mỹ hứa thêm đạn cho Ukraine.\n\nHết."
    write_jsonl(labels, [*LABELS, label(gap, [GIVES, PLAIN, PLAIN])])
    halved = {"text": NEWS, "title": "x\ud800"}  # half a character: as an escape it is good JSON
    texts.write_text("".join(json.dumps(each) + "\n" for each in ({"text": gap}, halved, {"text": LONG})), "utf-8")
    done = hydrate(labels, [texts], output, ukraine)
    assert done.articles == 1
    assert len(done.refused) == 2


def test_nothing_is_lost_where_the_output_cannot_be_written(files, ukraine, tmp_path):
    labels, texts, output = files
    before = labels.read_bytes(), texts.read_bytes()
    for target in (labels, texts):
        with pytest.raises(CorpusError, match="is one of the files to read"):
            hydrate(labels, [texts], target, ukraine)
    (tmp_path / "folder").mkdir()
    for target in (tmp_path / "folder", texts / "below"):
        with pytest.raises(CorpusError, match="cannot be written"):
            hydrate(labels, [texts], target, ukraine)
    assert (labels.read_bytes(), texts.read_bytes()) == before
    assert not list(tmp_path.glob("*.part"))
    write_jsonl(labels, [])
    with pytest.raises(CorpusError, match="holds no labels"):
        hydrate(labels, [texts], output, ukraine)


def test_the_command(files, tmp_path):
    labels, texts, output = files
    done = run_cli("corpus", "hydrate", "--labels", labels, "--texts", texts, "-o", output)
    assert done.returncode == 0
    assert "2 labelled articles written" in done.stderr
    assert run_cli("corpus", "check", output).returncode == 0
    other = write_jsonl(tmp_path / "other.jsonl", [{"text": "Chuyện khác."}])
    before = output.read_bytes()
    failed = run_cli("corpus", "hydrate", "--labels", labels, "--texts", other, "-o", output)
    assert failed.returncode == 1
    assert "none of its 2 labels has its text" in failed.stderr
    assert output.read_bytes() == before
    shutil.rmtree(output.parent)
    assert "cannot be read" in run_cli("corpus", "hydrate", "--labels", labels, "--texts", tmp_path / "no.jsonl", "-o", output).stderr
