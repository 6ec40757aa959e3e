"""Result codes of the library as the exceptions that kazoo's programs expect."""

from kazoo.exceptions import (
    EXCEPTIONS,
    ConnectionLoss,
    KazooException,
    RolledBackError,
)

NO_NODE = -101
INVALID_STATE = -9
UNIMPLEMENTED = -6

#: Codes with which the library says that the connection, not the server's answer, is the
#: reason: connection loss, timeout, invalid state, new configuration, closing, nothing to do.
_LOSSES = frozenset((-4, -7, -9, -15, -116, -117))

#: With these a transaction has no results of its own.
WHOLE_CALL = _LOSSES | {-112, -115}


def from_code(code):
    """The exception for a result code other than 0."""
    if code in _LOSSES:
        return ConnectionLoss()
    # kazoo's table is a defaultdict whose default raises.
    if code in EXCEPTIONS:
        return EXCEPTIONS[code]()
    return KazooException("the native library reports error %d" % code)


def of_operation(code):
    """The exception that stands for one operation of a transaction that was not committed."""
    if code == 0:
        return RolledBackError()
    return from_code(code)


def of_transaction(code, results):
    """kazoo's list for a transaction. Raises when the call failed as a whole."""
    failed = any(result for result, _ in results or ())
    if code in WHOLE_CALL or (code and not failed):
        raise from_code(code)
    if code == 0:
        return [value for _, value in results]
    return [of_operation(result) for result, _ in results]
