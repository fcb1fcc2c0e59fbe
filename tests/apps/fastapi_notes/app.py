"""Notes: FastAPI, SQLAlchemy on asyncpg, redis.asyncio, httpx, JWT, background tasks, events."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx
import jwt
import redis.asyncio as redis
from fastapi import (
    BackgroundTasks,
    Depends,
    FastAPI,
    File,
    HTTPException,
    Request,
    Response,
    UploadFile,
)
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel, Field
from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import DateTime, Text

SECRET = "a secret of at least thirty-two bytes!"
UPSTREAM = os.environ["UPSTREAM_URL"]
engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"), pool_size=5
)
sessions = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(Text, unique=True)
    password: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=lambda: datetime.now(UTC)
    )


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
    owner_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    meta: Mapped[dict] = mapped_column(JSONB, default=dict)
    version: Mapped[int] = mapped_column(default=1)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=lambda: datetime.now(UTC)
    )
    attachments: Mapped[list[Attachment]] = relationship(cascade="all, delete-orphan")


class Attachment(Base):
    __tablename__ = "attachments"
    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("notes.id"))
    name: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.cache = redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
    app.state.http = httpx.AsyncClient(base_url=UPSTREAM, timeout=10)
    beat = asyncio.create_task(heartbeat(app))
    yield
    beat.cancel()
    await app.state.http.aclose()
    await app.state.cache.aclose()
    await engine.dispose()


async def heartbeat(app: FastAPI) -> None:
    while True:
        async with sessions() as db:
            count = await db.scalar(select(func.count()).select_from(Note))
        await app.state.cache.set("gauge:notes", count)
        await asyncio.sleep(0.5)


app = FastAPI(lifespan=lifespan)
app.add_middleware(GZipMiddleware, minimum_size=500)


@app.middleware("http")
async def timing(request: Request, call_next):
    response = await call_next(request)
    response.headers["X-Trace"] = str(uuid.uuid4())
    return response


async def get_db() -> AsyncIterator[AsyncSession]:
    async with sessions() as db:
        yield db


Db = Annotated[AsyncSession, Depends(get_db)]


async def current(
    db: Db,
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> User:
    if bearer is None:
        raise HTTPException(401, "no token", {"WWW-Authenticate": "Bearer"})
    try:
        claims = jwt.decode(bearer.credentials, SECRET, ["HS256"])
    except jwt.InvalidTokenError:
        raise HTTPException(401, "bad token", {"WWW-Authenticate": "Bearer"}) from None
    user = await db.get(User, uuid.UUID(claims["sub"]))
    if user is None:
        raise HTTPException(401, "who are you")
    return user


Me = Annotated[User, Depends(current)]


class SignUp(BaseModel):
    email: str = Field(pattern=r".+@.+")
    password: str = Field(min_length=6)


class NoteIn(BaseModel):
    title: str = Field(min_length=1, max_length=80)
    body: str = ""
    tags: list[str] = []
    meta: dict = {}


class NoteOut(NoteIn):
    id: uuid.UUID
    version: int
    updated_at: datetime
    model_config = {"from_attributes": True}


class Patch(BaseModel):
    title: str | None = None
    body: str | None = None
    tags: list[str] | None = None


@app.get("/health")
async def health() -> dict[str, bool]:
    return {"ok": True}


@app.post("/signup", status_code=201)
async def signup(sent: SignUp, db: Db) -> dict[str, object]:
    if await db.scalar(select(User).where(User.email == sent.email)):
        raise HTTPException(409, "already here")
    user = User(email=sent.email, password=sent.password[::-1])
    db.add(user)
    await db.commit()
    return {"id": user.id, "email": user.email, "created_at": user.created_at}


@app.post("/token")
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()], db: Db) -> dict[str, str]:
    user = await db.scalar(select(User).where(User.email == form.username))
    if user is None or user.password != form.password[::-1]:
        raise HTTPException(400, "wrong")
    now = datetime.now(UTC)
    claims = {
        "sub": str(user.id),
        "iat": now,
        "exp": now + timedelta(hours=1),
        "jti": uuid.uuid4().hex,
    }
    return {"access_token": jwt.encode(claims, SECRET, "HS256"), "token_type": "bearer"}


@app.get("/me")
async def me(user: Me) -> dict[str, object]:
    return {"id": user.id, "email": user.email}


@app.get("/old-notes")
async def old_notes() -> RedirectResponse:
    return RedirectResponse("/notes", 308)


@app.post("/notes", status_code=201)
async def create(
    sent: NoteIn, user: Me, db: Db, request: Request, response: Response, later: BackgroundTasks
) -> NoteOut:
    note = Note(owner_id=user.id, **sent.model_dump())
    db.add(note)
    await db.commit()
    await request.app.state.cache.publish(
        "notes", json.dumps({"id": str(note.id), "title": note.title})
    )
    later.add_task(announce, request.app, note.id, user.email)
    response.headers["Location"] = f"/notes/{note.id}"
    return NoteOut.model_validate(note)


async def announce(app: FastAPI, note: uuid.UUID, email: str) -> None:
    answer = await app.state.http.post("/notify", json={"note": str(note), "to": email})
    async with app.state.cache.pipeline(transaction=True) as pipe:
        pipe.hset(f"announced:{note}", mapping={"to": email, "receipt": answer.json()["id"]})
        pipe.expire(f"announced:{note}", 3600)
        await pipe.execute()


@app.get("/notes")
async def notes(
    user: Me, db: Db, tag: str | None = None, limit: int = 10, offset: int = 0
) -> dict[str, object]:
    mine = select(Note).where(Note.owner_id == user.id)
    if tag:
        mine = mine.where(Note.tags.any(tag))
    total = await db.scalar(select(func.count()).select_from(mine.subquery()))
    found = await db.scalars(mine.order_by(Note.title).limit(limit).offset(offset))
    return {"total": total, "items": [NoteOut.model_validate(n) for n in found]}


async def mine(id: uuid.UUID, user: User, db: AsyncSession) -> Note:
    note = await db.get(Note, id)
    if note is None or note.owner_id != user.id:
        raise HTTPException(404, "no such note")
    return note


@app.get("/notes/{id}")
async def read(id: uuid.UUID, user: Me, db: Db, request: Request) -> Response:
    cache = request.app.state.cache
    known = await cache.get(f"note:{id}")
    if known is None:
        note = await mine(id, user, db)
        known = NoteOut.model_validate(note).model_dump_json()
        await cache.set(f"note:{id}", known, ex=60)
    etag = f'W/"{json.loads(known)["version"]}"'
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers={"ETag": etag})
    return Response(known, media_type="application/json", headers={"ETag": etag})


@app.patch("/notes/{id}")
async def change(id: uuid.UUID, sent: Patch, user: Me, db: Db, request: Request) -> NoteOut:
    note = await mine(id, user, db)
    for name, value in sent.model_dump(exclude_unset=True).items():
        setattr(note, name, value)
    note.version += 1
    note.updated_at = datetime.now(UTC)
    await db.commit()
    await request.app.state.cache.delete(f"note:{id}")
    return NoteOut.model_validate(note)


@app.delete("/notes/{id}", status_code=204)
async def remove(id: uuid.UUID, user: Me, db: Db, request: Request) -> None:
    await mine(id, user, db)
    await db.execute(delete(Attachment).where(Attachment.note_id == id))
    await db.execute(delete(Note).where(Note.id == id))
    await db.commit()
    await request.app.state.cache.delete(f"note:{id}", f"announced:{id}")


@app.post("/notes/{id}/attachments", status_code=201)
async def attach(
    id: uuid.UUID, user: Me, db: Db, file: Annotated[UploadFile, File()]
) -> dict[str, object]:
    await mine(id, user, db)
    attachment = Attachment(note_id=id, name=file.filename, content=await file.read())
    db.add(attachment)
    await db.commit()
    return {"id": attachment.id, "name": attachment.name, "bytes": len(attachment.content)}


@app.get("/notes/{id}/attachments/{number}")
async def attachment(id: uuid.UUID, number: int, user: Me, db: Db) -> Response:
    await mine(id, user, db)
    found = await db.get(Attachment, number)
    if found is None:
        raise HTTPException(404, "no such attachment")
    return Response(found.content, media_type="application/octet-stream")


@app.get("/rates")
async def rates(user: Me, request: Request, of: str = "USD,GBP") -> dict[str, object]:
    http: httpx.AsyncClient = request.app.state.http
    answers = await asyncio.gather(
        *(http.get("/rates", params={"currency": c}) for c in of.split(","))
    )
    if any(a.status_code != 200 for a in answers):
        raise HTTPException(502, "the rates are not to be had")
    return {a.json()["currency"]: a.json()["rate"] for a in answers}


@app.get("/notes/{id}/events")
async def events(id: uuid.UUID, user: Me, db: Db) -> StreamingResponse:
    note = await mine(id, user, db)

    async def stream() -> AsyncIterator[str]:
        for word in note.body.split()[:5]:
            yield f"event: word\ndata: {json.dumps({'word': word})}\n\n"
            await asyncio.sleep(0.02)
        yield "event: end\ndata: {}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


@app.post("/import")
async def bulk(sent: list[NoteIn], user: Me, db: Db) -> JSONResponse:
    notes = [Note(owner_id=user.id, **one.model_dump()) for one in sent]
    async with db.begin_nested():
        db.add_all(notes)
    await db.commit()
    return JSONResponse({"imported": len(notes)}, 202)
