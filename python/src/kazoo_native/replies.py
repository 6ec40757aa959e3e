"""What completions and events of nodes mean to kazoo's client. Runs in its connection's routine."""

from kazoo.exceptions import AuthFailedError
from kazoo.protocol.serialization import Transaction
from kazoo.protocol.states import EVENT_TYPE_MAP, Callback, WatchedEvent

from . import errors, wire
from .requests import AUTH, EXISTS, GET_CHILDREN, GET_CHILDREN2, MULTI

#: Which tables hold the watchers of an event: created, deleted, changed, children.
_DATA_EVENTS, _CHILD_EVENTS = (1, 2, 3), (2, 4)


def completed(client, logger, verbose, token, code, value):
    """Sets the result of the request with this token and registers its watcher.

    Raises RuntimeError when another request's answer is due, as kazoo's own connection does.
    """
    pending = client._pending
    entry = _answered(pending, token)
    if entry is None:
        return
    request, async_object, expected = entry
    if expected != token:
        error = RuntimeError("xids do not match, expected %r received %r" % (expected, token))
        async_object.set_exception(error)
        raise error
    kind = request.type
    missing = code == errors.NO_NODE and kind == EXISTS
    if code and not missing and kind != MULTI:
        error = AuthFailedError() if kind == AUTH else errors.from_code(code)
        if verbose:
            logger.debug("Received error(xid=%s) %r", token, error)
        if async_object is not None:
            async_object.set_exception(error)
        return
    if async_object is not None:
        try:
            response = None if missing else _response(client, request, kind, code, value)
        except Exception as error:
            if kind != MULTI:
                logger.exception("Exception raised during deserialization of request: %s", request)
            async_object.set_exception(error)
            return
        if verbose:
            logger.debug("Received response(xid=%s): %r", token, response)
        async_object.set(response)
    # After success only, and after the result as kazoo does it.
    watcher = getattr(request, "watcher", None)
    if watcher and not client._stopped.is_set():
        children = kind in (GET_CHILDREN, GET_CHILDREN2)
        table = client._child_watchers if children else client._data_watchers
        table[request.path].add(watcher)


def _response(client, request, kind, code, value):
    if kind == MULTI:
        return Transaction.unchroot(client, errors.of_transaction(code, value))
    if kind == GET_CHILDREN:
        value = value[0]
    if wire.is_foreign(request) and kind != AUTH:
        return request.deserialize(wire.reply(request, value), 0)
    return value


def watch_event(client, logger, event, path):
    """Hands an event of a node to the watchers that wait for it, and forgets them."""
    if event not in EVENT_TYPE_MAP:
        return
    logger.debug("Received EVENT: %s %s", EVENT_TYPE_MAP[event], path)
    watchers = []
    if event in _DATA_EVENTS:
        watchers.extend(client._data_watchers.pop(path, ()))
    if event in _CHILD_EVENTS:
        watchers.extend(client._child_watchers.pop(path, ()))
    if client._stopped.is_set():
        return
    details = WatchedEvent(EVENT_TYPE_MAP[event], client._state, client.unchroot(path))
    for watcher in watchers:
        client.handler.dispatch_callback(Callback("watch", watcher, (details,)))


def _answered(pending, token):
    """Takes out the entry that a completion is for: the oldest one, as replies are ordered.

    Answers to credentials may overtake others and be overtaken. None if nothing is pending.
    """
    try:
        if pending[0][2] == token:
            return pending.popleft()
    except IndexError:
        return None  # Failed meanwhile.
    oldest = None
    for entry in list(pending):
        if entry[0].type == AUTH:
            if entry[2] == token:
                return take_out(pending, entry)
        elif oldest is None:
            oldest = entry
            if entry[2] == token:
                break
    # With another token than expected, which is for the caller to find out.
    return oldest and take_out(pending, oldest)


def take_out(pending, entry):
    """Removes the entry; None if it has been failed meanwhile."""
    try:
        pending.remove(entry)
    except ValueError:
        return None
    return entry
