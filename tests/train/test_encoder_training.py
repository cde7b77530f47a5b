"""Training the encoder classifier: end to end, interrupted, adapted, with several seeds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
from safetensors.numpy import load_file
from support import ROOT, SCHEMES, mood_records, run_cli, write_jsonl
from tiny_encoders import corpus_texts

import laptruong
from laptruong import provenance
from laptruong.classifiers.encoder.adaptation import Masker, blocks
from laptruong.classifiers.encoder.development import METRIC, Dev
from laptruong.classifiers.encoder.pretrained import load_subwords
from laptruong.errors import ConfigError
from laptruong.text import normalize
from train.config import Adaptation
from train.encoder import chosen_texts
from train.run import train

CONFIG = f"""name: moods
classifier: phobert
scheme: moods.yaml
seed: 5
output: runs
data: {{train: [corpus.jsonl], dev: [corpus.jsonl]}}
phobert: {{encoder: {ROOT}/tests/encoders/tiny, epochs: 3, batch_size: 8, learning_rate: 1.0e-3, patience: 9}}
"""


class KilledError(Exception):
    """Stands for a machine that goes down."""


@pytest.fixture
def config(tmp_path):
    shutil.copy(SCHEMES / "moods.yaml", tmp_path)
    write_jsonl(tmp_path / "corpus.jsonl", mood_records())
    (tmp_path / "config.yaml").write_text(CONFIG, "utf-8")
    return tmp_path / "config.yaml"


def test_the_smoke_config_trains_and_labels(tmp_path):
    done = run_cli(
        "train", ROOT / "configs" / "tiny.yaml", "--set", f"output={tmp_path}", "--set", "phobert.epochs=1",
        "--set", f"data.train=[{part(tmp_path, 'train', 60)}]", "--set", f"data.dev=[{part(tmp_path, 'dev', 20)}]",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "tiny"
    assert {path.name for path in folder.iterdir()} == {
        "README.md", "config.json", "decision.json", "dev_predictions.jsonl", "dev_scores.json", "encoder.json", "manifest.json",
        "model.onnx",
        "model.safetensors", "parameters.json", "scheme.json", "tokenizer.json",
    }  # fmt: skip
    assert "torch" in json.loads((folder / "manifest.json").read_text("utf-8"))["libraries"]
    labels = laptruong.load(folder).label("Nga và Ukraine đàm phán về lệnh ngừng bắn tại Istanbul. " * 8)
    assert labels.model["name"] == "tiny"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def part(folder, split, count):
    lines = (ROOT / "data" / "corpus" / f"{split}.jsonl").read_text("utf-8").splitlines()[:count]
    path = folder / f"{split}.jsonl"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_a_model_that_saw_other_versions_is_another(tmp_path):
    data = [f"data.train=[{part(tmp_path, 'train', 30)}]", f"data.dev=[{part(tmp_path, 'dev', 20)}]"]
    weights = {}
    for versions in (False, True):
        overrides = [*data, f"output={tmp_path / str(versions)}", f"phobert.versions={str(versions).lower()}"]
        weights[versions] = load_file(train(ROOT / "configs" / "tiny.yaml", overrides) / "model.safetensors")
    assert any(not np.array_equal(weights[True][name], weights[False][name]) for name in weights[True])


def test_an_interrupted_training_ends_as_one_that_was_not(config, tmp_path):
    whole = load_file(train(config) / "model.safetensors")
    shutil.rmtree(tmp_path / "runs")

    def killed(text):
        if text.startswith("epoch 2"):
            raise KilledError

    with pytest.raises(KilledError):
        train(config, tell=killed)
    assert list((tmp_path / "runs").glob(".moods-*/seed-5/checkpoints/checkpoint-*"))
    told = []
    resumed = load_file(train(config, tell=told.append) / "model.safetensors")
    assert [line.partition(":")[0] for line in told if line.startswith("epoch")] == ["epoch 2", "epoch 3"]
    assert whole.keys() == resumed.keys()
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_another_config_does_not_go_on_from_these_checkpoints(config):
    def killed(text):
        if text.startswith("epoch 2"):
            raise KilledError

    with pytest.raises(KilledError):
        train(config, tell=killed)
    told = []
    train(config, ["phobert.epochs=1"], tell=told.append)
    assert [line.partition(":")[0] for line in told if line.startswith("epoch")] == ["epoch 1"]
    [left] = (config.parent / "runs").glob(".moods-*")
    assert [line.partition(": ")[0] for line in told if "remove it" in line] == [str(left)]


@pytest.mark.parametrize(
    ("mean_scores", "kept"), [(0.6, "the mean of their weights"), (0.46, "the mean of their weights"), (0.44, "seed 5, since")]
)
def test_of_several_seeds_the_mean_is_kept_unless_they_are_better(mean_scores, kept, config, tmp_path, monkeypatch):
    now, runs = {"score": 0.5}, {}

    def tell(text):
        if text.startswith("seed 5"):
            now["score"] = 0.4
        elif text.startswith("seed 6"):
            now["score"] = mean_scores
            runs.update({path.parent.name: load_file(path) for path in (tmp_path / "runs").glob(".moods-*/seed-*/best.safetensors")})

    monkeypatch.setattr(Dev, "score", lambda self, run: dict.fromkeys(("topic_macro_f1", "stance_macro_f1", METRIC), now["score"]))
    folder = train(config, ["phobert.seeds=2", "phobert.epochs=1", "phobert.quantize=never"], tell=tell)
    one, two, model = runs["seed-5"], runs["seed-6"], load_file(folder / "model.safetensors")
    assert any(not np.array_equal(one[name], two[name]) for name in model)
    for name, weight in model.items():
        np.testing.assert_allclose(weight, (one[name] + two[name]) / 2 if mean_scores > 0.45 else one[name], rtol=1e-5, atol=1e-7)
    card = (folder / "README.md").read_text("utf-8")
    assert f"what is kept: {kept}" in card
    assert f"| 5 | 0.500 | 0.500 |\n| 6 | 0.400 | 0.400 |\n| mean of their weights | {mean_scores:.3f} |" in card


def test_seeds_start_from_the_same_weights(config, tmp_path):
    runs = []

    def tell(text):
        if text.startswith("seed 6"):
            runs.extend(load_file(path) for path in sorted((tmp_path / "runs").glob(".moods-*/seed-*/best.safetensors")))

    still = ["phobert.learning_rate=1e-12", "phobert.head_learning_rate=1e-12"]
    train(config, ["phobert.seeds=2", "phobert.epochs=1", *still], tell=tell)
    for name, weight in runs[0].items():
        np.testing.assert_allclose(weight, runs[1][name], atol=1e-9, err_msg=name)


def test_training_stops_when_dev_gets_no_better(config):
    told = []
    train(
        config,
        ["phobert.epochs=30", "phobert.patience=1", "phobert.learning_rate=1e-9", "phobert.head_learning_rate=1e-9"],
        tell=told.append,
    )
    assert sum(line.startswith("epoch") for line in told) == 2


def test_a_training_that_was_killed_stops_as_early_as_one_that_was_not(config):
    still = ["phobert.epochs=30", "phobert.patience=3", "phobert.learning_rate=1e-9", "phobert.head_learning_rate=1e-9"]

    def killed(text):
        if text.startswith("epoch 3"):
            raise KilledError

    with pytest.raises(KilledError):
        train(config, still, tell=killed)
    told = []
    train(config, still, tell=told.append)
    assert [line.partition(":")[0] for line in told if line.startswith("epoch")] == ["epoch 3", "epoch 4"]


def test_adaptation_changes_the_encoder_and_is_kept_when_interrupted(config, tmp_path):
    (tmp_path / "news.txt").write_text("\n".join(corpus_texts(80)), "utf-8")
    adapt = ["phobert.epochs=1", "phobert.adapt={texts: [news.txt], tokens: 3000, batch_size: 8}"]

    def killed(text):
        if text.startswith("epoch 1"):
            raise KilledError

    with pytest.raises(KilledError):
        train(config, adapt, tell=killed)
    [adapted] = (tmp_path / "runs").glob(".moods-*/adapted")
    before, after = load_file(ROOT / "tests" / "encoders" / "tiny" / "model.safetensors"), load_file(adapted / "model.safetensors")
    assert before.keys() <= after.keys()
    assert any(not np.array_equal(before[name], after[name]) for name in before)
    told = []
    train(config, adapt, tell=told.append)
    assert not [line for line in told if line.startswith("masked")], "what was adapted is not adapted again"


def test_an_adaptation_that_was_interrupted_ends_as_one_that_was_not(config, tmp_path, monkeypatch):
    (tmp_path / "news.txt").write_text("\n".join(corpus_texts(80)), "utf-8")
    adapt = ["phobert.epochs=1", "phobert.adapt={texts: [news.txt], tokens: 4000, batch_size: 4}"]
    whole = load_file(train(config, adapt) / "model.safetensors")
    shutil.rmtree(tmp_path / "runs")
    mask, batches = Masker.__call__, []

    def killed(self, rows):
        batches.append([row["place"] for row in rows])
        if len(batches) == 9:
            raise KilledError
        return mask(self, rows)

    monkeypatch.setattr(Masker, "__call__", killed)
    with pytest.raises(KilledError):
        train(config, adapt)
    assert list((tmp_path / "runs").glob(".moods-*/adapting/checkpoint-*"))
    first, batches[:] = batches[:8], []
    monkeypatch.setattr(Masker, "__call__", lambda self, rows: batches.append([row["place"] for row in rows]) or mask(self, rows))
    resumed = load_file(train(config, adapt) / "model.safetensors")
    assert batches
    assert batches[0] in first[1:], "it goes on from a checkpoint"
    assert all(np.array_equal(whole[name], resumed[name]) for name in whole)


def test_an_adaptation_draws_from_all_texts_and_masks_by_its_seed():
    subwords = load_subwords(ROOT / "tests" / "encoders" / "tiny", 10**6)
    texts = corpus_texts(60)
    stretches = list(blocks_in_order(texts, subwords))
    tokens = sum(map(len, stretches))
    part, twice = (blocks(texts, subwords, 64, count, seed=1)["ids"] for count in (tokens // 3, 2 * tokens))
    assert sorted(twice) == sorted(2 * stretches)
    assert sum(map(len, part)) == pytest.approx(tokens / 3, rel=0.2)
    assert max(map(stretches.index, part)) > 0.8 * len(stretches), "of the last texts, too"
    rows = list(blocks(texts, subwords, 64, 1000, seed=1).select(range(4)))
    one, two, other = (Masker(subwords.marks, 3, 500, seed)(rows)["labels"] for seed in (1, 1, 2))
    assert one.equal(two)
    assert not one.equal(other)


def blocks_in_order(texts, subwords):
    for text in texts:
        ids = subwords.cut([normalize(text).text], [[]])[0].ids
        for start in range(0, len(ids), 62):
            yield [subwords.marks.start, *ids[start : start + 62], subwords.marks.end]


def test_a_training_does_not_go_on_with_what_other_code_began(config, monkeypatch):
    def killed(text):
        if text.startswith("epoch 2"):
            raise KilledError

    with pytest.raises(KilledError):
        train(config, tell=killed)
    monkeypatch.setattr(provenance, "commit", lambda: "another")
    told = []
    train(config, tell=told.append)
    assert [line.partition(":")[0] for line in told if line.startswith("epoch")] == ["epoch 1", "epoch 2", "epoch 3"]


def test_two_processes_train_one_model_and_the_first_alone_tells(config, tmp_path):
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes=2", "--main_process_port=0"]
    done = subprocess.run(
        [*launch, "-m", "laptruong.cli", "train", str(config)], capture_output=True, text=True, check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(tmp_path / "runs" / "moods")]
    assert done.stderr.count("epoch 3: ") == 1
    assert laptruong.load(tmp_path / "runs" / "moods").label("Trận bóng đá hay.").model["name"] == "moods"


def test_adaptation_reads_nothing_that_the_model_is_scored_on(tmp_path):
    texts = [{"text": f"Ukraine, tin số {n}.", "date": f"2025-12-{n:02}"} for n in range(1, 21)]
    texts[6]["text"] = unicodedata.normalize("NFD", texts[6]["text"])
    write_jsonl(tmp_path / "news.jsonl", [*texts, texts[0], {"text": "Bóng đá."}, {"text": "Ukraine, không ghi ngày."}])
    composed = unicodedata.normalize("NFC", texts[6]["text"])
    scored = [texts[4] | {"split": "test"}, texts[5] | {"split": "train"}, {"paragraphs": [{"text": composed}], "split": "dev"}]
    write_jsonl(tmp_path / "corpus.jsonl", scored)
    adapt = Adaptation(texts=["news.jsonl"], without=["corpus.jsonl"], before="2025-12-11", keep="Ukraine")
    found = list(chosen_texts(adapt, tmp_path))
    assert found == [f"Ukraine, tin số {n}." for n in (1, 2, 3, 4, 6, 8, 9, 10)] + ["Ukraine, không ghi ngày."]
    write_jsonl(tmp_path / "news.jsonl", [{"text": "Ukraine.", "date": "05/01/2026"}])
    with pytest.raises(ConfigError, match=r"news.jsonl: has the date '05/01/2026'"):
        list(chosen_texts(adapt, tmp_path))
    assert list(chosen_texts(Adaptation(texts=["news.jsonl"]), tmp_path)) == ["Ukraine."]


@pytest.mark.parametrize(("adapt", "told"), [
    ("{texts: [corpus.jsonl], keep: '['}", "is no regular expression"),
    ("{texts: [corpus.jsonl], before: 24/12/2025}", "before"),
    ("{texts: [corpus.jsonl], keep: nowhere-to-be-found}", "no text is left"),
])  # fmt: skip
def test_an_adaptation_that_cannot_be_is_refused(adapt, told, config):
    with pytest.raises(ConfigError, match=told):
        train(config, [f"phobert.adapt={adapt}"])


def test_the_place_of_the_result_is_looked_at_before_training(config, tmp_path):
    (tmp_path / "runs" / "moods").mkdir(parents=True)
    told = []
    with pytest.raises(ConfigError, match="is there and is no run"):
        train(config, tell=told.append)
    assert not [line for line in told if line.startswith("epoch")]


def test_the_manifest_says_which_encoder_it_was(config):
    manifest = json.loads((train(config, ["phobert.epochs=1"]) / "manifest.json").read_text("utf-8"))
    assert set(manifest["encoder"]["files"]) == {"README.md", "config.json", "model.safetensors", "tokenizer.json"}


def test_texts_that_are_missing_are_all_told(config):
    with pytest.raises(ConfigError, match=r"(?s)news.jsonl: no such file.*old.jsonl: no such file"):
        train(config, ["phobert.adapt={texts: [news.jsonl], without: [old.jsonl]}"])


def test_an_encoder_without_a_network_is_one_clear_line(config, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = run_cli("train", config, "--set", "phobert.encoder=vinai/phobert-nowhere")
    assert done.returncode == 1
    lines = [line for line in done.stderr.strip().splitlines() if not line.startswith(("learning from", "then choosing"))]
    assert len(lines) == 1
    assert lines[0].startswith("error: encoder 'vinai/phobert-nowhere' is no folder and was not fetched")
