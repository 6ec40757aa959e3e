"""Result codes and the exception of each."""

from __future__ import annotations

from zookeeper_native._binding import load

#: Result codes by the module's names.
CODES = {
    "OK": 0,
    "SYSTEMERROR": -1,
    "RUNTIMEINCONSISTENCY": -2,
    "DATAINCONSISTENCY": -3,
    "CONNECTIONLOSS": -4,
    "MARSHALLINGERROR": -5,
    "UNIMPLEMENTED": -6,
    "OPERATIONTIMEOUT": -7,
    "BADARGUMENTS": -8,
    "INVALIDSTATE": -9,
    "APIERROR": -100,
    "NONODE": -101,
    "NOAUTH": -102,
    "BADVERSION": -103,
    "NOCHILDRENFOREPHEMERALS": -108,
    "NODEEXISTS": -110,
    "NOTEMPTY": -111,
    "SESSIONEXPIRED": -112,
    "INVALIDCALLBACK": -113,
    "INVALIDACL": -114,
    "AUTHFAILED": -115,
    "CLOSING": -116,
    "NOTHING": -117,
    "SESSIONMOVED": -118,
}

OK = CODES["OK"]
NONODE = CODES["NONODE"]

_NAMES = (
    "SystemError RuntimeInconsistency DataInconsistency ConnectionLoss MarshallingError Unimplemented "
    "OperationTimeout BadArguments InvalidState ApiError NoNode NoAuth BadVersion NoChildrenForEphemerals "
    "NodeExists NotEmpty SessionExpired InvalidCallback InvalidACL AuthFailed Closing Nothing SessionMoved"
).split()


class ZooKeeperException(Exception):
    """Base of all exceptions of this module; raised itself for codes that have no class of their own."""

    __module__ = "zookeeper"


#: Exception classes by their names.
EXCEPTIONS = {
    f"{name}Exception": type(f"{name}Exception", (ZooKeeperException,), {"__module__": "zookeeper"}) for name in _NAMES
}
_BY_CODE = {CODES[name.upper()]: EXCEPTIONS[f"{name}Exception"] for name in _NAMES}

InvalidACLException = EXCEPTIONS["InvalidACLException"]


def message(code: int) -> str:
    """The library's text for a result code."""
    return load().zerror(code).decode("utf-8", "replace")


def error(code: int) -> ZooKeeperException:
    """The exception for a result code that is not OK."""
    return _BY_CODE.get(code, ZooKeeperException)(message(code))
