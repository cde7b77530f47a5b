from __future__ import annotations

import base64
import hashlib
import json
import random
import re
import shutil
from html.parser import HTMLParser

import pandas as pd
import pytest

from laptruong.evaluation import charts
from laptruong.evaluation.page import comparison_page, report_page
from laptruong.evaluation.results import Report
from laptruong.evaluation.verdicts import Comparison

HOSTILE = (
    '<script>alert(1)</script>"\'`</script><!--<img src=x onerror=alert(2)> =HYPERLINK("http://x.example") '
    "\u202egnp.exe\u2066 {{ 7*7 }} $x_$ & \x07"
)
LABELS = ["support", "conditional", "oppose", "neutral"]
TOPICS = ["security_guarantees", "negotiations", "aid"]
LEVELS, TASKS = ("paragraph", "article"), ("topic", "stance", "statement")
DATA = {"files": [{"file": HOSTILE, "sha256": "ab" * 32}], "split": "test", "articles": 210, "units": 1834, "sha256": "cd" * 32}
SCHEME = {"name": "ukraine", "version": "1.1", "sha256": "ef" * 32}


def spread(value, half=0.03):
    return {"value": value, "low": value - half, "high": value + half}


def _scores(level, task, value):
    names = TOPICS if task == "topic" else LABELS[: 4 if task == "stance" else 3]
    support = 812 if level == "paragraph" else 140
    common = {"precision": value + 0.02, "recall": value - 0.04}
    classes = [
        common | {"name": name, "f1": spread(value - 0.01 * n, 0.04), "support": support // 9**n + 3} for n, name in enumerate(names)
    ]
    yes_no = {"labels": ["yes", "no"], "counts": [[188, 21], [34, 1591]]}
    matrix = {"labels": LABELS, "counts": [[301, 12, 20, 41], [9, 44, 8, 22], [17, 6, 160, 30], [44, 19, 38, 1041]]}
    return {
        "level": level, "task": task, "items": support, "primary": "f1" if task == "statement" else "macro_f1",
        "figures": {"f1" if task == "statement" else "macro_f1": spread(value), "accuracy": {"value": value + 0.1}},
        "classes": classes, "confusions": dict.fromkeys(TOPICS, yes_no) if task == "topic" else {task: matrix},
    }  # fmt: skip


def _trust(task):
    bins = [{"confidence": 0.05 + n / 10, "accuracy": min(1, 0.02 + n / 11), "count": 10 + 20 * n} for n in range(10)]
    points = [{"threshold": n / 200, "coverage": 1 - n / 200, "risk": 0.143 * (1 - n / 200) ** 3.37} for n in range(200)]
    kept = [(0.05, 0.83, 0.714, spread(0.046, 0.01)), (0.1, 0.61, 0.88, spread(0.093, 0.01)), (0.01, None, 0, {"value": 0})]
    budgets = [
        {"max_error": most, "threshold": threshold, "coverage": coverage, "error": error, "right_withheld": 210, "wrong_withheld": 88}
        for most, threshold, coverage, error in kept
    ]
    calibration = {"task": task, "items": 1834, "brier": spread(0.121, 0.01), "ece": spread(0.034, 0.008), "bins": bins}
    return calibration, {"task": task, "items": 1834, "aurc": spread(0.061, 0.01), "points": points, "budgets": budgets}


def make_report(rest=True):
    trusts = [_trust(task) for task in TASKS]
    months = [("month", "2025-03", 133), ("month", "2025-04", 29)]
    parts = [("outlet", "vnexpress.net", 640), ("outlet", HOSTILE, 12), ("actor", "russia", 402), *months]
    slices = [
        {"by": by, "name": name, "task": "stance", "items": items, "score": spread(0.4 + items / 2000, 0.08), "small": items < 30}
        for by, name, items in parts
    ]
    failure = {"text": HOSTILE, "changed": "Nga → Mỹ", "actor": "russia", "topic": "aid", "expected": "oppose", "got": HOSTILE}
    kinds = [("negation turns the stance", "moves"), ("another outlet's name", "same"), ("plain support", "must")]
    result = {"about": "A word is added.", "cases": 40, "passed": 31, "rate": spread(0.775, 0.12), "failures": [failure] * 2}
    tests = [result | {"name": name, "kind": kind} for name, kind in kinds]
    behaviour = {"capabilities": tests, "awareness": spread(0.71), "changes_when_it_should": spread(0.64), "stays_when_it_should": None}
    leak = {"place": HOSTILE, "of": "train.jsonl: a17", "similarity": 0.93}
    leakage = {"looked_at": ["train.jsonl"], "missing": ["unlabelled.jsonl"], "units": 1, "leaks": [leak], "apart": {"stance": spread(0.6)}}
    actors = {"recall": spread(0.912), "precision": spread(0.874), "labelled": 1210, "found": 1262}
    cost = {"paragraphs": 500, "paragraphs_per_second": 41.26, "load_seconds": 1.37, "peak_mb": 611.2, "size_mb": 138.4, "cores": 2}
    return Report.model_validate({
        "schema_version": 1, "name": f"test of {HOSTILE}", "created": "2025-11-22T10:00:00Z", "commit": "0123abc",
        "libraries": {"numpy": "2.4.6"}, "seed": 7, "resamples": 2000, "scheme": SCHEME, "data": DATA, "items_sha256": "12" * 32,
        "model": {"name": "offline", "kind": "encoder", "version": "3", "sha256": "34" * 32, "seed": None, "commit": None},
        "scores": [_scores(level, task, 0.8127 - 0.1 * n - 0.02 * m) for m, level in enumerate(LEVELS) for n, task in enumerate(TASKS)],
        "calibration": [each[0] for each in trusts] if rest else [], "actors": actors if rest else None,
        "coverage_risk": [each[1] for each in trusts] if rest else [],
        "slices": slices if rest else [], "behaviour": behaviour if rest else None, "leakage": leakage if rest else None,
        "cost": cost if rest else None,
    })  # fmt: skip


def make_items(units=40, of_unit=8, text=HOSTILE):
    dice = random.Random(5)
    rows = []
    for number in range(units * of_unit):
        task, unit = dice.choice(TASKS), number // of_unit
        gold, predicted = dice.choice(LABELS), dice.choice(LABELS)
        if task == "statement":
            gold, predicted = dice.choice([(None, predicted), (gold, None), (gold, gold)])
        rows.append({
            "level": LEVELS[number % 9 == 0], "task": task, "article": f"a{unit // 6}", "unit": unit % 6, "text": f"Đoạn {unit}: {text}",
            "actor": dice.choice(["russia", "ukraine", "usa", HOSTILE]), "topic": dice.choice(TOPICS), "gold": gold, "predicted": predicted,
            "confidence": dice.random(), "given": dice.random() < 0.8, "right": gold == predicted, "outlet": HOSTILE, "month": "2025-03",
        })  # fmt: skip
    return pd.DataFrame(rows)


def _difference(task, level, gap, by=None, name=None, items=812):
    verdict = "not decided" if abs(gap) < 0.02 else "better" if gap > 0 else "worse"
    return {
        "level": level, "task": task, "figure": "f1" if by == "label" or task == "statement" else "macro_f1", "by": by, "name": name,
        "items": items, "first": 0.6, "second": 0.6 + gap, "difference": spread(gap, 0.02), "verdict": verdict,
        "p": 0.0004 if verdict != "not decided" else 0.412, "holm": None if by is None else 0.2,
        "more_articles": 1240 if verdict == "not decided" and gap else None,
    }  # fmt: skip


def make_comparison(names=("offline", HOSTILE)):
    pairings = []
    for second in names[1:]:
        gaps = {"topic": 0.0312, "stance": 0.008, "statement": -0.045}
        found = [_difference(task, level, gap) for level in LEVELS for task, gap in gaps.items()]
        found += [_difference("stance", "paragraph", 0.03 - 0.02 * n, "label", label, 812 // 4**n) for n, label in enumerate(LABELS)]
        found += [_difference("stance", "paragraph", 0.01, "outlet", HOSTILE, 12)]
        decisions = [{"level": "paragraph", "task": task, "only_first": 41, "only_second": 66, "p": 0.0203} for task in TASKS]
        pairings.append({"first": names[0], "second": second, "differences": found, "decisions": decisions})
    ranks = [{"place": 1, "name": name, "score": 0.6 + 0.01 * n} for n, name in enumerate(names)]
    rankings = [{"level": "paragraph", "task": task, "ranks": ranks} for task in TASKS]
    return Comparison.model_validate({
        "schema_version": 1, "names": list(names), "data": DATA, "scheme": SCHEME, "seed": 7, "resamples": 2000, "pairings": pairings,
        "rankings": rankings,
    })  # fmt: skip


def make_disagreements(items):
    found = items[~items["right"]].rename(columns={"predicted": "first", "confidence": "first_confidence"})
    return found.assign(second=found["gold"], second_confidence=0.5)[[
        "level", "task", "article", "unit", "text", "actor", "topic", "gold", "first", "first_confidence", "second", "second_confidence",
    ]]  # fmt: skip


PAGES = {
    "report": lambda: report_page(make_report(), make_items()),
    "comparison": lambda: comparison_page(make_comparison(), make_disagreements(make_items())),
}


@pytest.fixture(scope="module")
def pages():
    return {name: make() for name, make in PAGES.items()}


class Tags(HTMLParser):
    """What a browser would make of a page: its tags, its scripts, and the text outside of them."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.inside, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.inside.append("")

    def handle_data(self, data):
        if self.cdata_elem:
            self.inside[-1] += data
        else:
            self.text += data


@pytest.mark.parametrize("name", PAGES)
def test_nothing_from_outside_becomes_markup(pages, name):
    found = Tags(pages[name])
    assert [attributes.get("type") for tag, attributes in found.tags if tag == "script"] == ["application/json", None]
    assert not [tag for tag, _ in found.tags if tag in ("img", "iframe", "object", "base", "link")]
    for _, attributes in found.tags:
        assert not [key for key in attributes if key == "style" or key.startswith("on")]
        assert (attributes.get("href") or "#").startswith("#")
    assert "<script>alert(1)</script>" in found.text
    assert "[U+202E]gnp.exe[U+2066] {{ 7*7 }} $x_$ & [U+0007]" in found.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x07]", pages[name])
    ids = [attributes["id"] for _, attributes in found.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    named = " ".join(attributes["aria-labelledby"] for tag, attributes in found.tags if tag == "svg" and "role" in attributes).split()
    assert named
    assert set(named) <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_policy_allows_this_script_and_this_style_alone(pages, name):
    found = Tags(pages[name])
    policy = next(attributes["content"] for tag, attributes in found.tags if attributes.get("http-equiv") == "Content-Security-Policy")
    style, _, script = found.inside
    for kind, text in (("script", script), ("style", style)):
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "http" not in re.sub(r"http://(www\.w3\.org/2000/svg|x\.example)", "", pages[name].replace("http-equiv", ""))


def test_data_holds_each_text_once():
    items = make_items()
    data = json.loads(Tags(report_page(make_report(), items)).inside[1])
    assert len(data["texts"]) == 40
    columns = dict(zip(data["names"], data["columns"], strict=True))
    for row in (0, 17, 319):
        assert data["texts"][data["text"][row]].startswith(f"Đoạn {row // 8}: <script>")
        assert columns["confidence"]["rows"][row] == round(items["confidence"][row], 3)
        gold = columns["gold"]["values"][columns["gold"]["rows"][row]]
        assert gold == ("none: found too much" if pd.isna(items["gold"][row]) else items["gold"][row])


def test_figures_shown_are_those_of_the_report(pages):
    text = re.sub(r"\s+", " ", Tags(pages["report"]).text)
    for wanted in (
        "macro-F1 is 0.813 on 812 items; the articles at hand leave it uncertain between 0.783 and 0.843.",
        "At most 5 % wrong among the labels given: threshold 0.83, 71.4 % of labels kept.",
        "At most 1 % wrong among the labels given: no threshold",
        "ECE 0.034 (0.026 to 0.042), Brier score 0.121", "under 30 items: no finding", "77.5 % (31 of 40)", "41.3 paragraphs per second",
        "hence not looked at: unlabelled.jsonl", "12" * 32, "ab" * 32, "1,041", "stays when it shouldnot measured",
        "1 of 1,834 units are near-duplicates", "91.2 % (88.2 % to 94.2 %) of the 1,210 labelled ones are found",
    ):  # fmt: skip
        assert wanted in text
    report = make_report()
    small = sum(each.small for each in report.slices) + sum(each.support < 30 for task in report.scores for each in task.classes)
    assert pages["report"].count('<tr class="small">') == small


def test_verdicts_are_in_words(pages):
    text = re.sub(r"\s+", " ", Tags(pages["comparison"]).text)
    for wanted in (
        "topic, paragraph level: better", "is 0.031 higher than that of offline: 0.631 against 0.600.",
        "The difference lies between +0.011 and +0.051", "in less than 0.1 % of such samples (p < 0.001).", "(p = 0.412)",
        "stance, paragraph level: not decided",
        "About 1,240 more such articles would decide it",
        "is 0.045 lower than that of offline", "1 =", "0.020",
    ):  # fmt: skip
        assert wanted in text


@pytest.mark.parametrize("name", PAGES)
def test_same_figures_give_the_same_bytes(pages, name):
    assert PAGES[name]() == pages[name]


def test_what_was_not_measured_is_said():
    empty = make_items().head(0)
    page = report_page(make_report(rest=False), empty)
    assert page.count("Not measured.") == 5
    assert "Not looked for." in page


def test_of_three_models_the_second_is_named():
    disagreements = make_disagreements(make_items()).assign(second_model="c")
    page = comparison_page(make_comparison(("a", "b", "c")), disagreements)
    assert '<select name="second_model">' in page
    assert "b against a" in page
    assert "c against a" in page


def test_charts_know_no_colours_of_their_own():
    svg = charts.coverage_risk("x", make_report().coverage_risk[0])
    assert "#0" not in svg.replace('href="#', "")
    assert "style=" not in svg
    assert svg == charts.coverage_risk("x", make_report().coverage_risk[0])


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.skip("no chromium or no chromedriver on the path")
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    quiet = ("disable-quic", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars")
    for flag in ("headless", "no-sandbox", "disable-gpu", *quiet, f"user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(chromedriver))
    yield driver
    driver.quit()


@pytest.fixture
def visit(browser, pages, tmp_path):
    def go(name, width=1280, scheme="light"):
        path = tmp_path / f"{name}.html"
        path.write_text(pages[name], "utf-8")
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        browser.get(path.as_uri())
        return browser

    yield go
    assert browser.get_log("browser") == []


def all_of(driver, selector):
    return driver.find_elements("css selector", selector)


def column(driver, selector, number):
    return [each.text for each in all_of(driver, f"{selector} tbody tr > :nth-child({number})") if each.text]


def test_a_click_sorts_a_table(visit):
    driver = visit("report")
    button = all_of(driver, "#slices th button")[-2]
    assert button.text.startswith("items")
    button.click()
    assert column(driver, "#slices", 7) == ["640", "402", "133", "29", "12"]
    head = button.find_element("xpath", "..")
    assert head.get_attribute("aria-sort") == "descending"
    button.click()
    assert column(driver, "#slices", 7) == ["12", "29", "133", "402", "640"]
    assert head.get_attribute("aria-sort") == "ascending"
    assert all_of(driver, "#told")[0].get_attribute("textContent") == "Sorted by items, ascending"


def choose(driver, name, text):
    next(each for each in all_of(driver, f"select[name={name}] option") if each.text == text).click()


def test_the_browser_filters_and_pages(visit):
    driver, items = visit("report"), make_items()
    wrong = items[~items["right"]]
    shown = all_of(driver, "#shown")[0]
    assert shown.text == f"1–100 of {len(wrong)} items (320 in all)"
    assert column(driver, "#browser", 1)[0] == f"{wrong['confidence'].max():.3f}"
    all_of(driver, "#on")[0].click()
    assert shown.text.startswith(f"101–{min(200, len(wrong))} of")
    all_of(driver, "#back")[0].click()
    assert len(all_of(driver, "#browser tbody")) == 100
    choose(driver, "task", "statement")
    choose(driver, "gold", "none: found too much")
    too_much = wrong[(wrong["task"] == "statement") & wrong["gold"].isna()]
    assert shown.text == f"1–{len(too_much)} of {len(too_much)} items (320 in all)"
    all_of(driver, "input[name=least]")[0].clear()
    all_of(driver, "input[name=least]")[0].send_keys("0.5")
    assert f"of {sum(too_much['confidence'] >= 0.5)} items" in shown.text
    all_of(driver, "button[type=reset]")[0].click()
    all_of(driver, "input[name=search]")[0].send_keys("ĐOẠN 7: <script>")
    assert f"of {sum(wrong['text'].str.startswith('Đoạn 7:'))} items" in shown.text
    assert "<script>alert(1)</script>" in all_of(driver, "#browser .said")[0].text
    all_of(driver, "input[name=search]")[0].send_keys("nowhere")
    assert shown.text == "None items (320 in all)"


def test_the_comparison_browses_disagreements(visit):
    driver = visit("comparison")
    wrong = make_disagreements(make_items())
    assert all_of(driver, "#shown")[0].text == f"1–100 of {len(wrong)} disagreements (320 in all)".replace("320", str(len(wrong)))
    choose(driver, "first", "oppose")
    assert f"of {sum(wrong['first'] == 'oppose')} " in all_of(driver, "#shown")[0].text
    all_of(driver, "#browser th button")[2].click()
    found = column(driver, "#browser", 3)
    assert found == sorted((f"{each:.3f}" for each in wrong["first_confidence"][wrong["first"] == "oppose"]), reverse=True)[:100]


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_every_control(visit, name):
    driver = visit(name)
    controls = all_of(driver, "button, select, input, a, summary, [role=region]")
    wanted = {each.id for each in controls if each.is_displayed() and each.is_enabled()}
    reached, first = set(), None
    for _ in range(len(wanted) + 5):
        driver.switch_to.active_element.send_keys("\ue004")
        here = driver.switch_to.active_element
        first = first or here.text
        reached.add(here.id)
    assert first == "Skip to the content"
    assert wanted <= reached


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_scrolls_sideways(visit, name, width):
    driver = visit(name, width)
    driver.execute_script("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert driver.execute_script("return document.documentElement.scrollWidth") == width


def test_dark_is_dark(visit):
    look = """const [page, chart] = ["body", ".chart .f-ink"].map((each) => getComputedStyle(document.querySelector(each)));
        return [page.backgroundColor, chart.fill]"""
    light, dark = (visit("report", scheme=scheme).execute_script(look) for scheme in ("light", "dark"))
    assert light == ["rgb(250, 250, 247)", "rgb(29, 29, 27)"]
    assert dark == ["rgb(22, 22, 20)", "rgb(236, 236, 230)"]
