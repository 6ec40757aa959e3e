/* Which thread calls what, in which order, and what callbacks may do. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/leaks.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int thread_count(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(tasks);
    return n;
}

TEST(a_handle_has_exactly_two_threads, "C-510")
{
    NOT_UNDER_THREAD_SANITIZER("it has a thread of its own");
    stage_t *stage = stage_open("");
    CHECK_INT(thread_count(), 3);
    fake_end_session(stage->zh, stage->connection);
    EVENTUALLY(thread_count() == 1);
}

TEST(completions_and_watchers_share_one_thread_and_auth_has_the_other, "C-511 C-512")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get"), multi = probe("multi"), watch = probe("watch"), auth = probe("auth");
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a");
    CHECK_INT(zoo_amulti(stage->zh, 0, NULL, NULL, on_void, &multi), ZOK);
    stage_answer(stage, ZOO_MULTI_OP, ZSESSIONMOVED, NULL);
    probe_wait(&multi, 1);
    CHECK_INT(zoo_add_auth(stage->zh, "a", "b", 1, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    probe_wait(&auth, 1);
    CHECK(pthread_equal(get.thread, stage->session.thread));
    CHECK(pthread_equal(watch.thread, stage->session.thread));
    CHECK(pthread_equal(multi.thread, stage->session.thread));
    CHECK(!pthread_equal(auth.thread, stage->session.thread));
    CHECK(!pthread_equal(auth.thread, pthread_self()));
    CHECK(!pthread_equal(get.thread, pthread_self()));
    stage_close(stage);
}

static size_t stack_size;
static sigset_t callback_mask;

static void look_at_thread(probe_t *self)
{
    pthread_attr_t attributes;
    (void)self;
    CHECK_INT(pthread_getattr_np(pthread_self(), &attributes), 0);
    CHECK_INT(pthread_attr_getstacksize(&attributes, &stack_size), 0);
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, NULL, &callback_mask);
}

TEST(callbacks_have_the_default_stack_and_the_creators_signal_mask, "C-510 T-25 T-40 F-56")
{
    sigset_t mask;
    size_t expected;
    pthread_attr_t attributes;
    probe_t session = probe("global");
    fake_t *fake = fake_start();
    pthread_attr_init(&attributes);
    CHECK_INT(pthread_attr_getstacksize(&attributes, &expected), 0);
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
    session.then = look_at_thread;
    zhandle_t *zh = zookeeper_init(fake->hosts, on_event, 20000, NULL, &session, 0);
    CHECK(zh != NULL);
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    fake_end_session(zh, connection);
    CHECK(stack_size >= expected);
    CHECK(sigismember(&callback_mask, SIGUSR1));
    CHECK(!sigismember(&callback_mask, SIGUSR2));
    CHECK(!sigismember(&callback_mask, SIGTERM));
}

static char deep(int depth)
{
    volatile char page[4096];
    page[0] = (char)depth;
    page[4095] = depth > 0 ? deep(depth - 1) : 1;
    return (char)(page[0] + page[4095]);
}

static void use_stack(probe_t *self)
{
    (void)self;
    deep(1200); /* more than 4 MiB */
}

TEST(a_callback_may_use_four_megabytes_of_stack, "C-510 T-25")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    struct rlimit limit;
    getrlimit(RLIMIT_STACK, &limit);
    if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < 8u << 20)
        SKIP("the stack limit is below 8 MiB");
    get.then = use_stack;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    stage_close(stage);
}

static void call_synchronously(probe_t *self)
{
    live_t *live = (live_t *)self->then_data;
    CHECK_INT(zoo_exists(live->zh, live->root, 0, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, live->root, "x", 1, -1), ZOK);
    CHECK_INT(zoo_exists(live->zh, "/no-such-node", 0, NULL), ZNONODE);
    journal_add("done inside");
}

TEST(synchronous_calls_work_inside_callbacks, "C-515")
{
    live_t *live = live_open();
    probe_t get = probe("get"), watch = probe("watch"), after = probe("after");
    int length = 0;
    get.then = watch.then = call_synchronously;
    get.then_data = watch.then_data = live;
    CHECK_INT(zoo_aget(live->zh, live->root, 0, on_data, &get), ZOK);
    CHECK_INT(zoo_aexists(live->zh, live->root, 0, on_stat, &after), ZOK);
    journal_expect("get: 0", "done inside", "after: 0", NULL);
    journal_clear();
    CHECK_INT(zoo_wget(live->zh, live->root, on_event, &watch, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, live->root, "y", 1, -1), ZOK);
    journal_wait("done inside");
    live_close(live);
}

static void wait_for_permission(probe_t *self)
{
    int *gate = (int *)self->then_data;
    char byte;
    CHECK(read(gate[0], &byte, 1) == 1);
}

TEST(a_synchronous_call_overtakes_a_running_callback, "C-514 C-511")
{
    live_t *live = live_open();
    probe_t get = probe("get"), after = probe("after");
    int gate[2];
    CHECK(pipe(gate) == 0);
    get.then = wait_for_permission;
    get.then_data = gate;
    CHECK_INT(zoo_aget(live->zh, live->root, 0, on_data, &get), ZOK);
    CHECK_INT(zoo_aget(live->zh, live->root, 0, on_data, &after), ZOK);
    CHECK_INT(zoo_exists(live->zh, live->root, 0, NULL), ZOK);
    CHECK_INT(probe_calls(&after), 0); /* callbacks run one at a time */
    CHECK(write(gate[1], "x", 1) == 1);
    probe_wait(&after, 1);
    live_close(live);
}

