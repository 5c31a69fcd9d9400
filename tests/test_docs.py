"""The documentation: links lead somewhere, commands and options exist, code compiles."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[1]
OURS = ("photosearch", "captioner", "migrations", "benchmarks", "docs", "tests")
PAGES = [
    *sorted(CHECKOUT.glob("*.md")),
    *sorted(path for folder in OURS for path in (CHECKOUT / folder).rglob("*.md")),
]
README = CHECKOUT / "README.md"
LONGEST_README = 120  # lines

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)|<(?:img|a)\s[^>]*?(?:src|href)=\"([^\"]+)\"")
_OPTION = re.compile(r"(?<![\w-])--?[\w][\w-]*")


class Block(NamedTuple):
    """A fenced block of a page."""

    page: Path
    language: str
    text: str


def blocks(language: str) -> Iterator[Block]:
    for page in PAGES:
        for found, text in _FENCE.findall(page.read_text(encoding="utf-8")):
            if found == language:
                yield Block(page, language, text)


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """What a link to a heading of the page may end with, as GitHub makes them."""
    seen: dict[str, int] = {}
    found = []
    for heading in re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        again = seen[anchor] = seen.get(anchor, -1) + 1
        found.append(f"{anchor}-{again}" if again else anchor)
    return frozenset(found)


def broken_links(page: Path) -> Iterator[str]:
    for pair in _LINK.findall(prose(page)):
        link = pair[0] or pair[1]
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{link}: there is no such file"
        elif anchor and anchor not in anchors(target):
            yield f"{link}: there is no such heading"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(CHECKOUT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `b`, c!\n\n[1](#a-b-c) [2](page.md#a-b-c) [3](#d) [4](none.md) [5](https://x.y)\n",
        encoding="utf-8",
    )
    assert [line.partition(":")[0] for line in broken_links(page)] == ["#d", "none.md"]


def test_every_page_is_reached_from_the_index_or_the_readme() -> None:
    reached, waiting = set[Path](), [README, CHECKOUT / "CONTRIBUTING.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        for pair in _LINK.findall(prose(page)):
            target = (page.parent / (pair[0] or pair[1]).partition("#")[0]).resolve()
            if target.suffix == ".md" and target.is_file():
                waiting.append(target)
    notes = CHECKOUT / "tests"  # for who reads the tests
    assert [page for page in PAGES if page not in reached and notes not in page.parents] == []


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= LONGEST_README


def test_the_readme_holds_the_set_up_commands_that_ci_runs() -> None:
    text = README.read_text(encoding="utf-8")
    for end in ("photosearch demo", "pytest"):
        assert len(re.findall(rf"^pip install .* && {end}$", text, re.MULTILINE)) == 1, end


# --- what is typed into a shell


def commands(text: str) -> Iterator[list[str]]:
    """The commands of a block, each as its words.

    >>> list(commands("photosearch find dog | head -1 # the best\\n"))
    [['photosearch', 'find', 'dog'], ['head', '-1']]
    """
    typed = ""
    for line in text.replace("\\\n", " ").splitlines(keepends=True):
        typed += line
        try:
            tokens = _tokens(typed)
        except ValueError:  # a quotation goes on in the next line
            continue
        words: list[str] = []
        for token in tokens:
            if set(token) <= set("|&;<>"):
                yield words
                words = []
            else:
                words.append(token)
        yield words
        typed = ""


def _tokens(text: str) -> list[str]:
    lexer = shlex.shlex(text.removeprefix("$ "), posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    return list(lexer)


@cache
def help_of(*command: str) -> str:
    """What a command of this environment prints for --help."""
    script = Path(sys.executable).parent / command[0]
    done = subprocess.run(
        [script, *command[1:], "--help"],
        stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout


def wrong_words(words: list[str]) -> Iterator[str]:
    """What in a command of ours doesn't exist."""
    program, *rest = words
    if program == "python" and rest and rest[0].endswith(".py"):
        if not (CHECKOUT / rest[0]).is_file():
            yield f"{rest[0]}: there is no such script"
    elif program == "nox":
        tasks = (CHECKOUT / "noxfile.py").read_text(encoding="utf-8")
        sessions = set(re.findall(r"^def (\w+)\(session", tasks, re.MULTILINE))
        yield from (f"nox -s {name}" for name in _sessions(rest) if name not in sessions)
    elif program == "pip":
        extras = set(_project()["optional-dependencies"])
        for word in rest:
            named = re.fullmatch(r"(?:\.|photosearch)\[([\w,-]+)\]", word)
            yield from (
                f"pip: no extra {extra}"
                for extra in (named[1].split(",") if named else ())
                if extra not in extras
            )
    elif program in _project()["scripts"]:
        yield from _wrong_options(program, rest)


