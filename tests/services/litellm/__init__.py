"""litellm's proxy 1.74: Python, FastAPI on uvicorn.

On the wire: redis-py's asyncio client (HELLO, MGET, INCRBYFLOAT, pipelines), an upstream API over
HTTP with server-sent events, rate limiting and retries.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.servers.process import free_port, listens, running
from tests.servers.redis import redis
from tests.services.client import Answer, Client
from tests.services.service import Deployment, Service, python_environment

HERE = Path(__file__).parent
CONFIG = """
model_list:
  - {{model_name: gpt-test, litellm_params: {{model: openai/gpt-test, api_base: "{api}", api_key: sk-up}}}}
  - {{model_name: emb, litellm_params: {{model: openai/emb, api_base: "{api}", api_key: sk-up}}}}
  - {{model_name: flaky, litellm_params: {{model: openai/flaky, api_base: "{api}", api_key: sk-up}}}}
litellm_settings:
  cache: true
  cache_params: {{type: redis, host: 127.0.0.1, port: {redis}, ttl: 600}}
  num_retries: 1
  telemetry: false
router_settings:
  redis_host: 127.0.0.1
  redis_port: {redis}
  routing_strategy: usage-based-routing-v2
general_settings: {{master_key: sk-master}}
"""
SETTINGS = {
    "LITELLM_TELEMETRY": "False",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "DO_NOT_TRACK": "1",
}


def install(folder: Path) -> None:
    python_environment(folder, HERE / "constraints.txt", ["litellm[proxy]==1.74.15"])


@contextlib.contextmanager
def deploy(installed: Path, folder: Path) -> Iterator[Deployment]:
    with redis() as cache, upstream(folder) as api:
        config = folder / "config.yaml"
        config.write_text(CONFIG.format(api=f"http://127.0.0.1:{api}/v1", redis=cache.port))
        port = free_port()
        programs = installed / "venv/bin"
        command = [str(programs / "litellm"), "--config", str(config), "--num_workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        path = os.pathsep.join([str(programs), os.environ["PATH"]])
        yield Deployment(command, folder, port, "/health/liveliness", {**SETTINGS, "PATH": path})


@contextlib.contextmanager
def upstream(folder: Path) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, str(HERE / "upstream.py"), str(port)]
    with running(command, folder / "upstream.log", functools.partial(listens, port)):
        yield port


def traffic(base: str) -> list[int]:
    ask = Client(base, {"Authorization": "Bearer sk-master"})
    unique = uuid4().hex[:6]

    def chat(text: str, model: str = "gpt-test", expect: Any = 200, **more: Any) -> Answer:
        messages = [{"role": "user", "content": text}]
        body = {"model": model, "messages": messages, **more}
        return ask.post("/v1/chat/completions", body, expect=expect)

    ask.get("/health/liveliness")
    ask.get("/v1/models")
    ask.get("/v1/models", headers={"Authorization": "Bearer bad"}, expect=(400, 401))
    ask.get("/model/info")
    ask.get("/health/readiness")
    for n in range(4):
        chat(f"hi {n} {unique}")
    for n in range(4):  # again: these come from the Redis cache
        chat(f"hi {n} {unique}")
    for n in range(3):
        chat(f"stream {n} {unique} with several words", stream=True)
    chat(f"nocache {unique}", cache={"no-cache": True})
    tool = {"name": "f", "parameters": {"type": "object", "properties": {}}}
    tools = [{"type": "function", "function": tool}]
    chat(f"t {unique}", temperature=0.2, max_tokens=20, tools=tools)
    for _ in range(2):
        ask.post("/v1/embeddings", {"model": "emb", "input": [f"a {unique}", "b"]})
    chat("x", model="flaky", expect=429)
    chat("x", model="nope", expect=(400, 404))
    ask.post("/v1/chat/completions", {"model": "gpt-test"}, expect=(400, 422, 500))
    ask.get("/cache/ping")
    hello = {"model": "gpt-test", "messages": [{"role": "user", "content": "hello there"}]}
    ask.post("/utils/token_counter", hello)
    ask.get("/nope", expect=404)
    return ask.statuses


SERVICE = Service("litellm", ("http1", "redis"), install, deploy, traffic)
