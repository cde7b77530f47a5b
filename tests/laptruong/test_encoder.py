"""The encoder classifier's parts: losses, dropout, calibration, export, and models that must not be loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
import torch
from moods import fit, make
from support import ROOT
from tiny_encoders import corpus_texts, make_phobert
from torch.nn.functional import cross_entropy

from laptruong.classifiers import EncoderClassifier, Example, Gold
from laptruong.classifiers.encoder import export, losses
from laptruong.classifiers.encoder.development import Dev, platt, temperature
from laptruong.classifiers.encoder.dropout import ByteDropout
from laptruong.classifiers.encoder.network import Network
from laptruong.classifiers.encoder.pretrained import describe, fetch, load_config, load_encoder, load_subwords, positions
from laptruong.classifiers.encoder.runtime import load_network
from laptruong.classifiers.encoder.sampling import ShuffledBatches
from laptruong.classifiers.encoder.torch_runtime import TorchRun, load_torch
from laptruong.classifiers.encoder.windows import Batch
from laptruong.errors import ConfigError, ModelError
from laptruong.scheme import Scheme

TINY = ROOT / "tests" / "encoders" / "tiny"


def network(topics: int = 3, folder=TINY) -> Network:
    torch.manual_seed(1)
    return Network(load_encoder(folder), topics, 4).eval()


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    scheme, data = make(tmp_path_factory.mktemp("moods"), "actors and topics")
    return fit("phobert", scheme, data, epochs=3), scheme, data


def test_the_stance_loss_is_the_weighted_mean_over_labelled_pairs():
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 2, 4, generator=draw)
    gold = torch.zeros(2, 3, 2, 4)
    gold[0, 1, 0, 3] = gold[1, 2, 1, 0] = 1
    weights = torch.tensor([1.0, 1.0, 1.0, 3.0])
    one = cross_entropy(logits[0, 1, 0][None], torch.tensor([3]))
    two = cross_entropy(logits[1, 2, 1][None], torch.tensor([0]))
    assert losses.stance_loss(logits, gold, weights) == pytest.approx(float((3 * one + two) / 4), rel=1e-5)
    assert losses.stance_loss(logits, torch.zeros_like(gold), weights) == 0


def test_balance_weighs_rare_stances_up_and_leaves_the_mean_alone():
    counts = torch.tensor([90, 10])
    assert losses.balance(counts, 0).tolist() == [1, 1]
    even = losses.balance(counts, 1)
    assert even[1] / even[0] == pytest.approx(9)
    assert float((even * counts).sum() / counts.sum()) == pytest.approx(1)


def test_byte_dropout_drops_its_share_keeps_the_mean_and_follows_the_seed():
    dropout, values = ByteDropout(0.25), torch.ones(400, 500)
    torch.manual_seed(3)
    one = dropout(values)
    assert float((one == 0).float().mean()) == pytest.approx(0.25, abs=0.005)
    assert float(one.mean()) == pytest.approx(1, abs=0.01)
    assert not torch.equal(one, dropout(values))
    torch.manual_seed(3)
    assert torch.equal(one, dropout(values))
    assert torch.equal(dropout.eval()(values), values)


def test_batches_are_of_like_length_and_in_no_order_of_length():
    lengths = np.random.default_rng(0).integers(5, 200, 1000)
    sampler = ShuffledBatches(lengths, range(len(lengths)), 10, seed=3)
    first, again = list(sampler), list(sampler)
    assert sorted(first) == list(range(1000))
    assert first == again
    batches = lengths[first].reshape(100, 10)
    assert np.mean(batches.max(1) - batches.min(1)) < 20
    means = batches.mean(1)
    assert abs(np.corrcoef(means, np.arange(100))[0, 1]) < 0.3
    sampler.set_epoch(1)
    assert list(sampler) != first


def test_an_epoch_sees_each_unit_once_and_now_and_then_in_another_version():
    units = [*range(1000), *range(500), *range(500)]  # half of the units have two other versions
    sampler = ShuffledBatches([20] * len(units), units, 10, seed=3)
    assert len(sampler) == 1000
    seen = np.array(list(sampler))
    assert sorted(units[row] for row in seen) == list(range(1000))
    assert (seen >= 1000).mean() == pytest.approx(0.2, abs=0.03)  # four in ten of those that have one
    assert 0.4 < (seen[seen >= 1000] < 1500).mean() < 0.6
    assert list(sampler) == seen.tolist()
    sampler.set_epoch(1)
    assert {row for row in sampler if row >= 1000} != {row for row in seen if row >= 1000}


def test_calibration_finds_what_was_bent():
    draw = np.random.default_rng(0)
    z = draw.normal(size=20_000)
    has = draw.random(20_000) < 1 / (1 + np.exp(-(2 * z - 1)))
    assert platt(z, has) == pytest.approx((2, -1), abs=0.1)
    logits = draw.normal(size=(20_000, 4)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    labels = (shares.cumsum(1) > draw.random((20_000, 1))).argmax(1)
    assert temperature(3 * logits, labels) == pytest.approx(3, abs=0.15)
    assert temperature(np.zeros((0, 4)), np.zeros(0, dtype=int)) == 1


@pytest.mark.parametrize(("kept", "exclusive", "logits", "score"), [
    (("football", "weather"), True, [[-1, -2], [-3, -2]], 1.0),  # each unit has a topic: the likeliest
    (("football", "weather"), False, [[-1, -2], [-3, -2]], 0.0),
    (("football", "weather"), True, [[3, 2], [3, 2]], (2 / 3 + 0) / 2),
    (("football",), False, [[1, 0], [1, 0]], 2 / 3),  # of the topic alone, not of its absence too
])  # fmt: skip
def test_the_dev_score_of_topics_is_the_mean_f1_over_topics(kept, exclusive, logits, score, tmp_path):
    scheme, _ = make(tmp_path, "topics")
    topics = [each.model_dump() for each in scheme.topics if each.id in kept]
    scheme = Scheme.model_validate(scheme.model_dump(by_alias=True) | {"topics": topics, "exclusive": exclusive})
    gold = [Gold(frozenset({topic} & set(kept)), {}) for topic in ("football", "weather")]
    dev = Dev([Example("Trời mưa.")] * 2, gold, scheme, load_subwords(TINY, 10**6), 64)

    def run(batch):
        rows = np.array([logits[row][: len(kept)] for row in range(2)], dtype=float)
        return rows, np.zeros((2, 1, len(kept), len(scheme.stance_ids)))

    assert dev.score(run)["topic_macro_f1"] == pytest.approx(score)


@pytest.mark.parametrize("topics", [3, 0])
def test_the_graph_gives_torchs_scores(topics, tmp_path):
    model = network(topics)
    export.export(model, export.trace(model), tmp_path, "never", 1000, lambda run: 0.0)
    draw = np.random.default_rng(1)
    for rows, length, actors in ((1, 5, 1), (3, 17, 2), (2, 90, 4)):
        pool = draw.random((rows, actors, length)).astype(np.float32)
        batch = Batch(draw.integers(4, 900, (rows, length)), np.ones((rows, length), dtype=np.int64), pool / pool.sum(-1, keepdims=True))
        for one, two in zip(TorchRun(model)(batch), load_network(tmp_path, exact=True)(batch), strict=True):
            assert one.shape == two.shape
            assert np.allclose(one, two, atol=1e-4)


def test_an_export_that_is_wrong_is_not_saved_in_silence(tmp_path):
    model = network()
    graph = onnx.ModelProto()
    graph.CopyFrom(export.trace(model))
    next(node for node in graph.graph.node if node.op_type == "Tanh").op_type = "Sigmoid"
    with pytest.raises(ModelError, match="differs from torch"):
        export.export(model, graph, tmp_path, "never", 1000, lambda run: 0.0)


@pytest.mark.parametrize(("after", "kept"), [(0.896, "int8"), (0.89, "float32")])
def test_eight_bits_are_kept_where_they_cost_little(after, kept, tmp_path):
    scores = iter([0.9, after])
    found = export.export(network(), export.trace(network()), tmp_path, "auto", 1000, lambda run: next(scores))
    assert found == {"float32": 0.9, "int8": after, "kept": kept}
    graph = onnx.load(tmp_path / "model.onnx", load_external_data=False)
    assert ("DequantizeLinear" in {node.op_type for node in graph.graph.node}) == (kept == "int8")
    export.check(TorchRun(network()), load_network(tmp_path, exact=True), 1000) if kept == "float32" else None
    assert {entry.value for each in graph.graph.initializer for entry in each.external_data if entry.key == "location"} == {
        "model.safetensors"
    }


def test_eight_bits_are_near_the_weights():
    weights = {"w": np.random.default_rng(0).normal(size=(200, 100)).astype(np.float32), "b": np.ones(100, dtype=np.float32)}
    rounded = export.eight_bits(weights)
    assert rounded["w"].dtype == np.int8
    widened = rounded["w"] * rounded["w.scale"][:, None]
    assert np.abs(widened - weights["w"]).max() <= np.abs(weights["w"]).max() / 254 * 1.001
    assert rounded["b"] is weights["b"]


def test_a_model_in_eight_bits_is_the_network_with_rounded_weights(tmp_path, monkeypatch):
    """In both runtimes; the widening is where an axis is easily mistaken."""
    monkeypatch.setattr(export, "_SMALL", 100)
    model = network()
    weights = {name: each.numpy() for name, each in model.state_dict().items() if each.is_floating_point()}
    rounded = export.eight_bits(weights)
    export.write(tmp_path, export.trace(model), rounded)
    (tmp_path / "encoder.json").write_text(json.dumps(describe(model.encoder)), "utf-8")
    scales = {name for name in rounded if name.endswith(".scale")}
    assert len(scales) > 10
    for scale in scales:
        name = scale.removesuffix(".scale")
        model.state_dict()[name].copy_(torch.from_numpy(rounded[name] * rounded[scale][:, None]))
    ids = np.random.default_rng(0).integers(4, 900, (3, 20))
    batch = Batch(ids, np.ones_like(ids), np.full((3, 2, 20), 1 / 20, dtype=np.float32))
    expected = TorchRun(model)(batch)
    for run in (load_network(tmp_path, exact=True), load_torch(tmp_path, 3, 4, "cpu")):
        assert all(np.allclose(one, two, atol=1e-4) for one, two in zip(expected, run(batch), strict=True))


def test_phoberts_shape_goes_all_the_way(tmp_path):
    """PhoBERT's files, its positions from behind the padding, its segmentation: trained, saved, loaded, the same."""
    folder = make_phobert(tmp_path / "phobert", corpus_texts(60), merges=200)
    scheme, data = make(tmp_path, "actors and topics")
    model = fit("phobert", scheme, data, encoder=str(folder), epochs=1, max_tokens=10_000)
    assert model.window_ == 256
    assert model.subwords_.segmented
    (tmp_path / "saved").mkdir()
    model.save(tmp_path / "saved")
    loaded = EncoderClassifier.load(tmp_path / "saved", scheme)
    actors = [list(each.actors) for each in data.examples]
    (topics, stances), (topics_, stances_) = model.scores(data.examples, actors), loaded.scores(data.examples, actors)
    assert np.allclose(topics, topics_, atol=0.03)
    assert all(np.allclose(one, two, atol=0.03) for one, two in zip(stances, stances_, strict=True))


