/* What no server sends: frames that end too early, and lengths that cannot be. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

/* The client leaves, without having been left, and comes back. */
static void expect_reset(stage_t *stage)
{
    CHECK_INT(fake_wait_end(stage->connection), 0);
    stage_reconnect(stage);
    journal_wait("global: session connected");
    journal_clear();
}

static int start_exists(stage_t *stage, probe_t *done)
{
    *done = probe("exists");
    CHECK_INT(zoo_aexists(stage->zh, "/a", 0, on_stat, done), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_EXISTS_OP);
    frame_free(&frame);
    return frame.xid;
}

/* Sends the first bytes of a frame as a frame of their own. */
static void send_cut(stage_t *stage, const wire_t *whole, size_t length)
{
    wire_t cut = *whole;
    cut.length = length;
    fake_send_frame(stage->connection, &cut);
}

TEST(a_header_that_ends_at_any_byte_resets_the_connection, "F-46, F-47")
{
    enum { HEADER = 16 };
    stage_t *stage = stage_open_with("", 60000, 0);
    for (size_t length = 0; length < HEADER; length++) {
        probe_t done;
        wire_t header = {NULL, 0};
        put_int(&header, start_exists(stage, &done));
        put_long(&header, 1);
        put_int(&header, 0);
        send_cut(stage, &header, length);
        probe_wait(&done, 1);
        CHECK(done.rc != ZOK && !done.has_stat);
        expect_reset(stage);
        CHECK_INT(probe_calls(&done), 1);
        wire_free(&header);
    }
    stage_close(stage);
}

TEST(an_event_that_ends_at_any_byte_reaches_no_watcher, "F-46")
{
    stage_t *stage = stage_open_with("", 60000, 0);
    probe_t watch = probe("watch");
    wire_t event = {NULL, 0};
    CHECK_INT(zoo_awexists(stage->zh, "/a", on_event, &watch, on_stat, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_EXISTS_OP, 0);
    probe_wait(&stage->done, 1);
    put_int(&event, -1);
    put_long(&event, -1);
    put_int(&event, 0);
    size_t header = event.length;
    put_int(&event, ZOO_CHANGED_EVENT);
    put_int(&event, ZOO_CONNECTED_STATE);
    put_string(&event, "/a");
    for (size_t length = header; length < event.length; length++) {
        send_cut(stage, &event, length);
        CHECK_INT(fake_wait_end(stage->connection), 0);
        stage_reconnect(stage);
        frame_free((frame_t[]){fake_receive_type(stage->connection, ZOO_SETWATCHES_OP)});
        journal_wait("watch: session connected");
        CHECK_INT(journal_count("watch: changed /a"), 0);
        journal_clear();
    }
    fake_send_frame(stage->connection, &event);
    journal_wait("watch: changed /a"); /* and is still there for a whole one */
    wire_free(&event);
    stage_close(stage);
}

TEST(a_connect_response_that_ends_at_any_byte_makes_no_session, "F-46, F-47")
{
    enum { SHORTEST = 36 };
    stage_t *stage = stage_open_unanswered(60000);
    wire_t welcome = {NULL, 0};
    put_int(&welcome, 0);
    put_int(&welcome, 60000);
    put_long(&welcome, 0x1234);
    put_buffer(&welcome, "0123456789abcdef", 16);
    CHECK_INT(welcome.length, SHORTEST);
    for (size_t length = 0; length < SHORTEST; length++) {
        probe_t done = probe("exists");
        fake_read_connect(stage->connection);
        CHECK_INT(zoo_aexists(stage->zh, "/a", 0, on_stat, &done), ZOK);
        send_cut(stage, &welcome, length);
        CHECK_INT(fake_wait_end(stage->connection), 0);
        probe_wait(&done, 1);
        CHECK_INT(done.rc, ZCONNECTIONLOSS);
        CHECK_INT(probe_calls(&stage->session), 0);
        fake_hang_up(stage->connection);
        /* a request ends the pause before the next attempt */
        CHECK_INT(zoo_aexists(stage->zh, "/a", 0, on_stat, &stage->done), ZOK);
        stage->connection = fake_accept(stage->fake);
    }
    connect_request_t request = fake_read_connect(stage->connection);
    fake_welcome(stage->connection, &request, &usual_welcome);
    journal_wait("global: session connected");
    wire_free(&welcome);
    stage_close(stage);
}

TEST(a_length_that_cannot_be_resets_the_connection_at_once, "F-48")
{
    static const int32_t lengths[] = {-1, 0, INT32_MAX, INT32_MIN, -5};
    /* Silence would end the connection after two thirds of this: long after the test has. */
    stage_t *stage = stage_open_with("", 60000, 0);
    for (int i = 0; i < 5; i++) {
        probe_t done;
        wire_t bytes = {NULL, 0};
        start_exists(stage, &done);
        put_int(&bytes, lengths[i]);
        fake_send(stage->connection, bytes.bytes, bytes.length);
        probe_wait(&done, 1);
        CHECK_INT(done.rc, ZCONNECTIONLOSS);
        expect_reset(stage);
        wire_free(&bytes);
    }
    stage_close(stage);
}
