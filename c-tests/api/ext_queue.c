/* Completion queues: what their entries say. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <signal.h>
#include <unistd.h>

/* What programs without a C compiler rely on. */
_Static_assert(sizeof(struct zoox_entry) == 128 && sizeof(struct zoox_acl) == 24 &&
                   sizeof(struct zoox_result) == 88,
               "sizes");
_Static_assert(offsetof(struct zoox_entry, zh) == 8 && offsetof(struct zoox_entry, data) == 16 &&
                   offsetof(struct zoox_entry, rc) == 24 &&
                   offsetof(struct zoox_entry, type) == 28 &&
                   offsetof(struct zoox_entry, state) == 32 &&
                   offsetof(struct zoox_entry, payload) == 36 &&
                   offsetof(struct zoox_entry, length) == 40 &&
                   offsetof(struct zoox_entry, count) == 44 &&
                   offsetof(struct zoox_entry, has_stat) == 48 &&
                   offsetof(struct zoox_entry, stat) == 56,
               "heads");
_Static_assert(offsetof(struct zoox_acl, scheme) == 4 &&
                   offsetof(struct zoox_acl, scheme_length) == 8 &&
                   offsetof(struct zoox_acl, id) == 12 &&
                   offsetof(struct zoox_acl, id_length) == 16 &&
                   offsetof(struct zoox_result, has_stat) == 4 &&
                   offsetof(struct zoox_result, path) == 8 &&
                   offsetof(struct zoox_result, path_length) == 12 &&
                   offsetof(struct zoox_result, stat) == 16,
               "payloads");

static char context;

static void never_on_event(zhandle_t *zh, int type, int state, const char *path, void *data)
{
    (void)zh, (void)type, (void)state, (void)path, (void)data;
    FAIL("a watcher was called");
}

static void never_on_data(int rc, const char *value, int length, const struct Stat *stat,
                          const void *data)
{
    (void)rc, (void)value, (void)length, (void)stat, (void)data;
    FAIL("a completion was called");
}

static void never_on_void(int rc, const void *data)
{
    (void)rc, (void)data;
    FAIL("a completion was called");
}

/* A connected handle with a queue of its own. */
static stage_t *queued(zoox_cq_t **cq)
{
    struct zoox_config config = config_for(NULL);
    *cq = zoox_cq_create();
    CHECK(*cq != NULL);
    config.queue = *cq;
    config.watcher = never_on_event;
    config.context = &context;
    stage_t *stage = stage_open_config(&config);
    expect_session_event(*cq, ZOO_CONNECTED_STATE);
    return stage;
}

static void close_all(stage_t *stage, zoox_cq_t *cq)
{
    stage_close(stage);
    expect_empty(cq);
    CHECK_INT(zoox_cq_destroy(cq), ZOK);
}

TEST(a_result_comes_as_an_entry_and_no_function_is_called, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, never_on_data, (void *)41), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    const struct zoox_entry *entry = next_completion(cq, 41);
    CHECK(entry->zh == stage->zh);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(entry->payload, ZOOX_DATA);
    CHECK_BYTES(payload_of(entry), entry->length, "data", 4);
    struct Stat expected = wire_sample_stat();
    CHECK_INT(entry->has_stat, 1);
    check_stat(&entry->stat, &expected);
    close_all(stage, cq);
}

TEST(completions_may_be_null_and_each_result_still_comes, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_aexists(stage->zh, "/a", 0, NULL, (void *)1), ZOK);
    CHECK_INT(zoo_aget_children(stage->zh, "/a", 0, NULL, (void *)2), ZOK);
    CHECK_INT(zoo_aget_children2(stage->zh, "/a", 0, NULL, (void *)3), ZOK);
    CHECK_INT(zoo_adelete(stage->zh, "/a", -1, NULL, (void *)4), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)5), ZOK);
    stage_answer_read(stage, ZOO_EXISTS_OP, 0);
    stage_answer_read(stage, ZOO_GETCHILDREN_OP, 0);
    stage_answer_read(stage, ZOO_GETCHILDREN2_OP, 0);
    stage_answer(stage, ZOO_DELETE_OP, 0, NULL);
    stage_answer(stage, ZOO_GETDATA_OP, ZNONODE, NULL);
    const struct zoox_entry *entry = next_completion(cq, 1);
    CHECK_INT(entry->has_stat, 1);
    CHECK_INT(entry->payload, ZOOX_NONE);
    for (int data = 2; data <= 3; data++) {
        entry = next_completion(cq, data);
        CHECK_INT(entry->has_stat, data == 3);
        CHECK_INT(entry->payload, ZOOX_STRINGS);
        CHECK_INT(entry->count, 1);
        CHECK_BYTES(payload_of(entry), entry->length, "child", 6);
    }
    entry = next_completion(cq, 4);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(entry->size, sizeof *entry);
    entry = next_completion(cq, 5);
    CHECK_INT(entry->rc, ZNONODE);
    CHECK_INT(entry->has_stat, 0);
    CHECK_INT(entry->size, sizeof *entry);
    close_all(stage, cq);
}

