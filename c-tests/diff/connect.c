/* Sections 2 and 4: handshakes, attempts, loss, states. */
#define _GNU_SOURCE
#include "diff.h"

#include <zookeeper/zookeeper_log.h>

static void connected_then_lost(const char *change)
{
    zhandle_t *zh;
    proxy(1, "on response %s", change);
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=");
    say("state %d timeout %d", zoo_state(zh), zoo_recv_timeout(zh));
    exists(zh, "/");
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(a_handshake_of_36_bytes, "C-214")
{
    connected_then_lost("read-only absent");
}

SCENARIO(a_handshake_of_37_bytes, "C-214")
{
    connected_then_lost("read-only off");
}

SCENARIO(a_response_of_another_version, "C-214")
{
    connected_then_lost("xid 77");
}

SCENARIO(an_odd_read_only_byte, "C-214 C-405")
{
    zhandle_t *zh;
    proxy(1, "on response body 00000000000017700000000000001234000000100102030405060708090a0b0c0d0e0f1002");
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=");
    say("state %d", zoo_state(zh));
    finish(zh);
}

SCENARIO(the_read_only_flag_is_sent, "C-213")
{
    zhandle_t *zh = open_with(hosts(1), LONG_MS, NULL, ZOO_READONLY);
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(the_server_clamps_the_timeout, "C-211 C-284")
{
    static const int asked[] = {61000, 6000, 1234};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        zhandle_t *zh = open_session(hosts(1), asked[i]);
        await("global: event type=-1 state=3");
        say("%d: %d", asked[i], zoo_recv_timeout(zh));
        proxy(1, "cut");
        await("global: event type=-1 state=3");
        finish(zh);
    }
}

SCENARIO(the_negotiated_timeout_is_asked_for_next_time, "C-211 C-215")
{
    zhandle_t *zh;
    proxy(1, "on response timeout 8765");
    proxy(1, "on response skip=1 timeout 7654");
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=3");
    exists(zh, "/");
    say("%d", zoo_recv_timeout(zh));
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    say("%d", zoo_recv_timeout(zh));
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    say("%d", zoo_recv_timeout(zh));
    finish(zh);
}

SCENARIO(a_session_is_resumed_with_id_and_password, "C-212 C-284")
{
    clientid_t id;
    zhandle_t *first = connected(LONG_MS), *second;
    create(first, "/mine", "v", ZOO_EPHEMERAL);
    id = *zoo_client_id(first);
    /* The first handle shall not notice that its session moves, and fetch it back. */
    proxy(1, "hold");
    second = open_with(hosts(2), LONG_MS, &id, 0);
    await("global: event type=-1 state=3");
    say("same %d", memcmp(zoo_client_id(second), &id, sizeof id) == 0);
    exists(second, "/mine");
    undrive(first);
    finish(second);
}

SCENARIO(a_wrong_password_expires, "C-212 C-215 C-436")
{
    clientid_t id;
    zhandle_t *first = connected(LONG_MS), *second;
    id = *zoo_client_id(first);
    id.passwd[3] ^= 1;
    proxy(1, "hold");
    proxy(2, "hold");
    second = open_with(hosts(2), LONG_MS, &id, 0);
    proxy_await(2, "connect", 1);
    send_get(second, "/");
    proxy(2, "release");
    await("global: event type=-1 state=-112");
    await("get /: ");
    say("state %d unrecoverable %d", zoo_state(second), is_unrecoverable(second));
    get(second, "/");
    get(second, "bad");
    undrive(first);
    finish(second);
}

SCENARIO(an_unknown_session_expires, "C-215")
{
    clientid_t id = {0x1234567890abcdefLL, "0123456789abcde"};
    zhandle_t *zh = open_with(hosts(1), LONG_MS, &id, 0);
    await("global: event type=-1 state=-112");
    finish(zh);
}

SCENARIO(a_password_without_an_id, "C-212 C-215")
{
    clientid_t id = {0, "0123456789abcde"};
    zhandle_t *zh = open_with(hosts(1), LONG_MS, &id, 0);
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(another_id_on_reconnect_is_expiry, "C-215 C-436")
{
    zhandle_t *zh = connected(LONG_MS);
    get_watching(zh, "/", "watch");
    proxy(1, "on response session 4711");
    proxy(1, "on reply GetData cut 0");
    proxy(1, "refuse on");
    send_get(zh, "/");
    await("get /: ");
    proxy(1, "hold");
    proxy(1, "refuse off");
    proxy_await(1, "connect", 2);
    send_exists(zh, "/");
    proxy(1, "release");
    await("global: event type=-1 state=-112");
    await("exists /: ");
    say("state %d", zoo_state(zh));
    get(zh, "/");
    create(zh, "/x", "v", 0);
    children(zh, "/");
    finish(zh);
}

SCENARIO(an_expired_answer_ends_the_session, "C-215 C-436 C-442")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "refuse on");
    server("expire");
    await("global: event type=-1 state=1");
    proxy(1, "hold");
    proxy(1, "refuse off");
    proxy_await(1, "connect", 2);
    send_get(zh, "/");
    proxy(1, "release");
    await("global: event type=-1 state=-112");
    await("get /: ");
    say("state %d unrecoverable %d", zoo_state(zh), is_unrecoverable(zh));
    get(zh, "/");
    say("auth %d", zoo_add_auth(zh, "digest", "a:b", 3, on_auth, "auth"));
    finish(zh);
}

