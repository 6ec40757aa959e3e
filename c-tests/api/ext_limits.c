/* Limits of time for requests: of a handle and of one call. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <pthread.h>
#include <stdio.h>

/* Long enough to be made, too short to wait for anything. */
enum { SHORT_MS = 30 };

TEST(a_synchronous_call_returns_when_its_time_is_over_and_the_connection_lives, "F-23 C-265")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    struct Stat stat, before;
    memset(&stat, 0x77, sizeof stat);
    before = stat;
    CHECK_INT(zoox_set_request_timeout(stage->zh, SHORT_MS), ZOK);
    CHECK_INT(zoo_exists(stage->zh, "/a", 0, &stat), ZOPERATIONTIMEOUT);
    CHECK_BYTES(&stat, sizeof stat, &before, sizeof before);
    /* the late answer to it comes first, and is nobody's */
    frame_t late = fake_receive_type(stage->connection, ZOO_EXISTS_OP);
    wire_t body = {NULL, 0};
    put_stat(&body, &before);
    fake_reply(stage->connection, late.xid, 1, 0, &body);
    CHECK_INT(zoox_set_request_timeout(stage->zh, PATIENCE_MS), ZOK);
    test_thread *server = fake_answer_one(stage->connection, ZOO_EXISTS_OP, ZNONODE, NULL);
    CHECK_INT(zoo_exists(stage->zh, "/b", 0, &stat), ZNONODE);
    thread_join(server);
    CHECK_INT(zoo_state(stage->zh), ZOO_CONNECTED_STATE);
    CHECK_INT(fake_has_visitor(stage->fake), 0);
    CHECK_INT(probe_calls(&stage->session), 1);
    stage_close(stage);
}

static void wait_for_lock(probe_t *self)
{
    pthread_mutex_t *held = (pthread_mutex_t *)self->then_data;
    CHECK(pthread_mutex_lock(held) == 0);
    CHECK(pthread_mutex_unlock(held) == 0);
}

TEST(the_time_of_a_synchronous_call_ends_while_a_callback_holds_up_the_io_thread, "F-23 C-512")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
    probe_t auth = probe("auth");
    auth.then = wait_for_lock;
    auth.then_data = &held;
    CHECK(pthread_mutex_lock(&held) == 0);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    probe_wait(&auth, 1); /* the IO thread is in the completion */
    CHECK_INT(zoo_exists(zoox_with_timeout(stage->zh, SHORT_MS), "/a", 0, NULL),
              ZOPERATIONTIMEOUT);
    CHECK(pthread_mutex_unlock(&held) == 0);
    stage_close(stage);
}

TEST(a_completion_hears_of_the_end_of_its_time_once_and_on_its_thread, "F-23 C-511 C-513")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t first = probe("first"), second = probe("second"), third = probe("third");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &first), ZOK);
    CHECK_INT(zoo_aget(zoox_with_timeout(stage->zh, SHORT_MS), "/a", 0, on_data, &second), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &third), ZOK);
    probe_wait(&second, 1);
    CHECK_INT(second.rc, ZOPERATIONTIMEOUT);
    CHECK(second.value == NULL && !second.has_stat);
    for (int i = 0; i < 3; i++)
        stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("second: -7", "first: 0", "third: 0", NULL);
    CHECK_INT(second.calls, 1);
    CHECK(pthread_equal(second.thread, third.thread));
    stage_close(stage);
}

TEST(a_request_that_timed_out_leaves_no_watch, "F-23 C-441")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), other = probe("other");
    zhandle_t *limited = zoox_with_timeout(stage->zh, SHORT_MS);
    CHECK_INT(zoo_awget(limited, "/a", on_event, &watch, on_data, &stage->done), ZOK);
    probe_wait(&stage->done, 1);
    CHECK_INT(stage->done.rc, ZOPERATIONTIMEOUT);
    CHECK_INT(zoo_awget(stage->zh, "/b", on_event, &other, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/b");
    probe_wait(&other, 1);
    CHECK_INT(probe_calls(&watch), 0);
    stage_close(stage);
}

TEST(what_timed_out_before_there_was_a_connection_is_not_sent, "F-23 F-19")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    connect_request_t request = fake_read_connect(stage->connection);
    zhandle_t *limited = zoox_with_timeout(stage->zh, SHORT_MS);
    CHECK_INT(zoo_set(limited, "/a", "x", 1, -1), ZOPERATIONTIMEOUT);
    CHECK_INT(zoo_delete(limited, "/a", -1), ZOPERATIONTIMEOUT);
    CHECK_INT(zoo_aexists(stage->zh, "/b", 0, on_stat, &stage->done), ZOK);
    fake_welcome(stage->connection, &request, &usual_welcome);
    frame_t first = fake_receive(stage->connection);
    CHECK_INT(first.type, ZOO_EXISTS_OP);
    fake_reply(stage->connection, first.xid, 1, ZNONODE, NULL);
    probe_wait(&stage->done, 1);
    stage_close(stage);
}