TEST(null_data_and_paths_come_as_they_are, "G10 C-306")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0};
    put_buffer(&body, NULL, -1);
    put_stat(&body, &stat);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)1), ZOK);
    stage_answer(stage, ZOO_GETDATA_OP, 0, &body);
    const struct zoox_entry *entry = next_completion(cq, 1);
    CHECK_INT(entry->payload, ZOOX_DATA);
    CHECK_INT(entry->length, -1);
    wire_free(&body);
    put_string(&body, "/a0000000001");
    put_stat(&body, &stat);
    CHECK_INT(zoo_acreate2(stage->zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, (void *)2), ZOK);
    stage_answer(stage, ZOO_CREATE2_OP, 0, &body);
    entry = next_completion(cq, 2);
    CHECK_INT(entry->payload, ZOOX_STRING);
    CHECK_INT(entry->length, 12);
    CHECK_STR(payload_of(entry), "/a0000000001");
    CHECK_INT(entry->has_stat, 1);
    close_all(stage, cq);
}

TEST(events_of_watches_come_with_their_contexts, "G10 C-470")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_aget(stage->zh, "/a", 1, NULL, (void *)1), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(zoo_awget(stage->zh, "/a", never_on_event, (void *)77, NULL, (void *)2), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(zoo_awget(stage->zh, "/a", NULL, (void *)78, NULL, (void *)3), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    for (int data = 1; data <= 3; data++)
        next_completion(cq, data);
    void *expected[] = {&context, (void *)77};
    for (int i = 0; i < 2; i++) {
        const struct zoox_entry *entry = next_entry(cq);
        CHECK_INT(entry->kind, ZOOX_EVENT);
        CHECK(entry->zh == stage->zh);
        CHECK(entry->data == expected[i]);
        CHECK_INT(entry->type, ZOO_CHANGED_EVENT);
        CHECK_INT(entry->state, ZOO_CONNECTED_STATE);
        CHECK_INT(entry->payload, ZOOX_STRING);
        CHECK_STR(payload_of(entry), "/a");
        CHECK_INT(entry->length, 2);
    }
    close_all(stage, cq);
}

TEST(a_local_removal_of_a_watch_comes_as_an_entry, "G10 C-487")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_aget(stage->zh, "/a", 1, NULL, (void *)1), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    next_completion(cq, 1);
    void_completion_t completion = never_on_void;
    CHECK_INT(zoo_aremove_watches(stage->zh, "/a", ZWATCHTYPE_DATA, never_on_event, &context, 1,
                                  &completion, (void *)2),
              ZOK);
    CHECK_INT(next_completion(cq, 2)->rc, ZOK);
    close_all(stage, cq);
}

TEST(credentials_come_as_entries_of_their_own, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, NULL, (void *)5), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, frame.xid, 1, 0, NULL);
    const struct zoox_entry *entry = next_entry(cq);
    CHECK_INT(entry->kind, ZOOX_AUTH);
    CHECK_INT((intptr_t)entry->data, 5);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "c:d", 3, never_on_void, (void *)6), ZOK);
    frame = fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, frame.xid, 1, ZAUTHFAILED, NULL);
    entry = next_entry(cq);
    CHECK_INT(entry->kind, ZOOX_AUTH);
    CHECK_INT((intptr_t)entry->data, 6);
    CHECK_INT(entry->rc, ZAUTHFAILED);
    expect_session_event(cq, ZOO_AUTH_FAILED_STATE);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    expect_empty(cq);
}

TEST(a_loss_is_told_in_the_order_of_callbacks, "G10 C-432")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)1), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, NULL, (void *)2), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_hang_up(stage->connection);
    stage->connection = fake_connect(stage->fake);
    expect_session_event(cq, ZOO_CONNECTING_STATE);
    CHECK_INT(next_completion(cq, 1)->rc, ZCONNECTIONLOSS);
    CHECK_INT(next_completion(cq, 2)->rc, ZCONNECTIONLOSS);
    expect_session_event(cq, ZOO_CONNECTED_STATE);
    close_all(stage, cq);
}

