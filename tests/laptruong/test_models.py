from __future__ import annotations

import json
import pickle
import shutil

import pytest

import laptruong
from laptruong.errors import ModelError
from laptruong.models import find_model, shipped_models


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(find_model("tfidf"), folder)
    return folder


def test_the_shipped_model_labels_a_text():
    labels = laptruong.load("tfidf").label("Đức cam kết viện trợ thêm vũ khí phòng không cho Ukraine.")
    assert [topic.topic for topic in labels.topics] == ["aid"]
    assert {each.actor: each.stance for each in labels.stances}["germany"] == "support"
    assert set(labels.model) == {"name", "version", "sha256"}


def test_a_run_carries_where_it_came_from():
    manifest = json.loads((shipped_models()["tfidf"] / "manifest.json").read_text("utf-8"))
    assert {"seed", "data", "commit", "libraries", "scheme", "files"} <= set(manifest)
    assert all(len(each["sha256"]) == 64 for layer in manifest["data"].values() for each in layer["files"])


def test_a_folder_is_loaded_like_a_name(copy):
    assert laptruong.load(copy).model == laptruong.load("tfidf").model


@pytest.mark.parametrize("name", ["model.safetensors", "vocabulary.json", "decision.json", "scheme.json"])
def test_one_flipped_byte_is_noticed(copy, name):
    path = copy / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match=f"{name}: is damaged or was changed"):
        laptruong.load(copy)


class Bomb:
    def __reduce__(self):
        return (exec, ("raise SystemExit('code of a model file was run')",))


def test_a_pickle_in_place_of_the_weights_is_never_run(copy):
    path = copy / "model.safetensors"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelError, match="is damaged or was changed"):
        laptruong.load(copy)
    manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
    manifest["files"]["model.safetensors"] = laptruong.corpus.file_sha256(path)
    (copy / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(ModelError, match="is not a safetensors file"):
        laptruong.load(copy)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda m: m | {"format": 99}, "format 99"),
        (lambda m: m | {"files": {"../../etc/passwd": "0"}}, "outside the run"),
        (lambda m: {k: v for k, v in m.items() if k != "kind"}, "lacks kind"),
        (lambda m: m | {"kind": "magic"}, "no classifier is called 'magic'"),
    ],
)
def test_a_manifest_that_lies(copy, change, told):
    path = copy / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text("utf-8")))), "utf-8")
    with pytest.raises(ModelError, match=told):
        laptruong.load(copy)


def test_an_unknown_name_lists_what_there_is():
    with pytest.raises(ModelError, match="did you mean 'tfidf'"):
        laptruong.load("tfdif")


def test_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(ModelError, match="cannot be read"):
        laptruong.load(tmp_path)
