"""Label Studio: what was withheld goes out as tasks, what people answer comes back as corpus records, label for label."""

from __future__ import annotations

import copy
import json
import unicodedata
from xml.etree import ElementTree

import pytest
from support import SCHEMES, run_cli

import laptruong
from laptruong.articles import Article, Mention, Paragraph, Statement
from laptruong.corpus import read_corpus
from laptruong.corpus.check import check_corpus
from laptruong.corpus.records import write_records
from laptruong.errors import CorpusError
from laptruong.label_studio import config, read_tasks, tasks
from laptruong.labels import Abstention, ArticleLabels, TopicLabel, UnitLabels
from laptruong.scheme import Scheme

HEAD = "🎉 <script>alert('x')</script> Đức cam kết viện trợ cho Ukraine 🇺🇦"
LEAD = unicodedata.normalize("NFD", "Mỹ  chưa quyết,\nBerlin thì rồi 👍🏽: Đức sẽ giao Patriot.\u200b")
BODY = "Nga đòi ngừng bắn."
SURE = "Ukraine cảm ơn các bên."
MODEL = {"name": "tiny", "version": "0.1", "sha256": "0123456789abcdef"}


def mentions(text, **names):
    return tuple(Mention(actor, text.index(name), text.index(name) + len(name), name) for actor, name in names.items())


@pytest.fixture
def labels():
    """An article of which the head and one paragraph have labels withheld; a third paragraph is sure."""
    article = Article(
        "bài 1", "crawl/a.txt", (Paragraph(HEAD, "headline"), Paragraph("Chia sẻ", "boilerplate"), Paragraph(LEAD, "lead"),
        Paragraph(BODY, "body"), Paragraph(SURE, "body")), title=HEAD, date="2025-09-01", outlet="Báo & mẫu", url="https://x.vn/?a=1&b=2",
    )  # fmt: skip
    head, body, sure = article.units()
    us = unicodedata.normalize("NFD", "Mỹ")
    named = (
        *mentions(head.text, germany="Đức", ukraine="Ukraine", us=us),
        Mention("germany", head.text.index("Berlin"), head.text.index("Berlin") + 6, "Berlin"),
    )
    units = (
        UnitLabels(
            head, tuple(sorted(named, key=lambda each: each.start)), (TopicLabel("aid", 0.9),),
            (Statement("ukraine", "aid", "neutral", 0.9),),
            (Abstention("paragraph", 0, "germany", "aid", "conditional", 0.48), Abstention("paragraph", 0, "us", "aid", "support", 0.41)),
        ),
        UnitLabels(body, mentions(BODY, russia="Nga"), abstained=(Abstention("paragraph", 3, None, "negotiations", None, 0.6),)),
        UnitLabels(sure, mentions(SURE, ukraine="Ukraine")),
    )  # fmt: skip
    return ArticleLabels(article, units, (), (), tuple(each for unit in units for each in unit.abstained), MODEL)


def answered(task, number=1):
    """Give a task as Label Studio exports it, with its prediction taken over."""
    result = [each | {"origin": "prediction"} for each in copy.deepcopy(task["predictions"][0]["result"])]
    mine = {"id": 1, "completed_by": 1, "result": result, "was_cancelled": False, "ground_truth": False, "lead_time": 9.1}
    return {"id": number, "data": task["data"], "meta": {}, "drafts": [], "predictions": [7], "inner_id": number, "annotations": [mine]}


def choose(task, control, choice, region=None):
    """Make a choice as a person does; of a region where the control asks about one."""
    result = task["annotations"][0]["result"]
    place = next((each["value"] for each in result if each["id"] == region), {})
    value = {key: place[key] for key in ("start", "end", "text") if key in place} | {"choices": [choice]}
    result[:] = [each for each in result if (each["from_name"], each["id"]) != (control, region or control)]
    result.append({"id": region or control, "from_name": control, "to_name": "text", "type": "choices", "value": value, "origin": "manual"})


def mark(task, actor, name, region):
    start = task["data"]["text"].index(name)
    value = {"start": start, "end": start + len(name), "text": name, "labels": [actor]}
    task["annotations"][0]["result"].append({"id": region, "from_name": "actor", "to_name": "text", "type": "labels", "value": value})


def export(path, *answers):
    path.write_text(json.dumps(answers, ensure_ascii=False), "utf-8")
    return path


def region_of(task, actor):
    return next(each["id"] for each in task["annotations"][0]["result"] if each["value"].get("labels") == [actor])


