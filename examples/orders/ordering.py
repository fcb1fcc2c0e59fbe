"""Orders: placed once per idempotency key, paid through the provider, cancelled, listed."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import cache
import db
import events
import money
import provider
import settings
from accounts import admins_only, signed_in
from flask import Blueprint, Response, g, request
from problems import Problem, json_body, page_arguments, text, whole

bp = Blueprint("orders", __name__)
COLUMNS = (
    "id, number, status, country, coupon, subtotal, discount, tax, shipping, total, note,"
    " payment_id, version, created_at, paid_at"
)
PAY_WITHIN = timedelta(minutes=30)
REMEMBER_KEY_SECONDS = 86_400
STATUSES = ("pending", "paid", "cancelled", "expired", "refunded")


@bp.post("/orders")
@signed_in
def place() -> Any:
    body = json_body()
    wanted = _wanted(body.get("lines"))
    country = text(body, "country", 2).upper()
    if country not in money.TAX_RATES:
        raise Problem(422, "invalid", f"country: we do not ship to {country}", field="country")
    key = request.headers.get("Idempotency-Key")
    slot = f"idempotency:{g.user['id']}:{key}"
    if key and not cache.client.set(slot, "running", nx=True, ex=REMEMBER_KEY_SECONDS):
        return _placed_before(slot)
    try:
        order = _place(wanted, country, body.get("coupon"))
    except Problem:
        if key:
            cache.client.delete(slot)
        raise
    if key:
        cache.client.set(slot, json.dumps({"order": str(order["id"])}), ex=REMEMBER_KEY_SECONDS)
    events.tell("order.placed", order["id"], g.user["id"], total=str(order["total"]))
    return order, 201, {"Location": f"/orders/{order['id']}", "ETag": _etag(order)}


def _wanted(lines: Any) -> dict[str, int]:
    """sku -> quantity; a sku named twice is added up."""
    if not isinstance(lines, list) or not 1 <= len(lines) <= 20:
        raise Problem(422, "invalid", "lines: 1 to 20 of them", field="lines")
    wanted: dict[str, int] = {}
    for line in lines:
        if not isinstance(line, dict):
            raise Problem(422, "invalid", "lines: objects with sku and quantity", field="lines")
        sku = text(line, "sku", 40)
        wanted[sku] = wanted.get(sku, 0) + whole(line.get("quantity"), "quantity", 1, 99)
    return wanted


def _placed_before(slot: str) -> Any:
    held = cache.client.get(slot)
    if held is None or held == "running":
        raise Problem(409, "in-progress", "a request with this key is running")
    with db.transaction() as conn:
        order = _load(conn, UUID(json.loads(held)["order"]))
    return order, 200, {"Idempotent-Replayed": "true"}


def _place(wanted: dict[str, int], country: str, coupon: str | None) -> db.Row:
    with db.transaction() as conn:
        percent = _percent(conn, coupon)
        prices = _reserve(conn, wanted)
        sums = money.totals([(prices[s], n) for s, n in wanted.items()], percent, country)
        now = datetime.now(UTC)
        amounts = (sums.subtotal, sums.discount, sums.tax, sums.shipping, sums.total)
        order = conn.execute(
            "INSERT INTO orders (id, user_id, country, coupon, subtotal, discount, tax, shipping,"
            " total, created_at, expires_at)"
            f" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING {COLUMNS}",
            (uuid4(), g.user["id"], country, coupon, *amounts, now, now + PAY_WITHIN),
        ).fetchone()
        with conn.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO order_lines (order_id, position, sku, quantity, unit_price)"
                " VALUES (%s, %s, %s, %s, %s)",
                [(order["id"], i, s, n, prices[s]) for i, (s, n) in enumerate(wanted.items(), 1)],
            )
    lines = [{"sku": s, "quantity": n, "unit_price": prices[s]} for s, n in wanted.items()]
    return {**order, "lines": lines}


def _percent(conn: Any, coupon: str | None) -> Decimal:
    if coupon is None:
        return Decimal(0)
    row = conn.execute("SELECT percent, active FROM coupons WHERE code = %s", (coupon,)).fetchone()
    if row is None or not row["active"]:
        raise Problem(422, "bad-coupon", f"coupon {coupon} is not valid", field="coupon")
    return row["percent"]


def _reserve(conn: Any, wanted: dict[str, int]) -> dict[str, Decimal]:
    """Take the goods out of stock; the prices by sku."""
    rows = conn.execute(
        "SELECT sku, price, stock FROM products WHERE sku = ANY(%s) ORDER BY sku FOR UPDATE",
        (sorted(wanted),),
    ).fetchall()
    found = {row["sku"]: row for row in rows}
    for sku, quantity in wanted.items():
        if sku not in found:
            raise Problem(422, "no-product", f"no product {sku}", sku=sku)
        if found[sku]["stock"] < quantity:
            raise Problem(409, "out-of-stock", f"{sku}: too few", sku=sku, left=found[sku]["stock"])
    for sku, quantity in sorted(wanted.items()):
        conn.execute("UPDATE products SET stock = stock - %s WHERE sku = %s", (quantity, sku))
    return {sku: row["price"] for sku, row in found.items()}


@bp.get("/orders")
@signed_in
def mine() -> Any:
    page, size = page_arguments(settings.PAGE_SIZE_MAX)
    status = request.args.get("status")
    if status and status not in STATUSES:
        raise Problem(422, "invalid", f"status: one of {', '.join(STATUSES)}", field="status")
    where = "WHERE user_id = %(user)s" + (" AND status = %(status)s" if status else "")
    arguments = {"user": g.user["id"], "status": status, "n": size, "skip": (page - 1) * size}
    with db.transaction() as conn:
        total = conn.execute(f"SELECT count(*) AS n FROM orders {where}", arguments).fetchone()
        items = conn.execute(
            f"SELECT {COLUMNS} FROM orders {where}"
            " ORDER BY created_at DESC, number DESC LIMIT %(n)s OFFSET %(skip)s",
            arguments,
        ).fetchall()
    more = total["n"] > page * size
    link = {"Link": f'</orders?page={page + 1}&per_page={size}>; rel="next"'} if more else {}
    return {"items": items, "page": page, "total": total["n"]}, 200, link


@bp.get("/orders/export.csv")
@signed_in
def export() -> Any:
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT o.number, o.status, o.total, l.sku, l.quantity, l.unit_price FROM orders o"
            " JOIN order_lines l ON l.order_id = o.id WHERE o.user_id = %s"
            " ORDER BY o.number, l.position",
            (g.user["id"],),
        ).fetchall()
    out = io.StringIO()
    writer = csv.DictWriter(out, ["number", "status", "total", "sku", "quantity", "unit_price"])
    writer.writeheader()
    writer.writerows(rows)
    headers = {"Content-Disposition": 'attachment; filename="orders.csv"'}
    return Response(out.getvalue(), mimetype="text/csv", headers=headers)


@bp.get("/orders/<uuid:order_id>")
@signed_in
def show(order_id: UUID) -> Any:
    with db.transaction() as conn:
        order = _load(conn, order_id)
    return order, 200, {"ETag": _etag(order)}


@bp.patch("/orders/<uuid:order_id>")
@signed_in
def annotate(order_id: UUID) -> Any:
    note = text(json_body(), "note", 500)
    with db.transaction() as conn:
        order = _load(conn, order_id, lock=True)
        if request.headers.get("If-Match", _etag(order)) != _etag(order):
            raise Problem(412, "changed", "somebody changed this order", version=order["version"])
        changed = conn.execute(
            f"UPDATE orders SET note = %s, version = version + 1 WHERE id = %s RETURNING {COLUMNS}",
            (note, order_id),
        ).fetchone()
    events.tell("order.annotated", order_id, g.user["id"], version=changed["version"])
    return {**changed, "lines": order["lines"]}, 200, {"ETag": _etag(changed)}


@bp.delete("/orders/<uuid:order_id>")
@signed_in
def cancel(order_id: UUID) -> Any:
    with db.transaction() as conn:
        order = _load(conn, order_id, lock=True)
        _must_be(order, "pending")
        for line in order["lines"]:
            conn.execute(
                "UPDATE products SET stock = stock + %s WHERE sku = %s",
                (line["quantity"], line["sku"]),
            )
        conn.execute(
            "UPDATE orders SET status = 'cancelled', version = version + 1 WHERE id = %s",
            (order_id,),
        )
    events.tell("order.cancelled", order_id, g.user["id"])
    return "", 204


@bp.post("/orders/<uuid:order_id>/pay")
@signed_in
def pay(order_id: UUID) -> Any:
    card = text(json_body(), "card", 60)
    with db.transaction() as conn:
        order = _load(conn, order_id)
    _must_be(order, "pending")
    try:
        charge = provider.charge(order["total"], card, str(order_id), f"pay-{order_id}")
    except provider.Declined as declined:
        _note_payment(order, None, "declined")
        raise Problem(402, "declined", "the payment was declined", reason=str(declined)) from None
    except provider.Unavailable as error:
        _note_payment(order, None, "unavailable")
        raise Problem(502, "provider", "the payment provider has trouble") from error
    return _settle(order, "paid", charge["id"], datetime.now(UTC))


@bp.post("/orders/<uuid:order_id>/refund")
@admins_only
def refund(order_id: UUID) -> Any:
    with db.transaction() as conn:
        order = _load(conn, order_id)
    _must_be(order, "paid")
    try:
        provider.refund(order["payment_id"], order["total"], f"refund-{order_id}")
    except (provider.Declined, provider.Unavailable) as error:
        raise Problem(502, "provider", "the payment provider has trouble") from error
    return _settle(order, "refunded", order["payment_id"], order["paid_at"])


def _settle(order: db.Row, status: str, charge_id: str, paid_at: datetime) -> Any:
    with db.transaction() as conn:
        changed = conn.execute(
            "UPDATE orders SET status = %s, payment_id = %s, paid_at = %s, version = version + 1"
            f" WHERE id = %s RETURNING {COLUMNS}",
            (status, charge_id, paid_at, order["id"]),
        ).fetchone()
    _note_payment(order, charge_id, status)
    events.tell(f"order.{status}", order["id"], g.user["id"], charge=charge_id)
    return changed, 200, {"ETag": _etag(changed)}


def _note_payment(order: db.Row, charge_id: str | None, outcome: str) -> None:
    with db.transaction() as conn:
        conn.execute(
            "INSERT INTO payments (id, order_id, charge_id, amount, outcome)"
            " VALUES (%s, %s, %s, %s, %s)",
            (uuid4(), order["id"], charge_id, order["total"], outcome),
        )


@bp.get("/reports/revenue")
@admins_only
def revenue() -> Any:
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT country, count(*) AS orders, sum(total) AS total, avg(total)::float8 AS mean"
            " FROM orders WHERE status = 'paid' GROUP BY country ORDER BY country"
        ).fetchall()
    return {"by_country": rows, "total": sum((row["total"] for row in rows), Decimal("0.00"))}


def _load(conn: Any, order_id: UUID, *, lock: bool = False) -> db.Row:
    """The order with its lines, if it is the user's or the user is an administrator."""
    order = conn.execute(
        f"SELECT {COLUMNS}, user_id FROM orders WHERE id = %s" + (" FOR UPDATE" if lock else ""),
        (order_id,),
    ).fetchone()
    if order is None or not _may_see(order.pop("user_id")):
        raise Problem(404, "no-order", "no such order", order=str(order_id))
    lines = conn.execute(
        "SELECT sku, quantity, unit_price FROM order_lines WHERE order_id = %s ORDER BY position",
        (order_id,),
    ).fetchall()
    return {**order, "lines": lines}


def _may_see(owner: UUID) -> bool:
    return g.user["role"] == "admin" or g.user["id"] == str(owner)


def _must_be(order: db.Row, status: str) -> None:
    if order["status"] != status:
        raise Problem(409, "wrong-status", f"the order is {order['status']}", now=order["status"])


def _etag(order: db.Row) -> str:
    return f'"{order["number"]}-{order["version"]}"'
