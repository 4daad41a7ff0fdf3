"""`python -m tests.rooms [CHECKOUT]`: prints how the packages of each app (room) depend on each other, from all
imports.

A package is a folder in an app, or a module directly in it. The floors are the length of the longest chain of imports.
"""

import ast
import itertools
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).resolve().parents[1]
ROOMS = ("tracker", "conversions", "reporting")

Arrows = set[tuple[str, str]]


class Import(NamedTuple):
    """An import: module `importer` imports `target` (a module, or a name in one) at `line`, perhaps inside a
    function."""

    importer: str
    target: str
    line: int
    in_function: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def read_files(checkout: Path) -> dict[str, Path]:
    """Return every module of the product: dotted name -> file."""
    files = {}
    for room in ROOMS:
        for path in sorted((checkout / room).rglob("*.py")):
            parts = path.relative_to(checkout).with_suffix("").parts
            if "migrations" not in parts:
                files[".".join(parts).removesuffix(".__init__")] = path
    return files


def read_imports(files: Mapping[str, Path]) -> list[Import]:
    """Return every import in these modules."""
    return [found for importer in files for found in _imports_of(importer, files)]


def _imports_of(importer: str, files: Mapping[str, Path]) -> Iterator[Import]:
    tree = ast.parse(files[importer].read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        for target in _targets(node, importer, files):
            yield Import(importer, target, getattr(node, "lineno", 0), id(node) in inside)


def _targets(node: ast.AST, importer: str, files: Mapping[str, Path]) -> Iterator[str]:
    """Yield the modules that a statement imports. `from package import module` imports the module."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{importer}:{node.lineno}: a relative import"
        base = node.module or ""
        yield from ({f"{base}.{alias.name}" if f"{base}.{alias.name}" in files else base for alias in node.names})


def loops_of(arrows: Arrows) -> list[list[str]]:
    """Return loops of imports. If modules are in several loops, only one loop is listed."""
    left, loops = set(arrows), []
    while True:
        try:
            list(TopologicalSorter(_graph(left)).static_order())
        except CycleError as error:
            loop = error.args[1][::-1]
            loops.append(loop)
            left -= set(itertools.pairwise(loop))
        else:
            return loops


def floors_of(arrows: Arrows) -> int:
    """Return the length of the longest chain of imports. Imports that close a loop are ignored."""
    upward = {pair for loop in loops_of(arrows) for pair in itertools.pairwise(loop)}
    heights: dict[str, int] = {}
    graph = _graph(arrows - upward)
    for name in TopologicalSorter(graph).static_order():
        heights[name] = 1 + max((heights[below] for below in graph.get(name, ())), default=0)
    return max(heights.values(), default=0)


def _graph(arrows: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    graph: dict[str, set[str]] = defaultdict(set)
    for importer, target in arrows:
        graph[importer].add(target)
    return graph


def arrows_between_packages(room: str, files: Mapping[str, Path], imports: Iterable[Import]) -> Arrows:
    """Return which packages of an app import which other packages of the app, as (importer, target)."""
    pairs = {(_package(one.importer), _package(one.target)) for one in imports if one.target in files}
    return {(a, b) for a, b in pairs if a != b and a.startswith(f"{room}.") and b.startswith(f"{room}.")}


def _package(module: str) -> str:
    return ".".join(module.split(".")[:2])


def main(checkout: Path) -> None:
    files = read_files(checkout)
    imports = read_imports(files)
    print(f"{'room':14}{'modules':>9}{'packages':>10}{'floors':>8}{'arrows':>8}{'loops':>7}")
    for room in ROOMS:
        arrows = arrows_between_packages(room, files, imports)
        mine = [module for module in files if module.startswith(f"{room}.")]
        packages = {_package(module) for module in mine}
        loops = loops_of(arrows)
        print(f"{room:14}{len(mine):9}{len(packages):10}{floors_of(arrows):8}{len(arrows):8}{len(loops):7}")
        for loop in loops:
            print(f"  {' -> '.join(loop)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else CHECKOUT)
