"""redis-py's subscriptions: `pubsub.py PORT RESP`."""

import sys

import redis

port, resp = int(sys.argv[1]), int(sys.argv[2])
r = redis.Redis(port=port, protocol=resp, password="secret")
p = r.pubsub()


def heard(count):
    for _ in range(count):
        message = None
        while message is None:
            message = p.get_message(timeout=5)
        print(message)


p.subscribe("news", "sport")
heard(2)
p.psubscribe("w.*")
heard(1)
print(r.publish("news", "one"), r.publish("nobody", "x"))
heard(1)
print(r.publish("w.de", b"\xff\x00"), r.publish("sport", "two"))
heard(2)
p.ping()
heard(1)
p.unsubscribe()
heard(2)
p.punsubscribe("w.*")
heard(1)
print(r.publish("news", "late"))
