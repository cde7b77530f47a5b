"""The fast PhoBERT tokenizer gives transformers' ids, and every subword knows where it stands."""

from __future__ import annotations

import json
import unicodedata

import pytest
from sentencepiece import sentencepiece_model_pb2
from support import ROOT
from tiny_encoders import corpus_texts, make_phobert
from transformers import PhobertTokenizer

from laptruong.classifiers.encoder.phobert import phobert_subwords
from laptruong.classifiers.encoder.pretrained import load_subwords
from laptruong.classifiers.encoder.subwords import Subwords, spell
from laptruong.errors import ModelError
from laptruong.segmentation import segment

TINY = ROOT / "tests" / "encoders" / "tiny"
TRAPS = ["dài 5\xa0km", "km", "<s> và </s> và <mask> @@ ng@@", "ѡ𝛼 không có trong từ điển", "a" * 150, "!", ""]


@pytest.fixture(scope="module")
def phobert(tmp_path_factory):
    return make_phobert(tmp_path_factory.mktemp("phobert"), corpus_texts(150))


@pytest.fixture(scope="module")
def texts():
    return [spell(text, [])[0] for text in corpus_texts(1200)[150:] + TRAPS]


def test_the_same_ids_as_transformers(phobert, texts):
    slow = PhobertTokenizer(str(phobert / "vocab.txt"), str(phobert / "bpe.codes"))
    fast = phobert_subwords(phobert)
    unknown = 0
    for text, found in zip(texts, fast.cut(texts, [[]] * len(texts)), strict=True):
        expected = slow.convert_tokens_to_ids(slow._tokenize(" ".join(word.text for word in segment(text))))
        assert found.ids == expected
        unknown += found.ids.count(slow.unk_token_id)
    assert unknown > 100, "the merges whose results are outside the vocabulary were not tried"
    assert slow.mask_token_id == fast.size


def test_the_traps_are_there(phobert):
    """Both ways of going wrong are in the files: otherwise the test above says nothing of them."""
    codes = (phobert / "bpe.codes").read_text("utf-8")
    assert "\xa0" in codes
    results = {"".join(line.split()[:2]) for line in codes.splitlines()}
    entries = {line.rpartition(" ")[0] for line in (phobert / "vocab.txt").read_text("utf-8").splitlines()}
    assert any(result.removesuffix("</w>") not in entries and f"{result}@@" not in entries for result in results)


def test_saved_and_loaded_it_cuts_the_same(phobert, texts, tmp_path):
    fast = phobert_subwords(phobert)
    fast.save(tmp_path)
    again = Subwords.load(tmp_path, fast.marks, fast.size, segmented=True)
    assert again.cut(texts, [[]] * len(texts)) == fast.cut(texts, [[]] * len(texts))


@pytest.mark.parametrize("kind", ["phobert", "tiny"])
def test_places_are_those_of_the_text(kind, phobert, texts):
    folder = phobert if kind == "phobert" else TINY
    subwords = load_subwords(folder, 10_000)
    for text, tokens in zip(texts, subwords.cut(texts, [[]] * len(texts)), strict=True):
        assert len(tokens.ids) == len(tokens.starts) == len(tokens.ends)
        assert all(0 <= start <= end <= len(text) for start, end in zip(tokens.starts, tokens.ends, strict=True))
        assert tokens.starts == sorted(tokens.starts)
        covered = {at for start, end in zip(tokens.starts, tokens.ends, strict=True) for at in range(start, end)}
        assert all(at in covered for at, char in enumerate(text) if not char.isspace())


def test_spelling_does_not_move_a_mention():
    raw = unicodedata.normalize("NFD", "Ở Đức, hoà đàm với Điện Kremlin.")
    at = raw.index(unicodedata.normalize("NFD", "Điện"))
    text, [(start, end)] = spell(raw, [(at, at + len(unicodedata.normalize("NFD", "Điện Kremlin")))])
    assert text[start:end] == "Điện Kremlin"
    assert "hòa" in text


def test_special_tokens_in_a_text_are_text():
    subwords = load_subwords(TINY, 10_000)
    ids = subwords.cut(["<s> </s> <mask> <pad>"], [[]])[0].ids
    assert not {subwords.marks.start, subwords.marks.end, subwords.marks.padding} & set(ids)


def test_an_older_checkpoints_vocabulary_is_read_as_transformers_reads_it(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "bert"}', "utf-8")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Ukraina", "##na", "Ukrai", "nói", "v", "##iện", "."]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false}', "utf-8")
    subwords = load_subwords(tmp_path, len(pieces))
    [tokens] = subwords.cut(["Ukraina nói viện X."], [[]])
    assert [pieces[i] for i in tokens.ids] == ["Ukraina", "nói", "v", "##iện", "[UNK]", "."]
    assert list(zip(tokens.starts, tokens.ends, strict=True)) == [(0, 7), (8, 11), (12, 13), (13, 16), (17, 18), (18, 19)]
    assert subwords.marks == (2, 3, 0, 1)


def test_a_sentencepiece_model_is_read_with_the_encoders_ids(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "xlm-roberta"}', "utf-8")
    model = sentencepiece_model_pb2.ModelProto()
    for rank, (piece, kind) in enumerate([("<unk>", 2), ("<s>", 3), ("</s>", 3), ("▁Ukraina", 1), ("▁nói", 1), ("▁vi", 1), ("ện", 1)]):
        model.pieces.add(piece=piece, score=-float(rank), type=kind)
    model.trainer_spec.model_type = 1  # Unigram
    (tmp_path / "sentencepiece.bpe.model").write_bytes(model.SerializeToString())
    [tokens] = load_subwords(tmp_path, 9).cut(["Ukraina nói viện"], [[]])
    assert tokens.ids == [4, 5, 6, 7], "XLM-R's ids stand one behind SentencePiece's"
    assert list(zip(tokens.starts, tokens.ends, strict=True)) == [(0, 7), (8, 11), (12, 14), (14, 16)]


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
def test_an_empty_tokenizer_is_not_taken_for_one(kind, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}), "utf-8")
    with pytest.raises(ModelError, match=r"holds neither .* 1000"):
        load_subwords(tmp_path, 1000)


def test_a_folder_without_a_tokenizer_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"holds neither tokenizer\.json nor PhoBERT's"):
        load_subwords(tmp_path, 10)
    (tmp_path / "tokenizer.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match="is no tokenizer"):
        load_subwords(tmp_path, 10)
    for name in ("vocab.txt", "bpe.codes"):
        (tmp_path / name).write_text("a 1\na 1\n", "utf-8")
    with pytest.raises(ModelError, match="are not PhoBERT's"):
        load_subwords(tmp_path, 10)
