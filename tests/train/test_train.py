from __future__ import annotations

import json
import shutil

import pytest
from support import SCHEMES, mood_records, write_jsonl

import laptruong
from infer import label_files
from laptruong.corpus import flatten, read_corpus
from laptruong.errors import ConfigError, CorpusError
from laptruong.evaluation import judge
from laptruong.evaluation.results import RunScores
from train.config import load_config
from train.run import train

CONFIG = """name: moods
classifier: tfidf
scheme: moods.yaml
seed: 5
output: runs
data: {train: [corpus.jsonl], dev: [corpus.jsonl]}
tfidf: {min_df: 1}
"""


@pytest.fixture
def config(tmp_path):
    shutil.copy(SCHEMES / "moods.yaml", tmp_path)
    write_jsonl(tmp_path / "corpus.jsonl", mood_records())
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return tmp_path / "config.yaml"


def test_another_scheme_goes_through_train_label_and_evaluate(config, tmp_path):
    folder = train(config)
    assert folder == tmp_path / "runs" / "moods"
    labeller = laptruong.load(folder)
    labels = labeller.label("Tại Huế, tiền đạo trẻ tồi tệ, ai cũng thất vọng.")
    assert [topic.topic for topic in labels.topics] == ["football"]
    assert [(each.actor, each.topic, each.stance) for each in labels.stances] == [(None, "football", "blame")]
    scores = judge(labeller, flatten(read_corpus([tmp_path / "corpus.jsonl"], labeller.scheme), labeller.finder))
    assert scores.of("topic").figures["macro_f1"].value > 0.9
    assert scores.of("stance").figures["macro_f1"].value > 0.9
    assert scores.actors is None
    page = tmp_path / "a.txt"
    page.write_text("Tại Vinh, cơn mưa lớn tuyệt vời, ai cũng hài lòng.", "utf-8")
    summary = label_files([page], model=folder, records=tmp_path / "l.jsonl", rows=tmp_path / "l.csv", html=tmp_path / "l.html")
    assert summary.articles == 1
    assert json.loads((tmp_path / "l.jsonl").read_text("utf-8"))["stances"][0]["stance"] == "praise"
    assert "khen" in (tmp_path / "l.html").read_text("utf-8")


def test_a_run_is_complete_and_reproducible(config):
    folder = train(config)
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "README.md", "config.json", "decision.json", "dev_predictions.jsonl", "dev_scores.json", "manifest.json", "model.safetensors",
        "parameters.json", "scheme.json", "vocabulary.json",
    }  # fmt: skip
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert train(config) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert not [path for path in folder.parent.iterdir() if path.name.startswith(".run-")]
    predictions = [json.loads(line) for line in first["dev_predictions.jsonl"].decode().splitlines()]
    assert len(predictions) == len(mood_records())
    assert predictions[0]["stances"][0]["predicted"] == "praise"
    card = first["README.md"].decode()
    assert "# moods" in card
    scores = RunScores.model_validate_json(first["dev_scores.json"])
    assert f"stance | macro-F1 | {scores.of('stance').figures['macro_f1'].value:.3f}" in card


def test_overrides_change_what_they_name(config):
    assert load_config(config, ["seed=7", "tfidf.weights.near=2", "data.dev=[a.jsonl]"]).tfidf.weights.near == 2
    assert load_config(config, ["seed=7"]).seed == 7


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("sed=7", "sed: unknown key; did you mean 'seed'"),
        ("tfidf.min_dff=3", "tfidf.min_dff: unknown key; did you mean 'min_df'"),
        ("seed", "not of the form"),
        ("seed.a=1", "'seed' is no group"),
        ("seed=[", "not YAML"),
        ("seed=-1", "seed:"),
    ],
)
def test_an_override_that_matches_nothing_is_refused(config, override, told):
    with pytest.raises(ConfigError, match=told):
        load_config(config, [override])


