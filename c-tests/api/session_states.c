/* Connecting, losing, resuming, expiring: states, events and codes. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

TEST(states_follow_the_connection, "C-404 C-405 C-282 C-120")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    connect_request_t request = fake_read_connect(stage->connection);
    wait_for_state(stage->zh, ZOO_ASSOCIATING_STATE);
    journal_expect(NULL, NULL); /* nobody was called so far */
    fake_welcome(stage->connection, &request, &usual_welcome);
    journal_expect("global: session connected", NULL);
    CHECK_INT(zoo_state(stage->zh), ZOO_CONNECTED_STATE);
    CHECK(stage->session.zh == stage->zh);
    stage_close(stage);
}

TEST(a_handle_that_never_connects_calls_nobody, "C-433 C-434 C-435 C-261 T-05")
{
    char hosts[64];
    probe_t session = probe("global"), get = probe("get");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init(hosts, on_event, 600, NULL, &session, 0);
    CHECK(zh != NULL);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
        probe_wait(&get, i + 1);
        CHECK_INT(get.rc, ZCONNECTIONLOSS);
        CHECK_INT(is_unrecoverable(zh), ZOK);
    }
    CHECK_INT(zoo_exists(zh, "/a", 0, NULL), ZCONNECTIONLOSS);
    CHECK_INT(probe_calls(&session), 0);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(probe_calls(&session), 0);
}

TEST(a_lost_connection_tells_the_watcher_before_the_completions, "C-432 C-442 C-314 T-10")
{
    stage_t *stage = stage_open("");
    probe_t one = probe("one"), two = probe("two");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &one), ZOK);
    CHECK_INT(zoo_acreate(stage->zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, &two), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_expect("global: session connecting", "one: -4", "two: -4", NULL);
    CHECK(one.value == NULL && !one.has_stat && two.value == NULL);
    CHECK_INT(one.value_length, 0);
    stage_close_unconnected(stage);
}

TEST(repeated_failures_send_one_event, "C-434 C-432")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_expect("global: session connecting", NULL);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
        probe_wait(&get, i + 1);
        CHECK_INT(get.rc, ZCONNECTIONLOSS);
    }
    CHECK_INT(probe_calls(&stage->session), 2);
    fake_resume(stage->fake);
    stage->connection = fake_connect(stage->fake);
    probe_wait(&stage->session, 3);
    CHECK_INT(stage->session.state, ZOO_CONNECTED_STATE);
    stage_close(stage);
}

TEST(a_silent_server_times_out_with_its_own_code, "C-413 C-442 C-433 T-05")
{
    stage_t *stage = stage_open_unanswered(600);
    probe_t get = probe("get");
    fake_read_connect(stage->connection);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZOPERATIONTIMEOUT);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    CHECK_INT(probe_calls(&stage->session), 0);
    stage_close_unconnected(stage);
}

TEST(a_server_that_stops_answering_is_left, "C-413 C-432 C-442")
{
    stage_t *stage = stage_open_with("", 600, 0);
    char byte;
    while (read(stage->connection, &byte, 1) == 1)
        ; /* pings come, no answer goes */
    journal_wait("global: session connecting");
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connecting", "global: session connected", NULL);
    stage_close(stage);
}

TEST(requests_made_while_connecting_are_sent_after_the_handshake, "C-261 C-431 C-440 T-05")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    probe_t get = probe("get");
    connect_request_t request = fake_read_connect(stage->connection);
    CHECK_INT(zoo_aget(stage->zh, "/early", 0, on_data, &get), ZOK);
    fake_welcome(stage->connection, &request, &usual_welcome);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    CHECK_STR(take_string(&frame), "/early");
    fake_reply(stage->connection, frame.xid, 1, ZNONODE, NULL);
    journal_expect("global: session connected", "get: -101", NULL);
    stage_close(stage);
}

TEST(requests_of_a_failed_attempt_are_not_carried_over, "C-440 C-433 C-442")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    probe_t early = probe("early"), late = probe("late");
    fake_read_connect(stage->connection);
    CHECK_INT(zoo_aget(stage->zh, "/early", 0, on_data, &early), ZOK);
    fake_hang_up(stage->connection);
    journal_expect("early: -4", NULL);
    stage->connection = fake_connect(stage->fake);
    probe_wait(&stage->session, 1);
    CHECK_INT(zoo_aget(stage->zh, "/late", 0, on_data, &late), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    CHECK_STR(take_string(&frame), "/late");
    fake_reply(stage->connection, frame.xid, 1, ZNONODE, NULL);
    probe_wait(&late, 1);
    stage_close(stage);
}

TEST(an_expired_session_is_unrecoverable, "C-215 C-436 C-406 C-283 C-121")
{
    stage_t *stage = stage_open("");
    probe_t done = probe("done");
    struct Stat stat;
    stage_expire(stage);
    journal_expect("global: session connecting", "global: session expired", NULL);
    CHECK_INT(zoo_state(stage->zh), ZOO_EXPIRED_SESSION_STATE);
    CHECK_INT(is_unrecoverable(stage->zh), ZINVALIDSTATE);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &done), ZINVALIDSTATE);
    CHECK_INT(zoo_acreate(stage->zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, &done),
              ZINVALIDSTATE);
    CHECK_INT(zoo_exists(stage->zh, "/a", 0, &stat), ZINVALIDSTATE);
    CHECK_INT(zoo_delete(stage->zh, "/a", -1), ZINVALIDSTATE);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &done), ZINVALIDSTATE);
    CHECK_INT(zoo_aget(stage->zh, "a", 0, on_data, &done), ZBADARGUMENTS); /* checked first */
    CHECK_INT(zoo_set_servers(stage->zh, stage->fake->hosts), ZOK);
    CHECK_INT(probe_calls(&done), 0);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    stage_close_unconnected(stage); /* C-537: quick, without a packet */
}

