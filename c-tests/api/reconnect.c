/* Sessions with a real server that survive a cut connection, or don't. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/proxy.h"

#include <stdio.h>

/* A second session of the test that reaches the server through a relay. */
typedef struct {
    live_t *live;
    proxy_t *proxy;
    probe_t session;
    zhandle_t *zh;
} relayed_t;

static relayed_t *relayed_open(int timeout)
{
    relayed_t *r = (relayed_t *)calloc(1, sizeof *r);
    CHECK(r != NULL);
    r->live = live_open();
    r->proxy = proxy_start(live_hosts());
    r->session = probe("relayed");
    r->zh = zookeeper_init(proxy_hosts(r->proxy), on_event, timeout, NULL, &r->session,
                           ZOO_NO_LOG_CLIENTENV);
    CHECK(r->zh != NULL);
    probe_wait(&r->session, 1);
    CHECK_INT(r->session.state, ZOO_CONNECTED_STATE);
    journal_clear();
    return r;
}

static void relayed_close(relayed_t *r)
{
    CHECK_INT(zookeeper_close(r->zh), ZOK);
    proxy_stop(r->proxy);
    live_close(r->live);
    free(r);
}

static void cut(relayed_t *r)
{
    proxy_cut(r->proxy);
    journal_wait("relayed: session connecting");
}

static void restore(relayed_t *r)
{
    proxy_restore(r->proxy);
    journal_wait("relayed: session connected");
}

static void expect_event(const char *name, const char *event, const char *path)
{
    char line[256];
    snprintf(line, sizeof line, "%s: %s %s", name, event, path);
    journal_wait(line);
}

