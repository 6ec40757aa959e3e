/* Limits of time for the session and its end, requests that wait for a
 * session, and the pace of attempts to connect. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <dlfcn.h>
#include <netdb.h>
#include <semaphore.h>
#include <stdio.h>

/* The program's own getaddrinfo comes before the C library's. */
#define SLOW_NAME "slow.name.of.the.test"

static struct {
    int calls;
    sem_t answers; /* each look-up after the first takes one */
} resolver;

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    lookup_fn *lookup;
    *(void **)&lookup = dlsym(RTLD_NEXT, "getaddrinfo");
    if (lookup == NULL)
        abort();
    if (node == NULL || strcmp(node, SLOW_NAME) != 0)
        return lookup(node, service, hints, result);
    if (__atomic_fetch_add(&resolver.calls, 1, __ATOMIC_SEQ_CST) > 0)
        while (sem_wait(&resolver.answers) != 0)
            ;
    return lookup("127.0.0.1", service, hints, result);
}

static void expect_the_end_of_the_session(stage_t *stage, probe_t *outstanding)
{
    journal_expect("global: session connecting", "global: session expired", "get: -112", NULL);
    CHECK_INT(outstanding->rc, ZSESSIONEXPIRED);
    CHECK_INT(is_unrecoverable(stage->zh), ZINVALIDSTATE);
    CHECK_INT(zoo_state(stage->zh), ZOO_EXPIRED_SESSION_STATE);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, outstanding), ZINVALIDSTATE);
    CHECK_INT(zoo_exists(stage->zh, "/a", 0, NULL), ZINVALIDSTATE);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &stage->done), ZINVALIDSTATE);
}

TEST(a_session_that_stays_out_of_reach_expires_once, "F-17 C-436")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open_with("", 900, 0);
    probe_t get = probe("get");
    CHECK_INT(zoox_set_session_limit(stage->zh, 0), ZOK);
    CHECK_INT(zoox_set_queue_until_connected(stage->zh, 1), ZOK);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_wait("global: session connecting");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    expect_the_end_of_the_session(stage, &get);
    fake_resume(stage->fake);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    CHECK_INT(get.calls, 1);
    CHECK_INT(probe_calls(&stage->session), 3);
    fake_stop(stage->fake);
    free(stage);
}

TEST(a_synchronous_call_ends_with_the_session, "F-17 F-22")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    CHECK_INT(zoox_set_session_limit(stage->zh, 300), ZOK);
    CHECK_INT(zoox_set_queue_until_connected(stage->zh, 1), ZOK);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_wait("global: session connecting");
    CHECK_INT(zoo_exists(stage->zh, "/a", 0, NULL), ZSESSIONEXPIRED);
    journal_expect("global: session connecting", "global: session expired", NULL);
    stage_close_unconnected(stage);
}

TEST(a_session_whose_server_comes_back_in_time_goes_on, "F-17")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    CHECK_INT(zoox_set_session_limit(stage->zh, PATIENCE_MS), ZOK);
    for (int i = 0; i < 3; i++) {
        stage_reconnect(stage);
        journal_expect("global: session connecting", "global: session connected", NULL);
        journal_clear();
    }
    CHECK_INT(zoox_set_session_limit(stage->zh, -1), ZOK);
    CHECK_INT(zoox_set_session_limit(stage->zh, -2), ZBADARGUMENTS);
    CHECK_INT(zoox_set_session_limit(NULL, 1), ZBADARGUMENTS);
    stage_close(stage);
}

static zhandle_t *client_of(const char *hosts, probe_t *session)
{
    struct zoox_config config = config_for(hosts);
    config.flags |= ZOOX_KEEP_HOST_ORDER;
    config.watcher = on_event;
    config.context = session;
    zhandle_t *zh = zoox_init(&config);
    CHECK(zh != NULL);
    return zh;
}

