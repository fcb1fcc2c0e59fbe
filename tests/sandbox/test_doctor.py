"""What doctor says, and why."""

from __future__ import annotations

import pytest

from reenact.sandbox import doctor


def test_every_failing_check_has_a_reason_and_a_remedy() -> None:
    for check in doctor.diagnose():
        assert check.detail
        assert check.ok or check.remedy


@pytest.mark.parametrize(
    ("settings", "reason", "remedy"),
    [
        ({"user/max_user_namespaces": "0"}, "max_user_namespaces=0", "sysctl user.max_user"),
        ({"kernel/unprivileged_userns_clone": "0"}, "reserved to root", "userns_clone=1"),
        (
            {"kernel/apparmor_restrict_unprivileged_userns": "1"},
            "AppArmor restricts",
            "restrict_unprivileged_userns=0",
        ),
        ({}, "the kernel refuses namespaces (Operation not permitted)", "run as root"),
    ],
)
def test_the_reason_for_no_namespaces_is_found_in_the_kernel_s_settings(
    settings: dict[str, str], reason: str, remedy: str
) -> None:
    said = doctor.why_no_namespaces("Operation not permitted", settings, in_container=False)
    assert reason in said[0]
    assert remedy in said[1]


def test_in_a_container_the_remedy_is_how_to_run_the_container() -> None:
    _, remedy = doctor.why_no_namespaces("no", {}, in_container=True)
    assert "--cap-add SYS_ADMIN" in remedy


@pytest.mark.sandbox
def test_a_machine_where_these_tests_run_is_supported() -> None:
    assert doctor.supported() is None
    required = [check for check in doctor.diagnose() if check.required]
    assert all(check.ok for check in required)


def test_an_unsupported_machine_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("reenact.sandbox.inside.kernel.unshare", refuse)
    reason = doctor.supported()
    assert reason is not None
    assert reason.startswith("namespaces: ")
    assert "--mode explicit" in reason
