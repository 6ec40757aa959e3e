/* Request frames, put together by hand. */
#ifndef FLOOR_FRAMES_H
#define FLOOR_FRAMES_H

#include <stddef.h>

typedef struct {
    char *bytes;
    size_t length;
    size_t capacity;
} frame_t;

/* Each starts a new frame in an empty frame_t; all requests have the same xid. */
void frame_connect(frame_t *frame, int timeout_ms);
void frame_close_session(frame_t *frame);
void frame_get(frame_t *frame, const char *path);
void frame_exists(frame_t *frame, const char *path);
void frame_get_children(frame_t *frame, const char *path);
void frame_set(frame_t *frame, const char *path, int size);
/* Flags as zoo_create takes them. */
void frame_create(frame_t *frame, const char *path, int size, int flags);
/* A transaction of so many sets. */
void frame_multi(frame_t *frame, const char *path, int size, int count);

#endif