def test_each_unit_with_something_withheld_is_a_task_with_what_the_model_would_say(labels, ukraine):
    head, body = tasks(labels, ukraine)
    text = head["data"]["text"]
    assert text == f"{HEAD}. Mỹ chưa quyết, Berlin thì rồi 👍🏽: Đức sẽ giao Patriot."
    assert head["data"]["unsure"] == "Đức – viện trợ: có điều kiện? (0.48); Mỹ – viện trợ: ủng hộ? (0.41)"
    assert body["data"]["unsure"] == "đàm phán? (0.60)"
    (prediction,) = head["predictions"]
    assert (prediction["score"], prediction["model_version"]) == (0.41, "tiny 0.1 01234567")
    told = [(each["from_name"], each["value"].get("labels") or each["value"]["choices"]) for each in prediction["result"]]
    assert told == [
        ("topic", ["aid"]), ("actor", ["germany"]), ("stance_aid", ["conditional"]), ("actor", ["ukraine"]), ("stance_aid", ["neutral"]),
        ("actor", ["us"]), ("stance_aid", ["support"]),
    ]  # fmt: skip
    for each in prediction["result"][1:]:
        assert text[each["value"]["start"] : each["value"]["end"]] == each["value"]["text"] in {"Đức", "Ukraine", "Mỹ"}
    assert body["predictions"][0]["result"][0]["value"] == {"choices": ["negotiations"]}


def test_what_people_correct_comes_back_label_for_label(labels, ukraine, tmp_path):
    head, body = (answered(each, number) for number, each in enumerate(tasks(labels, ukraine), 1))
    choose(head, "stance_aid", "oppose", region_of(head, "us"))
    choose(head, "stance_negotiations", "support", region_of(head, "us"))  # of a topic that is not chosen
    mark(head, "us", "Berlin", "again")
    choose(head, "stance_aid", "neutral", "again")  # a position outweighs it
    mark(head, "poland", " Patri", "mine")  # a hand that took a blank along and left half a word
    choose(head, "stance_aid", "neutral", "mine")
    mark(head, "poland", "triot", "mine, too")
    body["annotations"][0]["result"] = []
    choose(body, "off_topic", "battlefield")
    done = read_tasks([export(tmp_path / "e.json", body, head)], ukraine)
    assert (done.tasks, done.refused) == (2, [])
    output = tmp_path / "out" / "corpus.jsonl"
    write_records(done.records, output)
    (labelled,) = read_corpus([output], ukraine)
    (unit, gold), (_, none) = labelled.units
    assert unit.text == head["data"]["text"]
    assert gold.topics == {"aid"}
    assert gold.stances == {
        ("germany", "aid"): "conditional", ("ukraine", "aid"): "neutral", ("us", "aid"): "oppose", ("poland", "aid"): "neutral",
    }  # fmt: skip
    assert (none.topics, none.stances) == (frozenset(), {})
    (record,) = done.records
    assert [each["kind"] for each in record["paragraphs"]] == ["headline", "lead", "body"]
    assert (record["title"], record["date"], record["outlet"], record["split"]) == (HEAD, "2025-09-01", "Báo & mẫu", "train")
    assert record["paragraphs"][2]["off_topic"] == "battlefield"
    lead = record["paragraphs"][1]
    assert [(each["actor"], lead["text"][each["start"] : each["end"]]) for each in lead["names"]] == [("poland", "Patriot")]
    assert [str(each) for each in check_corpus([output], ukraine).mistakes] == []


def test_who_is_found_and_not_marked_is_no_actor(labels, ukraine, tmp_path):
    task = answered(next(tasks(labels, ukraine)))
    us = region_of(task, "us")
    task["annotations"][0]["result"] = [each for each in task["annotations"][0]["result"] if each["id"] != us]
    (record,) = read_tasks([export(tmp_path / "e.json", task)], ukraine).records
    assert [each.get("not_actors") for each in record["paragraphs"]] == [None, ["us"]]
    write_records([record], tmp_path / "c.jsonl")
    assert check_corpus([tmp_path / "c.jsonl"], ukraine).mistakes == []


def test_offsets_of_old_releases_count_utf16_and_are_found_by_the_text(labels, ukraine, tmp_path):
    task = answered(next(tasks(labels, ukraine)))
    right = read_tasks([export(tmp_path / "a.json", task)], ukraine).records
    text, moved = task["data"]["text"], 0
    for each in task["annotations"][0]["result"]:
        for end in {"start", "end"} & set(each["value"]):
            units = len(text[: each["value"][end]].encode("utf-16-le")) // 2
            moved += units - each["value"][end]
            each["value"][end] = units
    assert moved > 0
    assert read_tasks([export(tmp_path / "b.json", task)], ukraine).records == right


