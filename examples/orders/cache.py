"""Redis: sessions, the catalogue cache, idempotency keys, rate counters, events."""

import redis
import settings

client = redis.Redis.from_url(settings.REDIS_URL, decode_responses=True)
