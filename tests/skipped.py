"""Pytest plugin: the run ends with the number and names of the tests skipped, and none may hide for want of data.

Loaded by ``make test`` with ``-p tests.skipped``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"


def _skips(reporter: pytest.TerminalReporter) -> list[tuple[str, str]]:
    found = []
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found.append((report.nodeid, reason.removeprefix("Skipped: ")))
    return sorted(set(found))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skips = _skips(terminalreporter)
    terminalreporter.write_line(f"skipped tests: {len(skips)}")
    for name, reason in skips:
        terminalreporter.write_line(f"  {name}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not DATA.is_dir():
        return
    hidden = [name for name, reason in _skips(reporter) if "shared/data" in reason]
    if hidden:
        reporter.write_line(f"error: the data is here and {len(hidden)} tests were skipped for want of it")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
