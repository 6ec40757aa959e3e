/* A server for thousands of requests: whatever has arrived is read with one
 * call and answered with one. */
#ifndef BULK_H
#define BULK_H

#include "wire.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct bulk bulk_t;

/* Appends whole frames that answer the request; called in the server's thread.
 * The frame is the server's. */
typedef void bulk_answer_fn(frame_t *request, wire_t *out, void *context);

/* Serves a connection after its handshake in a thread of its own, until the
 * client ends it. */
bulk_t *bulk_start(int connection, bulk_answer_fn *answer, void *context);
/* Waits for the client's end of the connection and frees all. */
void bulk_join(bulk_t *bulk);

/* The usual answers: sample results for reads, success for everything else. */
void bulk_answer(frame_t *request, wire_t *out, void *context);
/* Appends one reply; body may be NULL. */
void bulk_put_reply(wire_t *out, int xid, int err, const wire_t *body);
/* Appends a watch event. */
void bulk_put_event(wire_t *out, int type, const char *path);

#ifdef __cplusplus
}
#endif

#endif
