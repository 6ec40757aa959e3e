/* zookeeper_close with calls in flight, from everywhere, again and again: each
 * call that was accepted is completed exactly once, and nothing hangs.
 *
 * `cargo xtask closes` plays each scene ten thousand times. */
#define _GNU_SOURCE
#include "../harness/fake.h"
#include "../harness/harness.h"
#include "../harness/rounds.h"
#include "../harness/sink.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* The calls of one round, and the most that a thread makes in a crowd. */
enum { IN_FLIGHT = 50, MANY = 2000 };

static sink_t *sink;
static long played;
static int connected;
static int completed[IN_FLIGHT];

static void set_up(void)
{
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    sink = sink_start();
}

static int read_flag(const int *flag)
{
    return __atomic_load_n(flag, __ATOMIC_SEQ_CST);
}

static void set_flag(int *flag, int value)
{
    __atomic_store_n(flag, value, __ATOMIC_SEQ_CST);
}

static void count_data(int rc, const char *value, int length, const struct Stat *stat,
                       const void *data)
{
    (void)rc, (void)value, (void)length, (void)stat;
    __atomic_add_fetch((int *)(uintptr_t)data, 1, __ATOMIC_SEQ_CST);
}

static void note_connected(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh, (void)path, (void)context;
    if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE)
        set_flag(&connected, 1);
}

static zhandle_t *open_at(const char *hosts, watcher_fn watcher)
{
    zhandle_t *zh = zookeeper_init(hosts, watcher, 30000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL)
        FAIL("zookeeper_init: %s", strerror(errno));
    return zh;
}

/* A new round, on a connected handle. */
static zhandle_t *open_connected(void)
{
    zhandle_t *zh;
    played++;
    memset(completed, 0, sizeof completed);
    set_flag(&connected, 0);
    zh = open_at(sink_hosts(sink), note_connected);
    AWAIT(read_flag(&connected));
    return zh;
}

/* Asks for what is never answered. */
static void put_in_flight(zhandle_t *zh)
{
    for (int i = 0; i < IN_FLIGHT; i++)
        CHECK_INT(zoo_aget(zh, "/a", 0, count_data, &completed[i]), ZOK);
}

/* In every other round all of it is on its way first. */
static void put_in_flight_or_queue(zhandle_t *zh)
{
    long before = sink_requests(sink);
    put_in_flight(zh);
    if (played % 2)
        AWAIT(sink_requests(sink) >= before + IN_FLIGHT);
}

static void close_in_the_application(tally_t *tally)
{
    zhandle_t *zh = open_connected();
    put_in_flight_or_queue(zh);
    tally->broken += zookeeper_close(zh) != ZOK;
    tally_calls(tally, completed, IN_FLIGHT);
}

TEST(closes_with_calls_in_flight_lose_no_completion, "F-24, C-534 C-530 C-264 T-14")
{
    NOT_ON_THE_REFERENCE("C-534");
    tally_t tally = rounds_play("in the application", 300, 1, set_up, close_in_the_application);
    rounds_check(&tally);
}

/* The end of a handle that was closed in a callback, as the server sees it:
 * then all callbacks have run. */
static void await_the_end(long ended_before)
{
    AWAIT(sink_ended(sink) > ended_before);
    /* A library that says goodbye first may still be calling. */
    for (int i = 0; i < 100 && read_flag(&completed[IN_FLIGHT - 1]) == 0; i++)
        harness_pause();
}

static void close_when_connected(zhandle_t *zh, int type, int state, const char *path,
                                 void *context)
{
    (void)path, (void)context;
    if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) {
        put_in_flight_or_queue(zh);
        CHECK_INT(zookeeper_close(zh), ZOK);
    }
}

static void close_in_the_watcher(tally_t *tally)
{
    long ended = sink_ended(sink);
    played++;
    memset(completed, 0, sizeof completed);
    open_at(sink_hosts(sink), close_when_connected);
    await_the_end(ended);
    tally_calls(tally, completed, IN_FLIGHT);
}

TEST(closes_in_the_watcher_lose_no_completion, "F-24, F-51, F-52, C-533 C-534 T-13")
{
    NOT_ON_THE_REFERENCE("C-534");
    tally_t tally = rounds_play("in the watcher", 300, 1, set_up, close_in_the_watcher);
    rounds_check(&tally);
}

