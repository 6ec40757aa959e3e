/* zookeeper_close: from where, in what order, with what left over. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <stdio.h>

TEST(an_idle_handle_closes_and_sends_its_close_request, "C-530 C-289 C-224")
{
    stage_t *stage = stage_open("");
    CHECK_INT(fake_end_session(stage->zh, stage->connection), 1);
    journal_expect(NULL, NULL);
}

TEST(an_unconnected_handle_closes_without_a_packet, "C-531 C-537")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    fake_read_connect(stage->connection);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    journal_expect(NULL, NULL);
}

/* The original loses a completion at close now and then. */
static void check_closed(probe_t *done)
{
    if (done->calls == 0 && on_the_reference())
        SKIP("the original lost the completion this time (C-534)");
    CHECK_INT(done->calls, 1);
    CHECK_INT(done->rc, ZCLOSING);
}

TEST(outstanding_requests_complete_with_closing, "C-530 C-442 C-314")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_end_session(stage->zh, stage->connection);
    check_closed(&get);
    journal_expect("get: -116", NULL);
    CHECK(get.value == NULL && !get.has_stat);
}

TEST(every_outstanding_request_completes_exactly_once, "C-534 C-264 C-530 T-14 F-24")
{
    NOT_ON_THE_REFERENCE("C-534");
    enum { COUNT = 300 };
    stage_t *stage = stage_open("");
    static probe_t probes[COUNT];
    for (int i = 0; i < COUNT; i++) {
        probes[i] = probe("each");
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &probes[i]), ZOK);
    }
    for (int i = 0; i < COUNT; i++)
        frame_free((frame_t[]){fake_receive_type(stage->connection, ZOO_GETDATA_OP)});
    fake_end_session(stage->zh, stage->connection);
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(probes[i].calls, 1);
        CHECK_INT(probes[i].rc, ZCLOSING);
    }
}

TEST(requests_queued_before_a_connection_complete_with_closing, "C-530 C-531")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    probe_t get = probe("get");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    check_closed(&get);
    journal_expect("get: -116", NULL);
}

static void read_in_thread(void *argument)
{
    stage_t *stage = (stage_t *)argument;
    stage->done.rc = zoo_exists(stage->zh, "/a", 0, NULL);
}

TEST(a_waiting_synchronous_call_returns_closing, "C-530 C-265")
{
    stage_t *stage = stage_open("");
    test_thread *reader = thread_start(read_in_thread, stage);
    fake_receive_type(stage->connection, ZOO_EXISTS_OP);
    fake_end_session(stage->zh, stage->connection);
    thread_join(reader);
    CHECK_INT(stage->done.rc, ZCLOSING);
}

TEST(a_pending_credential_is_completed_in_the_closing_thread, "C-530 C-564")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_end_session(stage->zh, stage->connection);
    journal_expect("auth: -116", NULL);
    CHECK(pthread_equal(auth.thread, pthread_self()));
}

static int late_codes[6];

/* Runs in the completion that close hands out. */
static void call_again(probe_t *self)
{
    zhandle_t *zh = (zhandle_t *)self->then_data;
    static probe_t never;
    never = probe("never");
    late_codes[0] = zoo_aget(zh, "/b", 0, on_data, &never);
    late_codes[1] = zoo_exists(zh, "/b", 0, NULL);
    late_codes[2] = zoo_delete(zh, "/b", -1);
    late_codes[3] = zoo_aexists(zh, "bad", 0, on_stat, &never);
    late_codes[4] = zoo_async(zh, "/b", on_string, &never);
    late_codes[5] = zoo_set(zh, "/b", "", 0, -1);
}

TEST(calls_from_callbacks_during_close_are_marshalling_errors, "C-262 C-264 T-12")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = call_again;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_end_session(stage->zh, stage->connection);
    check_closed(&get);
    CHECK_INT(late_codes[0], ZMARSHALLINGERROR);
    CHECK_INT(late_codes[1], ZMARSHALLINGERROR);
    CHECK_INT(late_codes[2], ZMARSHALLINGERROR);
    CHECK_INT(late_codes[3], ZBADARGUMENTS);
    CHECK_INT(late_codes[4], ZMARSHALLINGERROR);
    CHECK_INT(late_codes[5], ZMARSHALLINGERROR);
    journal_expect("get: -116", NULL);
}