def test_tasks_that_nobody_answered_are_counted(labels, ukraine, tmp_path):
    head, body = (answered(each, number) for number, each in enumerate(tasks(labels, ukraine), 1))
    head["annotations"][0]["was_cancelled"] = True
    body["annotations"] = []
    done = read_tasks([export(tmp_path / "e.json", head, body)], ukraine)
    assert (done.records, done.tasks, done.skipped, done.unlabelled, done.refused) == ([], 0, 1, 1, [])


def test_two_who_differ_are_refused_unless_one_is_the_truth(labels, ukraine, tmp_path):
    task = answered(next(tasks(labels, ukraine)))
    other = copy.deepcopy(task)
    task["annotations"].append(other["annotations"][0])
    assert read_tasks([export(tmp_path / "e.json", task)], ukraine).tasks == 1, "two who agree are one"
    choose(other, "stance_aid", "oppose", region_of(other, "us"))
    ((_, reason),) = read_tasks([export(tmp_path / "e.json", task)], ukraine).refused
    assert "differ" in reason
    task["annotations"][1]["ground_truth"] = True
    (record,) = read_tasks([export(tmp_path / "e.json", task)], ukraine).records
    assert {"actor": "us", "topic": "aid", "stance": "oppose"} in record["stances"]
    again = answered(next(tasks(labels, ukraine)), 5)
    done = read_tasks([export(tmp_path / "e.json", task), export(tmp_path / "f.json", again)], ukraine)
    assert (done.tasks, [place.rpartition("/")[2] for place, _ in done.refused]) == (1, ["f.json, task 5"])


def spoil_actor(task):
    task["annotations"][0]["result"][1]["value"]["labels"] = ["germnay"]


def spoil_topic(task):
    choose(task, "topic", "aids")


def spoil_stance(task):
    choose(task, "stance_aid", "supports", region_of(task, "us"))


def spoil_pair(task):
    mark(task, "france", "Patriot", "mine")


def spoil_twice(task):
    mark(task, "us", "Patriot", "mine")
    choose(task, "stance_aid", "oppose", "mine")


def spoil_place(task):
    task["annotations"][0]["result"][1]["value"]["start"] += 1


def spoil_end(task):
    task["annotations"][0]["result"][1]["value"] |= {"start": 900, "end": 903}
    del task["annotations"][0]["result"][1]["value"]["text"]


def spoil_text(task):
    task["data"] = task["data"] | {"text": task["data"]["text"] + " Thêm."}


def spoil_parts(task):
    task["data"] = {key: value for key, value in task["data"].items() if key != "parts"}


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (spoil_actor, "unknown actor 'germnay'; did you mean 'germany'?"), (spoil_topic, "unknown topic 'aids'"),
        (spoil_stance, "unknown stance 'supports'"), (spoil_pair, "no stance of Pháp on viện trợ"),
        (spoil_twice, "two stances of Mỹ on viện trợ: phản đối and ủng hộ"), (spoil_place, "is not 'Đức'"), (spoil_end, "holds no text"),
        (spoil_text, "do not fit together"), (spoil_parts, "parts: is missing"),
    ],
)  # fmt: skip
def test_a_task_that_is_wrong_is_refused_and_the_others_are_kept(labels, ukraine, tmp_path, spoil, told):
    head, body = (answered(each, number) for number, each in enumerate(tasks(labels, ukraine), 1))
    choose(body, "stance_negotiations", "support", region_of(body, "russia"))
    spoil(head)
    head["data"] = head["data"] | {"article": "other"}
    done = read_tasks([export(tmp_path / "e.json", head, body)], ukraine)
    ((place, reason),) = done.refused
    assert place.endswith("e.json, task 1")
    assert told in reason
    assert [each["paragraphs"][0]["text"] for each in done.records] == [BODY]


def shaped(**changes) -> Scheme:
    content = laptruong.load_scheme(SCHEMES / "moods.yaml").model_dump(by_alias=True) | changes
    return Scheme.model_validate(content)


ACTORS = [{"id": "alpha", "vi": 'Phe <A> & "B"', "en": "Alpha"}, {"id": "beta", "vi": "Phe B", "en": "Beta"}]