TEST(close_leaves_an_entry_for_everything_outstanding, "G10 C-530")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)1), ZOK);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, NULL, (void *)2), ZOK);
    fake_end_session(stage->zh, stage->connection);
    int seen = 0;
    for (int i = 0; i < 2; i++) {
        const struct zoox_entry *entry = next_entry(cq);
        CHECK_INT(entry->rc, ZCLOSING);
        CHECK(entry->zh == stage->zh);
        seen |= (int)(intptr_t)entry->data;
    }
    CHECK_INT(seen, 3);
    expect_empty(cq);
}

TEST(the_results_of_a_transaction_are_in_its_entry, "G10 C-625")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    zoo_op_t ops[3];
    zoo_create_op_init(&ops[0], "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    zoo_set_op_init(&ops[1], "/b", "x", 1, -1, NULL);
    zoo_delete_op_init(&ops[2], "/c", -1);
    CHECK_INT(zoo_amulti(stage->zh, 3, ops, NULL, never_on_void, (void *)9), ZOK);
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0};
    int types[] = {ZOO_CREATE_OP, ZOO_SETDATA_OP, ZOO_DELETE_OP, -1};
    for (int i = 0; i < 4; i++) {
        put_int(&body, types[i]);
        put_bool(&body, types[i] == -1);
        put_int(&body, types[i] == -1 ? -1 : 0);
        if (types[i] == ZOO_CREATE_OP)
            put_string(&body, "/a");
        if (types[i] == ZOO_SETDATA_OP)
            put_stat(&body, &stat);
    }
    stage_answer(stage, 14, 0, &body);
    const struct zoox_entry *entry = next_completion(cq, 9);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(entry->payload, ZOOX_RESULTS);
    CHECK_INT(entry->count, 3);
    const struct zoox_result *results = (const struct zoox_result *)payload_of(entry);
    CHECK_INT(results[0].err | results[1].err | results[2].err, ZOK);
    CHECK_STR(in_entry(entry, results[0].path), "/a");
    CHECK_INT(results[0].path_length, 2);
    CHECK_INT(results[0].has_stat, 0);
    CHECK_INT(results[1].has_stat, 1);
    check_stat(&results[1].stat, &stat);
    CHECK_INT(results[1].path, 0);
    CHECK_INT(results[2].has_stat, 0);
    close_all(stage, cq);
}

TEST(a_transaction_that_got_no_answer_has_its_code_everywhere, "G10 C-630")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    zoo_op_t ops[2];
    zoo_delete_op_init(&ops[0], "/a", -1);
    zoo_check_op_init(&ops[1], "/b", -1);
    CHECK_INT(zoo_amulti(stage->zh, 2, ops, NULL, NULL, (void *)9), ZOK);
    CHECK_INT(zoo_amulti(stage->zh, 2, NULL, NULL, NULL, (void *)9), ZBADARGUMENTS);
    fake_receive_type(stage->connection, 14);
    fake_end_session(stage->zh, stage->connection);
    const struct zoox_entry *entry = next_completion(cq, 9);
    CHECK_INT(entry->rc, ZCLOSING);
    CHECK_INT(entry->count, 2);
    const struct zoox_result *results = (const struct zoox_result *)payload_of(entry);
    CHECK_INT(results[0].err, ZCLOSING);
    CHECK_INT(results[1].err, ZCLOSING);
}

TEST(synchronous_calls_of_a_queued_handle_return_as_ever, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    test_thread *server = fake_answer_one(stage->connection, ZOO_EXISTS_OP, ZNONODE, NULL);
    CHECK_INT(zoo_exists(stage->zh, "/a", 0, NULL), ZNONODE);
    thread_join(server);
    close_all(stage, cq);
}

TEST(entries_come_as_many_as_fit_and_a_large_one_tells_its_size, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    enum { COUNT = 10, SIZE = sizeof(struct zoox_entry) + 8 };
    static _Alignas(8) char buf[COUNT * SIZE];
    for (intptr_t i = 0; i < COUNT; i++)
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)i), ZOK);
    for (int i = 0; i < COUNT; i++)
        stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    /* All are there when a later synchronous call has returned. */
    test_thread *server = fake_answer_one(stage->connection, ZOO_EXISTS_OP, ZNONODE, NULL);
    CHECK_INT(zoo_exists(stage->zh, "/b", 0, NULL), ZNONODE);
    thread_join(server);
    int count = -1;
    CHECK_INT(zoox_cq_next(cq, buf, SIZE - 1, &count), SIZE);
    CHECK_INT(count, 0);
    CHECK_INT(zoox_cq_next(cq, NULL, 0, &count), SIZE);
    CHECK_INT(zoox_cq_next(cq, buf, 3 * SIZE + 5, &count), 3 * SIZE);
    CHECK_INT(count, 3);
    CHECK_INT(zoox_cq_next(cq, buf + 3 * SIZE, sizeof buf - 3 * SIZE, &count), 7 * SIZE);
    CHECK_INT(count, 7);
    for (intptr_t i = 0; i < COUNT; i++) {
        const struct zoox_entry *entry = (const struct zoox_entry *)(buf + i * SIZE);
        CHECK_INT(entry->size, SIZE);
        CHECK_INT((intptr_t)entry->data, i);
    }
    close_all(stage, cq);
}

