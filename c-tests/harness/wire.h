/* The bytes of the ZooKeeper protocol, written and read by hand so that the
 * tests don't lean on the library under test. */
#ifndef WIRE_H
#define WIRE_H

#include <zookeeper/zookeeper.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A growing byte string. Zero it before use; wire_free() at the end. */
typedef struct {
    unsigned char *bytes;
    size_t length;
} wire_t;

void wire_free(wire_t *out);
void put_bytes(wire_t *out, const void *bytes, size_t length);
void put_bool(wire_t *out, int value);
void put_int(wire_t *out, int32_t value);
void put_long(wire_t *out, int64_t value);
/* NULL is written as length -1. */
void put_string(wire_t *out, const char *value);
void put_buffer(wire_t *out, const void *value, int32_t length);
void put_stat(wire_t *out, const struct Stat *stat);

/* One frame as received, without its length, and a place to read from. */
typedef struct {
    int xid;  /* first int of a request */
    int type; /* second int of a request */
    unsigned char *bytes;
    size_t length;
    size_t at; /* 8 after a request was received: just behind its header */
} frame_t;

void frame_free(frame_t *frame);
int take_bool(frame_t *frame);
int32_t take_int(frame_t *frame);
int64_t take_long(frame_t *frame);
/* A copy in memory that lives as long as the test; NULL for length -1. */
char *take_string(frame_t *frame);
/* Length, or -1 for NULL; *value points into the frame. */
int32_t take_buffer(frame_t *frame, const unsigned char **value);
/* Fails the test when bytes are left over. */
void take_end(frame_t *frame);

/* A Stat with a different value in every field. */
struct Stat wire_sample_stat(void);
/* Fails the test unless the two are equal field by field. */
void check_stat(const struct Stat *actual, const struct Stat *expected);

#ifdef __cplusplus
}
#endif

#endif