@pytest.mark.parametrize(("actors", "topics"), [(None, True), (None, False), (ACTORS, True), (ACTORS, False)])
def test_schemes_of_every_shape_go_there_and_back(actors, topics, tmp_path):
    scheme = shaped(actors=actors, **({} if topics else {"topics": None}))
    text = "Alpha khen, Beta im, Alpha khen mãi."
    article = Article("m1", "m.txt", (Paragraph(text, "body"),))
    (unit,) = article.units()
    named = (Mention("alpha", 0, 5, "Alpha"), Mention("beta", 12, 16, "Beta"), Mention("alpha", 21, 26, "Alpha")) if actors else ()
    topic = "weather" if topics else None
    withheld = tuple(Abstention("paragraph", 0, actor, topic, "praise", 0.4) for actor in (("alpha", "beta") if actors else (None,)))
    said = UnitLabels(unit, named, (TopicLabel("weather", 0.9),) if topics else (), (), withheld)
    (made,) = tasks(ArticleLabels(article, (said,), (), (), withheld, MODEL), scheme)
    task = answered(made)
    control = "stance_weather" if topics else "stance"
    choose(task, control, "blame", region_of(task, "alpha") if actors else None)
    done = read_tasks([export(tmp_path / "e.json", task)], scheme, "dev")
    assert done.refused == []
    write_records(done.records, tmp_path / "c.jsonl")
    ((read, gold),) = read_corpus([tmp_path / "c.jsonl"], scheme, "dev")[0].units
    expected = {("alpha", topic): "blame", ("beta", topic): "praise"} if actors else {(None, topic): "blame"}
    assert gold.stances == expected
    assert read.mentions == (named or None), "a scheme without names to find keeps every mention"
    assert [each for each in check_corpus([tmp_path / "c.jsonl"], scheme).mistakes if each.rule != "topics"] == []


@pytest.mark.parametrize(("actors", "topics"), [(None, True), (None, False), (ACTORS, True), (ACTORS, False)])
def test_the_interface_asks_what_the_tasks_answer(actors, topics):
    scheme = shaped(actors=actors, **({} if topics else {"topics": None}))
    view = ElementTree.fromstring(config(scheme))
    asked = {each.get("name"): each for each in view.iter() if each.tag in ("Choices", "Labels")}
    stances = {"stance_football", "stance_weather"} if topics else {"stance"}
    assert set(asked) == stances | ({"topic"} if topics else set()) | ({"actor"} if actors else set())
    for name in stances:
        assert [(each.get("value"), each.get("alias")) for each in asked[name]] == [
            ("khen", "praise"),
            ("chê", "blame"),
            ("tường thuật", "flat"),
        ]
        assert asked[name].get("perRegion") == ("true" if actors else None)
    if actors:
        assert [(each.get("value"), each.get("alias")) for each in asked["actor"]] == [('Phe <A> & "B"', "alpha"), ("Phe B", "beta")]
    if topics:
        assert asked["topic"].get("choice") == "single", "topics are exclusive here"


def test_files_that_are_no_export_are_told_apart(ukraine, tmp_path):
    for content, told in (
        ("{", "is not JSON"),
        ("{}", "is no list"),
        ('[{"text": "x", "topic": "aid"}]', "not JSON-MIN"),
        ("\ufeff[]", None),
    ):
        path = tmp_path / "e.json"
        path.write_text(content, "utf-8")
        if told is None:
            assert read_tasks([path], ukraine).records == []
        else:
            with pytest.raises(CorpusError, match=told):
                read_tasks([path], ukraine)
    with pytest.raises(CorpusError, match="cannot be read"):
        read_tasks([tmp_path / "no.json"], ukraine)


def test_two_articles_of_one_id_stay_two(labels, ukraine, tmp_path):
    task = answered(next(tasks(labels, ukraine)))
    twin = copy.deepcopy(task) | {"id": 2}
    task["data"]["article"] = twin["data"]["article"] = "lt01"
    twin["data"]["source"] = "crawl/b.txt"
    one, two = read_tasks([export(tmp_path / "e.json", task, twin)], ukraine).records
    assert one["id"] == "lt01" != two["id"]


def test_the_command(labels, ukraine, tmp_path):
    head, body = (answered(each, number) for number, each in enumerate(tasks(labels, ukraine), 1))
    output = tmp_path / "labelled.jsonl"
    done = run_cli("corpus", "import-label-studio", export(tmp_path / "a.json", head), "-o", output, "--split", "dev")
    assert done.returncode == 0
    assert "1 articles written" in done.stderr
    assert json.loads(output.read_text("utf-8"))["split"] == "dev"
    both = run_cli("corpus", "import-label-studio", export(tmp_path / "b.json", head, body), "-o", output)
    assert both.returncode == 1
    assert "task 2: no stance of Nga on đàm phán; choose one ('trung lập'" in both.stderr
    assert json.loads(output.read_text("utf-8"))["split"] == "train"
    itself = run_cli("corpus", "import-label-studio", tmp_path / "a.json", "-o", tmp_path / "a.json")
    assert "is one of the files to read" in itself.stderr
    assert not list(tmp_path.glob("*.part"))
