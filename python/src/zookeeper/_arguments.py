"""From Python arguments to C and from C results to Python.

Wrong types raise TypeError, NUL in a path ValueError, numbers beyond C's ``int`` OverflowError, as a C extension's
argument parser would.
"""

from __future__ import annotations

from ctypes import string_at
from operator import index

from zookeeper_native._binding import (
    STAT_FIELDS,
    STAT_UNSIGNED,
    ACLVector,
    make_acls,
    read_acls,
    read_strings,
)

from ._errors import InvalidACLException

_INT_MIN, _INT_MAX = -(2**31), 2**31 - 1
_ACL_KEYS = ("perms", "scheme", "id")


def c_int(value) -> int:
    """A number that fits C's ``int``."""
    number = index(value)
    if not _INT_MIN <= number <= _INT_MAX:
        raise OverflowError("signed integer is out of the range of a C int")
    return number


def text(value, what: str = "path") -> bytes:
    """A ``str`` as UTF-8 without NUL."""
    if not isinstance(value, str):
        raise TypeError(f"{what} must be str, not {type(value).__name__}")
    encoded = value.encode()
    if b"\0" in encoded:
        raise ValueError("embedded null character")
    return encoded


def data(value) -> bytes:
    """A node's data: a ``str``, sent as UTF-8, or a read-only bytes-like object."""
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return value.encode()
    try:
        view = memoryview(value)
    except TypeError:
        view = None
    if view is None or not view.readonly:
        raise TypeError(f"data must be str or a read-only bytes-like object, not {type(value).__name__}")
    return view.tobytes()


def callback(value):
    """A function, or ``None``."""
    if value is not None and not callable(value):
        raise TypeError(f"a callback must be callable or None, not {type(value).__name__}")
    return value


def acls(value, refusal: str = "invalid acl") -> ACLVector:
    """A list of ACL dicts. ``refusal`` is the message if it is not a list."""
    if not isinstance(value, list):
        raise InvalidACLException(refusal)
    return make_acls([_acl(entry) for entry in value])


def _acl(entry) -> tuple[int, bytes, bytes]:
    if not isinstance(entry, dict) or not all(key in entry for key in _ACL_KEYS):
        raise InvalidACLException("invalid acl")
    try:
        return c_int(entry["perms"]), text(entry["scheme"]), text(entry["id"])
    except (TypeError, ValueError, OverflowError):
        raise InvalidACLException("invalid acl") from None


def stat_dict(source) -> dict:
    """A stat dict of a ``Stat``. Its 64-bit numbers are unsigned, as in the original module."""
    return dict(zip(STAT_FIELDS, STAT_UNSIGNED.unpack_from(source)))


def stat_at(address) -> dict | None:
    """A stat dict of the ``Stat`` at an address; ``None`` for NULL."""
    return None if not address else stat_dict(string_at(address, STAT_UNSIGNED.size))


def strings_at(address) -> list[str]:
    """The strings of a ``String_vector``."""
    return [name.decode() for name in read_strings(address)]


def acl_dicts(address) -> list[dict]:
    """The ACL dicts of an ``ACL_vector``."""
    return [
        {"perms": perms, "scheme": scheme.decode(), "id": identity.decode()}
        for perms, scheme, identity in read_acls(address)
    ]
