"""Each rule of the corpus is broken once, and the check must say so."""

from __future__ import annotations

import copy
import json
from collections import Counter

import pytest
from support import ROOT, run_cli, write_jsonl

from laptruong.corpus.annotation import read_annotation
from laptruong.corpus.check import check_corpus
from laptruong.corpus.schema import RealRecord
from laptruong.corpus.splits import Text, near_duplicates
from laptruong.scheme import load_scheme

TEXT = "Tổng thống Mỹ cam kết chuyển thêm tên lửa phòng không cho Ukraine, còn Hungary phủ quyết khoản vay của EU."
HEAD = "Mỹ hứa thêm tên lửa cho Ukraine"
PAIRS = [("us", "support"), ("ukraine", "neutral"), ("hungary", "oppose"), ("eu", "neutral")]


def pairs(named, topic="aid"):
    return [{"actor": actor, "topic": topic, "stance": stance} for actor, stance in named]


def article(number=1, **change):
    head, same = ({"topics": ["aid"], "stances": pairs(PAIRS[:2])} for _ in range(2))
    lead = "Nhà Trắng thông báo quyết định này sau cuộc họp kéo dài."
    return {
        "id": f"a{number}", "title": HEAD, "date": "2025-03-01", "outlet": "Hà Nội", "url": None, "split": "train", "origin": "written",
        "event": f"e{number}", "genre": "wire",
        "paragraphs": [
            {"text": HEAD, "kind": "headline", **head}, {"text": lead, "kind": "lead", **same},
            {"text": TEXT, "kind": "body", "topics": ["aid"], "stances": pairs(PAIRS)},
            {"text": "Giá lúa mì giảm nhẹ.", "kind": "body", "topics": [], "stances": [], "off_topic": "other"},
            {"text": "Ảnh: AFP", "kind": "boilerplate", "topics": [], "stances": []},
        ],
        "topics": ["aid"], "stances": pairs([PAIRS[0], PAIRS[2], PAIRS[1], PAIRS[3]]),
    } | change  # fmt: skip


def edit(path, value):
    """Give a change of one place of an article; a value of ``...`` removes it."""

    def apply(record):
        *way, last = path
        at = record
        for key in way:
            at = at[key]
        if value is ...:
            del at[last]
        else:
            at[last] = value
        return record

    return apply


@pytest.fixture
def mistakes(tmp_path, ukraine):
    def check(*records, **options):
        path = write_jsonl(tmp_path / "corpus.jsonl", list(records))
        return [(each.rule, str(each).removeprefix(f"{path}, ")) for each in check_corpus([path], ukraine, **options).mistakes]

    return check


def test_a_right_article_breaks_no_rule(mistakes):
    assert mistakes(article()) == []


