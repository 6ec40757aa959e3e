/* Handles in a child of fork: they are the parent's. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/sink.h"
#include "../harness/stage.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* Declared only for programs that don't define THREADED. */
int zookeeper_interest(zhandle_t *zh, int *fd, int *interest, struct timeval *tv);
int zookeeper_process(zhandle_t *zh, int events);

/* Runs `body` in a child, which dies with us. The test fails unless it ends by
 * itself with 0; then `what` says which of its checks did not hold. */
static void in_child(int (*body)(zhandle_t *zh), zhandle_t *zh)
{
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(body(zh));
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status))
        FAIL("the child was killed by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        FAIL("check %d of the child failed", WEXITSTATUS(status));
}

static int wrong;

/* Notes which call of a list is not refused. */
static void refused(int number, int rc)
{
    if (rc != ZINVALIDSTATE && wrong == 0)
        wrong = number;
}

static void never(void)
{
    _exit(99);
}
static void never_void(int rc, const void *data)
{
    (void)rc, (void)data, never();
}
static void never_stat(int rc, const struct Stat *stat, const void *data)
{
    (void)rc, (void)stat, (void)data, never();
}
static void never_data(int rc, const char *value, int length, const struct Stat *stat,
                       const void *data)
{
    (void)rc, (void)value, (void)length, (void)stat, (void)data, never();
}
static void never_strings(int rc, const struct String_vector *strings, const void *data)
{
    (void)rc, (void)strings, (void)data, never();
}
static void never_strings_stat(int rc, const struct String_vector *strings,
                               const struct Stat *stat, const void *data)
{
    (void)rc, (void)strings, (void)stat, (void)data, never();
}
static void never_string(int rc, const char *value, const void *data)
{
    (void)rc, (void)value, (void)data, never();
}
static void never_string_stat(int rc, const char *value, const struct Stat *stat,
                              const void *data)
{
    (void)rc, (void)value, (void)stat, (void)data, never();
}
static void never_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *data)
{
    (void)rc, (void)acl, (void)stat, (void)data, never();
}

static void ask_synchronously(zhandle_t *zh)
{
    struct ACL_vector *open = &ZOO_OPEN_ACL_UNSAFE, acl;
    struct String_vector strings;
    struct Stat stat;
    char text[64];
    int n = sizeof text;
    refused(1, zoo_create(zh, "/a", "", 0, open, 0, text, n));
    refused(2, zoo_create_ttl(zh, "/a", "", 0, open, ZOO_PERSISTENT_WITH_TTL, 9, text, n));
    refused(3, zoo_create2(zh, "/a", "", 0, open, 0, text, n, &stat));
    refused(4, zoo_create2_ttl(zh, "/a", "", 0, open, ZOO_PERSISTENT_WITH_TTL, 9, text, n, &stat));
    refused(5, zoo_delete(zh, "/a", -1));
    refused(6, zoo_exists(zh, "/a", 1, &stat));
    refused(7, zoo_wexists(zh, "/a", on_event, NULL, &stat));
    refused(8, zoo_get(zh, "/a", 1, text, &n, &stat));
    refused(9, zoo_wget(zh, "/a", on_event, NULL, text, &n, &stat));
    refused(10, zoo_getconfig(zh, 1, text, &n, &stat));
    refused(11, zoo_wgetconfig(zh, on_event, NULL, text, &n, &stat));
    refused(12, zoo_reconfig(zh, NULL, "1", NULL, -1, text, &n, &stat));
    refused(13, zoo_set(zh, "/a", "", 0, -1));
    refused(14, zoo_set2(zh, "/a", "", 0, -1, &stat));
    refused(15, zoo_get_children(zh, "/a", 1, &strings));
    refused(16, zoo_wget_children(zh, "/a", on_event, NULL, &strings));
    refused(17, zoo_get_children2(zh, "/a", 1, &strings, &stat));
    refused(18, zoo_wget_children2(zh, "/a", on_event, NULL, &strings, &stat));
    refused(19, zoo_get_acl(zh, "/a", &acl, &stat));
    refused(20, zoo_set_acl(zh, "/a", -1, open));
    refused(21, zoo_remove_watches(zh, "/a", ZWATCHTYPE_ANY, on_event, NULL, 0));
    refused(22, zoo_remove_watches(zh, "/a", ZWATCHTYPE_ANY, on_event, NULL, 1));
    refused(23, zoo_remove_all_watches(zh, "/a", ZWATCHTYPE_ANY, 0));
}

