/* Section 4.2: what is due after which part of the session timeout. */
#define _GNU_SOURCE
#include "diff.h"

enum { TIMEOUT = 3000, FEWEST_MS = TIMEOUT * 6 / 10, MOST_MS = TIMEOUT * 95 / 100 };

SCENARIO(pings_every_third, "C-220 C-414")
{
    int interval;
    zhandle_t *zh = connected(TIMEOUT);
    proxy_await(1, "reply Ping", 2);
    interval = atoi(proxy(1, "interval request Ping"));
    if (interval >= TIMEOUT / 4 && interval <= TIMEOUT / 2)
        say("a third");
    else
        say("%d ms", interval);
    finish(zh);
}

SCENARIO(no_ping_with_a_request_outstanding, "C-413 C-414")
{
    zhandle_t *zh = connected(TIMEOUT);
    long long start;
    proxy(1, "on reply GetData drop");
    start = now_ms();
    send_get(zh, "/");
    await("get /: ");
    say_time("two thirds", start, FEWEST_MS, MOST_MS);
    say("pings %s", proxy(1, "count request Ping"));
    await("global: event type=-1 state=3");
    finish(zh);
}

static void reply_after(int ms)
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply GetData delay %d", ms);
    send_get(zh, "/");
    send_exists(zh, "/");
    await("get /: ");
    await("exists /: ");
    finish(zh);
}

SCENARIO(a_reply_after_a_sixth, "C-413")
{
    reply_after(TIMEOUT / 6);
}

SCENARIO(a_reply_after_more_than_a_third, "C-413 C-414")
{
    reply_after(TIMEOUT * 2 / 5);
}

SCENARIO(a_reply_after_nearly_half, "C-413")
{
    reply_after(TIMEOUT * 45 / 100);
}

SCENARIO(a_reply_after_more_than_two_thirds, "C-413 C-442")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply GetData delay %d", TIMEOUT * 9 / 10);
    send_get(zh, "/");
    send_exists(zh, "/");
    await("global: event type=-1 state=1");
    await("get /: ");
    await("exists /: ");
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_handshake_after_nearly_half, "C-413")
{
    zhandle_t *zh;
    proxy(1, "on response delay %d", TIMEOUT * 45 / 100);
    zh = open_session(hosts(1), TIMEOUT);
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_handshake_after_more_than_two_thirds, "C-413 C-433")
{
    zhandle_t *zh;
    proxy(1, "on response delay %d", TIMEOUT * 9 / 10);
    zh = open_session(hosts(1), TIMEOUT);
    send_get(zh, "/");
    await("get /: ");
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_half_open_idle_connection, "C-413 C-432")
{
    zhandle_t *zh = connected(TIMEOUT);
    get_watching(zh, "/", "watch");
    long long start = now_ms();
    proxy(1, "on reply Ping hold");
    await("global: event type=-1 state=1");
    say_time("two thirds", start, FEWEST_MS, MOST_MS);
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_connection_that_hears_nothing, "C-413 C-442")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on request any hold");
    send_create(zh, "/half", "v", 0);
    await("global: event type=-1 state=1");
    await("create /half: ");
    await("global: event type=-1 state=3");
    exists(zh, "/half");
    finish(zh);
}

SCENARIO(slow_bytes_are_no_sign_of_life, "C-413")
{
    zhandle_t *zh = connected(TIMEOUT);
    get_watching(zh, "/", "watch");
    /* 89 bytes of a reply, each 40 ms after the other. */
    proxy(1, "on reply GetData dribble 40000");
    long long start = now_ms();
    send_get(zh, "/");
    await("get /: ");
    say_time("two thirds", start, FEWEST_MS, MOST_MS);
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(a_negotiated_timeout_counts, "C-211 C-413 C-414")
{
    zhandle_t *zh;
    long long start;
    proxy(1, "on response timeout %d", TIMEOUT);
    zh = open_session(hosts(1), 20000);
    await("global: event type=-1 state=3");
    proxy(1, "on reply GetData drop");
    start = now_ms();
    send_get(zh, "/");
    await("get /: ");
    say_time("two thirds", start, FEWEST_MS, MOST_MS);
    await("global: event type=-1 state=3");
    finish(zh);
}
