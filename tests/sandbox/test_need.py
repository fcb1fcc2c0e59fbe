"""When there is no sandbox, one line names the reason, the remedy and explicit mode."""

from __future__ import annotations

import pytest

from reenact.base.errors import MachineError
from reenact.sandbox import need
from reenact.sandbox.spec import SandboxSpec


@pytest.mark.sandbox
def test_a_kernel_that_refuses_namespaces_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: object) -> None:
        raise MachineError("no sandbox here: cannot make namespaces; `reenact doctor` says more")

    monkeypatch.setattr("reenact.sandbox.process.start", refuse)
    monkeypatch.setattr(
        "reenact.sandbox.doctor.supported",
        lambda: "namespaces: off; `sysctl x`; or `--mode explicit`",
    )
    with pytest.raises(MachineError) as error:
        need.start(SandboxSpec(command=("true",), cwd="/", env={}))
    assert str(error.value) == (
        "no sandbox here: namespaces: off; `sysctl x`; or `--mode explicit`"
    )


def test_what_is_wrong_only_this_once_is_not_blamed_on_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: object) -> None:
        raise MachineError("no sandbox here: out of memory")

    monkeypatch.setattr("reenact.sandbox.process.start", refuse)
    monkeypatch.setattr("reenact.sandbox.doctor.supported", lambda: None)
    with pytest.raises(MachineError, match="out of memory"):
        need.start(SandboxSpec(command=("true",), cwd="/", env={}))


def test_another_system_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    with pytest.raises(MachineError, match="this is darwin; use Linux, or `--mode explicit`"):
        need.linux()
