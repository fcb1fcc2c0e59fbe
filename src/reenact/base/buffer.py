"""Reading fields out of one complete frame."""

from __future__ import annotations

import struct


class Short(Exception):
    """The frame ends before the field does: the frame lies about itself."""


class ByteReader:
    """Cursor over a frame; every read is total: the value asked for, or `Short`."""

    __slots__ = ("_data", "_pos")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._pos = 0

    def __len__(self) -> int:
        """Bytes not yet read."""
        return len(self._data) - self._pos

    def take(self, count: int) -> bytes:
        end = self._pos + count
        if count < 0 or end > len(self._data):
            raise Short(f"{count} bytes wanted, {len(self)} left")
        out = self._data[self._pos : end]
        self._pos = end
        return out

    def rest(self) -> bytes:
        return self.take(len(self))

    def until(self, mark: bytes) -> bytes:
        """Bytes up to `mark`, which is consumed and not returned."""
        at = self._data.find(mark, self._pos)
        if at < 0:
            raise Short(f"no {mark!r}")
        out = self._data[self._pos : at]
        self._pos = at + len(mark)
        return out

    def cstring(self) -> bytes:
        """A NUL-terminated string, without the NUL."""
        return self.until(b"\0")

    def u8(self) -> int:
        return self.take(1)[0]

    def i16(self) -> int:
        return int(struct.unpack("!h", self.take(2))[0])

    def u16(self) -> int:
        return int(struct.unpack("!H", self.take(2))[0])

    def i32(self) -> int:
        return int(struct.unpack("!i", self.take(4))[0])

    def u32(self) -> int:
        return int(struct.unpack("!I", self.take(4))[0])

    def i64(self) -> int:
        return int(struct.unpack("!q", self.take(8))[0])
