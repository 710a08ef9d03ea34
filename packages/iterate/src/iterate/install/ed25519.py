"""Ed25519 signatures, verified as RFC 8032 section 5.1.7 says, in the strict form without a cofactor.

A library for it is larger than a tenth of this program: see docs/decisions/0110. Nothing here is secret, so nothing has
to take the same time for all inputs.
"""

import hashlib
from functools import cache

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
KEY_BYTES = 32
SIGNATURE_BYTES = 64
# Bits of a scalar that one addition takes care of.
_WINDOW = 4

# x, y, z, t with the affine point (x / z, y / z) and t = x * y / z.
type _Point = tuple[int, int, int, int]
_NEUTRAL: _Point = (0, 1, 1, 0)


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the owner of this public key signed the message. Whatever is no key or signature signs nothing.

    Refused besides what the RFC refuses: keys in another than their one encoding, and keys of small order, to which
    anybody can make signatures.
    """
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    point, scalar = _decoded(public), int.from_bytes(signature[32:], "little")
    # A second signature can be made of each one by adding the order to its scalar.
    if point is None or scalar >= _ORDER or _is_small(point):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    x, y, z, t = point
    # The bytes are compared, not the points, so that there is one encoding of that point as well.
    return _encoded(_sum(scalar, challenge, (-x % _P, y, z, -t % _P))) == signature[:32]


def _add(left: _Point, right: _Point) -> _Point:
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a, b = (y1 - x1) * (y2 - x2) % _P, (y1 + x1) * (y2 + x2) % _P
    c, d = 2 * t1 * t2 * _D % _P, 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _double(point: _Point) -> _Point:
    x, y, z, _ = point
    a, b, c = x * x % _P, y * y % _P, 2 * z * z
    h = a + b
    e, g = h - (x + y) * (x + y) % _P, a - b
    f = c + g
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _multiples(point: _Point) -> list[_Point]:
    """The point times 0 to 15."""
    found = [_NEUTRAL]
    for _ in range((1 << _WINDOW) - 1):
        found.append(_add(found[-1], point))
    return found


@cache
def _of_base() -> list[_Point]:
    base = _decoded((4 * pow(5, -1, _P) % _P).to_bytes(KEY_BYTES, "little"))
    if base is None:
        raise AssertionError("the base point is on the curve")
    return _multiples(base)


def _sum(scalar: int, challenge: int, point: _Point) -> _Point:
    """The base point times the scalar plus the point times the challenge, four bits of both at a time."""
    bases, points, total = _of_base(), _multiples(point), _NEUTRAL
    for shift in range(256 - _WINDOW, -1, -_WINDOW):
        for _ in range(_WINDOW):
            total = _double(total)
        total = _add(total, bases[scalar >> shift & 15])
        total = _add(total, points[challenge >> shift & 15])
    return total


def _is_small(point: _Point) -> bool:
    """Whether eight times the point is the neutral one."""
    x, y, z, _ = _double(_double(_double(point)))
    return x % _P == 0 and (y - z) % _P == 0


def _encoded(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(KEY_BYTES, "little")


def _decoded(encoded: bytes) -> _Point | None:
    """The point of these 32 bytes; None when there is none, or when these are not its only encoding."""
    number = int.from_bytes(encoded, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT_OF_MINUS_ONE % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P