static void ask_asynchronously(zhandle_t *zh)
{
    struct ACL_vector *open = &ZOO_OPEN_ACL_UNSAFE;
    int ttl = ZOO_PERSISTENT_WITH_TTL;
    refused(31, zoo_acreate(zh, "/a", "", 0, open, 0, never_string, NULL));
    refused(32, zoo_acreate_ttl(zh, "/a", "", 0, open, ttl, 9, never_string, NULL));
    refused(33, zoo_acreate2(zh, "/a", "", 0, open, 0, never_string_stat, NULL));
    refused(34, zoo_acreate2_ttl(zh, "/a", "", 0, open, ttl, 9, never_string_stat, NULL));
    refused(35, zoo_adelete(zh, "/a", -1, never_void, NULL));
    refused(36, zoo_aexists(zh, "/a", 1, never_stat, NULL));
    refused(37, zoo_awexists(zh, "/a", on_event, NULL, never_stat, NULL));
    refused(38, zoo_aget(zh, "/a", 1, never_data, NULL));
    refused(39, zoo_awget(zh, "/a", on_event, NULL, never_data, NULL));
    refused(40, zoo_agetconfig(zh, 1, never_data, NULL));
    refused(41, zoo_awgetconfig(zh, on_event, NULL, never_data, NULL));
    refused(42, zoo_areconfig(zh, NULL, "1", NULL, -1, never_data, NULL));
    refused(43, zoo_aset(zh, "/a", "", 0, -1, never_stat, NULL));
    refused(44, zoo_aget_children(zh, "/a", 1, never_strings, NULL));
    refused(45, zoo_awget_children(zh, "/a", on_event, NULL, never_strings, NULL));
    refused(46, zoo_aget_children2(zh, "/a", 1, never_strings_stat, NULL));
    refused(47, zoo_awget_children2(zh, "/a", on_event, NULL, never_strings_stat, NULL));
    refused(48, zoo_async(zh, "/a", never_string, NULL));
    refused(49, zoo_aget_acl(zh, "/a", never_acl, NULL));
    refused(50, zoo_aset_acl(zh, "/a", -1, open, never_void, NULL));
    refused(51, zoo_add_auth(zh, "digest", "a:b", 3, never_void, NULL));
}

static void ask_about_the_handle(zhandle_t *zh)
{
    zoo_op_t op;
    zoo_op_result_t result;
    struct timeval time;
    int fd, interest;
    zoo_delete_op_init(&op, "/a", -1);
    refused(61, zoo_multi(zh, 1, &op, &result));
    refused(62, zoo_amulti(zh, 1, &op, &result, never_void, NULL));
    refused(63, zoo_set_servers(zh, "127.0.0.1:1"));
    refused(64, zoo_set_servers_resolution_delay(zh, 0));
    refused(65, is_unrecoverable(zh));
    refused(66, zookeeper_interest(zh, &fd, &interest, &time));
    refused(67, zookeeper_process(zh, ZOOKEEPER_READ));
}

/* What has no code to say so: no connection, and memory that is still there. */
static int looks_like_the_parents(zhandle_t *zh)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    zoo_cycle_next_server(zh);
    return zoo_state(zh) == 0 && zoo_get_current_server(zh) == NULL &&
           zookeeper_get_connected_host(zh, (struct sockaddr *)&address, &length) == NULL &&
           zoo_get_context(zh) != NULL && zoo_client_id(zh)->client_id != 0 &&
           zoo_recv_timeout(zh) == STAGE_TIMEOUT_MS;
}

static int ask_everything(zhandle_t *zh)
{
    ask_synchronously(zh);
    ask_asynchronously(zh);
    ask_about_the_handle(zh);
    if (wrong == 0 && !looks_like_the_parents(zh))
        wrong = 90;
    if (wrong == 0 && zookeeper_close(zh) != ZOK)
        wrong = 91;
    if (wrong == 0 && zoo_exists(zh, "/a", 0, NULL) != ZBADARGUMENTS)
        wrong = 92;
    return wrong;
}

