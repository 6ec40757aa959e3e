/* The calls about one handle that the C library has not. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

/* Anyone may read, and change the ACL. */
static struct ACL_vector read_and_admin(void)
{
    static char scheme[] = "world", id[] = "anyone";
    static struct ACL acl;
    acl.perms = ZOO_PERM_READ | ZOO_PERM_ADMIN;
    acl.id.scheme = scheme;
    acl.id.id = id;
    return (struct ACL_vector){1, &acl};
}

TEST(set_acl_tells_the_new_statistics, "G1")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    const char *path = live_node(live, "a", "x");
    struct ACL_vector read_only = read_and_admin();
    struct Stat stat, after;
    memset(&stat, 0xff, sizeof stat);
    CHECK_INT(zoox_set_acl(live->zh, path, 0, &read_only, &stat), ZOK);
    CHECK_INT(stat.aversion, 1);
    CHECK_INT(zoo_exists(live->zh, path, 0, &after), ZOK);
    check_stat(&stat, &after);
    CHECK_INT(zoox_set_acl(live->zh, path, -1, &ZOO_OPEN_ACL_UNSAFE, NULL), ZOK);
    probe_t set = probe("set");
    CHECK_INT(zoox_aset_acl(live->zh, path, 2, &read_only, on_stat, &set), ZOK);
    probe_wait(&set, 1);
    CHECK_INT(set.rc, ZOK);
    CHECK_INT(set.has_stat, 1);
    CHECK_INT(set.stat.aversion, 3);
    live_close(live);
}

TEST(set_acl_fails_as_the_call_without_statistics, "G1 C-311")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    const char *path = live_node(live, "a", "x");
    struct ACL_vector read_only = read_and_admin();
    struct Stat stat;
    memset(&stat, 0x77, sizeof stat);
    struct Stat before = stat;
    CHECK_INT(zoox_set_acl(live->zh, path, 9, &read_only, &stat), ZBADVERSION);
    CHECK_INT(zoox_set_acl(live->zh, live_path(live, "none"), -1, &read_only, &stat), ZNONODE);
    CHECK_INT(zoox_set_acl(live->zh, path, -1, NULL, &stat), ZBADARGUMENTS);
    CHECK_INT(zoox_set_acl(live->zh, "bad", -1, &read_only, &stat), ZBADARGUMENTS);
    CHECK_INT(zoox_set_acl(NULL, path, -1, &read_only, &stat), ZBADARGUMENTS);
    CHECK_BYTES(&stat, sizeof stat, &before, sizeof before);
    probe_t set = probe("set");
    CHECK_INT(zoox_aset_acl(live->zh, path, -1, NULL, on_stat, &set), ZBADARGUMENTS);
    CHECK_INT(zoox_aset_acl(live->zh, path, 9, &read_only, on_stat, &set), ZOK);
    probe_wait(&set, 1);
    CHECK_INT(set.rc, ZBADVERSION);
    CHECK_INT(set.has_stat, 0);
    CHECK_INT(zoox_aset_acl(live->zh, path, -1, &ZOO_OPEN_ACL_UNSAFE, NULL, NULL), ZOK);
    live_close(live);
}

TEST(a_dropped_connection_is_a_loss_and_the_session_goes_on, "G2 C-432")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    int64_t session = zoo_client_id(stage->zh)->client_id;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    CHECK_INT(zoox_drop_connection(stage->zh), ZOK);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    stage->connection = fake_accept(stage->fake);
    connect_request_t again = fake_read_connect(stage->connection);
    CHECK_INT(again.session_id, session);
    fake_welcome(stage->connection, &again, &usual_welcome);
    journal_expect("global: session connecting", "get: -4", "global: session connected", NULL);
    stage_close(stage);
}