TEST(the_first_call_waits_for_the_one_server_that_is_up, "F-19")
{
    NEEDS_EXTRAS;
    char hosts[128];
    fake_t *fake = fake_start();
    probe_t session = probe("global"), get = probe("get"), auth = probe("auth");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d,127.0.0.1:%d,%s", dead_port(), dead_port(),
             fake->hosts);
    fake_pause(fake);
    zhandle_t *zh = client_of(hosts, &session);
    CHECK_INT(zoox_set_queue_until_connected(zh, 1), ZOK);
    CHECK_INT(zoox_set_retry_delay(zh, 1), ZOK);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zoo_add_auth(zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    EVENTUALLY(zoox_connect_attempts(zh) > 10);
    CHECK_INT(probe_calls(&get) + probe_calls(&auth), 0);
    fake_resume(fake);
    int connection = fake_connect(fake);
    CHECK_INT(fake_receive(connection).type, ZOO_SETAUTH_OP);
    fake_reply(connection, -4, 0, 0, NULL);
    frame_t frame = fake_receive_type(connection, ZOO_GETDATA_OP);
    fake_reply(connection, frame.xid, 1, ZNONODE, NULL);
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZNONODE);
    probe_wait(&auth, 1);
    CHECK_INT(auth.rc, ZOK);
    fake_end_session(zh, connection);
    fake_stop(fake);
}

TEST(a_call_that_waits_for_a_server_ends_with_its_time_or_with_the_handle, "F-19 F-23")
{
    NEEDS_EXTRAS;
    char hosts[64];
    probe_t session = probe("global"), get = probe("get");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = client_of(hosts, &session);
    CHECK_INT(zoox_set_queue_until_connected(zh, 1), ZOK);
    CHECK_INT(zoox_set_retry_delay(zh, 1), ZOK);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    int64_t attempts = zoox_connect_attempts(zh);
    EVENTUALLY(zoox_connect_attempts(zh) > attempts + 3);
    CHECK_INT(zoo_exists(zoox_with_timeout(zh, 30), "/a", 0, NULL), ZOPERATIONTIMEOUT);
    CHECK_INT(probe_calls(&get), 0);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(get.calls, 1);
    CHECK_INT(get.rc, ZCLOSING);
}

TEST(by_default_a_failed_attempt_fails_what_has_waited_for_it, "F-19 C-433 C-440")
{
    char hosts[64];
    probe_t get = probe("get");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init(hosts, NULL, 60000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZCONNECTIONLOSS);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(a_loss_fails_what_was_outstanding_and_later_requests_wait, "F-19 C-432")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t sent = probe("sent"), later = probe("later");
    CHECK_INT(zoox_set_queue_until_connected(stage->zh, 1), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &sent), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    probe_wait(&sent, 1);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &later), ZOK);
    int64_t attempts = zoox_connect_attempts(stage->zh);
    EVENTUALLY(zoox_connect_attempts(stage->zh) > attempts);
    fake_resume(stage->fake);
    stage->connection = fake_connect(stage->fake);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("global: session connecting", "sent: -4", "global: session connected",
                   "later: 0", NULL);
    stage_close(stage);
}

TEST(calls_that_are_repeated_at_once_do_not_shorten_a_backoff, "F-2 C-422")
{
    NEEDS_EXTRAS;
    char hosts[64];
    probe_t session = probe("global");
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = client_of(hosts, &session);
    EVENTUALLY(zoox_connect_attempts(zh) > 0);
    CHECK_INT(zoox_set_retry_backoff(zh, 3000000, 3600000), ZOK);
    /* the pause that was under way ends with this call, and the long one begins */
    CHECK_INT(zoo_exists(zh, "/a", 0, NULL), ZCONNECTIONLOSS);
    int64_t attempts = zoox_connect_attempts(zh);
    for (int i = 0; i < 5; i++)
        CHECK_INT(zoo_exists(zoox_with_timeout(zh, 10), "/a", 0, NULL), ZOPERATIONTIMEOUT);
    CHECK_INT(zoox_connect_attempts(zh), attempts);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(pauses_that_make_no_sense_are_refused, "F-2")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    CHECK_INT(zoox_set_retry_backoff(stage->zh, -1, 5), ZBADARGUMENTS);
    CHECK_INT(zoox_set_retry_backoff(stage->zh, 6, 5), ZBADARGUMENTS);
    CHECK_INT(zoox_set_retry_backoff(stage->zh, 5, 5), ZOK);
    CHECK_INT(zoox_set_retry_backoff(stage->zh, 0, 0), ZOK);
    CHECK_INT(zoox_set_retry_backoff(NULL, 1, 1), ZBADARGUMENTS);
    stage_close(stage);
}

TEST(a_close_without_patience_tells_the_server_and_waits_for_nothing, "F-10 C-530 C-534")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    for (int i = 0; i < 50; i++)
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zoox_close(stage->zh, 0), ZOK);
    CHECK_INT(get.calls, 50);
    CHECK_INT(get.rc, ZCLOSING);
    CHECK_INT(fake_wait_end(stage->connection), 1);
    CHECK_INT(zoox_close(stage->zh, 0), ZBADARGUMENTS);
    CHECK_INT(zookeeper_close(stage->zh), ZBADARGUMENTS);
}

