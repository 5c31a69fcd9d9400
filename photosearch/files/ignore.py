"""The rules that say which photos are ignored."""

from __future__ import annotations

import errno
import os
import re
import stat
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from photosearch.errors import UsageError

NAME = ".photosearchignore"
"""Name of a file of rules, in the syntax of gitignore."""

CACHE_TAG = "CACHEDIR.TAG"
"""Name of the file that programs put into folders of theirs that hold a cache."""

MAX_BYTES = 1 << 20
"""Longer files of rules are refused."""

_LONGEST = 4096  # characters of a line, as Linux has them for a path

_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"  # https://bford.info/cachedir/

PASSED_OVER: frozenset[str] = frozenset(
    {"@eadir", "#recycle", "#snapshot", "@__thumb", "@recycle", "@recently-snapshot"}
    | {"$recycle.bin", "recycler", "system volume information", "lost+found", "__macosx"}
    | {"node_modules", "__pycache__", "ipod photo cache"}
)
"""Names, in lower case, of folders that hold thumbnails, waste or code rather than photos."""

_PREVIEWS = (".lrdata",)  # how the names of Lightroom's folders of previews end
_LIBRARIES = (".photoslibrary", ".photolibrary", ".migratedphotolibrary", ".aplibrary")
_OF_LIBRARIES = ("resources", "database", "private", "scopes", "previews", "thumbnails", "faces")
# Names that a person may give to a folder too: they are waste only in folders that end so.
_PASSED_OVER_IN: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*_OF_LIBRARIES, "caches", "data", "data.noindex"), _LIBRARIES),
    "cache": (os.sep + "captureone", ".cocatalog"),
}

# POSIX's names for characters, which git knows within brackets and pathspec doesn't; and a pair
# of brackets with such names in it. No class has the slash, because no pattern may match it.
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \t", "cntrl": "\0-\x1f\x7f",
    "digit": "0-9", "graph": r'"-.0-~!', "lower": "a-z", "print": " -.0-~",
    "punct": r'"-.:-@[-`{-~!', "space": " \t\n\r\v\f", "upper": "A-Z", "xdigit": "0-9a-fA-F",
}  # fmt: skip
_CLASS = re.compile(rf"\[:({'|'.join(_CLASSES)}):\]")
_BRACKETS = re.compile(rf"(?<!\\)\[[!^]?\]?(?:[^]\[]|\[(?!:)|{_CLASS.pattern})*\]")

# Parts of the expressions that pathspec makes: any letters of a name, and any folders; each part
# reaches to the next part of its kind.
_STAR = re.compile(r"\[\^/\]\*(?P<rest>(?:\[\^/\](?!\*)|[^/])*?)(?=\[\^/\]\*)")
_DEEP = re.compile(r"(?P<deep>\(\?:/?\.\+/?\)\?)(?P<rest>(?:(?!\(\?:/\.).)+)(?=\(\?:/\.)")