TEST(the_limit_of_a_call_comes_before_that_of_the_handle, "F-23")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    CHECK_INT(zoox_get_request_timeout(zh), 0);
    CHECK_INT(zoox_set_request_timeout(zh, SHORT_MS), ZOK);
    CHECK_INT(zoox_get_request_timeout(zh), SHORT_MS);
    CHECK_INT(zoox_get_request_timeout(zoox_with_timeout(zh, 9)), SHORT_MS);
    probe_t patient = probe("patient"), hasty = probe("hasty");
    CHECK_INT(zoo_aget(zoox_with_timeout(zh, 0), "/a", 0, on_data, &patient), ZOK);
    CHECK_INT(zoo_aget(zoox_with_timeout(zh, PATIENCE_MS), "/a", 0, on_data, &patient), ZOK);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &hasty), ZOK);
    probe_wait(&hasty, 1);
    CHECK_INT(hasty.rc, ZOPERATIONTIMEOUT);
    CHECK_INT(probe_calls(&patient), 0);
    CHECK_INT(zoox_set_request_timeout(zh, 0), ZOK);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(patient.calls, 2);
    CHECK_INT(patient.rc, ZCLOSING);
    CHECK_INT(hasty.calls, 1);
}

TEST(a_limit_reaches_every_kind_of_call, "F-23")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = zoox_with_timeout(stage->zh, 1);
    struct ACL_vector acl;
    struct String_vector strings;
    struct Stat stat;
    char buffer[64];
    int length = sizeof buffer;
    zoo_op_t op;
    zoo_op_result_t result;
    zoo_delete_op_init(&op, "/a", -1);
    CHECK_INT(zoo_create(zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, buffer, 64), -7);
    CHECK_INT(zoo_create2(zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, buffer, 64, &stat), -7);
    CHECK_INT(zoo_delete(zh, "/a", -1), -7);
    CHECK_INT(zoo_exists(zh, "/a", 0, &stat), -7);
    CHECK_INT(zoo_wexists(zh, "/a", on_event, &stage->done, &stat), -7);
    CHECK_INT(zoo_get(zh, "/a", 0, buffer, &length, &stat), -7);
    CHECK_INT(zoo_set(zh, "/a", "", 0, -1), -7);
    CHECK_INT(zoo_set2(zh, "/a", "", 0, -1, &stat), -7);
    CHECK_INT(zoo_get_children(zh, "/a", 0, &strings), -7);
    CHECK_INT(zoo_get_children2(zh, "/a", 0, &strings, &stat), -7);
    CHECK_INT(zoo_get_acl(zh, "/a", &acl, &stat), -7);
    CHECK_INT(zoo_set_acl(zh, "/a", -1, &ZOO_OPEN_ACL_UNSAFE), -7);
    CHECK_INT(zoox_set_acl(zh, "/a", -1, &ZOO_OPEN_ACL_UNSAFE, &stat), -7);
    CHECK_INT(zoo_getconfig(zh, 0, buffer, &length, &stat), -7);
    CHECK_INT(zoo_multi(zh, 1, &op, &result), -7);
    CHECK_INT(zoo_remove_all_watches(zh, "/a", ZWATCHTYPE_ANY, 0), -7);
    CHECK_INT(length, sizeof buffer);
    probe_t done = probe("done");
    CHECK_INT(zoo_async(zh, "/a", on_string, &done), ZOK);
    CHECK_INT(zoo_amulti(zh, 1, &op, &result, on_void, &done), ZOK);
    CHECK_INT(zoo_aremove_all_watches(zh, "/a", ZWATCHTYPE_ANY, 0, (void_completion_t *)on_void,
                                      &done),
              ZOK);
    probe_wait(&done, 3);
    journal_expect("done: -7", "done: -7", "done: -7", NULL);
    CHECK_INT(result.err, -7);
    stage_close(stage);
}