TEST(a_close_gives_up_on_a_server_that_takes_nothing, "F-10 C-530")
{
    NEEDS_EXTRAS;
    enum { SIZE = 1 << 20, COUNT = 16 };
    stage_t *stage = stage_open("");
    char *data = (char *)calloc(1, SIZE);
    CHECK(data != NULL);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, -1, on_stat, &stage->done), ZOK);
    CHECK_INT(zoox_close(stage->zh, 20), ZOK);
    CHECK_INT(stage->done.calls, COUNT);
    CHECK_INT(stage->done.rc, ZCLOSING);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    free(data);
}

TEST(a_negative_limit_closes_nothing, "F-10")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    CHECK_INT(zoox_close(stage->zh, -1), ZBADARGUMENTS);
    CHECK_INT(zoo_state(stage->zh), ZOO_CONNECTED_STATE);
    CHECK_INT(zoox_close(NULL, 1), ZBADARGUMENTS);
    stage_close(stage);
}

static void close_inside(probe_t *self)
{
    CHECK_INT(zoox_close((zhandle_t *)self->then_data, 1000), ZOK);
    journal_add("close returned");
}

TEST(a_callback_may_close_with_a_limit, "F-10 C-533")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = close_inside;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("get: 0", "close returned", "done: -116", NULL);
    CHECK_INT(fake_wait_end(stage->connection), 1);
}

TEST(a_close_waits_neither_for_a_resolver_nor_for_a_connection, "F-10 C-531")
{
    NEEDS_EXTRAS;
    char hosts[128];
    fake_t *fake = fake_start();
    probe_t session = probe("global"), get = probe("get");
    CHECK(sem_init(&resolver.answers, 0, 0) == 0);
    fake_pause(fake);
    snprintf(hosts, sizeof hosts, SLOW_NAME ":%d", fake->port);
    zhandle_t *zh = client_of(hosts, &session);
    CHECK_INT(zoox_set_queue_until_connected(zh, 1), ZOK);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    EVENTUALLY(__atomic_load_n(&resolver.calls, __ATOMIC_SEQ_CST) > 1);
    CHECK_INT(zoox_close(zh, 0), ZOK);
    CHECK_INT(get.calls, 1);
    CHECK_INT(get.rc, ZCLOSING);
    for (int i = 0; i < 100; i++)
        CHECK(sem_post(&resolver.answers) == 0);
    /* the same while a connection is being made, which this server never answers */
    fake_resume(fake);
    zh = client_of(fake->hosts, &session);
    int connection = fake_accept(fake);
    fake_read_connect(connection);
    CHECK_INT(zoox_close(zh, 0), ZOK);
    CHECK_INT(fake_wait_end(connection), 0);
    fake_stop(fake);
}

/* Local removals beside a close. */
typedef struct {
    zhandle_t *zh;
    probe_t done;
    int accepted;
} remover_t;

static void remove_until_closed(void *argument)
{
    remover_t *self = (remover_t *)argument;
    int rc;
    do {
        rc = zoo_aremove_all_watches(self->zh, "/a", ZWATCHTYPE_ANY, 1,
                                     (void_completion_t *)on_void, &self->done);
        self->accepted += rc == ZOK;
    } while (rc == ZOK);
    CHECK(rc == ZMARSHALLINGERROR || rc == ZBADARGUMENTS);
}

TEST(a_local_removal_beside_a_close_is_refused_or_completed, "C-487 C-490 C-534 F-24 F-30")
{
    NOT_ON_THE_REFERENCE("C-490");
    for (int round = 0; round < 200; round++) {
        remover_t removers[2];
        test_thread *threads[2];
        stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
        for (int i = 0; i < 2; i++) {
            removers[i] = (remover_t){stage->zh, probe(NULL), 0};
            threads[i] = thread_start(remove_until_closed, &removers[i]);
        }
        CHECK_INT(zookeeper_close(stage->zh), ZOK);
        for (int i = 0; i < 2; i++) {
            thread_join(threads[i]);
            CHECK_INT(probe_calls(&removers[i].done), removers[i].accepted);
        }
        fake_hang_up(stage->connection);
        fake_stop(stage->fake);
    }
}
