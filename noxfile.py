"""The tasks of this project: `nox` runs the quick ones, `nox -s slow` one by name.

A session uses the environment that nox itself is in: `pip install -e '.[dev]'` brings all that
the sessions need, and a second environment of several gigabytes would add nothing.
"""

from __future__ import annotations

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "types", "contracts", "reference", "tests"]


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, names, complexity and format."""
    session.run("ruff", "check", ".", external=True)
    session.run("ruff", "format", "--check", ".", external=True)


@nox.session
def types(session: nox.Session) -> None:
    """Check types, those of the API's examples included."""
    session.run("mypy", external=True)


@nox.session
def contracts(session: nox.Session) -> None:
    """Check which folder imports which."""
    session.run("lint-imports", external=True)


@nox.session
def reference(session: nox.Session) -> None:
    """Check that the reference of the command line says what --help says; `-- --write` renders."""
    check = [] if "--write" in session.posargs else ["--check"]
    session.run("python", "docs/render_reference.py", *check, external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the fast tests."""
    session.run("pytest", *session.posargs, external=True)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the slow tests: kill -9 at random moments, the wheel, the real model."""
    session.run("pytest", "-m", "slow", "-n", "0", *session.posargs, external=True)


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the fast tests, the commands that they start included, and hold coverage's floor.

    `nox -s coverage -- report` only reports what a run of pytest with --cov has measured.
    """
    if "report" not in session.posargs:
        session.run("pytest", "--cov", "--cov-report=", *session.posargs, external=True)
    session.run("coverage", "report", external=True)
