"""A small shop: Flask, SQLAlchemy on psycopg2, sessions in a signed cookie, redis-py, requests."""

from __future__ import annotations

import functools
import json
import logging
import os
import secrets
import threading
from datetime import UTC, datetime
from decimal import Decimal

import redis
import requests
from flask import (
    Flask,
    Response,
    abort,
    g,
    jsonify,
    redirect,
    request,
    session,
    stream_with_context,
    url_for,
)
from sqlalchemy import ForeignKey, Numeric, create_engine, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    selectinload,
)
from werkzeug.security import check_password_hash, generate_password_hash

app = Flask(__name__)
app.secret_key = "not very secret"
engine = create_engine(os.environ["DATABASE_URL"], pool_size=5, pool_pre_ping=True)
cache = redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)
upstream = requests.Session()
UPSTREAM = os.environ["UPSTREAM_URL"]
log = logging.getLogger("shop")


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password: Mapped[str]


class Product(Base):
    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    stock: Mapped[int] = mapped_column(default=0)
    picture: Mapped[bytes | None]

    def tell(self) -> dict[str, object]:
        return {
            "id": self.id,
            "sku": self.sku,
            "title": self.title,
            "price": str(self.price),
            "stock": self.stock,
        }


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(default="new")
    lines: Mapped[list[Line]] = relationship(cascade="all, delete-orphan", order_by="Line.id")

    def tell(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "status": self.status,
            "created_at": self.created_at.isoformat(),
            "lines": [
                {"product": line.product_id, "quantity": line.quantity, "price": str(line.price)}
                for line in self.lines
            ],
            "total": str(sum((line.price * line.quantity for line in self.lines), Decimal(0))),
        }


class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))


@app.before_request
def open_session() -> None:
    g.db = Session(engine)


@app.teardown_request
def close_session(_: object) -> None:
    g.db.close()


@app.after_request
def headers(response: Response) -> Response:
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Request-Id"] = request.headers.get("X-Request-Id") or secrets.token_hex(8)
    return response


@app.errorhandler(400)
@app.errorhandler(401)
@app.errorhandler(403)
@app.errorhandler(404)
@app.errorhandler(409)
@app.errorhandler(502)
def failed(error: object) -> tuple[Response, int]:
    return jsonify(error=error.description), error.code


def logged_in(view):
    @functools.wraps(view)
    def wrapped(**arguments):
        g.user = g.db.get(User, session["user"]) if "user" in session else None
        if g.user is None:
            abort(401, "log in first")
        if request.method != "GET" and request.headers.get("X-CSRF-Token") != session["csrf"]:
            abort(403, "CSRF token")
        return view(**arguments)

    return wrapped


@app.get("/health")
def health():
    return jsonify(ok=True)


@app.post("/users")
def register():
    sent = request.get_json()
    user = User(
        name=sent["name"],
        password=generate_password_hash(sent["password"], method="pbkdf2:sha256:1000"),
    )
    g.db.add(user)
    try:
        g.db.commit()
    except IntegrityError:
        g.db.rollback()
        abort(409, "that name is taken")
    return jsonify(id=user.id, name=user.name), 201


@app.post("/login")
def login():
    user = g.db.scalar(select(User).where(User.name == request.form.get("name", "")))
    if user is None or not check_password_hash(user.password, request.form.get("password", "")):
        abort(401, "wrong name or password")
    session.clear()
    session["user"] = user.id
    session["csrf"] = secrets.token_urlsafe(16)
    return redirect(url_for("me"), 303)


@app.get("/me")
@logged_in
def me():
    return jsonify(id=g.user.id, name=g.user.name, csrf=session["csrf"])


@app.post("/logout")
@logged_in
def logout():
    session.clear()
    return "", 204


@app.get("/products")
def products():
    page = max(request.args.get("page", 1, int), 1)
    wanted = select(Product).order_by(Product.id).offset((page - 1) * 3).limit(3)
    total = g.db.scalar(select(func.count()).select_from(Product))
    return jsonify(total=total, page=page, items=[p.tell() for p in g.db.scalars(wanted)])


@app.post("/products")
@logged_in
def create_product():
    sent = request.get_json()
    try:
        product = Product(
            sku=sent["sku"],
            title=sent["title"],
            price=Decimal(sent["price"]),
            stock=sent.get("stock", 0),
        )
    except KeyError as missing:
        abort(400, f"{missing.args[0]} is missing")
    g.db.add(product)
    try:
        g.db.commit()
    except IntegrityError:
        g.db.rollback()
        abort(409, "that sku exists")
    return jsonify(product.tell()), 201, {"Location": url_for("product", id=product.id)}