static void close_when_answered(int rc, const struct Stat *stat, const void *data)
{
    zhandle_t *zh = (zhandle_t *)(uintptr_t)data;
    (void)rc, (void)stat;
    put_in_flight_or_queue(zh);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

static void close_in_a_completion(tally_t *tally)
{
    long ended = sink_ended(sink);
    zhandle_t *zh = open_connected();
    CHECK_INT(zoo_aexists(zh, "/a", 0, close_when_answered, zh), ZOK);
    await_the_end(ended);
    tally_calls(tally, completed, IN_FLIGHT);
}

TEST(closes_in_a_completion_lose_no_completion, "F-24, F-51, F-52, C-533 C-534 T-13")
{
    NOT_ON_THE_REFERENCE("C-534");
    tally_t tally = rounds_play("in a completion", 300, 1, set_up, close_in_a_completion);
    rounds_check(&tally);
}

/* Threads that call until they are refused, and threads that close. */
enum { CALLERS = 8, CLOSERS = 8 };

typedef struct {
    zhandle_t *zh;
    int waits; /* calls synchronously */
    int rc;    /* of the call that was refused */
    int accepted;
    long after; /* a closer: begins when so many requests have come */
    int completed[MANY];
} actor_t;

static void call(void *argument)
{
    actor_t *self = (actor_t *)argument;
    char value[8];
    do {
        int length = sizeof value;
        if (self->waits) {
            self->rc = zoo_get(self->zh, "/a", 0, value, &length, NULL);
        } else {
            self->rc = zoo_aget(self->zh, "/a", 0, count_data, &self->completed[self->accepted]);
            self->accepted += self->rc == ZOK;
        }
    } while (self->rc == ZOK && self->accepted < MANY);
}

static void close_amid_calls(void *argument)
{
    actor_t *self = (actor_t *)argument;
    AWAIT(sink_requests(sink) >= self->after);
    self->rc = zookeeper_close(self->zh);
}

/* What calls may be told that come too late. */
static int is_refusal(int rc)
{
    return rc == ZCLOSING || rc == ZMARSHALLINGERROR || rc == ZBADARGUMENTS || rc == ZINVALIDSTATE;
}

static void close_in_a_crowd(tally_t *tally)
{
    static actor_t callers[CALLERS], closers[CLOSERS];
    test_thread *threads[CALLERS + CLOSERS];
    zhandle_t *zh = open_connected();
    long before = sink_requests(sink);
    int closes = 0;
    memset(callers, 0, sizeof callers);
    for (int i = 0; i < CLOSERS; i++) {
        closers[i] = (actor_t){.zh = zh, .after = before + IN_FLIGHT + played % 97};
        threads[CALLERS + i] = thread_start(close_amid_calls, &closers[i]);
    }
    for (int i = 0; i < CALLERS; i++) {
        callers[i].zh = zh;
        callers[i].waits = i % 2;
        threads[i] = thread_start(call, &callers[i]);
    }
    for (int i = 0; i < CALLERS + CLOSERS; i++)
        thread_join(threads[i]);
    for (int i = 0; i < CLOSERS; i++)
        closes += closers[i].rc == ZOK;
    tally->broken += closes == 0;
    for (int i = 0; i < CALLERS; i++) {
        int full = callers[i].accepted == MANY && callers[i].rc == ZOK;
        tally->broken += !full && !is_refusal(callers[i].rc);
        tally_calls(tally, callers[i].completed, callers[i].accepted);
    }
}

TEST(closes_by_eight_threads_against_eight_callers_lose_no_completion, "F-51, F-24, C-516 C-534")
{
    NOT_ON_THE_REFERENCE("C-534");
    tally_t tally = rounds_play("8 threads against 8", 100, 1, set_up, close_in_a_crowd);
    rounds_check(&tally);
}

static int refusing, silent;

static void set_up_connects(void)
{
    set_up();
    refusing = dead_port();
    silent = fake_start()->port; /* accepts what its backlog takes, and no more */
}

static void close_while_connecting(tally_t *tally)
{
    char hosts[96];
    zhandle_t *zh;
    switch (played++ % 4) {
    case 0:
        snprintf(hosts, sizeof hosts, "127.0.0.1:%d", refusing);
        break;
    case 1:
        snprintf(hosts, sizeof hosts, "127.0.0.1:%d", silent);
        break;
    case 2: /* the welcome races with the close */
        snprintf(hosts, sizeof hosts, "%s", sink_hosts(sink));
        break;
    default:
        snprintf(hosts, sizeof hosts, "127.0.0.1:%d,%s", refusing, sink_hosts(sink));
    }
    memset(completed, 0, sizeof completed);
    zh = open_at(hosts, NULL);
    put_in_flight(zh);
    tally->broken += zookeeper_close(zh) != ZOK;
    tally_calls(tally, completed, IN_FLIGHT);
}

TEST(closes_during_connect_lose_no_completion, "F-24, F-51, C-531 C-534")
{
    NOT_ON_THE_REFERENCE("C-534");
    tally_t tally = rounds_play("during connect", 400, 1, set_up_connects, close_while_connecting);
    rounds_check(&tally);
}

/* A resolver that knows one name, and keeps everyone waiting until the gate
 * opens, except for the thread that makes the handles. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int waiting;
    int open;
} resolver = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 1};

static __thread int makes_handles;

static void wait_for_the_resolver(void)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.waiting++;
    while (!resolver.open)
        pthread_cond_wait(&resolver.changed, &resolver.lock);
    resolver.waiting--;
    pthread_mutex_unlock(&resolver.lock);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    struct {
        struct addrinfo info;
        struct sockaddr_in address;
    } *answer = calloc(1, sizeof *answer);
    (void)hints;
    if (answer == NULL)
        return EAI_MEMORY;
    answer->address.sin_family = AF_INET;
    answer->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    answer->address.sin_port = htons(service ? (uint16_t)atoi(service) : 0);
    /* The original asks for addresses, too. */
    if (strcmp(node, "races.test") == 0 && !makes_handles)
        wait_for_the_resolver();
    answer->info.ai_family = AF_INET;
    answer->info.ai_socktype = SOCK_STREAM;
    answer->info.ai_addrlen = sizeof answer->address;
    answer->info.ai_addr = (struct sockaddr *)&answer->address;
    *found = &answer->info;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    free(list);
}

