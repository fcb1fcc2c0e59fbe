"""Users: register, log in, and who is asking."""

import functools
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import cache
import db
import events
import settings
from flask import Blueprint, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from problems import Problem, json_body, text
from psycopg.errors import UniqueViolation
from werkzeug.security import check_password_hash, generate_password_hash

bp = Blueprint("accounts", __name__)
signer = URLSafeTimedSerializer(settings.SECRET_KEY, salt="session")
HASHING = "pbkdf2:sha256:20000"


def signed_in(view: Callable[..., Any], role: str | None = None) -> Callable[..., Any]:
    """The view needs a valid token (401), of a user with that role (403), customers within the rate (429)."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        g.session_id = _session_id()
        found = cache.client.get(f"session:{g.session_id}")
        if found is None:
            raise _unauthorised("the session has ended")
        g.user = json.loads(found)
        if g.user["role"] != "admin":
            _count_request(g.user["id"])
        if role and g.user["role"] != role:
            raise Problem(403, "forbidden", f"only for {role}s")
        return view(*args, **kwargs)

    return guarded


admins_only = functools.partial(signed_in, role="admin")


@bp.post("/register")
def register() -> Any:
    body = json_body()
    email = text(body, "email").lower()
    if "@" not in email:
        raise Problem(422, "invalid", "email: that is no address", field="email")
    password = text(body, "password", 200)
    if len(password) < 8:
        raise Problem(422, "invalid", "password: at least 8 characters", field="password")
    hashed = generate_password_hash(password, HASHING)
    try:
        with db.transaction() as conn:
            user = conn.execute(
                "INSERT INTO users (id, email, name, password_hash, created_at)"
                " VALUES (%s, %s, %s, %s, %s) RETURNING id, email, name, role, created_at",
                (uuid4(), email, text(body, "name"), hashed, datetime.now(UTC)),
            ).fetchone()
    except UniqueViolation:
        raise Problem(409, "email-taken", "there is an account with this address") from None
    events.tell("user.registered", user["id"], user["id"], email=email)
    return user, 201, {"Location": "/me"}


@bp.post("/login")
def login() -> Any:
    body = json_body()
    with db.transaction() as conn:
        user = conn.execute(
            "SELECT id, email, name, role, password_hash FROM users WHERE email = %s",
            (text(body, "email").lower(),),
        ).fetchone()
        password = text(body, "password", 200)
        if user is None or not check_password_hash(user["password_hash"], password):
            raise Problem(401, "bad-credentials", "unknown address or wrong password")
        conn.execute("UPDATE users SET last_login_at = now() WHERE id = %s", (user["id"],))
    session_id = secrets.token_urlsafe(24)
    public = {"id": str(user["id"]), "email": user["email"], "role": user["role"]}
    cache.client.set(f"session:{session_id}", json.dumps(public), ex=settings.SESSION_SECONDS)
    events.tell("user.login", user["id"], user["id"])
    ends = datetime.now(UTC) + timedelta(seconds=settings.SESSION_SECONDS)
    return {"token": signer.dumps(session_id), "expires_at": ends.isoformat(), "user": public}


@bp.post("/logout")
@signed_in
def logout() -> Any:
    cache.client.delete(f"session:{g.session_id}")
    return "", 204


@bp.get("/me")
@signed_in
def me() -> Any:
    with db.transaction() as conn:
        user = conn.execute(
            "SELECT u.id, u.email, u.name, u.role, u.created_at, count(o.id) AS orders"
            " FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE u.id = %s GROUP BY u.id",
            (g.user["id"],),
        ).fetchone()
    return user, 200, {"Cache-Control": "private, no-store"}


def _session_id() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthorised("sign in first")
    try:
        return str(signer.loads(token, max_age=settings.SESSION_SECONDS))
    except BadSignature:
        raise _unauthorised("the token is not valid") from None


def _unauthorised(detail: str) -> Problem:
    problem = Problem(401, "unauthorised", detail)
    problem.headers["WWW-Authenticate"] = 'Bearer realm="orders"'
    return problem


def _count_request(user_id: str) -> None:
    key = f"rate:{user_id}"
    with cache.client.pipeline() as pipe:
        pipe.incr(key)
        pipe.expire(key, settings.RATE_SECONDS, nx=True)
        count, _ = pipe.execute()
    if count > settings.RATE_LIMIT:
        problem = Problem(429, "too-many-requests", "slow down")
        problem.headers["Retry-After"] = str(settings.RATE_SECONDS)
        raise problem
