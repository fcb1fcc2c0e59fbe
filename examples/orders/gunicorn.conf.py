"""gunicorn reads this file by itself: `gunicorn app:app` is the whole command."""

import settings

bind = settings.LISTEN
workers = 2
threads = 8
graceful_timeout = 5