TEST(a_cut_session_comes_back_with_its_ephemeral_nodes, "C-211 C-212 C-432 C-435 C-481")
{
    relayed_t *r = relayed_open(20000);
    const char *node = live_path(r->live, "e");
    int64_t id = zoo_client_id(r->zh)->client_id;
    CHECK_INT(zoo_create(r->zh, node, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
    cut(r);
    CHECK_INT(zoo_exists(r->live->zh, node, 0, NULL), ZOK);
    restore(r);
    CHECK_INT(zoo_client_id(r->zh)->client_id, id);
    CHECK_INT(zoo_exists(r->zh, node, 0, NULL), ZOK);
    relayed_close(r);
}

TEST(watches_see_what_happened_during_the_cut, "C-481 C-222 C-439 C-475")
{
    relayed_t *r = relayed_open(20000);
    probe_t data = probe("data"), gone = probe("gone"), made = probe("made"), child = probe("child");
    int length = 0;
    zhandle_t *zh = r->zh, *other = r->live->zh;
    const char *a = live_node(r->live, "a", ""), *b = live_node(r->live, "b", "");
    const char *c = live_path(r->live, "c"), *d = live_node(r->live, "d", "");
    CHECK_INT(zoo_wget(zh, a, on_event, &data, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_wget(zh, b, on_event, &gone, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_wexists(zh, c, on_event, &made, NULL), ZNONODE);
    CHECK_INT(zoo_wget_children(zh, d, on_event, &child, NULL), ZOK);
    cut(r);
    CHECK_INT(zoo_set(other, a, "x", 1, -1), ZOK);
    CHECK_INT(zoo_delete(other, b, -1), ZOK);
    live_node(r->live, "c", "");
    live_node(r->live, "d/e", "");
    restore(r);
    expect_event("data", "changed", a);
    expect_event("gone", "deleted", b);
    expect_event("made", "created", c);
    expect_event("child", "child", d);
    relayed_close(r);
}

TEST(untouched_watches_still_work_after_the_cut, "C-481 C-222 C-480")
{
    relayed_t *r = relayed_open(20000);
    probe_t data = probe("data");
    int length = 0;
    const char *a = live_node(r->live, "a", "");
    CHECK_INT(zoo_wget(r->zh, a, on_event, &data, NULL, &length, NULL), ZOK);
    for (int i = 0; i < 3; i++) {
        cut(r);
        restore(r);
        journal_wait("data: session connected");
        journal_clear();
    }
    CHECK_INT(zoo_set(r->live->zh, a, "x", 1, -1), ZOK);
    expect_event("data", "changed", a);
    CHECK_INT(zoo_set(r->live->zh, a, "y", 1, -1), ZOK);
    CHECK_INT(zoo_exists(r->zh, a, 0, NULL), ZOK);
    CHECK_INT(data.type, ZOO_CHANGED_EVENT);
    CHECK_INT(probe_calls(&data), 7); /* six session events and one change */
    relayed_close(r);
}

TEST(watches_under_a_chroot_survive_the_cut, "C-222 C-470 C-280 F-41")
{
    relayed_t *r = relayed_open(20000);
    probe_t session = probe("chrooted"), data = probe("data");
    char hosts[256];
    int length = 0;
    const char *a = live_node(r->live, "a", "");
    snprintf(hosts, sizeof hosts, "%s%s", proxy_hosts(r->proxy), r->live->root);
    zhandle_t *zh = zookeeper_init(hosts, on_event, 20000, NULL, &session, 0);
    CHECK(zh != NULL);
    CHECK_INT(zoo_wget(zh, "/a", on_event, &data, NULL, &length, NULL), ZOK);
    cut(r);
    CHECK_INT(zoo_set(r->live->zh, a, "x", 1, -1), ZOK);
    restore(r);
    expect_event("data", "changed", "/a");
    CHECK_INT(zookeeper_close(zh), ZOK);
    relayed_close(r);
}

TEST(more_watches_than_fit_into_one_packet_survive_the_cut, "C-223 C-222 C-481 F-39")
{
    NOT_ON_THE_REFERENCE("C-223: the server drops it for ever");
    enum { COUNT = 8000 }; /* 1.6 MB of paths; the server takes 1 MB at once */
    relayed_t *r = relayed_open(20000);
    probe_t done = probe(NULL), made = probe("made");
    char path[256];
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "%s/%0160d-%d", r->live->root, 0, i);
        CHECK_INT(zoo_awexists(r->zh, path, on_event, &made, on_stat, &done), ZOK);
    }
    probe_wait(&done, COUNT);
    cut(r);
    restore(r);
    for (int i = 0; i < COUNT; i += COUNT / 8) {
        snprintf(path, sizeof path, "%s/%0160d-%d", r->live->root, 0, i);
        CHECK_INT(zoo_create(r->live->zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZOK);
    }
    probe_wait(&made, 2 + 8); /* two session events */
    relayed_close(r);
}

TEST(credentials_survive_the_cut, "C-563 C-561")
{
    relayed_t *r = relayed_open(20000);
    const char *node = live_path(r->live, "private");
    int length = 0;
    CHECK_INT(zoo_add_auth(r->zh, "digest", "me:secret", 9, NULL, NULL), ZOK);
    CHECK_INT(zoo_create(r->zh, node, "", 0, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0), ZOK);
    cut(r);
    restore(r);
    CHECK_INT(zoo_get(r->zh, node, 0, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_get(r->live->zh, node, 0, NULL, &length, NULL), ZNOAUTH);
    CHECK_INT(zoo_delete(r->zh, node, -1), ZOK);
    relayed_close(r);
}

TEST(a_session_cut_off_for_too_long_expires, "C-215 C-436 C-482")
{
    relayed_t *r = relayed_open(1000); /* the server may grant more */
    probe_t watch = probe("watch"), gone = probe("gone");
    int length = 0;
    const char *node = live_path(r->live, "e");
    CHECK(zoo_recv_timeout(r->zh) >= 1 && zoo_recv_timeout(r->zh) <= 8000);
    CHECK_INT(zoo_create(r->zh, node, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
    CHECK_INT(zoo_wget(r->zh, node, on_event, &watch, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_wexists(r->live->zh, node, on_event, &gone, NULL), ZOK);
    cut(r);
    expect_event("gone", "deleted", node); /* the server has given the session up */
    proxy_restore(r->proxy);
    journal_wait("relayed: session expired");
    CHECK_INT(journal_count("watch: session expired"), 1);
    CHECK_INT(is_unrecoverable(r->zh), ZINVALIDSTATE);
    CHECK_INT(zoo_exists(r->zh, node, 0, NULL), ZINVALIDSTATE);
    relayed_close(r);
}

TEST(requests_in_flight_at_the_cut_complete_once_each, "C-264 C-432 C-440 C-442")
{
    enum { COUNT = 500 };
    relayed_t *r = relayed_open(20000);
    static probe_t probes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        probes[i] = probe(NULL);
        CHECK_INT(zoo_aget(r->zh, r->live->root, 0, on_data, &probes[i]), ZOK);
        if (i == COUNT / 2)
            proxy_cut(r->proxy);
    }
    proxy_restore(r->proxy);
    for (int i = 0; i < COUNT; i++) {
        probe_wait(&probes[i], 1);
        CHECK(probes[i].rc == ZOK || probes[i].rc == ZCONNECTIONLOSS);
    }
    EVENTUALLY(zoo_state(r->zh) == ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_exists(r->zh, r->live->root, 0, NULL), ZOK);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(probe_calls(&probes[i]), 1);
    relayed_close(r);
}

TEST(too_large_a_request_costs_the_connection_and_nothing_else, "C-203 C-442")
{
    enum { SIZE = 4 << 20 };
    relayed_t *r = relayed_open(20000);
    char *data = (char *)calloc(1, SIZE);
    CHECK(data != NULL);
    CHECK_INT(zoo_set(r->zh, r->live->root, data, SIZE, -1), ZCONNECTIONLOSS);
    EVENTUALLY(zoo_state(r->zh) == ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_set(r->zh, r->live->root, data, 1000, -1), ZOK);
    free(data);
    relayed_close(r);
}
