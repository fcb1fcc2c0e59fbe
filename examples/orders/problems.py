"""Errors as the API tells them (RFC 9457), and reading request bodies."""

from typing import Any

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException


class Problem(Exception):
    def __init__(self, status: int, code: str, detail: str, **extra: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.extra = status, code, detail, extra
        self.headers: dict[str, str] = {}


def json_body() -> dict[str, Any]:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Problem(400, "bad-json", "the body has to be a JSON object")
    return body


def text(body: dict[str, Any], name: str, longest: int = 120) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= longest:
        raise Problem(422, "invalid", f"{name}: 1 to {longest} characters", field=name)
    return value.strip()


def whole(value: Any, name: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Problem(422, "invalid", f"{name}: a whole number, {least} to {most}", field=name)
    return value


def page_arguments(largest: int) -> tuple[int, int]:
    """`?page=` (from 1) and `?per_page=`."""
    try:
        page = int(request.args.get("page", "1"))
        size = int(request.args.get("per_page", "10"))
    except ValueError:
        raise Problem(422, "invalid", "page and per_page: whole numbers", field="page") from None
    return whole(page, "page", 1, 10_000), whole(size, "per_page", 1, largest)


def install(app: Flask) -> None:
    @app.errorhandler(Problem)
    def told(problem: Problem) -> Response:
        return _answer(problem.status, problem.code, problem.detail, problem)

    @app.errorhandler(HTTPException)
    def plain(error: HTTPException) -> Response:
        return _answer(error.code or 500, "http", error.description or "")

    def _answer(status: int, code: str, detail: str, problem: Problem | None = None) -> Response:
        extra = problem.extra if problem else {}
        response = jsonify({"status": status, "code": code, "detail": detail, **extra})
        response.status_code = status
        response.content_type = "application/problem+json"
        response.headers.update(problem.headers if problem else {})
        return response
