/* Sessions with the real server that ZK_HOSTS names. */
#ifndef LIVE_H
#define LIVE_H

#include "probe.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    zhandle_t *zh;
    probe_t session;  /* the global watcher's context */
    const char *root; /* a node of this test alone; removed by live_close() */
} live_t;

/* host:port of the server; skips the test when ZK_HOSTS isn't set. */
const char *live_hosts(void);
/* Opens a session, waits until it is connected, creates the root node. The
 * journal is empty afterwards. */
live_t *live_open(void);
/* A further session for the same test: no root node of its own. The suffix is
 * appended to the host list ("" or a chroot). */
zhandle_t *live_session(const char *suffix, probe_t *session);
/* Removes the root with all below it and closes the session. */
void live_close(live_t *live);
/* The root's path with "/name" appended, in memory that stays. */
const char *live_path(const live_t *live, const char *name);
/* Creates a persistent node below the root and returns its path. */
const char *live_node(const live_t *live, const char *name, const char *value);
/* Creates nodes to read: "one" in a, nothing in b, and children c and d of a. */
void live_family(live_t *live);
/* Fails the test unless these are the names, in either order. */
void check_two_names(const struct String_vector *names, const char *one, const char *two);
/* Deletes a node with everything below it; a missing node is fine. */
void live_remove(zhandle_t *zh, const char *path);
/* Waits until the handle is in this state. */
void wait_for_state(zhandle_t *zh, int state);

#ifdef __cplusplus
}
#endif

#endif