def _wrong_options(program: str, rest: list[str]) -> Iterator[str]:
    command = [word for word in rest[:1] if not word.startswith("-")]
    if command and not re.search(rf"^  {re.escape(command[0])}\b", help_of(program), re.MULTILINE):
        yield f"{program}: no command {command[0]}"
        return
    known = set(_OPTION.findall(help_of(program, *command)))
    for word in rest:
        option = word.partition("=")[0]
        if option.startswith("-") and option != "-" and option not in known:
            yield f"{' '.join([program, *command])}: no option {option}"


def _sessions(arguments: list[str]) -> list[str]:
    named = arguments[arguments.index("-s") + 1 :] if "-s" in arguments else []
    return named[: named.index("--")] if "--" in named else named


@cache
def _project() -> dict[str, dict[str, object]]:
    with (CHECKOUT / "pyproject.toml").open("rb") as file:
        project: dict[str, dict[str, object]] = tomllib.load(file)["project"]
    return project


@pytest.mark.parametrize(
    "page", sorted({block.page for block in blocks("sh")}),
    ids=lambda page: page.relative_to(CHECKOUT).as_posix(),
)  # fmt: skip
def test_every_command_and_option_exists(page: Path) -> None:
    typed = [
        words
        for block in blocks("sh")
        if block.page == page
        for words in commands(block.text)
        if words
    ]
    assert [problem for words in typed for problem in wrong_words(words)] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("photosearch frobnicate x", "photosearch: no command frobnicate"),
        ("photosearch find --nope dog", "photosearch find: no option --nope"),
        ("pip install '.[demo,nope]' && photosearch demo", "pip: no extra nope"),
        ("python benchmarks/nope.py", "benchmarks/nope.py: there is no such script"),
        ("nox -s lint nope -- x", "nox -s nope"),
        ("photosearch find -n 5 --json dog | head -5", None),
    ],
)
def test_wrong_commands_are_found(line: str, problem: str | None) -> None:
    found = [wrong for words in commands(line) for wrong in wrong_words(words)]
    assert found == ([problem] if problem else [])


def test_the_reference_lists_every_command() -> None:
    text = (CHECKOUT / "docs/reference/command-line.md").read_text(encoding="utf-8")
    for program in ("photosearch", "captioner"):
        _, _, listed = help_of(program).partition("\nCommands:\n")
        names = re.findall(r"^  ([a-z][a-z-]*)(?:  |$)", listed, re.MULTILINE)
        assert names == re.findall(rf"^### {program} (.+)$", text, re.MULTILINE) != []


# --- Python


@pytest.mark.parametrize(
    "block", list(blocks("python")), ids=lambda block: block.page.relative_to(CHECKOUT).as_posix()
)
def test_python_compiles_and_imports_what_there_is(block: Block) -> None:
    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in OURS:
            module = importlib.import_module(str(node.module))
            public = getattr(module, "__all__", dir(module))
            for name in node.names:
                if name.name not in public:
                    importlib.import_module(f"{node.module}.{name.name}")


# --- what the pages say of the code, and the code of the pages


def test_every_path_that_the_pages_name_exists() -> None:
    named = re.compile(rf"`((?:{'|'.join(OURS)})/(?:[\w./-]*/|[\w./-]*\.\w+))`")
    missing = [
        f"{page.relative_to(CHECKOUT)}: {path}"
        for page in PAGES
        if page.name != "CHANGELOG.md"
        for path in named.findall(prose(page))
        if not re.search("NAME|FORMAT|FOLDER", path)  # which the reader fills in
        and not (CHECKOUT / path).exists()
    ]
    assert missing == []


def test_every_page_that_the_code_names_exists() -> None:
    missing = [
        f"{path.relative_to(CHECKOUT)}: {page}"
        for folder in OURS
        for path in (CHECKOUT / folder).rglob("*.py")
        for page in re.findall(r"docs/[\w/-]+\.md", path.read_text(encoding="utf-8"))
        if not (CHECKOUT / page).exists()
    ]
    assert missing == []
