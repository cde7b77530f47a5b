"""The house: imports point one way, heavy libraries stay out, no code among files, the docs name every option."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from support import ROOT
from typer.main import get_command

import laptruong
from laptruong.cli import app

PACKAGES = ("laptruong", "train", "infer")


def _imports(package: str):
    for path in sorted((ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: relative import"
                yield path, node.module


def test_imports_point_one_way():
    wrong = []
    for package in PACKAGES:
        for path, module in _imports(package):
            top = module.split(".")[0]
            reaches_up = package == "laptruong" and top in ("train", "infer") and path.parent.name != "cli"
            across = (package, top) in (("train", "infer"), ("infer", "train"))
            if reaches_up or across:
                wrong.append((path.relative_to(ROOT).as_posix(), module))
    assert not wrong


def test_only_the_encoder_classifier_imports_torch():
    heavy = ("torch", "transformers", "datasets", "accelerate", "onnx")
    users = {path for package in PACKAGES for path, module in _imports(package) if module.split(".")[0] in heavy}
    assert {path.parent.relative_to(ROOT).as_posix() for path in users} == {"laptruong/classifiers/encoder"}
    light = {"__init__.py", "development.py", "phobert.py", "runtime.py", "subwords.py", "windows.py"}
    assert not {path.name for path in users} & light


def test_only_fitting_and_scoring_import_scikit_learn():
    users = {
        path.relative_to(ROOT).as_posix() for package in PACKAGES for path, module in _imports(package) if module.startswith("sklearn")
    }
    assert users == {
        "laptruong/classifiers/encoder/development.py", "laptruong/classifiers/tfidf_fit.py", "laptruong/corpus/agreement.py",
        "laptruong/corpus/stats.py",
    }  # fmt: skip


@pytest.mark.parametrize("model", ["tfidf", "offline"])
def test_labelling_loads_neither_torch_nor_scikit_learn_nor_pyvi(model, tmp_path):
    page = tmp_path / "a.txt"
    page.write_text("Nga và Ukraine đàm phán về lệnh ngừng bắn tại Istanbul, theo Điện Kremlin.", "utf-8")
    code = (
        "import sys; from infer import label_files; s = label_files([sys.argv[1]], model=sys.argv[2]); assert s.articles == 1;"
        "print([m for m in ('torch', 'transformers', 'sklearn', 'pyvi.ViTokenizer', 'trafilatura', 'pyarrow', 'onnx') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(page), model], capture_output=True, text=True, cwd=tmp_path, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("folder", ["data", "models", "configs"])
def test_no_code_among_files(folder):
    assert not [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".sh", ".ipynb", ".pkl", ".pickle", ".joblib", ".pt")]


def test_public_names():
    assert set(laptruong.__all__) == {
        "ActorFinder", "Article", "ArticleLabels", "Labeller", "LaptruongError", "Mention", "Paragraph", "Scheme", "Statement",
        "__version__", "article_from_text", "load", "load_scheme", "read_articles",
    }  # fmt: skip
    assert all(hasattr(laptruong, name) for name in laptruong.__all__)


def _commands(group=None, path=()):
    for name, command in (group or get_command(app)).commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


def test_readme_names_every_command_and_option():
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, command in _commands():
        assert f"laptruong {name}" in readme
        for parameter in command.params:
            longest = max(parameter.opts, key=len)
            assert not longest.startswith("--") or longest == "--help" or longest in readme, f"{name} {longest}"


def test_every_command_shows_an_example():
    for _, command in _commands():
        assert "Example: laptruong" in command.epilog


def test_files_stay_small():
    sizes = {path: len(path.read_text("utf-8").splitlines()) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert not {path: size for path, size in sizes.items() if size > 300}