TEST(in_a_child_of_fork_every_call_is_refused_at_once, "F-53, C-519")
{
    NOT_ON_THE_REFERENCE("C-519: the child's calls hang");
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    in_child(ask_everything, stage->zh);
    /* Not a byte of the child came between. */
    CHECK_INT(zoo_aget(stage->zh, "/mine", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    journal_expect("get: 0", NULL);
    stage_close(stage);
}

/* Sockets that are connected to somewhere. */
static int sockets(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        n += getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_family == AF_INET;
    }
    return n;
}

static int close_and_look(zhandle_t *zh)
{
    int before = sockets();
    if (zookeeper_close(zh) != ZOK)
        return 1;
    return sockets() == before - 1 ? 0 : 2;
}

TEST(a_close_in_a_child_gives_the_socket_back_and_sends_nothing, "F-53, C-519")
{
    NOT_ON_THE_REFERENCE("C-519: the child's close hangs");
    stage_t *stage = stage_open("");
    in_child(close_and_look, stage->zh);
    CHECK_INT(fake_end_session(stage->zh, stage->connection), 1);
}

static int open_ones_own(zhandle_t *zh)
{
    probe_t session = probe(NULL);
    zhandle_t *own;
    if (zookeeper_close(zh) != ZOK)
        return 1;
    own = live_session("", &session);
    if (zoo_exists(own, "/", 0, NULL) != ZOK)
        return 2;
    return zookeeper_close(own) == ZOK ? 0 : 3;
}

TEST(a_child_may_open_handles_of_its_own, "F-53, C-519")
{
    NOT_ON_THE_REFERENCE("C-519: the child's close hangs");
    live_t *live = live_open();
#ifndef __SANITIZE_THREAD__ /* which starts no threads in a child */
    in_child(open_ones_own, live->zh);
#else
    in_child(close_and_look, live->zh);
    (void)open_ones_own;
#endif
    CHECK_INT(zoo_exists(live->zh, live->root, 0, NULL), ZOK);
    CHECK_INT(probe_calls(&live->session), 1);
    live_close(live);
}

/* So many that threads of the child surely meet what the parent's have left. */
enum { CROWD = 24 };

static int open_a_crowd(zhandle_t *zh)
{
    (void)zh;
    for (int i = 0; i < CROWD; i++) {
        probe_t session = probe(NULL), exists = probe(NULL);
        zhandle_t *own = live_session("", &session);
        for (int call = 1; call <= 20; call++) {
            if (zoo_aexists(own, "/", 0, on_stat, &exists) != ZOK)
                return 1;
            probe_wait(&exists, call);
            if (exists.rc != ZOK || zoo_exists(own, "/", 0, NULL) != ZOK)
                return 2;
        }
        if (zookeeper_close(own) != ZOK)
            return 3;
    }
    return 0;
}

TEST(handles_of_a_child_work_whichever_threads_of_the_parent_were_asleep, "F-53, C-519")
{
    NOT_ON_THE_REFERENCE("C-519: the child's close hangs");
    NOT_UNDER_THREAD_SANITIZER("it starts no threads in a child");
    live_t *live = live_open();
    probe_t sessions[CROWD];
    zhandle_t *idle[CROWD];
    for (int i = 0; i < CROWD; i++) {
        sessions[i] = probe(NULL);
        idle[i] = live_session("", &sessions[i]);
    }
    in_child(open_a_crowd, live->zh);
    for (int i = 0; i < CROWD; i++)
        CHECK_INT(zookeeper_close(idle[i]), ZOK);
    live_close(live);
}

static pid_t forked;

static void leave(void)
{
    _exit(0);
}

static void fork_inside(probe_t *self)
{
    (void)self;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child != 0) {
        forked = child;
        return;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* Before LeakSanitizer looks for what the parent's threads have in hand. */
    CHECK_INT(atexit(leave), 0);
}

TEST(a_callback_that_forks_returns_once_in_each_process_and_only_one_goes_on, "F-53, C-519")
{
    NOT_UNDER_THREAD_SANITIZER("it does not know the thread that the child has");
    NOT_ON_THE_REFERENCE("C-519: the child's thread waits for ever");
    stage_t *stage = stage_open("");
    probe_t get = probe("get"), after = probe("after");
    int status;
    get.then = fork_inside;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &after), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&after, 1);
    /* The callback's thread is the only one of the child: with it the child ends. */
    CHECK(waitpid(forked, &status, 0) == forked);
    CHECK(WIFEXITED(status));
    journal_expect("get: 0", "after: 0", NULL);
    stage_close(stage);
}

typedef struct {
    zhandle_t *zh;
    int stop;
    int calls;
} hammer_t;

static void hammer(void *argument)
{
    hammer_t *self = (hammer_t *)argument;
    while (!__atomic_load_n(&self->stop, __ATOMIC_SEQ_CST)) {
        CHECK_INT(zoo_exists(self->zh, "/a", 0, NULL), ZNONODE);
        __atomic_add_fetch(&self->calls, 1, __ATOMIC_SEQ_CST);
    }
}

static int refuse_and_close(zhandle_t *zh)
{
    if (zoo_exists(zh, "/a", 0, NULL) != ZINVALIDSTATE)
        return 3;
    return close_and_look(zh);
}

TEST(forks_amid_calls_of_many_threads_harm_neither_process, "F-53, C-519")
{
    NOT_ON_THE_REFERENCE("C-519: the child's calls hang");
    enum { THREADS = 4, FORKS = 100 };
    sink_t *sink = sink_start();
    hammer_t state = {NULL, 0, 0};
    test_thread *threads[THREADS];
    state.zh = zookeeper_init(sink_hosts(sink), NULL, 30000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(state.zh != NULL);
    for (int i = 0; i < THREADS; i++)
        threads[i] = thread_start(hammer, &state);
    for (int i = 0; i < FORKS; i++) {
        int calls = __atomic_load_n(&state.calls, __ATOMIC_SEQ_CST);
        in_child(refuse_and_close, state.zh);
        EVENTUALLY(__atomic_load_n(&state.calls, __ATOMIC_SEQ_CST) > calls);
    }
    __atomic_store_n(&state.stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    CHECK_INT(sink_ended(sink), 0);
    CHECK_INT(zookeeper_close(state.zh), ZOK);
}

TEST(a_child_that_keeps_the_socket_open_does_not_disturb_a_reconnect, "F-53, C-519 C-432")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    pid_t child = fork();
    int status;
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(stage->connection); /* the server's end is only ours */
        pause();
    }
    stage_reconnect(stage);
    journal_expect("global: session connecting", "global: session connected", NULL);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    stage_close(stage);
    CHECK_INT(kill(child, SIGKILL), 0);
    CHECK(waitpid(child, &status, 0) == child);
}