BODY = ("paragraphs", 2)
FAULTS = [
    ("format", edit(("splitt",), "train"), "line 1: splitt: unknown key; did you mean 'split'"),
    ("format", edit(("event",), ...), "event: is missing"),
    ("format", edit(("date",), "1.3.2025"), "date:"),
    ("format", edit((*BODY, "kind"), "caption"), "paragraphs[2].kind"),
    ("format", edit((*BODY, "text"), " " + TEXT), "no blanks around it"),
    ("format", edit((*BODY, "text"), TEXT + "\u200b\x07"), "control"),
    ("format", edit(("date",), 0), "must be a day such as 2025-03-01"),
    ("format", edit(("date",), "9999-12-31"), "of 1990 to 2100"),
    ("format", edit(("event",), "E 1"), "event:"),
    ("format", edit((*BODY, "names"), [{"actor": "us", "start": "11", "end": 14}]), "names[0].start"),
    ("labels", edit((*BODY, "topics"), ["aids"]), "line 1, paragraphs[2]: unknown topic 'aids'; did you mean 'aid'"),
    ("labels", edit((*BODY, "stances", 0, "stance"), "yes"), "unknown stance 'yes'"),
    ("labels", edit((*BODY, "stances"), pairs([*PAIRS, PAIRS[0]])), "labelled twice"),
    ("labels", edit((*BODY, "topics"), []), "not among the paragraph's topics"),
    ("boilerplate", edit(("paragraphs", 4, "topics"), ["aid"]), "paragraphs[4]: boilerplate with labels"),
    ("boilerplate", edit(("paragraphs", 2, "kind"), "boilerplate"), "paragraphs[2]: boilerplate with labels"),
    ("head", edit(("paragraphs", 1, "stances", 0, "stance"), "oppose"), "paragraphs[1]: the lead's labels differ"),
    ("head", edit(("paragraphs", 3, "kind"), "headline"), "at most one headline, then at most one lead"),
    ("head", edit(("paragraphs", 0, "kind"), "body"), "at most one headline, then"),
    ("head", edit(("title",), "Một tựa khác"), "the title is not the headline"),
    ("topics", edit(("paragraphs", 3, "off_topic"), ...), "paragraphs[3]: has neither a topic nor 'off_topic'"),
    ("topics", edit((*BODY, "off_topic"), "energy"), "only a paragraph without a topic"),
    ("topics", edit(("paragraphs", 3, "off_topic"), "football"), "unknown 'off_topic' 'football'"),
    ("pairs", edit((*BODY, "topics"), ["negotiations", "aid"]), "no stance of eu on negotiations, hungary on negotiations"),
    ("actors", edit((*BODY, "stances"), pairs(PAIRS[:3])), "eu is named and has no stance"),
    ("actors", edit((*BODY, "stances"), pairs([*PAIRS, ("china", "neutral")])), "china has a stance and is not named"),
    ("actors", edit((*BODY, "not_actors"), ["us"]), "us stands in 'not_actors' and has a stance"),
    ("actors", edit((*BODY, "not_actors"), ["japan"]), "japan stands in 'not_actors' and its names are not there"),
    ("actors", edit((*BODY, "names"), [{"actor": "japan", "start": 0, "end": 4}]), "japan stands in 'names' and has no stance"),
    ("actors", edit((*BODY, "mentions"), [{"actor": "us", "start": 11, "end": 13}]), "brings 'mentions' where the scheme knows names"),
    ("spans", edit((*BODY, "names"), [{"actor": "us", "start": 11, "end": 13}] * 2), "the same name is given twice"),
    ("spans", edit((*BODY, "names"), [{"actor": "us", "start": 11, "end": 900}]), "lies outside the text"),
    ("spans", edit((*BODY, "names"), [{"actor": "us", "start": 11, "end": 12}]), "no whole word: 'M'"),
    ("article", edit(("topics",), []), "by its paragraphs they are ['aid']"),
    ("article", edit(("stances",), pairs(PAIRS[:2])), "eu on aid, hungary on aid"),
    ("article", edit(("stances",), pairs([("us", "oppose"), PAIRS[0], PAIRS[2], PAIRS[1], PAIRS[3]])), "two stances on one topic"),
]


@pytest.mark.parametrize(("rule", "plant", "told"), FAULTS)
def test_each_planted_fault_is_found(mistakes, rule, plant, told):
    found = mistakes(plant(copy.deepcopy(article())))
    assert any(name == rule and told in text for name, text in found), found


def test_a_name_that_the_scheme_lacks_is_given_by_its_place(mistakes):
    text = TEXT + " Ông Nguyễn Văn Bê, ngoại trưởng một nước Trung Á, chưa trả lời."
    start = text.index("ngoại trưởng")
    body = {"text": text, "kind": "body", "topics": ["aid"], "stances": pairs([*PAIRS, ("kazakhstan", "neutral")])}
    body["names"] = [{"actor": "kazakhstan", "start": start, "end": start + len("ngoại trưởng một nước Trung Á")}]
    record = edit(BODY, body)(article())
    record["stances"].append({"actor": "kazakhstan", "topic": "aid", "stance": "neutral"})
    assert mistakes(record) == []


def other(**change):
    """Give an article on something else."""
    plain = {"topics": [], "stances": [], "off_topic": "other"}
    paragraphs = [
        {"text": text, "kind": kind, **plain} for text, kind in (("Chợ hoa mở cửa", "headline"), ("Người mua đông hơn năm trước.", "lead"))
    ]
    return article(2, paragraphs=paragraphs, topics=[], stances=[], title="Chợ hoa mở cửa") | change


def test_ids_events_and_stories_stay_on_one_side(mistakes):
    assert mistakes(article(), other(split="test")) == []
    assert [rule for rule, _ in mistakes(article(), other(id="a1"))] == ["ids"]
    assert [rule for rule, _ in mistakes(article(), other(split="test", event="e1"))] == ["events"]
    near = other(split="dev", date="2025-03-02")
    near["paragraphs"][0]["text"] = near["title"] = "Mỹ hứa tên lửa mới cho Ukraine, Nhà Trắng thông báo quyết định"
    assert "story" in {rule for rule, _ in mistakes(article(), near)}
    assert "story" not in {rule for rule, _ in mistakes(article(), near | {"date": "2025-06-02"})}


