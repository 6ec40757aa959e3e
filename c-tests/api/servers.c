/* Server lists: order of connecting, changes at run time. */
#define _GNU_SOURCE
#include "../harness/cluster.h"
#include "../harness/harness.h"

#include <stdio.h>
#include <unistd.h>

TEST(a_fixed_order_is_tried_from_the_front, "C-179 C-291 C-420 F-21")
{
    cluster_t *c = cluster(3);
    zoo_deterministic_conn_order(1);
    fake_pause(c->fakes[0]);
    fake_pause(c->fakes[1]);
    cluster_begin(c, 3600000); /* a pause would be a minute long */
    int connection = fake_connect(c->fakes[2]);
    journal_expect("global: session connected", NULL);
    CHECK_STR(zoo_get_current_server(c->zh), c->fakes[2]->hosts);
    fake_end_session(c->zh, connection);
}

TEST(the_order_is_shuffled_unless_fixed, "C-273 C-291")
{
    int seen[3] = {0, 0, 0};
    zoo_deterministic_conn_order(0);
    for (int i = 0; i < 60 && (seen[0] > 0) + (seen[1] > 0) + (seen[2] > 0) < 2; i++) {
        cluster_t *c = cluster(3);
        cluster_begin(c, 20000);
        seen[cluster_visited(c)]++;
        CHECK_INT(zookeeper_close(c->zh), ZOK);
        for (int k = 0; k < 3; k++)
            fake_stop(c->fakes[k]);
    }
    CHECK((seen[0] > 0) + (seen[1] > 0) + (seen[2] > 0) >= 2);
}

TEST(after_a_loss_the_next_server_is_tried_at_once, "C-423 C-432")
{
    cluster_t *c = cluster(2);
    zoo_deterministic_conn_order(1);
    cluster_begin(c, 3600000);
    int connection = fake_connect(c->fakes[0]);
    probe_wait(&c->session, 1);
    fake_hang_up(connection);
    connection = fake_connect(c->fakes[1]);
    journal_expect("global: session connected", "global: session connecting",
                   "global: session connected", NULL);
    fake_end_session(c->zh, connection);
}

TEST(every_server_is_tried_again_in_turn, "C-421 C-423 C-424 T-34 F-1")
{
    NOT_ON_THE_REFERENCE("C-421: it skips servers");
    cluster_t *c = cluster(3);
    zoo_deterministic_conn_order(1);
    cluster_begin(c, 3000);
    int connection = fake_connect(c->fakes[0]);
    for (int i = 1; i < 9; i++) {
        fake_hang_up(connection);
        CHECK_INT(cluster_visited(c), i % 3);
        connection = fake_connect(c->fakes[i % 3]);
    }
    fake_end_session(c->zh, connection);
}

TEST(a_server_that_comes_up_late_is_found, "C-421 C-435 F-1")
{
    NOT_ON_THE_REFERENCE("C-421: it skips servers");
    for (int late = 0; late < 4; late++) {
        cluster_t *c = cluster(4);
        probe_t get = probe("get");
        zoo_deterministic_conn_order(1);
        for (int i = 0; i < 4; i++)
            fake_pause(c->fakes[i]);
        cluster_begin(c, 600);
        for (int i = 0; i < 10; i++) { /* ten failures at least */
            CHECK_INT(zoo_aget(c->zh, "/a", 0, on_data, &get), ZOK);
            probe_wait(&get, i + 1);
        }
        fake_resume(c->fakes[late]);
        int connection = fake_connect(c->fakes[late]);
        probe_wait(&c->session, 1);
        fake_end_session(c->zh, connection);
        journal_clear();
    }
}

