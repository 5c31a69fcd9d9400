"""The counts of rows by kind, at the end of a run.

`tests/conftest.py` takes the hook over: if processes share the tests, the process that reports
reads no other `conftest.py`.
"""

from __future__ import annotations

from collections import Counter

import pytest

_FOLDER = "tests/metadata/"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many rows of each kind there are, and how many checks of them passed."""
    rows: dict[str, set[str]] = {}
    checks: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            kind, _, rest = report.nodeid.partition("[")[2].rstrip("]").partition("/")
            if report.nodeid.startswith(_FOLDER) and rest:
                rows.setdefault(kind, set()).add(rest.partition("/")[2])
                checks.setdefault(kind, Counter())[outcome] += 1
    if not rows:
        return
    terminalreporter.section("metadata: rows by kind")
    for kind in sorted(rows):
        counts = ", ".join(f"{count} {outcome}" for outcome, count in checks[kind].items())
        terminalreporter.write_line(f"{kind:14} {len(rows[kind]):4} rows: {counts}")
    total = sum(len(each) for each in rows.values())
    terminalreporter.write_line(f"{'all':14} {total:4} rows")
