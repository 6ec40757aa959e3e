/* Broken and malicious bytes from a server. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>
#include <sys/resource.h>

/* Whatever the server did, one request must get this code once, the client
 * must drop the connection and come back. */
static void expect_loss(stage_t *stage, probe_t *get, int code)
{
    char line[32];
    snprintf(line, sizeof line, "get: %d", code);
    journal_expect("global: session connecting", line, NULL);
    fake_hang_up(stage->connection);
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connecting", line, "global: session connected", NULL);
    CHECK_INT(probe_calls(get), 1);
    stage_close(stage);
}

static int start_get(stage_t *stage, probe_t *get)
{
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, get), ZOK);
    return fake_receive_type(stage->connection, ZOO_GETDATA_OP).xid;
}

TEST(a_reply_with_a_wrong_xid_drops_the_connection, "C-438 C-442 F-45")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    int xid = start_get(stage, &get);
    fake_reply(stage->connection, xid + 7, 1, ZNONODE, NULL);
    expect_loss(stage, &get, ZRUNTIMEINCONSISTENCY);
}

TEST(replies_out_of_order_drop_the_connection, "C-438 C-442")
{
    stage_t *stage = stage_open("");
    probe_t one = probe("one"), two = probe("two");
    start_get(stage, &one);
    int second = start_get(stage, &two);
    fake_reply(stage->connection, second, 1, ZNONODE, NULL);
    journal_expect("global: session connecting", "one: -2", "two: -2", NULL);
    fake_hang_up(stage->connection);
    stage->connection = fake_connect(stage->fake);
    stage_close(stage);
}

TEST(a_reply_that_nobody_asked_for_drops_the_connection, "C-438 F-45")
{
    NOT_ON_THE_REFERENCE("C-438: it aborts");
    stage_t *stage = stage_open("");
    fake_reply(stage->connection, 4711, 1, 0, NULL);
    journal_expect("global: session connecting", NULL);
    fake_hang_up(stage->connection);
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connecting", "global: session connected", NULL);
    stage_close(stage);
}

static void send_length(stage_t *stage, int32_t length)
{
    wire_t bytes = {NULL, 0};
    put_int(&bytes, length);
    put_bytes(&bytes, "some bytes that may be a frame", 30);
    fake_send(stage->connection, bytes.bytes, bytes.length);
    wire_free(&bytes);
}

TEST(a_negative_frame_length_is_connection_loss, "C-203 F-48")
{
    NOT_ON_THE_REFERENCE("C-203");
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    start_get(stage, &get);
    send_length(stage, -5);
    expect_loss(stage, &get, ZCONNECTIONLOSS);
}

TEST(a_huge_frame_length_allocates_nothing_in_advance, "C-203 F-48")
{
    NOT_ON_THE_REFERENCE("C-203");
    struct rusage before, after;
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    start_get(stage, &get);
    getrusage(RUSAGE_SELF, &before);
    send_length(stage, 0x7fffffff);
    /* either refused at once or waited for; the connection ends both ways */
    fake_hang_up(stage->connection);
    journal_expect("global: session connecting", "get: -4", NULL);
    getrusage(RUSAGE_SELF, &after);
    CHECK(after.ru_maxrss - before.ru_maxrss < 256 * 1024);
    stage->connection = fake_connect(stage->fake);
    stage_close(stage);
}

TEST(a_frame_shorter_than_a_header_is_connection_loss, "C-203 C-315")
{
    NOT_ON_THE_REFERENCE("C-203");
    for (size_t length = 0; length < 16; length += 5) {
        stage_t *stage = stage_open("");
        probe_t get = probe("get");
        wire_t bytes = {NULL, 0};
        int xid = start_get(stage, &get);
        put_int(&bytes, xid);
        put_long(&bytes, 1);
        put_int(&bytes, 0);
        bytes.length = length;
        fake_send_frame(stage->connection, &bytes);
        journal_wait("global: session connecting");
        probe_wait(&get, 1);
        CHECK(get.rc == ZCONNECTIONLOSS || get.rc == ZRUNTIMEINCONSISTENCY ||
              get.rc == ZMARSHALLINGERROR);
        fake_hang_up(stage->connection);
        stage->connection = fake_connect(stage->fake);
        stage_close(stage);
        wire_free(&bytes);
        journal_clear();
    }
}

TEST(half_a_frame_and_then_silence_is_connection_loss, "C-442 C-432")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    wire_t bytes = {NULL, 0};
    int xid = start_get(stage, &get);
    put_int(&bytes, 50);
    put_int(&bytes, xid);
    fake_send(stage->connection, bytes.bytes, bytes.length);
    fake_hang_up(stage->connection);
    journal_expect("global: session connecting", "get: -4", NULL);
    stage->connection = fake_connect(stage->fake);
    stage_close(stage);
}

TEST(a_reply_may_come_one_byte_at_a_time, "C-200 C-416 C-247")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0}, whole = {NULL, 0};
    int xid = start_get(stage, &get);
    put_int(&body, xid);
    put_long(&body, 5);
    put_int(&body, 0);
    put_buffer(&body, "hello", 5);
    put_stat(&body, &stat);
    put_buffer(&whole, body.bytes, (int32_t)body.length);
    for (size_t i = 0; i < whole.length; i++)
        fake_send(stage->connection, whole.bytes + i, 1);
    journal_expect("get: 0", NULL);
    CHECK_BYTES(get.value, get.value_length, "hello", 5);
    check_stat(&get.stat, &stat);
    stage_close(stage);
}

