/* Calls on handles that are at their end, and what they cost. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>

/* Pages of memory that the process has in use. */
static long resident_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long size, resident;
    CHECK(file != NULL && fscanf(file, "%ld %ld", &size, &resident) == 2);
    fclose(file);
    return resident;
}

/* One of each kind of asynchronous call; all must be refused with this code. */
static void refused_calls(zhandle_t *zh, int rc, int multi_rc, probe_t *never)
{
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    struct ACL_vector *acl = &ZOO_OPEN_ACL_UNSAFE;
    static char data[100];
    zoo_create_op_init(&ops[0], "/a", data, sizeof data, acl, 0, NULL, 0);
    zoo_set_op_init(&ops[1], "/b", data, sizeof data, -1, NULL);
    CHECK_INT(zoo_acreate(zh, "/a", data, sizeof data, acl, 0, on_string, never), rc);
    CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, never), rc);
    CHECK_INT(zoo_awexists(zh, "/a", on_event, never, on_stat, never), rc);
    CHECK_INT(zoo_awget(zh, "/a", on_event, never, on_data, never), rc);
    CHECK_INT(zoo_aset(zh, "/a", data, sizeof data, -1, on_stat, never), rc);
    CHECK_INT(zoo_awget_children(zh, "/a", on_event, never, on_strings, never), rc);
    CHECK_INT(zoo_async(zh, "/a", on_string, never), rc);
    CHECK_INT(zoo_aget_acl(zh, "/a", on_acl, never), rc);
    CHECK_INT(zoo_aset_acl(zh, "/a", -1, acl, on_void, never), rc);
    CHECK_INT(zoo_amulti(zh, 2, ops, results, on_void, never), multi_rc);
}

enum { KINDS = 10, ALLOWED_PAGES = 1024 };
#ifdef __SANITIZE_THREAD__
enum { ROUNDS = 2000 };
#else
enum { ROUNDS = 1000000 / KINDS };
#endif

static void many_refused_calls(zhandle_t *zh, int rc, int multi_rc, probe_t *never)
{
    for (int i = 0; i < ROUNDS / 100; i++)
        refused_calls(zh, rc, multi_rc, never);
    long before = resident_pages();
    for (int i = 0; i < ROUNDS; i++)
        refused_calls(zh, rc, multi_rc, never);
    long grown = resident_pages() - before;
    if (grown > ALLOWED_PAGES)
        FAIL("%d refused calls cost %ld pages of memory", ROUNDS * KINDS, grown);
}

TEST(a_million_calls_on_an_expired_session_leave_no_memory_behind, "F-43")
{
    static const welcome_t expired = {1, 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 0, 0};
    stage_t *stage = stage_open("");
    probe_t never = probe("never");
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    fake_welcome(stage->connection, &request, &expired);
    journal_wait("global: session expired");
    many_refused_calls(stage->zh, ZINVALIDSTATE, ZMARSHALLINGERROR, &never);
    CHECK_INT(probe_calls(&never), 0);
    stage_close_unconnected(stage);
}

static void call_a_million_times(probe_t *self)
{
    static probe_t never;
    never = probe("never");
    many_refused_calls((zhandle_t *)self->then_data, ZMARSHALLINGERROR, ZMARSHALLINGERROR, &never);
    CHECK_INT(never.calls, 0);
    journal_add("called");
}

TEST(a_million_calls_while_the_handle_closes_leave_no_memory_behind, "F-43")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = call_a_million_times;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_end_session(stage->zh, stage->connection);
    journal_expect("get: -116", "called", NULL);
}

TEST(a_million_calls_on_a_closed_handle_leave_no_memory_behind, "F-43")
{
    stage_t *stage = stage_open("");
    probe_t never = probe("never");
    fake_end_session(stage->zh, stage->connection);
    many_refused_calls(stage->zh, ZBADARGUMENTS, ZBADARGUMENTS, &never);
    CHECK_INT(probe_calls(&never), 0);
}
