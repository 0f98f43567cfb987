"""What is public can be imported, is described, and fits on a few screens."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import claimwright

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src" / "claimwright").rglob("*.py"))
MOST_LINES = 500


def _id(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_public_names_are_sorted_and_can_be_imported() -> None:
    assert sorted(set(claimwright.__all__)) == claimwright.__all__
    for name in claimwright.__all__:
        assert getattr(claimwright, name) is not None


def test_names_that_load_late_are_the_public_ones() -> None:
    assert sorted({*claimwright._HOMES, "__version__"}) == claimwright.__all__
    for name, home in claimwright._HOMES.items():
        assert getattr(claimwright, name) is getattr(import_module(home), name)


def test_type_checkers_see_the_names_that_load_late() -> None:
    tree = ast.parse((ROOT / "src" / "claimwright" / "__init__.py").read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {
        alias.name: node.module for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == claimwright._HOMES


def test_a_name_that_is_not_there_is_refused_as_usual() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        claimwright.nothing  # noqa: B018 - the access is the test


def _undescribed(body: list[ast.stmt], within: str) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _undescribed(node.body, within)
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        if ast.get_docstring(node) is None:
            yield f"{within}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from _undescribed(node.body, f"{within}{node.name}.")


@pytest.mark.parametrize("file", SOURCES, ids=_id)
def test_every_public_name_has_a_docstring(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    assert list(_undescribed(tree.body, "")) == []


@pytest.mark.parametrize("file", [*SOURCES, *(ROOT / "tools").glob("*.py")], ids=_id)
def test_no_module_is_long(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
