/* Replies with random damage: the client must live and complete each request
 * once. The random numbers are the same in every run. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <sys/socket.h>

enum { REQUESTS = 6 };

static unsigned next_random(unsigned *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

typedef struct {
    probe_t probes[REQUESTS];
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    char path[32];
    struct Stat stat;
} work_t;

static void submit(stage_t *stage, work_t *work)
{
    zhandle_t *zh = stage->zh;
    for (int i = 0; i < REQUESTS; i++)
        work->probes[i] = probe(NULL);
    zoo_create_op_init(&work->ops[0], "/c", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, work->path, 32);
    zoo_set_op_init(&work->ops[1], "/s", "", 0, -1, &work->stat);
    CHECK_INT(zoo_awget(zh, "/a", on_event, &stage->done, on_data, &work->probes[0]), ZOK);
    CHECK_INT(zoo_aget_children2(zh, "/a", 1, on_strings_stat, &work->probes[1]), ZOK);
    CHECK_INT(zoo_aget_acl(zh, "/a", on_acl, &work->probes[2]), ZOK);
    CHECK_INT(zoo_amulti(zh, 2, work->ops, work->results, on_void, &work->probes[3]), ZOK);
    CHECK_INT(zoo_acreate2(zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string_stat,
                           &work->probes[4]),
              ZOK);
    CHECK_INT(zoo_aexists(zh, "/a", 0, on_stat, &work->probes[5]), ZOK);
}

static void put_multi_header(wire_t *out, int type, int done, int err)
{
    put_int(out, type);
    put_bool(out, done);
    put_int(out, err);
}

/* The right answer to a request of this type. */
static void put_answer(wire_t *out, int type)
{
    struct Stat stat = wire_sample_stat();
    switch (type) {
    case ZOO_GETDATA_OP:
        put_buffer(out, "some data", 9);
        put_stat(out, &stat);
        break;
    case ZOO_GETCHILDREN2_OP:
        put_int(out, 2);
        put_string(out, "one");
        put_string(out, "two");
        put_stat(out, &stat);
        break;
    case ZOO_GETACL_OP:
        put_int(out, 1);
        put_int(out, 31);
        put_string(out, "world");
        put_string(out, "anyone");
        put_stat(out, &stat);
        break;
    case ZOO_MULTI_OP:
        put_multi_header(out, ZOO_CREATE_OP, 0, 0);
        put_string(out, "/c");
        put_multi_header(out, ZOO_SETDATA_OP, 0, 0);
        put_stat(out, &stat);
        put_multi_header(out, -1, 1, -1);
        break;
    case ZOO_CREATE2_OP:
        put_string(out, "/a");
        put_stat(out, &stat);
        break;
    default:
        put_stat(out, &stat);
    }
}

/* All right answers in one byte string, with a watch event among them. */
static wire_t all_answers(stage_t *stage)
{
    wire_t stream = {NULL, 0};
    for (int i = 0; i < REQUESTS; i++) {
        frame_t frame = fake_receive(stage->connection);
        wire_t reply = {NULL, 0};
        put_int(&reply, frame.xid);
        put_long(&reply, i + 1);
        put_int(&reply, 0);
        put_answer(&reply, frame.type);
        put_buffer(&stream, reply.bytes, (int32_t)reply.length);
        wire_free(&reply);
        frame_free(&frame);
        if (i == 2) {
            put_int(&reply, -1);
            put_long(&reply, -1);
            put_int(&reply, 0);
            put_int(&reply, ZOO_CHANGED_EVENT);
            put_int(&reply, 3);
            put_string(&reply, "/a");
            put_buffer(&stream, reply.bytes, (int32_t)reply.length);
            wire_free(&reply);
        }
    }
    return stream;
}

static void damage(wire_t *stream, unsigned *state)
{
    int changes = 1 + (int)(next_random(state) % 4);
    for (int i = 0; i < changes; i++)
        stream->bytes[next_random(state) % stream->length] = (unsigned char)next_random(state);
    if (next_random(state) % 4 == 0)
        stream->length = next_random(state) % stream->length;
}

/* One connection: ask, answer with damage, hang up. */
static void one_round(unsigned seed)
{
    unsigned state = seed;
    stage_t *stage = stage_open("");
    work_t *work = (work_t *)calloc(1, sizeof *work);
    CHECK(work != NULL);
    submit(stage, work);
    wire_t stream = all_answers(stage);
    damage(&stream, &state);
    /* the client may leave in the middle, so a failed write is fine */
    if (send(stage->connection, stream.bytes, stream.length, MSG_NOSIGNAL) < 0)
        CHECK(errno == EPIPE || errno == ECONNRESET);
    fake_hang_up(stage->connection);
    for (int i = 0; i < REQUESTS; i++)
        probe_wait(&work->probes[i], 1);
    stage->connection = fake_connect(stage->fake);
    stage_close(stage);
    for (int i = 0; i < REQUESTS; i++)
        if (work->probes[i].calls != 1)
            FAIL("request %d was completed %d times with seed %u", i, work->probes[i].calls, seed);
    wire_free(&stream);
    free(work);
    journal_clear();
}

TEST(damaged_replies_complete_every_request_once, "C-203 C-264 C-315 C-438 F-45")
{
    NOT_ON_THE_REFERENCE("C-203, C-315, C-438");
    for (unsigned seed = 1; seed <= 250; seed++)
        one_round(seed * 2654435761u);
}

TEST(undamaged_replies_complete_every_request_well, "C-230 C-513")
{
    stage_t *stage = stage_open("");
    work_t *work = (work_t *)calloc(1, sizeof *work);
    CHECK(work != NULL);
    submit(stage, work);
    wire_t stream = all_answers(stage);
    fake_send(stage->connection, stream.bytes, stream.length);
    for (int i = 0; i < REQUESTS; i++) {
        probe_wait(&work->probes[i], 1);
        CHECK_INT(work->probes[i].rc, ZOK);
    }
    probe_wait(&stage->done, 1);
    CHECK_STR(work->path, "/c");
    CHECK_STR(work->probes[1].strings, "one,two");
    CHECK_STR(work->probes[2].value, "world:anyone:31");
    stage_close(stage);
}

TEST(random_bytes_after_the_handshake_do_no_harm, "C-203 C-438 F-45")
{
    NOT_ON_THE_REFERENCE("C-203");
    for (unsigned seed = 1; seed <= 100; seed++) {
        unsigned state = seed * 2654435761u;
        unsigned char bytes[64];
        size_t length = 1 + next_random(&state) % sizeof bytes;
        stage_t *stage = stage_open("");
        probe_t get = probe(NULL);
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
        fake_receive_type(stage->connection, ZOO_GETDATA_OP);
        for (size_t i = 0; i < length; i++)
            bytes[i] = i < 3 ? 0 : (unsigned char)next_random(&state);
        fake_send(stage->connection, bytes, length);
        fake_hang_up(stage->connection);
        probe_wait(&get, 1);
        CHECK(get.rc != ZOK);
        stage->connection = fake_connect(stage->fake);
        stage_close(stage);
        CHECK_INT(get.calls, 1);
        journal_clear();
    }
}