static void open_resolver(int open)
{
    pthread_mutex_lock(&resolver.lock);
    resolver.open = open;
    pthread_cond_broadcast(&resolver.changed);
    pthread_mutex_unlock(&resolver.lock);
}

static int resolver_waiting(void)
{
    int waiting;
    pthread_mutex_lock(&resolver.lock);
    waiting = resolver.waiting;
    pthread_mutex_unlock(&resolver.lock);
    return waiting;
}

/* Names are resolved again a while after the start, for which many handles
 * wait at the same time. */
enum { RESOLVING = 20 };

static void close_while_resolving(tally_t *tally)
{
    static int calls[RESOLVING][IN_FLIGHT];
    zhandle_t *handles[RESOLVING];
    char hosts[64];
    snprintf(hosts, sizeof hosts, "races.test:%d", refusing);
    memset(calls, 0, sizeof calls);
    makes_handles = 1;
    open_resolver(0);
    for (int i = 0; i < RESOLVING; i++)
        handles[i] = open_at(hosts, NULL);
    AWAIT(resolver_waiting() == RESOLVING);
    for (int i = 0; i < RESOLVING; i++) {
        for (int k = 0; k < IN_FLIGHT; k++)
            CHECK_INT(zoo_aget(handles[i], "/a", 0, count_data, &calls[i][k]), ZOK);
        tally->broken += zookeeper_close(handles[i]) != ZOK;
        tally_calls(tally, calls[i], IN_FLIGHT);
    }
    /* The answers come when nobody wants them any more. */
    open_resolver(1);
    AWAIT(resolver_waiting() == 0);
}

TEST(closes_during_name_resolution_do_not_wait_for_it, "F-10, F-51, F-24, C-410 C-534")
{
    NOT_ON_THE_REFERENCE("C-410: its own resolver keeps close waiting");
    tally_t tally = rounds_play("during name resolution, 20 at a time", 10, RESOLVING, set_up_connects,
                                close_while_resolving);
    rounds_check(&tally);
}

/* What the child of a fork finds: everything refused, nothing completed. */
static int play_child(zhandle_t *zh)
{
    char value[8];
    int length = sizeof value, done = 0;
    if (zoo_get(zh, "/a", 0, value, &length, NULL) != ZINVALIDSTATE)
        return 1;
    if (zookeeper_close(zh) != ZOK || zookeeper_close(zh) != ZBADARGUMENTS)
        return 2;
    for (int i = 0; i < IN_FLIGHT; i++)
        done += read_flag(&completed[i]);
    return done == 0 ? 0 : 3;
}

static void close_after_a_fork(tally_t *tally)
{
    zhandle_t *zh = open_connected();
    long ended = sink_ended(sink), requests = sink_requests(sink);
    int status, later = 0;
    pid_t child;
    put_in_flight_or_queue(zh);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(play_child(zh));
    }
    AWAIT(waitpid(child, &status, WNOHANG) == child);
    tally->broken += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
    /* The session of the parent has not noticed. */
    CHECK_INT(zoo_aget(zh, "/a", 0, count_data, &later), ZOK);
    AWAIT(sink_requests(sink) == requests + IN_FLIGHT + 1);
    tally->broken += sink_ended(sink) != ended;
    tally->broken += zookeeper_close(zh) != ZOK;
    tally_calls(tally, completed, IN_FLIGHT);
    tally_calls(tally, &later, 1);
}

TEST(closes_in_a_child_of_fork_leave_the_parent_alone, "F-53, C-519 C-534")
{
    NOT_ON_THE_REFERENCE("C-519: the child's calls hang");
    tally_t tally = rounds_play("after fork, in the child", 100, 1, set_up, close_after_a_fork);
    rounds_check(&tally);
}

static void close_twice(tally_t *tally)
{
    zhandle_t *zh = open_connected(), *next;
    put_in_flight_or_queue(zh);
    tally->broken += zookeeper_close(zh) != ZOK;
    tally->broken += zookeeper_close(zh) != ZBADARGUMENTS;
    tally_calls(tally, completed, IN_FLIGHT);
    /* Nor does the old handle's name mean one that came after it. */
    next = open_connected();
    tally->broken += zookeeper_close(zh) != ZBADARGUMENTS;
    tally->broken += zoo_exists(next, "/a", 0, NULL) != ZNONODE;
    tally->broken += zookeeper_close(next) != ZOK;
}

TEST(a_second_close_is_refused, "F-51, C-537 C-534")
{
    NOT_ON_THE_REFERENCE("C-537: it uses freed memory");
    tally_t tally = rounds_play("twice", 200, 1, set_up, close_twice);
    rounds_check(&tally);
}