TEST(a_dropped_connection_leaves_ephemeral_nodes_alone, "G2")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    const char *path = live_path(live, "e");
    int64_t session = zoo_client_id(live->zh)->client_id;
    CHECK_INT(zoo_create(live->zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0),
              ZOK);
    for (int i = 0; i < 5; i++) {
        CHECK_INT(zoox_drop_connection(live->zh), ZOK);
        journal_expect("global: session connecting", "global: session connected", NULL);
        journal_clear();
    }
    CHECK_INT(zoo_client_id(live->zh)->client_id, session);
    CHECK_INT(zoo_exists(live->zh, path, 0, NULL), ZOK);
    live_close(live);
}

static void drop_inside(probe_t *self)
{
    CHECK_INT(zoox_drop_connection((zhandle_t *)self->then_data), ZOK);
}

TEST(a_callback_may_drop_the_connection, "G2")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = drop_inside;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    stage->connection = fake_connect(stage->fake);
    journal_expect("get: 0", "global: session connecting", "global: session connected", NULL);
    stage_close(stage);
}

static zhandle_t *nowhere(void)
{
    char hosts[32];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init(hosts, NULL, 600000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    return zh;
}

TEST(without_a_connection_there_is_nothing_to_drop_and_no_peer, "G2 G9")
{
    NEEDS_EXTRAS;
    zhandle_t *zh = nowhere();
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    /* The pause after the first attempt is 10 s. */
    EVENTUALLY(zoox_connect_attempts(zh) == 1);
    CHECK_INT(zoox_drop_connection(zh), ZNOTHING);
    CHECK_INT(zoox_get_peer(zh, (struct sockaddr *)&peer, &length), ZNOTHING);
    CHECK_INT(length, sizeof peer);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(zoox_drop_connection(zh), ZBADARGUMENTS);
    CHECK_INT(zoox_drop_connection(NULL), ZBADARGUMENTS);
}

TEST(an_abandoned_handle_sends_nothing_and_completes_everything, "G3 C-530")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    probe_t auth = probe("auth");
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    CHECK_INT(zoox_abandon(stage->zh), ZOK);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    CHECK_INT(get.rc, ZCLOSING);
    CHECK_INT(auth.rc, ZCLOSING);
    CHECK_INT(get.calls + auth.calls, 2);
    CHECK_INT(zoox_abandon(stage->zh), ZBADARGUMENTS);
    CHECK_INT(zookeeper_close(stage->zh), ZBADARGUMENTS);
    CHECK_INT(zoox_abandon(NULL), ZBADARGUMENTS);
}

TEST(the_session_of_an_abandoned_handle_lives_on, "G3")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t other = probe("other");
    zhandle_t *zh = live_session("", &other);
    const char *path = live_path(live, "e");
    CHECK_INT(zoo_create(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
    clientid_t session = *zoo_client_id(zh);
    CHECK_INT(zoox_abandon(zh), ZOK);
    CHECK_INT(zoo_exists(live->zh, path, 0, NULL), ZOK);
    probe_t heir = probe("heir");
    zh = zookeeper_init(live_hosts(), on_event, 20000, &session, &heir, ZOO_NO_LOG_CLIENTENV);
    probe_wait(&heir, 1);
    CHECK_INT(heir.state, ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_client_id(zh)->client_id, session.client_id);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(zoo_exists(live->zh, path, 0, NULL), ZNONODE);
    live_close(live);
}

static void abandon_inside(probe_t *self)
{
    CHECK_INT(zoox_abandon((zhandle_t *)self->then_data), ZOK);
    journal_add("abandon returned");
}

TEST(a_callback_may_abandon_its_handle, "G3 C-533")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = abandon_inside;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("get: 0", "abandon returned", "done: -116", NULL);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    CHECK_INT(fake_wait_end(stage->connection), 0);
}

