#define _GNU_SOURCE
#include "wire.h"

#include "harness.h"

#include <endian.h>

void wire_free(wire_t *out)
{
    free(out->bytes);
    out->bytes = NULL;
    out->length = 0;
}

void put_bytes(wire_t *out, const void *bytes, size_t length)
{
    if (length == 0)
        return;
    out->bytes = (unsigned char *)realloc(out->bytes, out->length + length);
    CHECK(out->bytes != NULL);
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

void put_bool(wire_t *out, int value)
{
    unsigned char byte = (unsigned char)value;
    put_bytes(out, &byte, 1);
}

void put_int(wire_t *out, int32_t value)
{
    uint32_t swapped = htobe32((uint32_t)value);
    put_bytes(out, &swapped, sizeof swapped);
}

void put_long(wire_t *out, int64_t value)
{
    uint64_t swapped = htobe64((uint64_t)value);
    put_bytes(out, &swapped, sizeof swapped);
}

void put_string(wire_t *out, const char *value)
{
    put_buffer(out, value, value ? (int32_t)strlen(value) : -1);
}

void put_buffer(wire_t *out, const void *value, int32_t length)
{
    put_int(out, length);
    if (length > 0)
        put_bytes(out, value, (size_t)length);
}

void put_stat(wire_t *out, const struct Stat *stat)
{
    put_long(out, stat->czxid);
    put_long(out, stat->mzxid);
    put_long(out, stat->ctime);
    put_long(out, stat->mtime);
    put_int(out, stat->version);
    put_int(out, stat->cversion);
    put_int(out, stat->aversion);
    put_long(out, stat->ephemeralOwner);
    put_int(out, stat->dataLength);
    put_int(out, stat->numChildren);
    put_long(out, stat->pzxid);
}

void frame_free(frame_t *frame)
{
    free(frame->bytes);
    frame->bytes = NULL;
}

static const unsigned char *take_bytes(frame_t *frame, size_t length)
{
    const unsigned char *here = frame->bytes + frame->at;
    if (length > frame->length - frame->at)
        FAIL("the frame of type %d ends too early, at byte %zu", frame->type, frame->length);
    frame->at += length;
    return here;
}

int take_bool(frame_t *frame)
{
    return *take_bytes(frame, 1);
}

int32_t take_int(frame_t *frame)
{
    uint32_t value;
    memcpy(&value, take_bytes(frame, sizeof value), sizeof value);
    return (int32_t)be32toh(value);
}

int64_t take_long(frame_t *frame)
{
    uint64_t value;
    memcpy(&value, take_bytes(frame, sizeof value), sizeof value);
    return (int64_t)be64toh(value);
}

int32_t take_buffer(frame_t *frame, const unsigned char **value)
{
    int32_t length = take_int(frame);
    *value = length >= 0 ? take_bytes(frame, (size_t)length) : NULL;
    return length;
}

char *take_string(frame_t *frame)
{
    const unsigned char *text;
    int32_t length = take_buffer(frame, &text);
    char *copy;
    if (length < 0)
        return NULL;
    copy = (char *)malloc((size_t)length + 1);
    CHECK(copy != NULL);
    memcpy(copy, text, (size_t)length);
    copy[length] = '\0';
    return copy;
}

void take_end(frame_t *frame)
{
    if (frame->at != frame->length)
        FAIL("the frame of type %d has %zu bytes too many", frame->type,
             frame->length - frame->at);
}

struct Stat wire_sample_stat(void)
{
    struct Stat stat;
    memset(&stat, 0, sizeof stat);
    stat.czxid = 0x0102030405060708;
    stat.mzxid = 12;
    stat.ctime = 13;
    stat.mtime = 14;
    stat.version = 15;
    stat.cversion = 16;
    stat.aversion = 17;
    stat.ephemeralOwner = 18;
    stat.dataLength = 19;
    stat.numChildren = 20;
    stat.pzxid = 21;
    return stat;
}

void check_stat(const struct Stat *actual, const struct Stat *expected)
{
    CHECK_INT(actual->czxid, expected->czxid);
    CHECK_INT(actual->mzxid, expected->mzxid);
    CHECK_INT(actual->ctime, expected->ctime);
    CHECK_INT(actual->mtime, expected->mtime);
    CHECK_INT(actual->version, expected->version);
    CHECK_INT(actual->cversion, expected->cversion);
    CHECK_INT(actual->aversion, expected->aversion);
    CHECK_INT(actual->ephemeralOwner, expected->ephemeralOwner);
    CHECK_INT(actual->dataLength, expected->dataLength);
    CHECK_INT(actual->numChildren, expected->numChildren);
    CHECK_INT(actual->pzxid, expected->pzxid);
}
