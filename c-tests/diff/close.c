/* Section 6.3: zookeeper_close. */
#define _GNU_SOURCE
#include "diff.h"

SCENARIO(real_close_ends_the_session, "C-224 C-530")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/gone", "v", ZOO_EPHEMERAL);
    finish(zh);
    zh = connected(LONG_MS);
    exists(zh, "/gone");
    finish(zh);
}

SCENARIO(close_before_the_connection, "C-531")
{
    zhandle_t *zh;
    proxy(1, "hold");
    zh = open_session(hosts(1), LONG_MS);
    proxy_await(1, "connect", 1);
    long long start = now_ms();
    finish(zh);
    say_time("at once", start, 0, 500);
}

SCENARIO(close_while_refused, "C-531")
{
    zhandle_t *zh;
    proxy(1, "refuse on");
    zh = open_session(hosts(1), LONG_MS);
    get(zh, "/");
    finish(zh);
}

SCENARIO(close_after_expiry, "C-537")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on response session 5");
    proxy(1, "cut");
    await("global: event type=-1 state=-112");
    long long start = now_ms();
    finish(zh);
    say_time("at once", start, 0, 500);
}

SCENARIO(close_with_a_silent_server, "C-530")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "hold");
    long long start = now_ms();
    finish(zh);
    say_time("a second and a half", start, 1400, 2200);
}

SCENARIO(close_with_one_request_outstanding, "C-530")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on request GetData drop");
    send_get(zh, "/");
    proxy_await(1, "request GetData", 1);
    finish(zh);
    await("get /: ");
}

SYNC_SCENARIO(close_with_many_requests_outstanding, "C-530 C-534")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on request GetData times=all drop");
    for (int i = 0; i < 50; i++)
        send_get(zh, "/");
    proxy_await(1, "request GetData", 50);
    finish(zh);
    say("all told");
}

SCENARIO(close_with_an_auth_outstanding, "C-530")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on request Auth drop");
    say("%d", zoo_add_auth(zh, "digest", "a:b", 3, on_auth, "auth"));
    proxy_await(1, "request Auth", 1);
    finish(zh);
    await("auth: ");
}

static void closes(int rc, const struct Stat *stat, const void *data)
{
    zhandle_t *zh = (zhandle_t *)data;
    on_stat(rc, stat, "exists");
    note("cb", "close: %d", zookeeper_close(zh));
}

SYNC_SCENARIO(close_from_a_completion, "C-533")
{
    zhandle_t *zh = connected(LONG_MS);
    say("%d", zoo_aexists(zh, "/", 0, closes, zh));
    await("close: ");
    proxy_await(1, "request CloseSession", 1);
}

static void closing_watcher(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    on_event(zh, type, state, path, context);
    if (type == 3)
        note("cb", "close: %d", zookeeper_close(zh));
}

SYNC_SCENARIO(close_from_a_watcher, "C-533")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    create(zh, "/w", "v", 0);
    say("%d", zoo_awget(zh, "/w", closing_watcher, (void *)"watch", on_data, "get"));
    await("get: ");
    quiet_set(other, "/w", "w");
    await("close: ");
    proxy_await(1, "request CloseSession", 1);
}

static void calls_in_close(int rc, const struct Stat *stat, const void *data)
{
    zhandle_t *zh = (zhandle_t *)data;
    on_stat(rc, stat, "exists");
    note("cb", "calls: %d %d %d %d", zoo_aget(zh, "/", 0, on_data, "get"),
         zoo_acreate(zh, "/x", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, "create"),
         zoo_async(zh, "/", on_string, "sync"), zoo_adelete(zh, "bad", 0, on_void, "delete"));
    note("cb", "state: %d", is_unrecoverable(zh));
}

SYNC_SCENARIO(calls_during_close, "C-262")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on request Exists drop");
    say("%d", zoo_aexists(zh, "/", 0, calls_in_close, zh));
    proxy_await(1, "request Exists", 1);
    finish(zh);
    await("exists: ");
}

SCENARIO(queued_requests_are_sent_before_the_goodbye, "C-530")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "hold");
    for (int i = 0; i < 3; i++)
        send_exists(zh, "/");
    proxy_await(1, "request Exists", 3);
    proxy(1, "release");
    sync_path(zh, "/");
    finish(zh);
}

SCENARIO(two_handles_in_one_process, "C-205 C-224")
{
    zhandle_t *first = connected(LONG_MS), *second;
    exists(first, "/");
    second = open_session(hosts(2), LONG_MS);
    await("global: event type=-1 state=3");
    exists(second, "/");
    exists(first, "/");
    finish(first);
    exists(second, "/");
    finish(second);
}

SCENARIO(ten_sessions_one_after_the_other, "C-205 C-530")
{
    for (int i = 0; i < 10; i++) {
        zhandle_t *zh = connected(LONG_MS);
        exists(zh, "/");
        finish(zh);
    }
}
