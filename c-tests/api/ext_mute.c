/* The end of all callbacks. Every test is a process of its own. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/leaks.h"
#include "../harness/live.h"

#include <sys/wait.h>
#include <unistd.h>

TEST(after_muting_nothing_is_called_and_everything_else_works, "G4")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    probe_t auth = probe("auth");
    CHECK_INT(zoo_aget(stage->zh, "/a", 1, on_data, &get), ZOK);
    zoox_mute_callbacks();
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, frame.xid, 1, 0, NULL);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    test_thread *server = fake_answer_one(stage->connection, ZOO_EXISTS_OP, ZNONODE, NULL);
    CHECK_INT(zoo_exists(stage->zh, "/b", 0, NULL), ZNONODE);
    thread_join(server);
    fake_end_session(stage->zh, stage->connection);
    journal_expect(NULL, NULL);
    CHECK_INT(get.calls + auth.calls, 0);
    /* A second time, and for a new handle. */
    zoox_mute_callbacks();
    probe_t session = probe("late");
    zhandle_t *zh = zookeeper_init(stage->fake->hosts, on_event, STAGE_TIMEOUT_MS, NULL, &session,
                                   ZOO_NO_LOG_CLIENTENV);
    int connection = fake_connect(stage->fake);
    wait_for_state(zh, ZOO_CONNECTED_STATE);
    fake_end_session(zh, connection);
    journal_expect(NULL, NULL);
}

static int log_calls;

static void on_log(const char *message)
{
    (void)message;
    __atomic_add_fetch(&log_calls, 1, __ATOMIC_SEQ_CST);
}

TEST(log_callbacks_are_muted_too, "G4 C-604")
{
    NEEDS_EXTRAS;
    zhandle_t *zh = zookeeper_init2("127.0.0.1:1", NULL, 10000, NULL, NULL, 0, on_log);
    CHECK(zh != NULL);
    CHECK(__atomic_load_n(&log_calls, __ATOMIC_SEQ_CST) > 0);
    zoox_mute_callbacks();
    int before = __atomic_load_n(&log_calls, __ATOMIC_SEQ_CST);
    CHECK_INT(zookeeper_close(zh), ZOK);
    zh = zookeeper_init2("127.0.0.1:1", NULL, 10000, NULL, NULL, 0, on_log);
    CHECK(zh != NULL);
    CHECK_INT(zookeeper_close(zh), ZOK);
    CHECK_INT(log_calls, before);
}

static int inside, muting, left;

/* Stays until another thread is about to mute, and a little longer. */
static void linger(probe_t *self)
{
    (void)self;
    __atomic_store_n(&inside, 1, __ATOMIC_SEQ_CST);
    EVENTUALLY(__atomic_load_n(&muting, __ATOMIC_SEQ_CST));
    for (int i = 0; i < 50; i++)
        harness_pause();
    __atomic_store_n(&left, 1, __ATOMIC_SEQ_CST);
}

TEST(muting_waits_for_a_callback_that_runs, "G4")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    stage->done.then = linger;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    EVENTUALLY(__atomic_load_n(&inside, __ATOMIC_SEQ_CST));
    __atomic_store_n(&muting, 1, __ATOMIC_SEQ_CST);
    zoox_mute_callbacks();
    CHECK_INT(__atomic_load_n(&left, __ATOMIC_SEQ_CST), 1);
    stage_close(stage);
}

static void mute_inside(probe_t *self)
{
    (void)self;
    zoox_mute_callbacks();
    journal_add("mute returned");
}

TEST(a_callback_may_mute_and_is_the_last_one, "G4")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t next = probe("next");
    stage->done.then = mute_inside;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &stage->done), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &next), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_wait("mute returned");
    fake_end_session(stage->zh, stage->connection);
    journal_expect("done: 0", "mute returned", NULL);
    CHECK_INT(next.calls, 0);
}

static void leave_thread(probe_t *self)
{
    (void)self;
    pthread_exit(NULL);
}

TEST(muting_does_not_wait_for_a_callback_that_has_ended_its_thread, "G4 T-39")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = leave_thread;
    harness_lose_memory("what the ended thread had in hand");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    zoox_mute_callbacks();
    stage_close(stage);
}

TEST(in_a_child_muting_does_not_wait_for_threads_of_the_parent, "G4")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    stage->done.then = linger;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    EVENTUALLY(__atomic_load_n(&inside, __ATOMIC_SEQ_CST));
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        alarm(PATIENCE_MS / 1000);
        zoox_mute_callbacks();
        _exit(7);
    }
    int status = 0;
    CHECK_INT(waitpid(child, &status, 0), child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 7);
    __atomic_store_n(&muting, 1, __ATOMIC_SEQ_CST);
    stage_close(stage);
}
