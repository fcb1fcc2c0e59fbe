"""Which Unix sockets of the machine are taken for dependencies."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from reenact.sandbox import unix_sockets

# cat /proc/net/unix on a Debian 12 desktop, shortened
TABLE = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 17310 /run/systemd/private
0000000000000000: 00000002 00000000 00010000 0001 01 24711 /var/run/postgresql/.s.PGSQL.5432
0000000000000000: 00000003 00000000 00000000 0001 03 24712 /var/run/postgresql/.s.PGSQL.5432
0000000000000000: 00000002 00000000 00010000 0001 01 24713 @/tmp/.X11-unix/X0
0000000000000000: 00000002 00000000 00000000 0002 01 24714 /run/systemd/journal/socket
0000000000000000: 00000002 00000000 00010000 0005 01 24715 /run/udev/control
0000000000000000: 00000002 00000000 00010000 0001 01 24716 /srv/my app/app.sock
0000000000000000: 00000003 00000000 00000000 0001 03 24717
"""


def test_only_listening_stream_sockets_with_a_path_count() -> None:
    assert unix_sockets.listening_paths(TABLE) == [
        "/run/systemd/private",
        "/var/run/postgresql/.s.PGSQL.5432",
        "/srv/my app/app.sock",
    ]


@pytest.mark.parametrize(
    "path",
    [
        "/tmp/.X11-unix/X0",
        "/run/systemd/private",
        "/run/dbus/system_bus_socket",
        "/run/user/1000/bus",
    ],
)
def test_what_belongs_to_the_system_is_left_alone(path: str) -> None:
    assert unix_sockets.is_of_the_system(path)


@pytest.mark.parametrize(
    "path",
    [
        "/run/postgresql/.s.PGSQL.5432",
        "/run/mysqld/mysqld.sock",
        "/run/docker.sock",
        "/tmp/redis.sock",
    ],
)
def test_what_may_be_a_dependency_is_not(path: str) -> None:
    assert not unix_sockets.is_of_the_system(path)


def test_a_listening_socket_is_found_once_by_its_real_path(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    link.symlink_to(real)
    path = str(link / ".s.PGSQL.5432")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        assert str(real / ".s.PGSQL.5432") not in unix_sockets.to_intercept()
        server.listen()
        assert str(real / ".s.PGSQL.5432") in unix_sockets.to_intercept([path])
        assert path not in unix_sockets.to_intercept([path])
        assert unix_sockets.to_intercept(never=[f"{os.path.realpath(tmp_path)}/*"]) == [
            other for other in unix_sockets.to_intercept() if not other.startswith(str(tmp_path))
        ]


def test_a_configured_socket_that_does_not_exist_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    asked = [str(tmp_path / "nothing"), str(tmp_path / "file")]
    assert not set(asked) & set(unix_sockets.to_intercept(asked))