TEST(the_descriptor_is_readable_while_there_are_entries, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    struct pollfd polled = {zoox_cq_fd(cq), POLLIN, 0};
    CHECK_INT(poll(&polled, 1, 0), 0);
    CHECK(fcntl(polled.fd, F_GETFL) & O_NONBLOCK);
    CHECK(fcntl(polled.fd, F_GETFD) & FD_CLOEXEC);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)1), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(poll(&polled, 1, PATIENCE_MS), 1);
    CHECK_INT(polled.revents, POLLIN);
    next_completion(cq, 1);
    close_all(stage, cq);
}

TEST(handles_may_share_a_queue, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq = zoox_cq_create();
    stage_t *stages[2];
    for (int i = 0; i < 2; i++) {
        struct zoox_config config = config_for(NULL);
        config.queue = cq;
        stages[i] = stage_open_config(&config);
        expect_session_event(cq, ZOO_CONNECTED_STATE);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_INT(zoo_aget(stages[i]->zh, "/a", 0, NULL, (void *)1), ZOK);
        stage_answer_read(stages[i], ZOO_GETDATA_OP, 0);
        CHECK(next_completion(cq, 1)->zh == stages[i]->zh);
    }
    stage_close(stages[0]);
    close_all(stages[1], cq);
}

TEST(muting_leaves_queues_alone, "G4 G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    zoox_mute_callbacks();
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)1), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    next_completion(cq, 1);
    close_all(stage, cq);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
    (void)number;
    signals = signals + 1;
}

typedef struct {
    zoox_cq_t *cq;
    int rc;
} waiting_t;

static void wait_for_ever(void *argument)
{
    waiting_t *waiting = (waiting_t *)argument;
    waiting->rc = zoox_cq_wait(waiting->cq, -1);
}

TEST(waiting_ends_by_time_signal_and_destruction, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq = zoox_cq_create();
    CHECK_INT(zoox_cq_wait(cq, 0), ZOPERATIONTIMEOUT);
    CHECK_INT(zoox_cq_wait(cq, 1), ZOPERATIONTIMEOUT);
    CHECK_INT(zoox_cq_wait(cq, -2), ZBADARGUMENTS);
    struct sigaction action = {.sa_handler = on_signal};
    CHECK_INT(sigaction(SIGALRM, &action, NULL), 0);
    ualarm(20000, 20000);
    CHECK_INT(zoox_cq_wait(cq, -1), ZNOTHING);
    ualarm(0, 0);
    CHECK(signals > 0);
    waiting_t waiting = {cq, 1};
    test_thread *waiter = thread_start(wait_for_ever, &waiting);
    CHECK_INT(zoox_cq_destroy(cq), ZOK);
    thread_join(waiter);
    /* The waiter came before the destruction or after it. */
    CHECK(waiting.rc == ZINVALIDSTATE || waiting.rc == ZBADARGUMENTS);
}

TEST(a_queue_that_is_not_there_is_a_bad_argument, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq = zoox_cq_create();
    char byte;
    CHECK_INT(zoox_cq_next(cq, NULL, 1, NULL), ZBADARGUMENTS);
    CHECK_INT(zoox_cq_destroy(cq), ZOK);
    zoox_cq_t *gone[] = {NULL, cq};
    for (int i = 0; i < 2; i++) {
        int count = -1;
        CHECK_INT(zoox_cq_next(gone[i], &byte, 1, &count), ZBADARGUMENTS);
        CHECK_INT(count, 0);
        CHECK_INT(zoox_cq_fd(gone[i]), -1);
        CHECK_INT(zoox_cq_wait(gone[i], 0), ZBADARGUMENTS);
        CHECK_INT(zoox_cq_destroy(gone[i]), ZBADARGUMENTS);
    }
}

TEST(a_handle_outlives_its_queue, "G10")
{
    NEEDS_EXTRAS;
    zoox_cq_t *cq;
    stage_t *stage = queued(&cq);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, NULL, (void *)1), ZOK);
    CHECK_INT(zoox_cq_destroy(cq), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    stage_close(stage);
}