def test_near_duplicates_stay_on_one_side(mistakes):
    changed = TEXT.replace("khoản vay", "khoản tín dụng")
    body = article()["paragraphs"][2] | {"text": changed}
    twin = article(2, split="test", paragraphs=[body], stances=pairs([PAIRS[0], PAIRS[2], PAIRS[1], PAIRS[3]]))
    assert [rule for rule, _ in mistakes(article(), twin)] == ["duplicates"]
    assert mistakes(article(), twin | {"split": "train"}) == []
    assert mistakes(article(), twin | {"split": "aside"}) == []


def test_training_texts_repeat_nothing_held_out(mistakes, tmp_path):
    held = write_jsonl(tmp_path / "held.jsonl", [{"text": TEXT.replace("tên lửa", "đạn"), "topics": ["aid"], "stances": pairs(PAIRS)}])
    assert [rule for rule, _ in mistakes(article(), held_out=[held])] == ["duplicates"]
    assert mistakes(article(split="test"), held_out=[held]) == []


def test_real_news_is_split_by_time(mistakes):
    early, late = other(origin="real", split="test"), article(origin="real", date="2025-09-01")
    assert [rule for rule, _ in mistakes(late, early)] == ["time"]
    assert mistakes(late | {"split": "test"}, early | {"split": "train"}) == []
    later = other(date="2025-10-01", split="train")
    assert [rule for rule, _ in mistakes(late | {"split": "test"}, later)] == ["time"]
    assert mistakes(late | {"split": "test"}, later | {"origin": "constructed"}) == []


def passes_of(folder, record, changed=None, adjudicated=(), scheme="ukraine"):
    folder.mkdir(exist_ok=True)
    units = [0, 2, 3]
    lines = [
        {"id": record["id"], "paragraph": index} | {key: record["paragraphs"][index][key] for key in ("topics", "stances")}
        for index in units
    ]
    write_jsonl(folder / "pass_a.jsonl", lines)
    write_jsonl(folder / "pass_b.jsonl", lines if changed is None else changed(copy.deepcopy(lines)))
    write_jsonl(folder / "adjudicated.jsonl", [lines[number] for number in adjudicated])
    return read_annotation(folder, load_scheme(scheme))


def test_labels_follow_from_two_passes_and_a_third(mistakes, tmp_path, ukraine):
    folder, differing = tmp_path / "passes", edit((1, "stances", 0, "stance"), "oppose")
    assert mistakes(article(), annotations=[passes_of(folder, article())]) == []
    assert "differ" in mistakes(article(), annotations=[passes_of(folder, article(), differing)])[0][1]
    assert mistakes(article(), annotations=[passes_of(folder, article(), differing, adjudicated=[1])]) == []
    (missing,) = mistakes(article(), annotations=[passes_of(folder, article(), lambda lines: lines[:2])])
    assert missing[0] == "annotation"
    assert "paragraphs[3]: is not labelled in pass_b" in missing[1]
    turned = edit((*BODY, "stances", 1, "stance"), "support")(article())
    assert ("annotation", "line 1, paragraphs[2]: the labels are not those that follow from the passes [annotation]") in mistakes(
        turned, annotations=[passes_of(folder, article())]
    )
    noise = passes_of(folder, article(), lambda lines: [line | {"boilerplate": line["paragraph"] == 3} for line in lines], adjudicated=[])
    assert "the two passes differ" in mistakes(article(), annotations=[noise])[0][1]
    write_jsonl(folder / "adjudicated.jsonl", [{"id": "a1", "paragraph": 3, "topics": [], "stances": [], "boilerplate": True}])
    assert "was decided to be boilerplate" in mistakes(article(), annotations=[read_annotation(folder, ukraine)])[0][1]
    bare = edit(("paragraphs", 3), {"text": "Giá lúa mì giảm nhẹ.", "kind": "boilerplate", "topics": [], "stances": []})(article())
    assert mistakes(bare, annotations=[read_annotation(folder, ukraine)]) == []
    needless = passes_of(folder, article(), adjudicated=[1])
    assert "gives no 'reason'" in mistakes(article(), annotations=[needless])[0][1]
    lines = (folder / "adjudicated.jsonl").read_text("utf-8")
    (folder / "adjudicated.jsonl").write_text(lines.replace("}\n", ', "reason": "rule 7"}\n'), "utf-8")
    assert mistakes(article(), annotations=[read_annotation(folder, ukraine)]) == []
    kinds = passes_of(folder, article(), lambda lines: [line | ({} if line["topics"] else {"off_topic": "energy"}) for line in lines])
    assert "'off_topic' is not what follows from the passes: energy" in mistakes(article(), annotations=[kinds])[0][1]
    stray = passes_of(folder, article(), lambda lines: [*lines, lines[0] | {"paragraph": 9}])
    assert "paragraphs[9]: is not labelled in pass_a" in mistakes(article(), annotations=[stray])[0][1]
    assert "is in no labelling pass" in mistakes(other(), annotations=[passes_of(folder, article())])[0][1]