def test_a_saved_model_is_the_same_in_torch(fitted, tmp_path):
    """What a GPU runs: the same files, read into torch."""
    model, scheme, data = fitted
    model.save(tmp_path)
    loaded = EncoderClassifier.load(tmp_path, scheme)
    exact = load_network(tmp_path, exact=True)
    loaded.run_ = exact
    one = loaded.predict(data.examples)
    loaded.run_ = load_torch(tmp_path, len(scheme.topic_ids), len(scheme.stance_ids), "cpu")
    for first, second in zip(one, loaded.predict(data.examples), strict=True):
        assert np.allclose(first.topics, second.topics, atol=1e-3)
        assert all(np.allclose(first.stances[pair], second.stances[pair], atol=1e-3) for pair in first.stances)
    (tmp_path / "encoder.json").write_text('{"model_type": "nonsense"}', "utf-8")
    with pytest.raises(ModelError, match="cannot be built"):
        load_torch(tmp_path, len(scheme.topic_ids), len(scheme.stance_ids), "cpu")


def test_one_forward_pass_answers_everything(fitted):
    model, _, data = fitted
    calls = []
    real, model.run_ = model._run(), lambda batch: calls.append(batch) or real(batch)
    model.predict(data.examples[:10])
    model.run_ = real
    assert [len(batch.ids) for batch in calls] == [10]