TEST(failed_attempts_are_counted_until_one_succeeds, "G5")
{
    NEEDS_EXTRAS;
    fake_t *fake = fake_start();
    fake_pause(fake);
    probe_t session = probe("global");
    zhandle_t *zh = zookeeper_init(fake->hosts, on_event, 600000, NULL, &session,
                                   ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    EVENTUALLY(zoox_connect_attempts(zh) == 1);
    /* The default pause is 10 s; it is under way, and a request ends it. */
    CHECK_INT(zoox_set_retry_delay(zh, 1), ZOK);
    CHECK_INT(zoo_aget(zh, "/a", 0, NULL, NULL), ZOK);
    EVENTUALLY(zoox_connect_attempts(zh) > 20);
    fake_resume(fake);
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    CHECK_INT(zoox_connect_attempts(zh), 0);
    CHECK_INT(zoox_set_retry_delay(zh, 0), ZOK);
    fake_pause(fake);
    fake_hang_up(connection);
    EVENTUALLY(zoox_connect_attempts(zh) > 20);
    fake_resume(fake); /* before the long pause is back, or the next failure begins one */
    connection = fake_connect(fake);
    EVENTUALLY(zoox_connect_attempts(zh) == 0);
    CHECK_INT(zoox_set_retry_delay(zh, -1), ZOK);
    fake_end_session(zh, connection);
}

TEST(delays_below_minus_one_are_refused, "G5")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    CHECK_INT(zoox_set_retry_delay(stage->zh, -2), ZBADARGUMENTS);
    CHECK_INT(zoox_set_retry_delay(NULL, 1), ZBADARGUMENTS);
    CHECK_INT(zoox_connect_attempts(stage->zh), 0);
    CHECK_INT(zoox_connect_attempts(NULL), -1);
    stage_close(stage);
}

TEST(the_last_zxid_is_that_of_the_last_reply, "G8")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    CHECK_INT(zoox_last_zxid(stage->zh), 0);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &stage->done), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_reply(stage->connection, frame.xid, 0x1200000034LL, ZNONODE, NULL);
    probe_wait(&stage->done, 1);
    CHECK_INT(zoox_last_zxid(stage->zh), 0x1200000034LL);
    stage_close(stage);
    CHECK_INT(zoox_last_zxid(NULL), -1);
}

static void check_peer(zhandle_t *zh, int port)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    memset(&peer, 0, sizeof peer);
    CHECK_INT(zoox_get_peer(zh, (struct sockaddr *)&peer, &length), ZOK);
    struct sockaddr_in *in = (struct sockaddr_in *)&peer;
    CHECK_INT(length, sizeof *in);
    CHECK_INT(in->sin_family, AF_INET);
    CHECK_INT(ntohs(in->sin_port), port);
    CHECK_INT(ntohl(in->sin_addr.s_addr), INADDR_LOOPBACK);
}

TEST(the_peer_is_known_in_every_state_with_a_socket, "G9")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open_with("", STAGE_TIMEOUT_MS, ZOO_READONLY);
    check_peer(stage->zh, stage->fake->port);
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    wait_for_state(stage->zh, ZOO_ASSOCIATING_STATE);
    check_peer(stage->zh, stage->fake->port);
    welcome_t read_only_server = usual_welcome;
    read_only_server.read_only = 1;
    fake_welcome(stage->connection, &request, &read_only_server);
    wait_for_state(stage->zh, ZOO_READONLY_STATE);
    check_peer(stage->zh, stage->fake->port);
    socklen_t length = sizeof(struct sockaddr_storage);
    struct sockaddr_storage peer;
    CHECK(zookeeper_get_connected_host(stage->zh, (struct sockaddr *)&peer, &length) == NULL);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
}

TEST(a_peer_is_cut_to_its_place, "G9")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    unsigned char place[4] = {0xff, 0xff, 0xff, 0xff};
    socklen_t length = 3;
    CHECK_INT(zoox_get_peer(stage->zh, (struct sockaddr *)place, &length), ZOK);
    CHECK_INT(length, sizeof(struct sockaddr_in));
    CHECK_INT(place[3], 0xff);
    CHECK_INT(zoox_get_peer(stage->zh, NULL, &length), ZBADARGUMENTS);
    CHECK_INT(zoox_get_peer(stage->zh, (struct sockaddr *)place, NULL), ZBADARGUMENTS);
    CHECK_INT(zoox_get_peer(NULL, (struct sockaddr *)place, &length), ZBADARGUMENTS);
    stage_close(stage);
}
