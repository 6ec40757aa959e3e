/* Requests in great numbers, in great pieces, and with little to store their
 * results in. */
#define _GNU_SOURCE
#include "../harness/bulk.h"
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Writes by the thread that counts them; wake-ups of the client's thread are writes. */
static _Thread_local long writes;

#if !UNDER_A_SANITIZER /* which has a write() of its own */
ssize_t write(int fd, const void *bytes, size_t length)
{
    writes++;
    return syscall(SYS_write, fd, bytes, length);
}
#endif

TEST(every_optional_output_may_be_missing, "F-31")
{
    live_t *live = live_open();
    zhandle_t *zh = live->zh;
    const char *node = live_path(live, "node"), *second = live_path(live, "second");
    zoo_op_t ops[3];
    zoo_op_result_t results[3];
    int length = 0;
    CHECK_INT(zoo_create(zh, node, "x", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZOK);
    CHECK_INT(zoo_create2(zh, second, NULL, -1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0, NULL), ZOK);
    CHECK_INT(zoo_exists(zh, node, 0, NULL), ZOK);
    CHECK_INT(zoo_get(zh, node, 0, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_set2(zh, node, "y", 1, -1, NULL), ZOK);
    CHECK_INT(zoo_get_children(zh, live->root, 0, NULL), ZOK);
    CHECK_INT(zoo_get_acl(zh, node, NULL, NULL), ZOK);
    length = 0;
    CHECK_INT(zoo_getconfig(zh, 0, NULL, &length, NULL), ZOK);
    zoo_set_op_init(&ops[0], node, "z", 1, -1, NULL);
    zoo_create_op_init(&ops[1], live_path(live, "third"), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    zoo_delete_op_init(&ops[2], second, -1);
    CHECK_INT(zoo_multi(zh, 3, ops, results), ZOK);
    CHECK_INT(zoo_get_children2(zh, live->root, 0, NULL, NULL), ZOK);
    CHECK_INT(zoo_wget_children2(zh, live->root, NULL, NULL, NULL, NULL), ZOK);
    live_close(live);
}

TEST(who_reads_into_a_small_buffer_can_tell_cut_data_from_whole_data, "F-32")
{
    live_t *live = live_open();
    const char *node = live_node(live, "node", "0123456789");
    char buffer[32];
    struct Stat stat;
    int length = 4;
    CHECK_INT(zoo_get(live->zh, node, 0, buffer, &length, &stat), ZOK);
    CHECK_BYTES(buffer, length, "0123", 4);
    CHECK_INT(stat.dataLength, 10); /* more than came: it was cut */
    length = 10;
    CHECK_INT(zoo_get(live->zh, node, 0, buffer, &length, &stat), ZOK);
    CHECK_INT(length, stat.dataLength);
    live_close(live);
}

static _Atomic int answered, answered_well;

static void count_answer(int rc, const void *data)
{
    (void)data;
    answered_well += rc == ZOK;
    answered++;
}

static pthread_mutex_t latch = PTHREAD_MUTEX_INITIALIZER;

static void hold_the_loop(probe_t *self)
{
    (void)self;
    pthread_mutex_lock(&latch);
    pthread_mutex_unlock(&latch);
}

TEST(a_million_requests_while_the_loop_stands_still_are_all_answered, "F-34")
{
#ifdef __SANITIZE_THREAD__
    enum { COUNT = 70000 };
#else
    enum { COUNT = 1000000 };
#endif
    stage_t *stage = stage_open_with("", 60000, 0);
    probe_t auth = probe("auth");
    pthread_mutex_lock(&latch);
    auth.then = hold_the_loop; /* this completion runs on the thread that drives the connection */
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    probe_wait(&auth, 1);
    long before = writes;
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_adelete(stage->zh, "/a", i, count_answer, NULL), ZOK);
    long wake_ups = writes - before;
    CHECK_INT(zoo_state(stage->zh), ZOO_CONNECTED_STATE);
    pthread_mutex_unlock(&latch);
    bulk_t *server = bulk_start(stage->connection, bulk_answer, NULL);
    EVENTUALLY(answered == COUNT);
    CHECK_INT(answered_well, COUNT);
    CHECK_INT(probe_calls(&stage->session), 1); /* the same connection all the time */
    CHECK(wake_ups <= 1);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    bulk_join(server);
}

/* A stage whose server takes very little at a time. */
static stage_t *stage_with_small_window(void)
{
    stage_t *stage = (stage_t *)calloc(1, sizeof *stage);
    int window = 4096;
    CHECK(stage != NULL);
    stage->session = probe("global");
    stage->done = probe("done");
    stage->fake = fake_start();
    CHECK(setsockopt(stage->fake->listener, SOL_SOCKET, SO_RCVBUF, &window, sizeof window) == 0);
    stage->zh = zookeeper_init(stage->fake->hosts, on_event, STAGE_TIMEOUT_MS, NULL,
                               &stage->session, ZOO_NO_LOG_CLIENTENV);
    CHECK(stage->zh != NULL);
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connected", NULL);
    return stage;
}

TEST(a_credential_added_during_a_large_write_leaves_the_frames_whole, "F-35")
{
    enum { SIZE = 8000000 };
    stage_t *stage = stage_with_small_window();
    probe_t auth = probe("auth");
    char *data = (char *)malloc(SIZE), byte;
    int sets = 0, auths = 0;
    CHECK(data != NULL);
    memset(data, 'D', SIZE);
    CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, -1, on_stat, &stage->done), ZOK);
    CHECK(recv(stage->connection, &byte, 1, MSG_PEEK | MSG_WAITALL) == 1); /* it is on its way */
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    while (sets == 0 || auths == 0) {
        frame_t frame = fake_receive(stage->connection);
        if (frame.type == ZOO_SETDATA_OP) {
            const unsigned char *seen;
            free(take_string(&frame));
            CHECK_INT(take_buffer(&frame, &seen), SIZE);
            CHECK(memcmp(seen, data, SIZE) == 0);
            CHECK_INT(take_int(&frame), -1);
            take_end(&frame);
            sets++;
        } else {
            CHECK_INT(frame.type, ZOO_SETAUTH_OP);
            fake_reply(stage->connection, -4, 0, 0, NULL);
            auths++;
        }
        frame_free(&frame);
    }
    probe_wait(&auth, 1);
    CHECK_INT(auth.rc, ZOK);
    free(data);
    stage_close(stage);
}