@app.get("/products/<int:id>")
def product(id: int):
    known = cache.get(f"product:{id}")
    if known is not None:
        return jsonify(json.loads(known)), 200, {"X-Cache": "hit"}
    found = g.db.get(Product, id) or abort(404, "no such product")
    cache.set(f"product:{id}", json.dumps(found.tell()), ex=300)
    return jsonify(found.tell()), 200, {"X-Cache": "miss"}


@app.patch("/products/<int:id>")
@logged_in
def change_product(id: int):
    found = g.db.get(Product, id) or abort(404, "no such product")
    for name in ("title", "price", "stock"):
        if name in request.json:
            setattr(found, name, request.json[name])
    g.db.commit()
    cache.delete(f"product:{id}")
    return jsonify(found.tell())


@app.get("/products/<int:id>/price")
def price(id: int):
    found = g.db.get(Product, id) or abort(404, "no such product")
    currency = request.args.get("currency", "EUR")
    answer = upstream.get(f"{UPSTREAM}/rates", params={"currency": currency}, timeout=10)
    if answer.status_code != 200:
        abort(502, f"no rate for {currency}")
    rate = Decimal(answer.json()["rate"])
    return jsonify(currency=currency, price=str((found.price * rate).quantize(Decimal("0.01"))))


@app.put("/products/<int:id>/picture")
@logged_in
def put_picture(id: int):
    found = g.db.get(Product, id) or abort(404, "no such product")
    found.picture = request.files["picture"].read()
    g.db.commit()
    return jsonify(bytes=len(found.picture), name=request.files["picture"].filename)


@app.get("/products/<int:id>/picture")
def picture(id: int):
    found = g.db.get(Product, id)
    if found is None or found.picture is None:
        abort(404, "no picture")
    return Response(found.picture, mimetype="image/png")


@app.post("/orders")
@logged_in
def create_order():
    order = Order(
        number=secrets.token_hex(6).upper(),
        user_id=g.user.id,
        created_at=datetime.now(UTC).replace(tzinfo=None),
    )
    for line in request.json["lines"]:
        product = g.db.get(Product, line["product"], with_for_update=True) or abort(
            404, "no such product"
        )
        if product.stock < line["quantity"]:
            g.db.rollback()
            abort(409, f"only {product.stock} of {product.sku} left")
        product.stock -= line["quantity"]
        order.lines.append(
            Line(product_id=product.id, quantity=line["quantity"], price=product.price)
        )
    g.db.add(order)
    g.db.commit()
    for line in order.lines:
        cache.delete(f"product:{line.product_id}")
    cache.incr(f"orders-of:{g.user.id}")
    threading.Thread(target=notify, args=(order.number, g.user.name)).start()
    return jsonify(order.tell()), 201, {"Location": url_for("order", id=order.id)}


def notify(number: str, name: str) -> None:
    answer = requests.post(f"{UPSTREAM}/notify", json={"order": number, "to": name}, timeout=10)
    cache.rpush("notified", json.dumps({"order": number, "id": answer.json()["id"]}))


@app.get("/orders")
@logged_in
def orders():
    mine = (
        select(Order)
        .where(Order.user_id == g.user.id)
        .order_by(Order.id.desc())
        .options(selectinload(Order.lines))
    )
    return jsonify(
        made=int(cache.get(f"orders-of:{g.user.id}") or 0),
        orders=[o.tell() for o in g.db.scalars(mine)],
    )


@app.get("/orders/<int:id>")
@logged_in
def order(id: int):
    found = g.db.get(Order, id)
    if found is None or found.user_id != g.user.id:
        abort(404, "no such order")
    return jsonify(found.tell())


@app.delete("/orders/<int:id>")
@logged_in
def cancel(id: int):
    found = g.db.get(Order, id)
    if found is None or found.user_id != g.user.id:
        abort(404, "no such order")
    for line in found.lines:
        g.db.get(Product, line.product_id).stock += line.quantity
        cache.delete(f"product:{line.product_id}")
    g.db.delete(found)
    g.db.commit()
    return "", 204


@app.get("/export")
@logged_in
def export():
    @stream_with_context
    def lines():
        yield "id,sku,price\n"
        for product in g.db.scalars(
            select(Product).order_by(Product.id).execution_options(yield_per=2)
        ):
            yield f"{product.id},{product.sku},{product.price}\n"

    return Response(lines(), mimetype="text/csv")
