/* One handle connected to one fake server: the scene of most wire tests. */
#ifndef STAGE_H
#define STAGE_H

#include "fake.h"
#include "probe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    fake_t *fake;
    zhandle_t *zh;
    int connection;
    probe_t session; /* the global watcher's context */
    probe_t done;    /* for completions that no test looks at */
} stage_t;

enum { STAGE_TIMEOUT_MS = 20000 };

/* Connects with this chroot ("" for none) and waits for the session event;
 * the journal is empty afterwards. */
stage_t *stage_open(const char *chroot);
stage_t *stage_open_with(const char *chroot, int timeout, int flags);
/* The same, but the client waits for an answer to its connect request. */
stage_t *stage_open_unanswered(int timeout);
/* Closes the handle and frees all. */
void stage_close(stage_t *stage);
/* Closes the handle when no connection is open any more. */
void stage_close_unconnected(stage_t *stage);
/* Hangs up and takes the client's next connection through the handshake. */
void stage_reconnect(stage_t *stage);
/* Hangs up and tells the client at its next connection that its session is
 * over; waits until its watcher knows. */
void stage_expire(stage_t *stage);
/* A synchronous call that the server answers. */
void stage_round_trip(stage_t *stage);

/* The next request has this type and body; returns its xid and empties body. */
int stage_expect(stage_t *stage, int type, wire_t *body);
/* The next request has this type; answers it. body may be NULL. */
void stage_answer(stage_t *stage, int type, int err, const wire_t *body);
/* Answers an exists, get, children or children2 request with sample results. */
void stage_answer_read(stage_t *stage, int type, int err);

#ifdef __cplusplus
}
#endif

#endif