def test_damaged_models_are_refused(fitted, tmp_path):
    model, scheme, _ = fitted
    (tmp_path / "saved").mkdir()
    model.save(tmp_path / "saved")
    for name, content, told in (
        ("model.onnx", b"no graph", "is no network that can be run"),
        ("model.onnx", None, "cannot be read"),
        ("tokenizer.json", b"{}", "is no tokenizer"),
        ("parameters.json", b"{}", "is no encoder model of this version"),
    ):
        folder = tmp_path / "damaged"
        shutil.copytree(tmp_path / "saved", folder)
        (folder / name).write_bytes(content) if content is not None else (folder / name).unlink()
        with pytest.raises(ModelError, match=told):
            EncoderClassifier.load(folder, scheme)
        shutil.rmtree(folder)


@pytest.mark.parametrize("where", ["../secret", "x/../../secret", "{}/secret"])
def test_a_graph_cannot_read_files_outside_its_folder(where, fitted, tmp_path):
    model, scheme, _ = fitted
    folder = tmp_path / "model"
    folder.mkdir()
    model.save(folder)
    graph = onnx.load(folder / "model.onnx", load_external_data=False)
    shutil.copy(folder / "model.safetensors", tmp_path / "secret")
    (folder / "x").mkdir()
    for each in graph.graph.initializer:
        for entry in each.external_data:
            if entry.key == "location":
                entry.value = where.format(tmp_path)
    (folder / "model.onnx").write_bytes(graph.SerializeToString())
    with pytest.raises(ModelError, match=r"names a file other than model\.safetensors"):
        EncoderClassifier.load(folder, scheme)


