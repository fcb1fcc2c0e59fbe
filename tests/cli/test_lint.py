"""`reenact lint`, and what `reenact test` counts for it."""

from __future__ import annotations

import msgspec

from reenact.store.suite import load_suite, save_suite

POST = "0001-post-orders"


def as_http1(suite):
    """The sample suite with a protocol that there is, and a password."""
    post, get, aside = suite.cases
    post = msgspec.structs.replace(
        post,
        protocol="http1",
        calls=(),
        request={
            "method": "POST", "target": "/login", "headers": [["Host", "localhost"]],
            "body": {"json": {"password": "hunter2"}},
        },
        response={"status": 201, "headers": [], "body": {"json": {"took": 3}}},
        generated=(),
    )  # fmt: skip
    get = msgspec.structs.replace(get, protocol="http1", tolerances=())
    aside = msgspec.structs.replace(aside, protocol="http1")
    return msgspec.structs.replace(suite, cases=(post, get, aside), session=())


def test_problems_come_with_file_and_line_and_exit_code_3(reenact, suite, project):
    save_suite(as_http1(suite), project / "reenact")
    ran = reenact("accept", POST, "response/body/took", "--rule", "type", "--reason", "a duration")
    assert ran.code == 0
    file = project / f"reenact/cases/{POST}.yaml"
    file.write_text(file.read_text().replace("took: 3", "taken: 3"))
    ran = reenact("lint")
    assert ran.code == 3
    lines = file.read_text().splitlines()
    line = lines.index("tolerances:") + 2
    password = lines.index("      password: hunter2") + 1
    assert ran.out.splitlines() == [
        f"reenact/cases/{POST}.yaml:{line}: the tolerance at response/body/took matches nothing: there is no such place",
        "reenact/cases/0003-get-logo.yaml:2: note: can't fail: it is set aside (two rehearsals answered differently)",
        f"reenact/cases/{POST}.yaml:{password}: note: request/body/json/password: the value of password",
        "1 problem, 2 notes",
    ]  # fmt: skip


def test_a_password_that_may_stay_is_noted_once(reenact, suite, project):
    save_suite(as_http1(suite), project / "reenact")
    arguments = ("accept", POST, "request/body/json/password", "--secret", "--reason", "a test's")
    assert reenact(*arguments).code == 0
    assert load_suite(project / "reenact").cases[0].accepted[0].change == "secret"
    assert "password" not in reenact("lint").out


def test_tests_count_what_they_made_use_of(reenact, suite, played, project):
    save_suite(as_http1(suite), project / "reenact")
    reenact("accept", POST, "response/body/took", "--rule", "type", "--reason", "a duration")
    for _ in range(3):
        reenact("test")
    ran = reenact("lint")
    assert ran.code == 3
    assert "response/body/took was not needed in 3 tests" in ran.out


def test_a_tolerance_for_no_place_is_refused_with_the_nearest(reenact, suite, project):
    save_suite(as_http1(suite), project / "reenact")
    ran = reenact("accept", POST, "response/body/tok", "--rule", "type", "--reason", "x")
    assert ran.code == 3
    assert "there is no place response/body/tok; did you mean response/body/took?" in ran.err