TEST(every_call_on_an_expired_session_is_an_invalid_state, "C-260 C-406 C-623")
{
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    probe_t *done = &stage->done;
    void_completion_t *as_declared = (void_completion_t *)on_void;
    zoo_op_t op;
    zoo_op_result_t result;
    char value[4];
    int length = 4;
    stage_expire(stage);
    CHECK_INT(zoo_aexists(zh, "/a", 0, on_stat, done), ZINVALIDSTATE);
    CHECK_INT(zoo_aset(zh, "/a", "", 0, -1, on_stat, done), ZINVALIDSTATE);
    CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, done), ZINVALIDSTATE);
    CHECK_INT(zoo_aget_children(zh, "/a", 0, on_strings, done), ZINVALIDSTATE);
    CHECK_INT(zoo_aget_children2(zh, "/a", 0, on_strings_stat, done), ZINVALIDSTATE);
    CHECK_INT(zoo_async(zh, "/a", on_string, done), ZINVALIDSTATE);
    CHECK_INT(zoo_aget_acl(zh, "/a", on_acl, done), ZINVALIDSTATE);
    CHECK_INT(zoo_aset_acl(zh, "/a", -1, &ZOO_OPEN_ACL_UNSAFE, on_void, done), ZINVALIDSTATE);
    CHECK_INT(zoo_agetconfig(zh, 0, on_data, done), ZINVALIDSTATE);
    CHECK_INT(zoo_areconfig(zh, "a", NULL, NULL, -1, on_data, done), ZINVALIDSTATE);
    CHECK_INT(zoo_acreate2(zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string_stat, done),
              ZINVALIDSTATE);
    CHECK_INT(zoo_aremove_all_watches(zh, "/a", ZWATCHTYPE_ANY, 0, as_declared, done),
              ZINVALIDSTATE);
    CHECK_INT(zoo_get(zh, "/a", 0, value, &length, NULL), ZINVALIDSTATE);
    CHECK_INT(zoo_set(zh, "/a", "", 0, -1), ZINVALIDSTATE);
    CHECK_INT(zoo_get_children(zh, "/a", 0, NULL), ZINVALIDSTATE);
    zoo_delete_op_init(&op, "/a", -1);
    CHECK_INT(zoo_multi(zh, 1, &op, &result), ZMARSHALLINGERROR);
    CHECK_INT(zoo_amulti(zh, 1, &op, &result, on_void, done), ZMARSHALLINGERROR);
    stage_close_unconnected(stage);
}

TEST(a_request_waiting_for_the_handshake_learns_of_the_expiry, "C-436 C-442")
{
    static const char zeros[16];
    welcome_t over = {1, 0, zeros, 0, 0};
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    journal_expect("global: session connecting", NULL);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_welcome(stage->connection, &request, &over);
    journal_expect("global: session connecting", "global: session expired", "get: -112", NULL);
    stage_close_unconnected(stage);
}

TEST(another_session_id_than_the_one_sent_means_expired, "C-215 T-32 F-20")
{
    stage_t *stage = stage_open("");
    welcome_t other = usual_welcome;
    other.session_id = 0x9999;
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    fake_welcome(stage->connection, &request, &other);
    journal_expect("global: session connecting", "global: session expired", NULL);
    stage_close_unconnected(stage);
}

TEST(the_connected_host_is_known_only_when_connected, "C-287 C-117 C-288 C-110")
{
    stage_t *stage = stage_open("");
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    CHECK(zookeeper_get_connected_host(stage->zh, (struct sockaddr *)&address, &length) ==
          (struct sockaddr *)&address);
    CHECK_INT(length, sizeof address);
    CHECK_INT(address.sin_family, AF_INET);
    CHECK_INT(ntohs(address.sin_port), stage->fake->port);
    CHECK_INT(ntohl(address.sin_addr.s_addr), INADDR_LOOPBACK);
    CHECK_STR(zoo_get_current_server(stage->zh), stage->fake->hosts);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_expect("global: session connecting", NULL);
    EVENTUALLY(zoo_state(stage->zh) != ZOO_CONNECTED_STATE);
    length = sizeof address;
    CHECK(zookeeper_get_connected_host(stage->zh, (struct sockaddr *)&address, &length) == NULL);
    stage_close_unconnected(stage);
}

TEST(watcher_and_context_can_be_replaced, "C-285 C-115 C-116 C-480")
{
    stage_t *stage = stage_open("");
    probe_t other = probe("other");
    CHECK(zoo_get_context(stage->zh) == &stage->session);
    zoo_set_context(stage->zh, &other);
    CHECK(zoo_get_context(stage->zh) == &other);
    CHECK(zoo_set_watcher(stage->zh, on_event_too) == on_event);
    stage_reconnect(stage);
    journal_expect("other: session connecting", "other: session connected", NULL);
    CHECK(zoo_set_watcher(stage->zh, NULL) == on_event_too);
    CHECK(zoo_set_watcher(stage->zh, on_event) != NULL); /* the internal one that does nothing */
    stage_close(stage);
}

static void wait_for_a_newer_state(probe_t *self)
{
    if (self->state != ZOO_CONNECTING_STATE)
        return;
    wait_for_state(self->zh, ZOO_CONNECTED_STATE);
    journal_add("state seen");
}

TEST(the_state_may_be_newer_than_the_event, "C-407")
{
    stage_t *stage = stage_open("");
    probe_set_then(&stage->session, wait_for_a_newer_state);
    stage_reconnect(stage);
    journal_expect("global: session connecting", "state seen", "global: session connected",
                   NULL);
    stage_close(stage);
}