def test_invisible_signs_hide_no_duplicate_and_punctuation_is_none():
    hidden = Text("b", "test", TEXT.replace("a", "a\u200b"))
    assert [(one.place, two.place) for one, two, _ in near_duplicates([Text("a", "train", TEXT), hidden])] == [("a", "b")]
    assert not list(near_duplicates([Text("a", "train", "***"), Text("b", "test", "— — —")]))


def test_duplicates_are_found_down_to_the_threshold():
    """A hundred pairs that share just over half of their shingles: the bands must propose every one."""
    common = [f"chung{n}" for n in range(41)]
    texts = []
    for n in range(100):
        for side in ("train", "test"):
            texts.append(Text(f"{side}{n}", side, " ".join([*(f"{word}x{n}" for word in common), *(f"{side}{n}y{k}" for k in range(19))])))
    found = [(one, two) for one, two, similarity in near_duplicates(texts) if similarity >= 0.5]
    assert len(found) == 100


def test_a_key_given_twice_and_a_file_given_twice(mistakes, tmp_path, ukraine):
    path = tmp_path / "twice.jsonl"
    path.write_text(json.dumps(article()).replace('"split": "train"', '"split": "test", "split": "train"') + "\n", "utf-8")
    (found,) = check_corpus([path], ukraine).mistakes
    assert "the key 'split' is given twice" in found.text
    good = write_jsonl(path, [article()])
    assert len(check_corpus([good, good], ukraine).entries) == 1


def test_a_broken_line_does_not_hide_the_others(mistakes, tmp_path, ukraine):
    path = tmp_path / "two.jsonl"
    path.write_text("{broken\n" + json.dumps(article(split="nowhere")) + "\n" + json.dumps(article()) + "\n", "utf-8")
    found = check_corpus([path], ukraine)
    assert [(each.rule, each.place.rpartition(" ")[2]) for each in found.mistakes] == [("format", "1"), ("format", "2")]
    assert len(found.entries) == 1


def test_the_shipped_corpus_breaks_no_rule(tmp_path):
    (tmp_path / "data").mkdir()
    for part in ("corpus", "annotation"):
        (tmp_path / "data" / part).symlink_to(ROOT / "data" / part)
    done = run_cli("corpus", "check", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    records = [json.loads(line) for path in (ROOT / "data/corpus").glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    assert sum(each["kind"] == "body" for record in records for each in record["paragraphs"]) >= 3000
    splits = Counter(record["split"] for record in records)
    assert splits["train"] >= 2000
    assert f"{splits.total()} articles (" in done.stderr
    assert all(f"{split} {number}" in done.stderr for split, number in splits.items())
    assert "not looked at: that nothing held out is learnt from" in done.stderr


def test_the_labels_of_real_news_hold_no_text():
    lines = (ROOT / "data/real/labels.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert len({record["id"] for record in records}) == len(records) >= 2100
    assert all(RealRecord.model_validate(record) for record in records)
    assert {key for record in records for key in record} == set(RealRecord.model_fields)
    assert sum(len(record["paragraphs"]) for record in records if record["genre"] == "article") >= 1200


def test_the_command_lists_every_mistake_and_fails(tmp_path):
    path = write_jsonl(tmp_path / "c.jsonl", [edit((*BODY, "stances"), pairs(PAIRS[:3]))(article()), article(1)])
    done = run_cli("corpus", "check", path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{path}, line 1, paragraphs[2]: eu is named and has no stance; label it, or list it in 'not_actors' [actors]",
        f"{path}, line 1: the article's stances do not follow from its paragraphs' for eu on aid [article]",
        f"{path}, line 2: the id 'a1' is given twice (first: {path}, line 1) [ids]",
    ]
    assert "error: 3 mistakes (actors 1, article 1, ids 1); mend them" in done.stderr
    good = run_cli("corpus", "check", write_jsonl(path, [article()]))
    assert (good.returncode, good.stdout) == (0, "")
    assert "1 articles (train 1), 3 units checked" in good.stderr
    assert "no rule is broken" in good.stderr


def test_without_files_the_command_says_where_it_looked(tmp_path):
    done = run_cli("corpus", "check", cwd=tmp_path)
    assert done.returncode == 1
    assert "no corpus in data" in done.stderr
    assert run_cli("corpus", "check", tmp_path / "none.jsonl").stderr.startswith("error: ")
