/* Close with credentials, deaf servers and callbacks, and what overtakes what. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <unistd.h>

static probe_t late_auth;
static int late_code;

static void add_credential(probe_t *self)
{
    late_auth = probe("auth");
    late_code = zoo_add_auth((zhandle_t *)self->then_data, "digest", "a:b", 3, on_void, &late_auth);
}

TEST(a_credential_added_during_close_is_accepted_and_told_of_it, "C-262 C-530 T-12")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = add_credential;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_end_session(stage->zh, stage->connection);
    if (get.calls == 0 && on_the_reference())
        SKIP("the original lost the completion this time (C-534)");
    CHECK_INT(late_code, ZOK);
    CHECK_INT(late_auth.calls, 1);
    CHECK_INT(late_auth.rc, ZCLOSING);
}

static void close_stage(void *argument)
{
    CHECK_INT(zookeeper_close(((stage_t *)argument)->zh), ZOK);
    journal_add("closed");
}

TEST(a_server_that_does_not_answer_the_close_is_left, "C-530 C-536 T-15 F-50")
{
    stage_t *stage = stage_open("");
    test_thread *closer = thread_start(close_stage, stage);
    fake_receive_type(stage->connection, ZOO_CLOSE_OP);
    journal_expect("closed", NULL); /* with the connection still open here */
    thread_join(closer);
}

TEST(any_answer_ends_the_wait_of_close, "C-530 C-536")
{
    stage_t *stage = stage_open("");
    test_thread *closer = thread_start(close_stage, stage);
    fake_receive_type(stage->connection, ZOO_CLOSE_OP);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a"); /* no reply, but bytes */
    thread_join(closer);
    journal_expect("closed", NULL); /* nobody was told of the event */
}

TEST(a_server_that_reads_nothing_does_not_hold_up_close, "C-530 T-14 T-15 F-50")
{
    enum { COUNT = 400, SIZE = 50000 }; /* more than the sockets hold */
    stage_t *stage = stage_open("");
    static char data[SIZE];
    stage->done = probe(NULL);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, -1, on_stat, &stage->done), ZOK);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    if (!on_the_reference()) /* which loses some: C-534 */
        CHECK_INT(stage->done.calls, COUNT);
    CHECK(stage->done.calls == 0 || stage->done.rc == ZCLOSING);
}

static int codes[3];

static void close_and_go_on(probe_t *self)
{
    zhandle_t *zh = (zhandle_t *)self->then_data;
    static probe_t never;
    never = probe("never");
    codes[0] = zookeeper_close(zh);
    codes[1] = zoo_aget(zh, "/b", 0, on_data, &never);
    codes[2] = zoo_delete(zh, "/b", -1);
    zoo_state(zh);
    CHECK(zoo_get_context(zh) != NULL);
    CHECK_INT(zoo_client_id(zh)->client_id, 0x1234);
    journal_add("still there");
}

TEST(a_handle_closed_in_a_callback_lives_until_the_callback_returns, "C-533 C-262 T-12 T-13 F-52")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = close_and_go_on;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(fake_wait_end(stage->connection), 1);
    journal_expect("get: 0", "still there", NULL);
    CHECK_INT(codes[0], ZOK);
    CHECK_INT(codes[1], ZMARSHALLINGERROR);
    CHECK_INT(codes[2], ZMARSHALLINGERROR);
    fake_hang_up(stage->connection);
}

static int gate[2];

static void wait_at_the_gate(probe_t *self)
{
    char byte;
    (void)self;
    CHECK(read(gate[0], &byte, 1) == 1);
}

static void open_the_gate(void)
{
    CHECK(write(gate[1], "x", 1) == 1);
}

static void read_in_thread(void *argument)
{
    stage_t *stage = (stage_t *)argument;
    CHECK_INT(zoo_exists(stage->zh, "/a", 0, NULL), ZCONNECTIONLOSS);
    journal_add("sync is back");
}

TEST(a_synchronous_call_learns_of_a_loss_before_the_watcher_does, "C-514 C-432 T-10")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    CHECK(pipe(gate) == 0);
    get.then = wait_at_the_gate; /* holds all later callbacks up */
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    test_thread *reader = thread_start(read_in_thread, stage);
    fake_receive_type(stage->connection, ZOO_EXISTS_OP);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    thread_join(reader);
    CHECK_INT(probe_calls(&stage->session), 1); /* that of the start */
    open_the_gate();
    journal_expect("get: 0", "sync is back", "global: session connecting", NULL);
    stage_close_unconnected(stage);
}

static int inner_code;

static void call_synchronously(probe_t *self)
{
    inner_code = zoo_exists((zhandle_t *)self->then_data, "/a", 0, NULL);
}

TEST(a_synchronous_call_in_an_auth_completion_is_refused, "C-515 C-512")
{
    NOT_ON_THE_REFERENCE("C-515: it waits for itself");
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth"), get = probe("get");
    inner_code = ZOK;
    auth.then = call_synchronously;
    auth.then_data = stage->zh;
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("auth: 0", "get: 0", NULL);
    CHECK_INT(inner_code, ZINVALIDSTATE);
    stage_close(stage);
}