class RulesError(OSError):
    """A file of rules can't be used; its `strerror` says why."""

    def __init__(self, folder: str, reason: str) -> None:
        super().__init__(errno.EINVAL, f"its {NAME} can't be used: {reason}", folder)


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of rules."""

    compiled: re.Pattern[str]
    folders_only: bool
    ignores: bool  # or, after an exclamation mark, takes back what an earlier line ignores

    def matches(self, name: str) -> bool:
        """Tell whether a path matches itself, not only something above it."""
        found = self.compiled.search(name)
        # The only group of the expression is a slash after which anything may come.
        return found is not None and found.lastgroup is None


@dataclass(frozen=True, slots=True)
class Level:
    """The patterns of one folder, in the order in which they are tried: the last line first."""

    prefix: str  # of the paths that they judge: the folder, with a separator at its end
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in force in a folder; false where there are none."""

    excluded: tuple[Level, ...] = ()  # by the command line, which is asked first
    files: tuple[Level, ...] = ()  # the deepest first

    def __bool__(self) -> bool:
        return bool(self.excluded or self.files)

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Tell whether a path is ignored, provided that nothing above it is."""
        for level in self.excluded + self.files:
            name = path[len(level.prefix) :].replace(os.sep, "/")
            for pattern in level.patterns:
                if (is_folder or not pattern.folders_only) and pattern.matches(name):
                    return pattern.ignores
        return False

    def within(self, folder: str) -> Rules:
        """Return the rules in a folder: these, and those of the file in it.

        Raises:
            RulesError: there is such a file, and it can't be used.
        """
        lines = _read(folder)
        if lines is None:
            return self
        patterns = []
        for number, line in enumerate(lines, 1):
            try:
                pattern = _compile(line)
            except ValueError as error:
                raise RulesError(folder, f"line {number} is no pattern") from error
            if pattern is not None:
                patterns.append(pattern)
        level = Level(_prefix(folder), tuple(reversed(patterns)))
        return Rules(self.excluded, (level, *self.files)) if patterns else self

    def excluding(self, folder: str, patterns: Sequence[str]) -> Rules:
        """Return these rules and patterns from the command line, which hold below a folder.

        Raises:
            UsageError: one of them is no pattern, or ignores nothing.
        """
        compiled = []
        for text in patterns:
            try:
                pattern = _compile(text)
            except ValueError as error:
                raise UsageError(f"{text!r} is no pattern to exclude") from error
            if pattern is None:
                raise UsageError(
                    f"{text!r} excludes nothing: write \\# for a name that starts with #"
                )
            compiled.append(pattern)
        if not compiled:
            return self
        return Rules((Level(_prefix(folder), tuple(reversed(compiled))),), self.files)


def reach(top: str, path: str, rules: Rules | None = None) -> Rules | None:
    """Follow a walk from a folder to something in it.

    Args:
        top: a folder that is walked.
        path: a folder or file below it, written as the walk would.
        rules: in force above `top`.

    Returns:
        The rules in force beside `path`; None where it is ignored or not come to.

    Raises:
        RulesError: a file of rules on the way can't be used.
    """
    names = path[len(_prefix(top)) :].split(os.sep)
    here, rules = top, rules or Rules()
    for name in names:
        rules, above = rules.within(here), here
        here = os.path.join(above, name)
        if is_passed_over(name, above) or is_cache(here):
            return None
        if rules and rules.ignores(here, os.path.isdir(here)):
            return None
    return rules


def is_passed_over(name: str, folder: str) -> bool:
    """Tell whether a name in a folder is left out without any rule."""
    if name.startswith("."):
        return True
    lowered = name.lower()
    if lowered in PASSED_OVER or lowered.endswith(_PREVIEWS):
        return True
    return lowered in _PASSED_OVER_IN and folder.lower().endswith(_PASSED_OVER_IN[lowered])


def is_cache(folder: str) -> bool:
    """Tell whether a folder says that it is a cache, by a tag with the standard signature."""
    try:
        path = os.path.join(folder, CACHE_TAG)
        if not stat.S_ISREG(os.lstat(path).st_mode):  # a pipe would never end
            return False
        with open(path, "rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE
    except (OSError, ValueError):
        return False


def _prefix(folder: str) -> str:
    return os.path.join(folder, "")


def _read(folder: str) -> list[str] | None:
    """Return the lines of a folder's rules, or None where it has none."""
    path = os.path.join(folder, NAME)
    try:
        if not os.path.lexists(path):
            return None
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise RulesError(folder, "not a regular file")
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise RulesError(folder, "it has more than a megabyte")
        text = raw.decode("utf-8-sig")  # Windows puts a mark at the start
    except RulesError:
        raise
    except UnicodeDecodeError as error:
        raise RulesError(folder, "it isn't utf-8") from error
    except OSError as error:
        raise RulesError(folder, (error.strerror or str(error)).lower()) from error
    return [line.removesuffix("\r") for line in text.split("\n")]


def _compile(line: str) -> Pattern | None:
    """Return the pattern of a line, or None for a comment or an empty line.

    Raises:
        ValueError: it is no pattern.
    """
    # Imported here, because most walks meet no rule.
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    text = line if line.endswith("\\ ") else line.rstrip(" ")
    # pathspec's pattern for a folder also matches what lies in the folder, to which a walk doesn't
    # come. So the slash at the end is cut off, and a flag keeps that only folders match.
    folders_only = text.endswith("/")
    if folders_only:
        text = text[:-1]
    if text in ("", "!") and (folders_only or not text):
        return None
    if len(text) > _LONGEST:
        raise ValueError("longer than any path")
    if "[:" in text:
        text = _BRACKETS.sub(lambda found: "[" + _CLASS.sub(_characters, found[0][1:]), text)
    expression, ignores = GitIgnoreSpecPattern.pattern_to_regex(text)
    if expression is None or ignores is None:
        return None
    try:
        with warnings.catch_warnings():  # of what other programs mean by [[ and --
            warnings.simplefilter("ignore", FutureWarning)
            return Pattern(re.compile(_linear(expression)), folders_only, ignores)
    except re.error as error:  # [z-a], which pathspec doesn't look at
        raise ValueError(f"no pattern: {text!r}") from error


def _characters(found: re.Match[str]) -> str:
    return _CLASSES[found[1]]


def _linear(expression: str) -> str:
    """Make an expression of pathspec's as fast where it doesn't match as where it does.

    As pathspec makes it, a name of many letters and a pattern of many stars take for ever: each
    star tries every length for every length of the stars before it. If any length matches, then
    the shortest length at which the next part fits matches too. So only that length is tried, as
    Python's fnmatch does it.
    """
    expression = _STAR.sub(r"(?>[^/]*?\g<rest>)", expression)
    expression = _DEEP.sub(_shortest, expression)
    return re.sub(r"(?<!\\)\[\^(\]?)(?!/)", r"[^\1/", expression)  # [!a] matches no slash


def _shortest(found: re.Match[str]) -> str:
    return f"(?>{found['deep'].replace('.+', '.+?')}?{found['rest']}(?=/))"
