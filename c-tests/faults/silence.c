/* Servers that take connections and never answer. */
#define _GNU_SOURCE
#include "../harness/cluster.h"
#include "../harness/ext.h"

/* Connects to the last of the servers, the others being silent, before a
 * session of this timeout would have been lost. */
static void connect_past_silent_servers(int servers, int timeout, int (*prepare)(zhandle_t *))
{
    cluster_t *c = cluster(servers);
    zoo_deterministic_conn_order(1);
    long long begin = harness_now_ms();
    cluster_begin(c, timeout);
    CHECK_INT(prepare ? prepare(c->zh) : ZOK, ZOK);
    int connection = fake_connect(c->fakes[servers - 1]);
    probe_wait(&c->session, 1);
    long long took = harness_now_ms() - begin;
    if (took >= timeout)
        FAIL("with %d silent servers it took %lld of %d ms", servers - 1, took, timeout);
    fake_end_session(c->zh, connection);
    cluster_stop(c);
    journal_clear();
}

TEST(one_silent_server_does_not_cost_the_session, "F-11")
{
    connect_past_silent_servers(2, 4500, NULL);
}

static int share_the_timeout(zhandle_t *zh)
{
    return zoox_set_connect_limit(zh, 0);
}

static int limit_attempts(zhandle_t *zh)
{
    CHECK_INT(zoox_set_connect_limit(zh, -2), ZBADARGUMENTS);
    CHECK_INT(zoox_set_connect_limit(NULL, 100), ZBADARGUMENTS);
    return zoox_set_connect_limit(zh, 100);
}

TEST(silent_servers_cost_no_session_whose_time_is_shared_among_them, "F-11")
{
    NEEDS_EXTRAS;
    connect_past_silent_servers(3, 3000, share_the_timeout);
    connect_past_silent_servers(7, 4200, share_the_timeout);
}

TEST(silent_servers_are_left_as_soon_as_the_program_likes, "F-11")
{
    NEEDS_EXTRAS;
    for (int servers = 2; servers <= 7; servers++)
        connect_past_silent_servers(servers, 3000, limit_attempts);
}