TEST(limits_that_make_no_sense_are_refused, "F-23")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    CHECK_INT(zoox_set_request_timeout(stage->zh, -1), ZBADARGUMENTS);
    CHECK_INT(zoox_set_request_timeout(NULL, 1), ZBADARGUMENTS);
    CHECK_INT(zoox_get_request_timeout(NULL), -1);
    CHECK(zoox_with_timeout(NULL, 1) == NULL);
    CHECK(zoox_with_timeout(stage->zh, -1) == NULL);
    CHECK(zoox_with_timeout(stage->zh, 3600001) == NULL);
    CHECK(zoox_with_timeout(stage->zh, 3600000) != NULL);
    zhandle_t *limited = zoox_with_timeout(stage->zh, 100);
    CHECK_INT(zoo_state(limited), ZOO_CONNECTED_STATE);
    CHECK(zoo_get_context(limited) == &stage->session);
    stage_close(stage);
    CHECK_INT(zoo_state(limited), 0);
    CHECK_INT(zoo_exists(limited, "/a", 0, NULL), ZBADARGUMENTS);
}

TEST(callbacks_are_told_the_handle_itself, "F-23")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch");
    zhandle_t *limited = zoox_with_timeout(stage->zh, PATIENCE_MS);
    CHECK_INT(zoo_awget(limited, "/a", on_event, &watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    probe_wait(&watch, 1);
    CHECK(watch.zh == stage->zh);
    stage->zh = limited; /* and can be closed by its other name */
    stage_close(stage);
}

TEST(a_queue_gets_an_entry_when_the_time_is_over, "F-23")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq = zoox_cq_create();
    struct zoox_config config = config_for(NULL);
    config.queue = cq;
    stage_t *stage = stage_open_config(&config);
    expect_session_event(cq, ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_aget(zoox_with_timeout(stage->zh, SHORT_MS), "/a", 0, NULL, (void *)7), ZOK);
    CHECK_INT(next_completion(cq, 7)->rc, ZOPERATIONTIMEOUT);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)8), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(next_completion(cq, 8)->rc, ZOK);
    stage_close(stage);
    CHECK_INT(zoox_cq_destroy(cq), ZOK);
}

/* Calls of one thread against a real server, with hardly any time. */
typedef struct {
    zhandle_t *zh;
    const char *path;
    int timed_out, answered;
} caller_t;

static void call_hastily(void *argument)
{
    caller_t *self = (caller_t *)argument;
    for (int i = 0; i < 2000; i++) {
        int length = 0;
        int rc = zoo_get(self->zh, self->path, 0, NULL, &length, NULL);
        CHECK(rc == ZOK || rc == ZOPERATIONTIMEOUT);
        self->timed_out += rc == ZOPERATIONTIMEOUT;
        self->answered += rc == ZOK;
    }
}

static void count(int rc, const char *value, int length, const struct Stat *stat,
                  const void *data)
{
    int *counts = (int *)data;
    (void)value, (void)length, (void)stat;
    CHECK(rc == ZOK || rc == ZOPERATIONTIMEOUT);
    __atomic_fetch_add(&counts[rc == ZOK], 1, __ATOMIC_RELAXED);
}

static int counted(const int *counts)
{
    return __atomic_load_n(&counts[0], __ATOMIC_RELAXED) +
           __atomic_load_n(&counts[1], __ATOMIC_RELAXED);
}

TEST(replies_and_deadlines_that_race_end_each_request_once, "F-23 C-264")
{
    NEEDS_EXTRAS;
    enum { CALLERS = 4, BURST = 5000 };
    live_t *live = live_open();
    const char *path = live_node(live, "a", "x");
    caller_t callers[CALLERS];
    test_thread *threads[CALLERS];
    int counts[2] = {0, 0};
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller_t){zoox_with_timeout(live->zh, 1), path, 0, 0};
        threads[i] = thread_start(call_hastily, &callers[i]);
    }
    for (int i = 0; i < BURST; i++) {
        zhandle_t *zh = zoox_with_timeout(live->zh, 1 + i % 3);
        CHECK_INT(zoo_aget(zh, path, 0, count, counts), ZOK);
    }
    for (int i = 0; i < CALLERS; i++) {
        thread_join(threads[i]);
        CHECK_INT(callers[i].timed_out + callers[i].answered, 2000);
    }
    EVENTUALLY(counted(counts) == BURST);
    CHECK_INT(probe_calls(&live->session), 1); /* the connection has never been lost */
    live_close(live);
    CHECK_INT(counted(counts), BURST);
}
