"""Prices: decimals throughout, rounded to cents once per amount."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
TAX_RATES = {
    "DE": Decimal("0.19"),
    "FR": Decimal("0.20"),
    "CH": Decimal("0.081"),
    "US": Decimal("0"),
}
FREE_SHIPPING_FROM = Decimal("50.00")
SHIPPING = Decimal("4.90")


@dataclass(frozen=True)
class Totals:
    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def minor_units(amount: Decimal) -> int:
    return int(amount * 100)


def totals(lines: Iterable[tuple[Decimal, int]], percent: Decimal, country: str) -> Totals:
    """`lines` are (unit price, quantity); `percent` is the coupon's, 0 without one."""
    subtotal = sum((price * quantity for price, quantity in lines), Decimal("0.00"))
    discount = cents(subtotal * percent / 100)
    net = subtotal - discount
    shipping = Decimal("0.00") if net >= FREE_SHIPPING_FROM else SHIPPING
    tax = cents((net + shipping) * TAX_RATES[country])
    return Totals(subtotal, discount, tax, shipping, net + shipping + tax)
