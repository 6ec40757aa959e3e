#define _GNU_SOURCE
#include "bulk.h"

#include "harness.h"

#include <endian.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_ROOM = 1 << 20, LARGEST_FRAME = 64 << 20, PREFIX = 4 };

struct bulk {
    int connection;
    bulk_answer_fn *answer;
    void *context;
    test_thread *thread;
};

void bulk_put_reply(wire_t *out, int xid, int err, const wire_t *body)
{
    size_t length = body ? body->length : 0;
    put_int(out, (int32_t)(16 + length));
    put_int(out, xid);
    put_long(out, xid > 0 ? 1 : 0);
    put_int(out, err);
    if (length > 0)
        put_bytes(out, body->bytes, length);
}

void bulk_put_event(wire_t *out, int type, const char *path)
{
    wire_t body = {NULL, 0};
    put_int(&body, type);
    put_int(&body, ZOO_CONNECTED_STATE);
    put_string(&body, path);
    bulk_put_reply(out, -1, 0, &body);
    wire_free(&body);
}

void bulk_answer(frame_t *request, wire_t *out, void *context)
{
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0};
    (void)context;
    switch (request->type) {
    case ZOO_GETDATA_OP:
        put_buffer(&body, "data", 4);
        put_stat(&body, &stat);
        break;
    case ZOO_GETCHILDREN_OP:
        put_int(&body, 1);
        put_string(&body, "child");
        break;
    case ZOO_EXISTS_OP:
    case ZOO_SETDATA_OP:
        put_stat(&body, &stat);
        break;
    default:
        break;
    }
    bulk_put_reply(out, request->xid, 0, &body);
    wire_free(&body);
}

/* Answers all whole frames and returns how many bytes they take. */
static size_t answer_all(bulk_t *bulk, unsigned char *bytes, size_t length, wire_t *out)
{
    size_t at = 0;
    while (length - at >= PREFIX) {
        uint32_t prefix;
        frame_t frame;
        memcpy(&prefix, bytes + at, PREFIX);
        memset(&frame, 0, sizeof frame);
        frame.length = be32toh(prefix);
        if (frame.length > LARGEST_FRAME)
            FAIL("the client sent a frame of %zu bytes", frame.length);
        if (length - at - PREFIX < frame.length)
            break;
        frame.bytes = bytes + at + PREFIX;
        frame.xid = take_int(&frame);
        frame.type = take_int(&frame);
        bulk->answer(&frame, out, bulk->context);
        at += PREFIX + frame.length;
    }
    return at;
}

/* Sends everything; 0 if the client has gone. */
static int send_all(int connection, const wire_t *out)
{
    for (size_t done = 0; done < out->length;) {
        ssize_t sent = send(connection, out->bytes + done, out->length - done, MSG_NOSIGNAL);
        if (sent <= 0)
            return 0;
        done += (size_t)sent;
    }
    return 1;
}

static void serve(void *argument)
{
    bulk_t *bulk = (bulk_t *)argument;
    size_t room = FIRST_ROOM, have = 0;
    unsigned char *bytes = (unsigned char *)malloc(room);
    CHECK(bytes != NULL);
    for (;;) {
        wire_t out = {NULL, 0};
        ssize_t got = read(bulk->connection, bytes + have, room - have);
        if (got <= 0)
            break;
        have += (size_t)got;
        size_t used = answer_all(bulk, bytes, have, &out);
        have -= used;
        memmove(bytes, bytes + used, have);
        if (have == room) {
            room *= 2;
            bytes = (unsigned char *)realloc(bytes, room);
            CHECK(bytes != NULL);
        }
        int sent = send_all(bulk->connection, &out);
        wire_free(&out);
        if (!sent)
            break;
    }
    free(bytes);
}

bulk_t *bulk_start(int connection, bulk_answer_fn *answer, void *context)
{
    bulk_t *bulk = (bulk_t *)calloc(1, sizeof *bulk);
    CHECK(bulk != NULL);
    bulk->connection = connection;
    bulk->answer = answer;
    bulk->context = context;
    bulk->thread = thread_start(serve, bulk);
    return bulk;
}

void bulk_join(bulk_t *bulk)
{
    thread_join(bulk->thread);
    close(bulk->connection);
    free(bulk);
}
