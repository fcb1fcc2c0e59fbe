"""A skipped test is an untested promise: under CI=true it fails the run, unless the machine itself
is the reason ("kernel: ..." or "hardware: ...")."""

from __future__ import annotations

import os

import pytest

ALLOWED = ("kernel:", "hardware:")

skipped: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # An expected failure is reported as skipped too; it has run.
    if report.skipped and not hasattr(report, "wasxfail"):
        note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    if report.skipped:
        note(report)


def note(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not reason.removeprefix("Skipped: ").startswith(ALLOWED):
        skipped.append(f"{report.nodeid}: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if forbidden(session.config) and session.exitstatus in (
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if forbidden(config):
        terminalreporter.section("skipped without a reason that CI accepts", red=True)
        for line in skipped:
            terminalreporter.line(line)


def forbidden(config: pytest.Config) -> bool:
    """In the process that reports: workers of xdist leave it to theirs."""
    return bool(skipped) and os.environ.get("CI") == "true" and not hasattr(config, "workerinput")
