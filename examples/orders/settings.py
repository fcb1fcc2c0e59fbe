"""What the deployment decides, read from the environment once."""

import os

LISTEN = os.environ.get("ORDERS_LISTEN", "127.0.0.1:8000")
DATABASE_URL = os.environ.get(
    "ORDERS_DATABASE_URL", "postgresql://orders:orders@127.0.0.1:5432/orders"
)
REDIS_URL = os.environ.get("ORDERS_REDIS_URL", "redis://127.0.0.1:6379/0")
PAYMENTS_URL = os.environ.get("ORDERS_PAYMENTS_URL", "https://localhost:8443")
PAYMENTS_KEY = os.environ.get("ORDERS_PAYMENTS_KEY", "pk_test_orders")
SECRET_KEY = os.environ.get("ORDERS_SECRET_KEY", "not so secret")

SESSION_SECONDS = 3600
CACHE_SECONDS = 30
RATE_LIMIT = 120  # requests a customer may make ...
RATE_SECONDS = 60  # ... in this time
PAGE_SIZE_MAX = 50