SCENARIO(the_first_answer_with_id_zero, "C-215")
{
    zhandle_t *zh;
    proxy(1, "on response session 0");
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=3");
    say("state %d id %d", zoo_state(zh), zoo_client_id(zh)->client_id == 0);
    finish(zh);
}

SCENARIO(a_read_only_server_for_a_plain_client, "C-405 C-445")
{
    zhandle_t *zh;
    proxy(1, "on response read-only on");
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=5");
    say("state %d", zoo_state(zh));
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_read_only_session_is_not_resumed, "C-212 C-445")
{
    zhandle_t *zh;
    proxy(1, "on response read-only on");
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=5");
    exists_watching(zh, "/none", "watch");
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(a_read_only_server_refuses_writes, "C-445")
{
    zhandle_t *zh;
    server("read-only on");
    zh = open_with(hosts(1), LONG_MS, NULL, ZOO_READONLY);
    await("global: event type=-1 state=5");
    create(zh, "/x", "v", 0);
    get(zh, "/");
    set(zh, "/", "v", -1);
    delete_node(zh, "/x", -1);
    finish(zh);
}

SCENARIO(the_way_back_from_read_only, "C-226 C-443 C-444")
{
    zhandle_t *zh;
    proxy(1, "on response read-only on");
    zh = open_with(hosts(1), LONG_MS, NULL, ZOO_READONLY);
    await("global: event type=-1 state=5");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(zh);
}

/* Cuts the connection after every number of bytes of one frame, and looks what the client makes
 * of it. The connect response as well as replies are frames. */
static void cut_everywhere(const char *frame, int size, const char *how)
{
    for (int k = 0; k < size; k++) {
        zhandle_t *zh;
        proxy(1, "on %s %s %d", frame, how, k);
        proxy(1, "hold");
        zh = open_session(hosts(1), 3000);
        send_exists(zh, "/");
        proxy(1, "release");
        await("exists /: ");
        await("global: event type=-1 state=3");
        finish(zh);
    }
}

SCENARIO(a_connect_response_cut_at_every_byte, "C-214 C-433 C-442")
{
    cut_everywhere("response", 41, "cut");
}

SCENARIO(a_connect_response_reset_at_some_bytes, "C-433 C-442")
{
    cut_everywhere("response", 6, "reset");
}

SCENARIO(a_dribbled_handshake, "C-200 C-214")
{
    zhandle_t *zh;
    proxy(1, "on response times=2 dribble 300");
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=3");
    exists(zh, "/");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(a_dribbled_handshake_of_36_bytes, "C-200 C-214")
{
    zhandle_t *zh;
    proxy(1, "on response read-only absent");
    proxy(1, "on response dribble 300");
    zh = open_session(hosts(1), LONG_MS);
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(a_server_that_never_answers, "C-401 C-413 C-433 C-442")
{
    zhandle_t *zh;
    long long start = now_ms();
    proxy(1, "on response hold");
    zh = open_session(hosts(1), SHORT_MS);
    send_get(zh, "/");
    send_create(zh, "/x", "v", 0);
    await("get /: ");
    say_time("two thirds", start, SHORT_MS * 6 / 10, SHORT_MS * 95 / 100);
    await("create /x: ");
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(refused_from_the_start, "C-433 C-434 C-442")
{
    zhandle_t *zh;
    proxy(1, "refuse on");
    zh = open_session(hosts(1), 3000);
    for (int i = 0; i < 5; i++)
        get(zh, "/");
    proxy(1, "refuse off");
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(refused_after_a_loss, "C-432 C-433 C-434")
{
    zhandle_t *zh = connected(3000);
    proxy(1, "refuse on");
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    for (int i = 0; i < 4; i++)
        get(zh, "/");
    say("id kept %d", zoo_client_id(zh)->client_id != 0);
    proxy(1, "refuse off");
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(accepted_and_closed_at_once, "C-433 C-442")
{
    zhandle_t *zh;
    proxy(1, "on connect times=3 cut 0");
    zh = open_session(hosts(1), 3000);
    await("global: event type=-1 state=3");
    get(zh, "/");
    finish(zh);
}

SCENARIO(requests_lost_unsent_are_not_carried_over, "C-432 C-440 C-442")
{
    zhandle_t *zh;
    proxy(1, "on connect hold");
    zh = open_session(hosts(1), LONG_MS);
    proxy_await(1, "connect", 1);
    for (int i = 0; i < 20; i++)
        send_create(zh, "/lost-", "v", ZOO_PERSISTENT_SEQUENTIAL);
    proxy(1, "cut");
    for (int i = 0; i < 20; i++)
        await("create /lost-: ");
    await("global: event type=-1 state=3");
    children(zh, "/");
    finish(zh);
}

SCENARIO(the_loss_event_precedes_the_lost_completions, "C-432 C-513")
{
    zhandle_t *zh = connected(LONG_MS);
    get_watching(zh, "/", "watch");
    proxy(1, "on reply GetData skip=1 cut 0");
    proxy(1, "hold");
    send_get(zh, "/");
    send_get(zh, "/");
    send_exists(zh, "/");
    proxy_await(1, "request Exists", 1);
    proxy(1, "release");
    await("exists /: ");
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(the_last_zxid_comes_from_replies_only, "C-211 C-439")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    create(zh, "/z", "v", 0);
    get_watching(zh, "/z", "watch");
    quiet_set(other, "/z", "w");
    await("watch: ");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    exists(zh, "/none");
    quiet_set(other, "/z", "x");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    create(zh, "/none/x", "v", 0);
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    proxy(1, "on reply Exists zxid 0");
    exists(zh, "/none");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    proxy(1, "on reply Exists zxid -5");
    exists(zh, "/none");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    finish(other);
    finish(zh);
}

SCENARIO(other_log_settings, "C-601")
{
    zhandle_t *zh = connected(LONG_MS);
    say("%d", zoo_get_log_stream() == stderr);
    say("%d", zoo_get_log_callback(zh) == NULL);
    zoo_set_log_stream(stdout);
    say("%d", zoo_get_log_stream() == stdout);
    zoo_set_log_stream(NULL);
    say("%d", zoo_get_log_stream() == stderr);
    finish(zh);
}

SCENARIO(session_moved_passes_through, "C-265")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on reply GetData err -118");
    get(zh, "/");
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_timeout_beyond_half_the_integers, "C-413 Q-036")
{
    long long until = now_ms() + 3000;
    zhandle_t *zh = open_session(hosts(1), 0x7fffffff);
    while (zoo_state(zh) != ZOO_CONNECTED_STATE && now_ms() < until)
        turn();
    say("connected: %d", zoo_state(zh) == ZOO_CONNECTED_STATE);
    if (zoo_state(zh) == ZOO_CONNECTED_STATE)
        await("global: event type=-1 state=3");
    undrive(zh);
}
