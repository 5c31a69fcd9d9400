"""The floor plan of a checkout in numbers: rooms, arrows between them, circles, what is too large.

python benchmarks/architecture.py [CHECKOUT ...] [--arrows]

A room is a module or a package directly below `photosearch` or `captioner`. An arrow goes from a
room to another one that it imports, for types only or within a function too. A circle is a set of
rooms, or of modules, that reach each other. Floors count the rooms on the longest way along
arrows. A function's lines are those without its docstring. Complexity is McCabe's number
(https://doi.org/10.1109/TSE.1976.233837) with `and` and `or` as branches, which ruff's C901 does
not count. Needs grimp.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import grimp

PACKAGES = ("photosearch", "captioner")
LONG_MODULE, LONG_FUNCTION, COMPLEX = 400, 60, 15  # lines, lines, branches + 1
Arrows = dict[str, set[str]]  # the names that each name imports

_BRANCHES = (
    ast.If, ast.IfExp, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.match_case,
    ast.comprehension, ast.Assert,
)  # fmt: skip
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Function:
    """A function of a module."""

    name: str  # "photosearch/library.py:Library.index"
    lines: int
    complexity: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("checkouts", nargs="*", default=["."], metavar="CHECKOUT")
    options.add_argument("--arrows", action="store_true", help="list every arrow")
    asked = options.parse_args()
    for number, checkout in enumerate(asked.checkouts):
        if number:
            print()
        print("\n".join(report(Path(checkout).resolve(), arrows=asked.arrows)))


def report(checkout: Path, *, arrows: bool = False) -> Iterator[str]:
    """Yield the lines that describe a checkout."""
    modules = read_imports(checkout)
    rooms = between(modules, room)
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in files(checkout)}
    longest = max(lengths, key=lambda path: lengths[path])
    functions = [function for path in lengths for function in read_functions(checkout, path)]
    yield f"{checkout}"
    yield f"modules                       {len(lengths):5}"
    yield f"rooms                         {len(rooms):5}"
    yield f"arrows between rooms          {sum(map(len, rooms.values())):5}"
    yield f"floors                        {floors(rooms):5}"
    for what, arrows_of in (("rooms", rooms), ("modules", modules)):
        circles = cycles(arrows_of)
        yield f"circles of {what:<18} {len(circles):5}"
        yield from (f"    {' <-> '.join(circle)}" for circle in circles)
    yield f"longest module, lines         {lengths[longest]:5}  {longest.relative_to(checkout)}"
    too_long = [length for length in lengths.values() if length > LONG_MODULE]
    yield f"modules over {LONG_MODULE} lines        {len(too_long):5}"
    yield from over("lines", LONG_FUNCTION, {f.name: f.lines for f in functions})
    yield from over("complexity", COMPLEX, {f.name: f.complexity for f in functions})
    median = statistics.median(function.lines for function in functions)
    yield f"median function, lines        {median:5.0f}  of {len(functions)}"
    if arrows:
        yield from (f"{name} -> {', '.join(sorted(below))}" for name, below in rooms.items())


def over(what: str, limit: int, values: dict[str, int]) -> Iterator[str]:
    """Yield a line with how many functions are over a limit, and one for each."""
    found = {name: value for name, value in values.items() if value > limit}
    yield f"functions over {limit} {what:<12} {len(found):5}"
    for name, value in sorted(found.items(), key=lambda item: -item[1]):
        yield f"    {value:3}  {name}"


# --- imports


def read_imports(checkout: Path) -> Arrows:
    """Return the imports among a checkout's modules; packages' `__init__` are left out.

    What an `__init__` shows of its package is its face: that it imports what it shows, and is
    imported for it, says nothing about the rooms.
    """
    sys.path.insert(0, str(checkout))
    try:
        graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    finally:
        sys.path.remove(str(checkout))
    packages = {name for name in graph.modules if graph.find_children(name)}
    return {
        name: set(graph.find_modules_directly_imported_by(name)) - packages
        for name in sorted(graph.modules - packages)
    }


def room(module: str) -> str:
    """Return the room of a module: `photosearch.store.photos` is in `photosearch.store`."""
    return ".".join(module.split(".")[:2])


def between(modules: Arrows, place: Callable[[str], str]) -> Arrows:
    """Return the arrows between the places of modules."""
    arrows: Arrows = {place(name): set() for name in modules}
    for name, imported in modules.items():
        arrows[place(name)] |= {place(other) for other in imported} - {place(name)}
    return arrows


def cycles(arrows: Arrows) -> list[list[str]]:
    """Return the sets of names that reach each other, by Tarjan's algorithm.

    https://doi.org/10.1137/0201010
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in arrows[name]:
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            at = stack.index(name)
            component = stack[at:]
            del stack[at:]
            if len(component) > 1:
                found.append(sorted(component))

    for name in arrows:
        if name not in index:
            visit(name)
    return found


def floors(arrows: Arrows) -> int:
    """Return how many rooms the longest way along arrows has; a circle is one floor."""
    together = {name: circle[0] for circle in cycles(arrows) for name in circle}
    plain = between(arrows, lambda name: together.get(name, name))

    @cache
    def height(name: str) -> int:
        return 1 + max((height(other) for other in plain[name]), default=0)

    return max(map(height, plain), default=0)


# --- functions


def files(checkout: Path) -> list[Path]:
    """Return the Python files of both packages."""
    return sorted(path for package in PACKAGES for path in (checkout / package).rglob("*.py"))


def read_functions(checkout: Path, path: Path) -> Iterator[Function]:
    """Yield the functions and methods of a file; one within another counts as part of it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for owner, body in [("", tree.body), *_classes(tree.body)]:
        for node in body:
            if isinstance(node, _FUNCTIONS):
                name = f"{path.relative_to(checkout)}:{owner}{node.name}"
                yield Function(name, lines(node), complexity(node))


def _classes(body: Iterable[ast.stmt]) -> Iterator[tuple[str, list[ast.stmt]]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield f"{node.name}.", node.body


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function from `def` on, without its docstring."""
    end = function.end_lineno or function.lineno
    return end - function.lineno + 1 - _docstring(function)


def _docstring(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    if ast.get_docstring(function) is None:
        return 0
    return (first.end_lineno or first.lineno) - first.lineno + 1


def complexity(function: ast.AST) -> int:
    """Return McCabe's number of a function: the branches in it, and one."""
    total = 1
    for node in ast.walk(function):
        if isinstance(node, ast.BoolOp):
            total += len(node.values) - 1
        elif isinstance(node, ast.comprehension):
            total += 1 + len(node.ifs)
        elif isinstance(node, _BRANCHES):
            total += 1
    return total


if __name__ == "__main__":
    main()