TEST(many_replies_may_come_in_one_piece, "C-416 C-513")
{
    stage_t *stage = stage_open("");
    probe_t done = probe("done");
    wire_t all = {NULL, 0};
    for (int i = 0; i < 200; i++) {
        wire_t reply = {NULL, 0};
        int xid = start_get(stage, &done);
        put_int(&reply, xid);
        put_long(&reply, i + 1);
        put_int(&reply, ZNONODE);
        put_buffer(&all, reply.bytes, (int32_t)reply.length);
        wire_free(&reply);
    }
    fake_send(stage->connection, all.bytes, all.length);
    probe_wait(&done, 200);
    CHECK_INT(done.rc, ZNONODE);
    stage_close(stage);
}

/* Sends a reply whose body is cut or wrong; the completion must get -5. */
static void expect_undecodable(const wire_t *body)
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    int xid = start_get(stage, &get);
    fake_reply(stage->connection, xid, 1, 0, body);
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZMARSHALLINGERROR);
    CHECK(get.value == NULL && !get.has_stat);
    stage_close(stage);
    journal_clear();
}

TEST(an_undecodable_reply_is_a_marshalling_error, "C-315 F-47")
{
    NOT_ON_THE_REFERENCE("C-315");
    wire_t body = {NULL, 0};
    expect_undecodable(&body); /* nothing at all */
    put_int(&body, 1000000);
    expect_undecodable(&body); /* a length with nothing behind it */
    wire_free(&body);
    put_int(&body, -7);
    expect_undecodable(&body); /* a negative length that isn't NULL's */
    wire_free(&body);
    put_buffer(&body, "data", 4);
    put_long(&body, 1);
    expect_undecodable(&body); /* a Stat that ends too early */
    wire_free(&body);
}

TEST(a_huge_count_of_strings_is_a_marshalling_error, "C-315 C-203")
{
    NOT_ON_THE_REFERENCE("C-315");
    static const int counts[] = {0x7fffffff, 1000000};
    for (int i = 0; i < 2; i++) {
        stage_t *stage = stage_open("");
        probe_t children = probe("children");
        wire_t body = {NULL, 0};
        put_int(&body, counts[i]);
        put_string(&body, "only-one");
        CHECK_INT(zoo_aget_children(stage->zh, "/a", 0, on_strings, &children), ZOK);
        stage_answer(stage, ZOO_GETCHILDREN_OP, 0, &body);
        probe_wait(&children, 1);
        CHECK_INT(children.rc, ZMARSHALLINGERROR);
        CHECK(children.strings == NULL);
        stage_close(stage);
        wire_free(&body);
        journal_clear();
    }
}

TEST(a_null_string_in_a_reply_does_no_harm, "C-202")
{
    NOT_ON_THE_REFERENCE("C-202");
    stage_t *stage = stage_open("/ch");
    probe_t create = probe("create");
    wire_t body = {NULL, 0};
    put_string(&body, NULL);
    CHECK_INT(zoo_acreate(stage->zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, &create),
              ZOK);
    stage_answer(stage, ZOO_CREATE_OP, 0, &body);
    probe_wait(&create, 1);
    stage_close(stage);
    wire_free(&body);
}

TEST(unknown_error_codes_pass_through, "C-314 C-265")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    int xid = start_get(stage, &get);
    fake_reply(stage->connection, xid, 1, -4711, NULL);
    journal_expect("get: -4711", NULL);
    stage_close(stage);
}

TEST(a_truncated_watch_event_ends_the_connection_or_is_dropped, "C-203 C-475")
{
    NOT_ON_THE_REFERENCE("C-203");
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    wire_t body = {NULL, 0};
    put_int(&body, ZOO_CHANGED_EVENT);
    fake_reply(stage->connection, -1, -1, 0, &body);
    fake_hang_up(stage->connection);
    journal_wait("global: session connecting");
    stage->connection = fake_connect(stage->fake);
    int xid = start_get(stage, &get);
    fake_reply(stage->connection, xid, 1, ZNONODE, NULL);
    journal_wait("get: -101");
    stage_close(stage);
    wire_free(&body);
}

TEST(an_auth_reply_without_credentials_is_ignored, "C-566")
{
    NOT_ON_THE_REFERENCE("C-566");
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    fake_reply(stage->connection, -4, 0, 0, NULL);
    int xid = start_get(stage, &get);
    fake_reply(stage->connection, xid, 1, ZNONODE, NULL);
    journal_expect("get: -101", NULL);
    stage_close(stage);
}

/* A connect response that says it has 'length' bytes and then ends. */
static void put_cut_welcome(wire_t *out, int32_t length)
{
    wire_t body = {NULL, 0};
    put_int(&body, 0);
    put_int(&body, 2000);
    put_long(&body, 0x1234);
    put_buffer(&body, "0123456789abcdef", 16);
    put_int(out, length);
    put_bytes(out, body.bytes, length >= 0 && length < 36 ? (size_t)length : body.length);
    wire_free(&body);
}

TEST(a_broken_handshake_is_connection_loss, "C-214 C-433 C-203 F-21")
{
    NOT_ON_THE_REFERENCE("C-214");
    static const int lengths[] = {0, 5, 20, 35, -1, 0x7fffffff};
    for (int i = 0; i < 6; i++) {
        stage_t *stage = stage_open_unanswered(2000);
        probe_t get = probe("get");
        wire_t bytes = {NULL, 0};
        fake_read_connect(stage->connection);
        put_cut_welcome(&bytes, lengths[i]);
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
        fake_send(stage->connection, bytes.bytes, bytes.length);
        probe_wait(&get, 1);
        CHECK(get.rc == ZCONNECTIONLOSS || get.rc == ZOPERATIONTIMEOUT);
        CHECK_INT(probe_calls(&stage->session), 0);
        fake_hang_up(stage->connection);
        stage->connection = fake_connect(stage->fake);
        stage_close(stage);
        wire_free(&bytes);
        journal_clear();
    }
}
