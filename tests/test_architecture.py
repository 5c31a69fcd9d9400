"""benchmarks/architecture.py counts what it says it counts."""

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "architecture.py"


@pytest.fixture(scope="module")
def architecture() -> ModuleType:
    pytest.importorskip("grimp", reason="pip install import-linter")
    spec = importlib.util.spec_from_file_location("architecture", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = sys.modules["architecture"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_circle_is_found_and_is_one_floor(architecture: ModuleType) -> None:
    arrows = {"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set(), "e": {"a", "d"}}
    assert architecture.cycles(arrows) == [["b", "c"]]
    assert architecture.floors(arrows) == 4  # e, a, the circle, d
    arrows["c"].remove("b")
    assert architecture.cycles(arrows) == []
    assert architecture.floors(arrows) == 5


def test_rooms_are_what_lies_directly_below_a_package(architecture: ModuleType) -> None:
    modules = {"p.a.x": {"p.a.y", "p.b"}, "p.a.y": {"p.b"}, "p.b": set()}
    assert architecture.between(modules, architecture.room) == {"p.a": {"p.b"}, "p.b": set()}


@pytest.mark.parametrize(
    ("body", "branches"),
    [
        ("return 1", 0),
        ("if a and b: pass", 2),
        ("for x in a: pass", 1),
        ("return [x for x in a if x if not x]", 3),
        ("try: pass\n    except OSError: pass", 1),
    ],
)
def test_complexity_counts_branches(architecture: ModuleType, body: str, branches: int) -> None:
    function = ast.parse(f"def f(a, b):\n    {body}").body[0]
    assert architecture.complexity(function) == 1 + branches


def test_a_docstring_is_no_part_of_a_functions_length(architecture: ModuleType) -> None:
    function = ast.parse('def f():\n    """One.\n\n    Two.\n    """\n    return 1').body[0]
    assert architecture.lines(function) == 2
