"""The names, values and signatures of the module."""

import inspect
import re

import pytest
import zookeeper

CONSTANTS = {
    "PERM_READ": 1, "PERM_WRITE": 2, "PERM_CREATE": 4, "PERM_DELETE": 8, "PERM_ADMIN": 16, "PERM_ALL": 31,
    "EPHEMERAL": 1, "SEQUENCE": 2,
    "EXPIRED_SESSION_STATE": -112, "AUTH_FAILED_STATE": -113, "CONNECTING_STATE": 1, "ASSOCIATING_STATE": 2,
    "CONNECTED_STATE": 3,
    "CREATED_EVENT": 1, "DELETED_EVENT": 2, "CHANGED_EVENT": 3, "CHILD_EVENT": 4, "SESSION_EVENT": -1,
    "NOTWATCHING_EVENT": -2,
    "LOG_LEVEL_ERROR": 1, "LOG_LEVEL_WARN": 2, "LOG_LEVEL_INFO": 3, "LOG_LEVEL_DEBUG": 4,
    "OK": 0, "SYSTEMERROR": -1, "RUNTIMEINCONSISTENCY": -2, "DATAINCONSISTENCY": -3, "CONNECTIONLOSS": -4,
    "MARSHALLINGERROR": -5, "UNIMPLEMENTED": -6, "OPERATIONTIMEOUT": -7, "BADARGUMENTS": -8, "INVALIDSTATE": -9,
    "APIERROR": -100, "NONODE": -101, "NOAUTH": -102, "BADVERSION": -103, "NOCHILDRENFOREPHEMERALS": -108,
    "NODEEXISTS": -110, "NOTEMPTY": -111, "SESSIONEXPIRED": -112, "INVALIDCALLBACK": -113, "INVALIDACL": -114,
    "AUTHFAILED": -115, "CLOSING": -116, "NOTHING": -117, "SESSIONMOVED": -118,
}  # fmt: skip

EXCEPTIONS = {
    "SystemErrorException", "RuntimeInconsistencyException", "DataInconsistencyException",
    "ConnectionLossException", "MarshallingErrorException", "UnimplementedException",
    "OperationTimeoutException", "BadArgumentsException", "InvalidStateException", "ApiErrorException",
    "NoNodeException", "NoAuthException", "BadVersionException", "NoChildrenForEphemeralsException",
    "NodeExistsException", "NotEmptyException", "SessionExpiredException", "InvalidCallbackException",
    "InvalidACLException", "AuthFailedException", "ClosingException", "NothingException",
    "SessionMovedException",
}  # fmt: skip

# Least and greatest number of arguments.
FUNCTIONS = {
    "init": (1, 4), "close": (1, 1),
    "create": (4, 5), "delete": (2, 3), "exists": (2, 3), "get": (2, 4), "set": (3, 4), "set2": (3, 4),
    "get_children": (2, 3), "get_acl": (2, 2), "set_acl": (4, 4),
    "acreate": (4, 6), "adelete": (2, 4), "aexists": (2, 4), "aget": (2, 4), "aset": (3, 5),
    "aget_children": (2, 4), "async": (2, 3), "aget_acl": (2, 3), "aset_acl": (4, 5), "add_auth": (4, 4),
    "client_id": (1, 1), "set_watcher": (2, 2), "state": (1, 1), "recv_timeout": (1, 1),
    "is_unrecoverable": (1, 1), "zerror": (1, 1), "set_debug_level": (1, 1), "deterministic_conn_order": (1, 1),
    "set_log_stream": (1, 1),
}  # fmt: skip
# Only where the library has TLS.
OPTIONAL_FUNCTIONS = {"init_ssl": (2, 5)}

PRESENT = {
    **FUNCTIONS,
    **{name: counts for name, counts in OPTIONAL_FUNCTIONS.items() if hasattr(zookeeper, name)},
}


def test_the_module_has_exactly_the_names_of_zkpython():
    names = {name for name in dir(zookeeper) if not name.startswith("_")}
    expected = {*CONSTANTS, *EXCEPTIONS, *PRESENT, "ZooKeeperException"}
    assert names == expected
    assert set(zookeeper.__all__) == expected


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_has_the_value_of_the_c_interface(name):
    assert getattr(zookeeper, name) == CONSTANTS[name]
    assert type(getattr(zookeeper, name)) is int


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_an_exception_is_a_direct_subclass_that_belongs_to_the_module(name):
    exception = getattr(zookeeper, name)
    assert exception.__bases__ == (zookeeper.ZooKeeperException,)
    assert (exception.__module__, exception.__name__) == ("zookeeper", name)


def test_the_base_exception_is_an_exception():
    assert zookeeper.ZooKeeperException.__bases__ == (Exception,)
    assert zookeeper.ZooKeeperException.__module__ == "zookeeper"


def test_every_failure_code_has_the_exception_of_its_name():
    from zookeeper._errors import error

    for code_name, code in CONSTANTS.items():
        names = [name for name in EXCEPTIONS if name.upper() == f"{code_name}EXCEPTION"]
        if names and code != zookeeper.OK:
            raised = error(code)
            assert type(raised) is getattr(zookeeper, names[0])
            assert raised.args == (zookeeper.zerror(code),)
    unknown = error(-119)
    assert type(unknown) is zookeeper.ZooKeeperException
    assert unknown.args == (zookeeper.zerror(-119),)


@pytest.mark.parametrize("name", PRESENT)
def test_a_function_takes_only_positional_arguments_and_the_right_number(name):
    function = getattr(zookeeper, name)
    assert (function.__name__, function.__module__) == (name, "zookeeper")
    least, greatest = PRESENT[name]
    parameters = list(inspect.signature(function).parameters.values())
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.POSITIONAL_ONLY}
    assert len(parameters) == greatest
    assert sum(parameter.default is parameter.empty for parameter in parameters) == least
    with pytest.raises(TypeError):
        function(**{parameter.name: None for parameter in parameters})
    with pytest.raises(TypeError):
        function(*[0] * (least - 1))
    with pytest.raises(TypeError):
        function(*[0] * (greatest + 1))


def test_the_version_is_that_of_the_c_interface():
    assert re.fullmatch(r"\d\.\d\.\d", zookeeper.__version__)


def test_messages_are_those_of_the_library():
    assert zookeeper.zerror(zookeeper.NONODE) == "no node"
    assert zookeeper.zerror(zookeeper.OK) == "ok"
    assert isinstance(zookeeper.zerror(12345), str)