static void close_inside(probe_t *self)
{
    CHECK_INT(zookeeper_close((zhandle_t *)self->then_data), ZOK);
    journal_add("close returned");
}

TEST(a_completion_may_close_its_handle, "C-533 T-13 F-51")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = close_inside;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    CHECK_INT(fake_wait_end(stage->connection), 1);
    journal_expect("get: 0", "close returned", NULL);
    fake_hang_up(stage->connection);
}

TEST(queued_callbacks_still_run_after_a_close_from_a_callback, "C-533 C-534 T-13")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get"), after = probe("after");
    get.then = close_inside;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &after), ZOK);
    frame_t first = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_reply(stage->connection, first.xid, 1, ZNONODE, NULL);
    CHECK_INT(fake_wait_end(stage->connection), 1);
    journal_expect("get: -101", "close returned", "after: -116", NULL);
    fake_hang_up(stage->connection);
}

TEST(a_watcher_may_close_its_handle, "C-533 F-51")
{
    stage_t *stage = stage_open("");
    stage->session.then_data = stage->zh;
    probe_set_then(&stage->session, close_inside);
    fake_hang_up(stage->connection);
    journal_wait("close returned");
}

TEST(a_watcher_may_close_its_handle_at_its_first_event, "C-533 C-431")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    stage->session.then_data = stage->zh;
    probe_set_then(&stage->session, close_inside);
    connect_request_t request = fake_read_connect(stage->connection);
    fake_welcome(stage->connection, &request, &usual_welcome);
    CHECK_INT(fake_wait_end(stage->connection), 1);
    journal_expect("global: session connected", "close returned", NULL);
}

static void close_stage(void *argument)
{
    CHECK_INT(zookeeper_close(((stage_t *)argument)->zh), ZOK);
}

TEST(unsent_requests_are_flushed_before_the_close_request, "C-530 T-15")
{
    enum { COUNT = 400, SIZE = 10000 };
    stage_t *stage = stage_open("");
    static char data[SIZE];
    static probe_t probes[COUNT];
    int sets = 0, closed = 0;
    for (int i = 0; i < COUNT; i++) {
        probes[i] = probe("set");
        CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, i, on_stat, &probes[i]), ZOK);
    }
    test_thread *closer = thread_start(close_stage, stage);
    while (!closed) {
        frame_t frame = fake_receive(stage->connection);
        if (frame.type == ZOO_SETDATA_OP)
            sets++;
        else
            closed = frame.type == ZOO_CLOSE_OP;
        frame_free(&frame);
    }
    CHECK_INT(sets, COUNT);
    fake_hang_up(stage->connection);
    thread_join(closer);
}

TEST(watchers_are_not_told_of_the_close, "C-482 C-536 C-434 F-40")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch");
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, 1);
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(watch.calls, 0);
    CHECK_INT(stage->session.calls, 1); /* that of the start */
}

static void outlast_the_close(probe_t *self)
{
    zhandle_t *zh = (zhandle_t *)self->then_data;
    static probe_t silent;
    silent = probe(NULL);
    EVENTUALLY(zoo_async(zh, "/a", on_string, &silent) == ZMARSHALLINGERROR);
    journal_add("callback ends");
}

TEST(close_waits_for_a_running_callback, "C-532 C-530 C-262")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    get.then = outlast_the_close;
    get.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    fake_end_session(stage->zh, stage->connection);
    journal_add("closed");
    journal_expect("get: 0", "callback ends", "closed", NULL);
}

TEST(a_live_session_with_work_in_flight_closes, "C-530 C-534 C-264")
{
    live_t *live = live_open();
    probe_t session = probe("second"), get = probe("get");
    zhandle_t *zh = live_session("", &session);
    for (int i = 0; i < 200; i++)
        CHECK_INT(zoo_aget(zh, live->root, 0, on_data, &get), ZOK);
    CHECK_INT(zookeeper_close(zh), ZOK);
    if (!on_the_reference()) /* which loses some: C-534 */
        CHECK_INT(get.calls, 200);
    live_close(live);
}

TEST(handles_can_be_opened_and_closed_many_times, "C-510 C-530")
{
    live_hosts();
    for (int i = 0; i < 30; i++) {
        probe_t session = probe("session");
        zhandle_t *zh = live_session("", &session);
        CHECK_INT(zookeeper_close(zh), ZOK);
    }
}
