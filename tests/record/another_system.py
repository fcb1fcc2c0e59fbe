"""As `sitecustomize` this makes Python take the machine for one without a sandbox, namely macOS."""

import importlib
import os
import select
import socket
import sys
import sysconfig

sysconfig.get_config_vars()  # what it reads is named by the real system
importlib.import_module("ctypes.util")  # Debian's Python has it without its part for macOS

LINUX_ONLY = {
    os: ("memfd_create", "pidfd_open", "unshare", "pipe2"),
    select: ("epoll",),
    socket: ("AF_NETLINK", "SO_MARK", "IP_TRANSPARENT", "SOL_NETLINK"),
}

for module, names in LINUX_ONLY.items():
    for name in names:
        if hasattr(module, name):
            delattr(module, name)


class Blocked:
    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "uvloop" or name.startswith(
            ("reenact.sandbox.inside", "reenact.sandbox.process")
        ):
            raise ImportError(f"{name} is for Linux")


sys.meta_path.insert(0, Blocked())  # type: ignore[arg-type]
sys.platform = "darwin"