TEST(a_credential_goes_out_at_once_on_an_idle_connection, "F-36")
{
    stage_t *stage = stage_open_with("", 3600000, 0); /* the next ping is twenty minutes away */
    probe_t auth = probe("auth");
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    frame_t frame = fake_receive_any(stage->connection);
    CHECK_INT(frame.type, ZOO_SETAUTH_OP);
    frame_free(&frame);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    journal_expect("auth: 0", NULL);
    stage_close(stage);
}

typedef struct {
    _Atomic int credentials, others;
} seen_t;

static void count_credentials(frame_t *request, wire_t *out, void *context)
{
    seen_t *seen = (seen_t *)context;
    if (request->type == ZOO_SETAUTH_OP)
        seen->credentials++;
    else
        seen->others += request->type == ZOO_EXISTS_OP;
    bulk_answer(request, out, NULL);
}

/* Each call adds one for the handle's life, equal or not, as in the C library (C-561, C-563):
 * a server may count them. */
TEST(thousands_of_equal_credentials_are_sent_again_and_cost_nothing_else, "F-37")
{
    enum { COUNT = 10000 };
    stage_t *stage = stage_open_with("", 60000, 0);
    probe_t auth = probe(NULL), exists = probe("exists");
    seen_t first = {0, 0}, second = {0, 0};
    bulk_t *server = bulk_start(stage->connection, count_credentials, &first);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_add_auth(stage->zh, "digest", "me:secret", 9, on_void, &auth), ZOK);
    probe_wait(&auth, COUNT);
    CHECK_INT(auth.rc, ZOK);
    shutdown(stage->connection, SHUT_RDWR);
    bulk_join(server);
    CHECK_INT(first.credentials, COUNT);
    stage->connection = fake_connect(stage->fake);
    server = bulk_start(stage->connection, count_credentials, &second);
    journal_wait("global: session connected");
    CHECK_INT(zoo_aexists(stage->zh, "/a", 0, on_stat, &exists), ZOK);
    journal_wait("exists: 0");
    CHECK_INT(second.credentials, COUNT); /* all of them, before the first request */
    CHECK_INT(probe_calls(&auth), COUNT); /* and nobody is told again */
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    bulk_join(server);
}

enum { THREADS = 8, TRANSACTIONS = 100 };

typedef struct {
    zhandle_t *zh;
    const char *node;
} worker_t;

static void commit(void *argument)
{
    worker_t *worker = (worker_t *)argument;
    char path[256];
    for (int i = 0; i < TRANSACTIONS; i++) {
        zoo_op_t ops[4];
        zoo_op_result_t results[4];
        struct Stat stat;
        snprintf(path, sizeof path, "%s/%d", worker->node, i);
        zoo_check_op_init(&ops[0], worker->node, i);
        zoo_create_op_init(&ops[1], path, "x", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
        zoo_set_op_init(&ops[2], worker->node, path, (int)strlen(path), i, &stat);
        zoo_delete_op_init(&ops[3], path, 0);
        CHECK_INT(zoo_multi(worker->zh, 4, ops, results), ZOK);
        CHECK_INT(stat.version, i + 1);
    }
}

TEST(eight_threads_commit_transactions_on_one_handle, "F-61")
{
    live_t *live = live_open();
    worker_t workers[THREADS];
    test_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        workers[i] = (worker_t){live->zh, live_node(live, name, "")};
        threads[i] = thread_start(commit, &workers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    CHECK_INT(probe_calls(&live->session), 1);
    live_close(live);
}
