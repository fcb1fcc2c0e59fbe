"""Products: a cached, searchable list; ETags; maintenance by administrators."""

import hashlib
import json
from decimal import Decimal, InvalidOperation
from typing import Any

import cache
import db
import events
import settings
from accounts import admins_only
from flask import Blueprint, Response, g, jsonify, request
from problems import Problem, json_body, page_arguments, text, whole
from psycopg.errors import ForeignKeyViolation, UniqueViolation
from psycopg.types.json import Jsonb

bp = Blueprint("catalog", __name__)
COLUMNS = "sku, name, price, stock, tags, attributes, updated_at"


@bp.get("/products")
def search() -> Any:
    page, size = page_arguments(settings.PAGE_SIZE_MAX)
    wanted = (request.args.get("q", "").strip().lower(), request.args.get("tag", ""), page, size)
    version = cache.client.get("catalog:version") or "0"
    key = f"catalog:{version}:{hashlib.sha1(repr(wanted).encode()).hexdigest()}"
    found = cache.client.get(key)
    if found is None:
        found = json.dumps(_search(*wanted), default=str)
        cache.client.set(key, found, ex=settings.CACHE_SECONDS)
        return Response(found, mimetype="application/json", headers={"X-Cache": "miss"})
    return Response(found, mimetype="application/json", headers={"X-Cache": "hit"})


def _search(words: str, tag: str, page: int, size: int) -> dict[str, Any]:
    where = "WHERE (%(q)s = '' OR name ILIKE %(like)s) AND (%(tag)s = '' OR %(tag)s = ANY(tags))"
    arguments = {"q": words, "like": f"%{words}%", "tag": tag, "n": size, "skip": (page - 1) * size}
    with db.transaction() as conn:
        total = conn.execute(f"SELECT count(*) AS n FROM products {where}", arguments).fetchone()
        items = conn.execute(
            f"SELECT {COLUMNS} FROM products {where} ORDER BY sku LIMIT %(n)s OFFSET %(skip)s",
            arguments,
        ).fetchall()
    return {"items": items, "page": page, "pages": -(-total["n"] // size), "total": total["n"]}


@bp.get("/products/<sku>")
def show(sku: str) -> Any:
    with db.transaction() as conn:
        product = conn.execute(f"SELECT {COLUMNS} FROM products WHERE sku = %s", (sku,)).fetchone()
    if product is None:
        raise _no_product(sku)
    response = jsonify(product)
    response.set_etag(hashlib.sha256(response.data).hexdigest()[:20])
    response.cache_control.max_age = settings.CACHE_SECONDS
    return response.make_conditional(request)


@bp.post("/products")
@admins_only
def create() -> Any:
    body = json_body()
    values = (
        text(body, "sku", 40),
        text(body, "name"),
        _price(body.get("price")),
        whole(body.get("stock", 0), "stock", 0, 1_000_000),
        [str(tag) for tag in body.get("tags", [])],
        Jsonb(body.get("attributes", {})),
    )
    try:
        with db.transaction() as conn:
            product = conn.execute(
                "INSERT INTO products (sku, name, price, stock, tags, attributes)"
                f" VALUES (%s, %s, %s, %s, %s, %s) RETURNING {COLUMNS}",
                values,
            ).fetchone()
    except UniqueViolation:
        raise Problem(409, "sku-taken", "there is a product with this sku") from None
    _changed("product.created", product["sku"])
    return product, 201, {"Location": f"/products/{product['sku']}"}


@bp.patch("/products/<sku>")
@admins_only
def update(sku: str) -> Any:
    body = json_body()
    changes: dict[str, Any] = {}
    if "name" in body:
        changes["name"] = text(body, "name")
    if "price" in body:
        changes["price"] = _price(body["price"])
    if "stock" in body:
        changes["stock"] = whole(body["stock"], "stock", 0, 1_000_000)
    if not changes:
        raise Problem(422, "invalid", "nothing to change: name, price or stock")
    columns = ", ".join(f"{name} = %({name})s" for name in changes)
    with db.transaction() as conn:
        product = conn.execute(
            f"UPDATE products SET {columns}, updated_at = now() WHERE sku = %(sku)s"
            f" RETURNING {COLUMNS}",
            {**changes, "sku": sku},
        ).fetchone()
    if product is None:
        raise _no_product(sku)
    _changed("product.updated", sku, fields=sorted(changes))
    return product


@bp.delete("/products/<sku>")
@admins_only
def delete(sku: str) -> Any:
    try:
        with db.transaction() as conn:
            gone = conn.execute("DELETE FROM products WHERE sku = %s", (sku,)).rowcount
    except ForeignKeyViolation:
        raise Problem(409, "in-use", "there are orders for this product") from None
    if gone == 0:
        raise _no_product(sku)
    _changed("product.deleted", sku)
    return "", 204


def _changed(kind: str, sku: str, **details: Any) -> None:
    cache.client.incr("catalog:version")
    events.tell(kind, sku, g.user["id"], **details)


def _no_product(sku: str) -> Problem:
    return Problem(404, "no-product", f"no product {sku}", sku=sku)


def _price(value: Any) -> Decimal:
    try:
        price = Decimal(str(value))
    except InvalidOperation:
        price = Decimal(-1)
    if not 0 <= price < 100_000 or price != round(price, 2):
        raise Problem(422, "invalid", "price: an amount with two decimals", field="price")
    return price
