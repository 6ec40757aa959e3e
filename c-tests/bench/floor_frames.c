#define _GNU_SOURCE
#include "floor_frames.h"
#include "bench.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { CREATE = 1, EXISTS = 3, GET = 4, SET = 5, CHILDREN = 8, MULTI = 14, CLOSE = -11, ALL_PERMISSIONS = 31, XID = 1 };

static void put_bytes(frame_t *frame, const void *bytes, size_t length)
{
    if (frame->length + length > frame->capacity) {
        frame->capacity = 2 * (frame->length + length);
        frame->bytes = realloc(frame->bytes, frame->capacity);
        if (frame->bytes == NULL) {
            die("out of memory");
        }
    }
    memcpy(frame->bytes + frame->length, bytes, length);
    frame->length += length;
}

static void put_int(frame_t *frame, int value)
{
    uint32_t wire = htonl((uint32_t)value);
    put_bytes(frame, &wire, sizeof wire);
}

static void put_string(frame_t *frame, const char *string)
{
    put_int(frame, (int)strlen(string));
    put_bytes(frame, string, strlen(string));
}

static void put_value(frame_t *frame, int size)
{
    char *value = allocate((size_t)size + 1, 1);
    memset(value, 'v', (size_t)size);
    put_int(frame, size);
    put_bytes(frame, value, (size_t)size);
    free(value);
}

static void put_byte(frame_t *frame, char value)
{
    put_bytes(frame, &value, 1);
}

static void start(frame_t *frame, int operation)
{
    put_int(frame, 0);
    put_int(frame, XID);
    put_int(frame, operation);
}

static void finish(frame_t *frame)
{
    uint32_t wire = htonl((uint32_t)(frame->length - sizeof wire));
    memcpy(frame->bytes, &wire, sizeof wire);
}

void frame_connect(frame_t *frame, int timeout_ms)
{
    static const char password[16];
    put_int(frame, 0);
    put_int(frame, 0); /* protocol version */
    put_int(frame, 0); /* last zxid, 8 bytes */
    put_int(frame, 0);
    put_int(frame, timeout_ms);
    put_int(frame, 0); /* session, 8 bytes */
    put_int(frame, 0);
    put_int(frame, sizeof password);
    put_bytes(frame, password, sizeof password);
    put_byte(frame, 0); /* read-only */
    finish(frame);
}

void frame_close_session(frame_t *frame)
{
    start(frame, CLOSE);
    finish(frame);
}

static void read_request(frame_t *frame, int operation, const char *path)
{
    start(frame, operation);
    put_string(frame, path);
    put_byte(frame, 0); /* no watch */
    finish(frame);
}

void frame_get(frame_t *frame, const char *path)
{
    read_request(frame, GET, path);
}

void frame_exists(frame_t *frame, const char *path)
{
    read_request(frame, EXISTS, path);
}

void frame_get_children(frame_t *frame, const char *path)
{
    read_request(frame, CHILDREN, path);
}

void frame_set(frame_t *frame, const char *path, int size)
{
    start(frame, SET);
    put_string(frame, path);
    put_value(frame, size);
    put_int(frame, -1);
    finish(frame);
}

void frame_create(frame_t *frame, const char *path, int size, int flags)
{
    start(frame, CREATE);
    put_string(frame, path);
    put_value(frame, size);
    put_int(frame, 1); /* one ACL entry */
    put_int(frame, ALL_PERMISSIONS);
    put_string(frame, "world");
    put_string(frame, "anyone");
    put_int(frame, flags);
    finish(frame);
}

void frame_multi(frame_t *frame, const char *path, int size, int count)
{
    start(frame, MULTI);
    for (int i = 0; i < count; i++) {
        put_int(frame, SET);
        put_byte(frame, 0);
        put_int(frame, -1);
        put_string(frame, path);
        put_value(frame, size);
        put_int(frame, -1);
    }
    put_int(frame, -1);
    put_byte(frame, 1);
    put_int(frame, -1);
    finish(frame);
}
