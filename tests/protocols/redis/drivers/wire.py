"""What no client library does by itself: `wire.py PORT`. Prints the bytes of every reply."""

import socket
import sys

port = int(sys.argv[1])


class Connection:
    def __init__(self):
        self.file = socket.create_connection(("127.0.0.1", port)).makefile("rwb")
        self.say(b"AUTH secret\r\n", 1)

    def say(self, data, lines):
        self.file.write(data)
        self.file.flush()
        self.hear(lines)

    def hear(self, lines):
        for _ in range(lines):
            print(self.file.readline())


a, b = Connection(), Connection()
a.say(b"HELLO 3\r\n", 0)
while a.file.readline() != b"modules\r\n":  # the last of the map
    pass
a.hear(1)
a.say(b"\r\nSET k 'a b'\r\n*0\r\nGET k\n", 3)
a.say(b"CLIENT TRACKING ON\r\nGET k\r\n", 3)
b.say(b"SET k 2\r\n", 1)
a.hear(6)  # the invalidation, unasked
a.say(b"CLIENT TRACKING OFF\r\n", 1)
a.say(b"GET k\r\nHSET h f v\r\nHGETALL h\r\nGET none\r\n", 2 + 1 + 5 + 1)
a.say(b"CLIENT REPLY OFF\r\nSET k 3\r\nCLIENT REPLY ON\r\n", 1)
a.say(b"CLIENT REPLY SKIP\r\nSET k 4\r\nGET k\r\n", 2)
a.say(b"SUBSCRIBE c\r\nGET k\r\n", 6 + 2)
b.say(b"PUBLISH c hi\r\n", 1)
a.hear(7)
a.say(b"LPUSH l c message\r\nLRANGE l 0 -1\r\n", 1 + 5)
a.say(b"UNSUBSCRIBE\r\nSUBSCRIBE\r\nRESET\r\n", 6 + 1 + 1)
a.say(b"AUTH secret\r\nGET none\r\nSELECT 2\r\nGET k\r\n", 1 + 1 + 1 + 1)
b.say(b"MULTI\r\nGET k\r\nDISCARD\r\nEXEC\r\nQUIT\r\n", 5)
b.hear(1)