def test_three_mistakes_are_told_at_once(config):
    config.write_text(
        CONFIG.replace("seed: 5", "sead: 5").replace("classifier: tfidf", "classifier: bert").replace("min_df: 1", "min_df: 0"), "utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        load_config(config)
    assert "line 2: classifier:" in str(caught.value)
    assert "line 4: sead: unknown key; did you mean 'seed'?" in str(caught.value)
    assert "line 7: tfidf.min_df:" in str(caught.value)


def test_missing_data(config):
    with pytest.raises(ConfigError, match=r"nothing\.jsonl: no such file"):
        train(config, ["data.train=[nothing.jsonl]"])


def test_data_that_teaches_nothing(config, tmp_path):
    write_jsonl(tmp_path / "one.jsonl", mood_records()[:1])
    with pytest.raises(CorpusError):
        train(config, ["data.train=[one.jsonl]"])


def test_a_folder_that_is_no_run_is_never_replaced(config, tmp_path):
    (tmp_path / "runs" / "moods").mkdir(parents=True)
    (tmp_path / "runs" / "moods" / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(ConfigError, match="is there and is no run"):
        train(config)
    assert (tmp_path / "runs" / "moods" / "notes.txt").read_text("utf-8") == "mine"


@pytest.mark.parametrize(("override", "told"), [("tfidf.ngrams=[5,2]", "no longer than"), ("tfidf.topic_c=.inf", "finite")])
def test_settings_that_make_no_sense(config, override, told):
    with pytest.raises(ConfigError, match=told):
        load_config(config, [override])


def test_a_min_df_that_leaves_nothing(config):
    with pytest.raises(CorpusError, match="lower min_df"):
        train(config, ["tfidf.min_df=500"])


def test_the_shipped_configs_are_valid():
    from support import ROOT

    for path in (ROOT / "configs").glob("*.yaml"):
        assert load_config(path).name == path.stem
        assert f"laptruong train configs/{path.name}" in path.read_text("utf-8")


def test_a_layer_is_used_where_it_is_there_and_told_where_it_is_not(config, tmp_path):
    text = config.read_text("utf-8").replace("dev: [corpus.jsonl]}", "dev: [corpus.jsonl], layers: [more.jsonl]}")
    config.write_text(text, "utf-8")
    told: list[str] = []
    alone = json.loads((train(config, tell=told.append) / "manifest.json").read_text("utf-8"))["data"]
    assert any("without more.jsonl" in line and "corpus hydrate" in line for line in told)
    assert [each["file"] for each in alone["train"]["files"]] == ["corpus.jsonl"]
    splits = ["train"] * 10 + ["dev"] * 4 + ["test"] * 3 + ["aside"] * 2
    more = [record | {"id": f"x{n}", "split": split} for n, (record, split) in enumerate(zip(mood_records(), splits, strict=False))]
    write_jsonl(tmp_path / "more.jsonl", more)
    told.clear()
    both = json.loads((train(config, tell=told.append) / "manifest.json").read_text("utf-8"))["data"]
    assert not any("without" in line for line in told)
    assert both["train"]["articles"] == alone["train"]["articles"] + 10
    assert both["dev"]["articles"] == alone["dev"]["articles"] + 4
    assert [each["file"] for each in both["train"]["files"]] == ["corpus.jsonl", "more.jsonl"]


@pytest.mark.parametrize("split", ["test", "aside", "dev"])
def test_what_is_of_another_split_is_not_learnt_from(config, tmp_path, split):
    write_jsonl(
        tmp_path / "corpus.jsonl", [record | {"split": "train"} for record in mood_records()] + [mood_records()[0] | {"split": split}]
    )
    write_jsonl(tmp_path / "dev.jsonl", mood_records())
    with pytest.raises(CorpusError, match=f"line 36: is of split '{split}' and stands in data.train"):
        train(config, ["data.dev=[dev.jsonl]"])