TEST(completions_come_in_the_order_of_the_requests, "C-513 C-511")
{
    enum { COUNT = 1000 };
    live_t *live = live_open();
    static probe_t probes[COUNT];
    static char names[COUNT][16];
    for (int i = 0; i < COUNT; i++) {
        snprintf(names[i], sizeof names[i], "%d", i);
        probes[i] = probe(names[i]);
        const char *path = i % 3 ? live->root : "/no-such-node";
        if (i % 2)
            CHECK_INT(zoo_aget(live->zh, path, 0, on_data, &probes[i]), ZOK);
        else
            CHECK_INT(zoo_aexists(live->zh, path, 0, on_stat, &probes[i]), ZOK);
    }
    for (int i = 0; i < COUNT; i++) {
        char line[32];
        snprintf(line, sizeof line, "%d: %d", i, i % 3 ? 0 : ZNONODE);
        probe_wait(&probes[i], 1);
        CHECK_INT(journal_wait(line), i);
    }
    live_close(live);
}

typedef struct {
    live_t *live;
    const char *node;
} worker_t;

static void work(void *argument)
{
    worker_t *worker = (worker_t *)argument;
    zhandle_t *zh = worker->live->zh;
    char value[16];
    for (int i = 0; i < 100; i++) {
        int length = sizeof value;
        struct Stat stat;
        snprintf(value, sizeof value, "%d", i);
        CHECK_INT(zoo_set2(zh, worker->node, value, (int)strlen(value), i, &stat), ZOK);
        CHECK_INT(stat.version, i + 1);
        CHECK_INT(zoo_get(zh, worker->node, 0, value, &length, &stat), ZOK);
        value[length] = '\0';
        CHECK_INT(atoi(value), i);
    }
}

TEST(many_threads_share_a_handle, "C-516")
{
    enum { COUNT = 8 };
    live_t *live = live_open();
    worker_t workers[COUNT];
    test_thread *threads[COUNT];
    for (int i = 0; i < COUNT; i++) {
        char name[8];
        snprintf(name, sizeof name, "n%d", i);
        workers[i] = (worker_t){live, live_node(live, name, "")};
        threads[i] = thread_start(work, &workers[i]);
    }
    for (int i = 0; i < COUNT; i++)
        thread_join(threads[i]);
    live_close(live);
}

TEST(a_flood_of_requests_costs_no_connection, "C-517 C-513 F-34")
{
    enum { COUNT = 70000 }; /* more wake-ups than a pipe holds */
    stage_t *stage = stage_open("");
    stage->done = probe(NULL);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_adelete(stage->zh, "/a", i, on_void, &stage->done), ZOK);
    for (int i = 0; i < COUNT; i++) {
        frame_t frame = fake_receive_type(stage->connection, ZOO_DELETE_OP);
        free(take_string(&frame));
        CHECK_INT(take_int(&frame), i);
        frame_free(&frame);
    }
    CHECK_INT(journal_count("global: session connecting"), 0);
    stage_close(stage);
}

TEST(a_child_process_leaves_the_session_of_its_parent_alone, "C-519 F-53")
{
    live_t *live = live_open();
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(0);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(zoo_exists(live->zh, live->root, 0, NULL), ZOK);
    CHECK_INT(probe_calls(&live->session), 1);
    live_close(live);
}

TEST(a_peer_that_resets_raises_no_sigpipe, "C-520 F-57")
{
    enum { COUNT = 200 };
    stage_t *stage = stage_open("");
    static char data[50000];
    CHECK(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_aset(stage->zh, "/a", data, sizeof data, -1, on_stat, &stage->done), ZOK);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection); /* with unread bytes: a reset */
    probe_wait(&stage->done, COUNT);
    CHECK_INT(stage->done.rc, ZCONNECTIONLOSS);
    stage_close_unconnected(stage);
}

TEST(twenty_handles_work_side_by_side, "C-510 C-516 C-205")
{
    enum { COUNT = 20 };
    live_t *live = live_open();
    zhandle_t *handles[COUNT];
    static probe_t sessions[COUNT];
    probe_t set = probe(NULL);
    struct Stat stat;
    for (int i = 0; i < COUNT; i++) {
        sessions[i] = probe(NULL);
        handles[i] = live_session("", &sessions[i]);
    }
    for (int i = 0; i < COUNT * 10; i++)
        CHECK_INT(zoo_aset(handles[i % COUNT], live->root, "x", 1, -1, on_stat, &set), ZOK);
    probe_wait(&set, COUNT * 10);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zookeeper_close(handles[i]), ZOK);
    CHECK_INT(zoo_exists(live->zh, live->root, 0, &stat), ZOK);
    CHECK_INT(stat.version, COUNT * 10);
    live_close(live);
}

static void end_thread(probe_t *self)
{
    (void)self;
    pthread_exit(NULL);
}

TEST(a_callback_that_ends_its_thread_does_not_end_the_process, "C-510 T-39")
{
    NOT_UNDER_THREAD_SANITIZER("it has a thread of its own");
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = end_thread;
    harness_lose_memory("what the ended thread had in hand");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    EVENTUALLY(thread_count() == 2);
}
