/* Synchronous calls that meet the end of the session.
 *
 * The program's own malloc comes before the C library's. It can hold up one
 * call of the library under test in the middle of a request. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdatomic.h>

/* Allocations of this thread up to the one that waits; 0: none does. */
static __thread int countdown;
static atomic_int is_waiting, goes_on;

static void count_allocation(void)
{
    if (countdown == 0 || --countdown > 0)
        return;
    /* Not for ever: it may hold a lock that the end of the session needs. */
    long long patience = harness_now_ms() + 300;
    is_waiting = 1;
    while (!goes_on && harness_now_ms() < patience)
        harness_pause();
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);

void *malloc(size_t size)
{
    count_allocation();
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    count_allocation();
    return __libc_calloc(count, size);
}

/* A synchronous call in a thread of its own. */
typedef struct {
    zhandle_t *zh;
    int (*make)(zhandle_t *zh);
    int allocations; /* up to the one that waits */
    int rc;
    atomic_int returned;
} call_t;

static void run_call(void *argument)
{
    call_t *call = (call_t *)argument;
    countdown = call->allocations;
    call->rc = call->make(call->zh);
    countdown = 0;
    call->returned = 1;
}

/* Lets the session expire while the call waits at an allocation. 0 when it
 * makes fewer of them. */
static int expire_during(int (*make)(zhandle_t *), int allocations)
{
    static const char zeros[16];
    welcome_t over = {1, 0, zeros, 0, 0};
    stage_t *stage = stage_open("");
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    call_t call = {.zh = stage->zh, .make = make, .allocations = allocations};
    is_waiting = goes_on = 0;
    test_thread *thread = thread_start(run_call, &call);
    long long patience = harness_now_ms() + 100;
    while (!is_waiting && harness_now_ms() < patience)
        harness_pause();
    int waited = is_waiting;
    fake_welcome(stage->connection, &request, &over);
    journal_wait("global: session expired");
    CHECK_INT(fake_wait_end(stage->connection), 0);
    goes_on = 1;
    long long limit = harness_now_ms() + PATIENCE_MS;
    while (!call.returned && harness_now_ms() < limit)
        harness_pause();
    if (!call.returned)
        FAIL("the call hangs, held up at its allocation %d", allocations);
    thread_join(thread);
    CHECK(call.rc == ZSESSIONEXPIRED || call.rc == ZINVALIDSTATE);
    fake_hang_up(stage->connection);
    stage_close_unconnected(stage);
    journal_clear();
    return waited;
}

static int exists(zhandle_t *zh)
{
    return zoo_exists(zh, "/a", 0, NULL);
}

static int set(zhandle_t *zh)
{
    return zoo_set(zh, "/a", "data", 4, -1);
}

static int create(zhandle_t *zh)
{
    char path[16];
    return zoo_create(zh, "/a", "data", 4, &ZOO_OPEN_ACL_UNSAFE, 0, path, sizeof path);
}

static int watch(zhandle_t *zh)
{
    return zoo_wexists(zh, "/a", on_event, NULL, NULL);
}

static void try_everywhere(int (*make)(zhandle_t *))
{
    int allocations = 1;
    while (expire_during(make, allocations))
        allocations++;
}

TEST(a_read_that_meets_the_end_of_the_session_returns, "F-22")
{
    try_everywhere(exists);
}

TEST(a_write_that_meets_the_end_of_the_session_returns, "F-22")
{
    try_everywhere(set);
    try_everywhere(create);
}

TEST(a_call_with_a_watch_that_meets_the_end_of_the_session_returns, "F-22")
{
    try_everywhere(watch);
}