@pytest.mark.parametrize("kind", ["t5", "xlnet", "funnel"])
def test_an_encoder_without_positions_is_one_clear_error(kind, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}), "utf-8")
    with pytest.raises(ModelError, match=f"of the kind '{kind}' does not tell how many positions"):
        positions(load_config(tmp_path))


@pytest.mark.parametrize("setting", [{"max_tokens": 2}, {"seeds": 0}, {"epochs": 0}])
def test_settings_that_cannot_be_are_told_before_training(setting, tmp_path):
    with pytest.raises(ConfigError, match=next(iter(setting))):
        fit("phobert", *make(tmp_path, "topics"), **setting)


def test_an_encoder_that_cannot_be_had_says_how_to_get_it(tmp_path):
    code = "from laptruong.classifiers.encoder.pretrained import fetch; fetch('nobody/nothing-such')"
    offline = {"HF_HUB_OFFLINE": "1", "PATH": "", "HF_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=offline, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert "laptruong.errors.ModelError: encoder 'nobody/nothing-such'" in last
    assert "laptruong encoder" in last
    with pytest.raises(ModelError, match="was not fetched"):
        fetch("no/such/folder")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nonsense"}), "utf-8")
    with pytest.raises(ModelError, match="holds no encoder"):
        load_encoder(tmp_path)