TEST(a_request_ends_the_pause_between_attempts, "C-422")
{
    char hosts[64];
    probe_t get = probe("get");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    /* the pause would be a minute long */
    zhandle_t *zh = zookeeper_init(hosts, NULL, 3600000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
        probe_wait(&get, i + 1);
        CHECK_INT(get.rc, ZCONNECTIONLOSS);
    }
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(bad_lists_are_refused, "C-448 C-107 C-316")
{
    stage_t *stage = stage_open("");
    CHECK_INT(zoo_set_servers(stage->zh, "127.0.0.1"), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers(stage->zh, "127.0.0.1:x"), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers(stage->zh, "127.0.0.1:1,127.0.0.1"), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers(stage->zh, "127.0.0.1:1/chroot"), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers(stage->zh, "no.such.host.invalid.:1"), ZSYSTEMERROR);
    CHECK_INT(zoo_set_servers(stage->zh, stage->fake->hosts), ZOK);
    stage_close(stage);
}

TEST(a_refused_list_changes_nothing, "C-449 F-4")
{
    NOT_ON_THE_REFERENCE("C-449: it keeps the bad list");
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    CHECK_INT(zoo_set_servers(stage->zh, "127.0.0.1"), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers(stage->zh, ""), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers(stage->zh, ","), ZBADARGUMENTS);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("get: 0", NULL);
    stage_reconnect(stage);
    journal_expect("get: 0", "global: session connecting", "global: session connected", NULL);
    stage_close(stage);
}

TEST(the_same_list_changes_nothing, "C-450 C-448")
{
    cluster_t *c = cluster(2);
    char swapped[200];
    probe_t get = probe("get");
    zoo_deterministic_conn_order(1);
    cluster_begin(c, 20000);
    int connection = fake_connect(c->fakes[0]);
    probe_wait(&c->session, 1);
    snprintf(swapped, sizeof swapped, "%s,%s", c->fakes[1]->hosts, c->fakes[0]->hosts);
    CHECK_INT(zoo_set_servers(c->zh, c->hosts), ZOK);
    CHECK_INT(zoo_set_servers(c->zh, swapped), ZOK);
    CHECK_INT(zoo_aget(c->zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(connection, ZOO_GETDATA_OP);
    fake_reply(connection, frame.xid, 1, ZNONODE, NULL);
    journal_expect("global: session connected", "get: -101", NULL);
    fake_end_session(c->zh, connection);
}

TEST(a_shorter_list_with_the_current_server_keeps_the_connection, "C-451")
{
    cluster_t *c = cluster(2);
    probe_t get = probe("get");
    zoo_deterministic_conn_order(1);
    cluster_begin(c, 20000);
    int connection = fake_connect(c->fakes[0]);
    probe_wait(&c->session, 1);
    CHECK_INT(zoo_set_servers(c->zh, c->fakes[0]->hosts), ZOK);
    CHECK_INT(zoo_aget(c->zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(connection, ZOO_GETDATA_OP);
    fake_reply(connection, frame.xid, 1, ZNONODE, NULL);
    journal_expect("global: session connected", "get: -101", NULL);
    fake_end_session(c->zh, connection);
}

TEST(a_list_without_the_current_server_moves_the_session, "C-450 C-451 C-452 C-432 T-34 F-3")
{
    NOT_ON_THE_REFERENCE("C-450, C-452: it ignores ports and tells nobody");
    cluster_t *c = cluster(2);
    probe_t get = probe("get");
    strcpy(c->hosts, c->fakes[0]->hosts);
    cluster_begin(c, 20000);
    int connection = fake_connect(c->fakes[0]);
    probe_wait(&c->session, 1);
    CHECK_INT(zoo_aget(c->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(connection, ZOO_GETDATA_OP);
    CHECK_INT(zoo_set_servers(c->zh, c->fakes[1]->hosts), ZOK);
    CHECK_INT(fake_wait_end(connection), 0); /* left without closing the session */
    fake_hang_up(connection);
    connection = fake_accept(c->fakes[1]);
    connect_request_t request = fake_read_connect(connection);
    CHECK_INT(request.session_id, 0x1234);
    fake_welcome(connection, &request, &usual_welcome);
    journal_expect("global: session connected", "global: session connecting", "get: -4",
                   "global: session connected", NULL);
    fake_end_session(c->zh, connection);
}

TEST(the_first_list_may_be_replaced_before_any_connection, "C-448 C-453 F-3")
{
    NOT_ON_THE_REFERENCE("C-450: it ignores ports");
    cluster_t *c = cluster(1);
    char hosts[64];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    strcpy(c->hosts, hosts);
    cluster_begin(c, 3000);
    CHECK_INT(zoo_set_servers(c->zh, c->fakes[0]->hosts), ZOK);
    int connection = fake_connect(c->fakes[0]);
    probe_wait(&c->session, 1);
    fake_end_session(c->zh, connection);
}

TEST(the_resolution_delay_has_a_lower_limit, "C-411 C-108")
{
    stage_t *stage = stage_open("");
    CHECK_INT(zoo_set_servers_resolution_delay(stage->zh, -2), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers_resolution_delay(stage->zh, -1), ZOK);
    CHECK_INT(zoo_set_servers_resolution_delay(stage->zh, 0), ZOK);
    CHECK_INT(zoo_set_servers_resolution_delay(stage->zh, 60000), ZOK);
    stage_reconnect(stage);
    journal_expect("global: session connecting", "global: session connected", NULL);
    stage_close(stage);
}

TEST(cycling_moves_the_current_server_and_not_the_connection, "C-454 C-109 C-288")
{
    cluster_t *c = cluster(3);
    probe_t get = probe("get");
    int seen[3] = {0, 0, 0};
    zoo_deterministic_conn_order(1);
    cluster_begin(c, 20000);
    int connection = fake_connect(c->fakes[0]);
    probe_wait(&c->session, 1);
    CHECK_STR(zoo_get_current_server(c->zh), c->fakes[0]->hosts);
    for (int i = 0; i < 6; i++) {
        zoo_cycle_next_server(c->zh);
        for (int k = 0; k < 3; k++)
            seen[k] += strcmp(zoo_get_current_server(c->zh), c->fakes[k]->hosts) == 0;
    }
    CHECK_INT(seen[0], 2);
    CHECK_INT(seen[1], 2);
    CHECK_INT(seen[2], 2);
    CHECK_INT(zoo_aget(c->zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(connection, ZOO_GETDATA_OP);
    fake_reply(connection, frame.xid, 1, ZNONODE, NULL);
    journal_expect("global: session connected", "get: -101", NULL);
    fake_end_session(c->zh, connection);
}

TEST(an_ipv6_server_is_reached_and_shown_in_brackets, "C-272 C-288 T-30")
{
    probe_t done = probe("done");
    zhandle_t *zh = zookeeper_init("::1:1", NULL, 3000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &done), ZOK);
    probe_wait(&done, 1);
    if (done.rc == ZSYSTEMERROR)
        SKIP("this machine has no IPv6");
    CHECK_STR(zoo_get_current_server(zh), "[::1]:1");
    CHECK_INT(zookeeper_close(zh), ZOK);
}
