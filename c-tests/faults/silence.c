/* Servers that take connections and never answer. */
#define _GNU_SOURCE
#include "../harness/cluster.h"
#include "../harness/harness.h"

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
