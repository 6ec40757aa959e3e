/* Callbacks that remember how they were called.
 *
 * A probe is a watcher context or a completion's data. Each call is stored in
 * the probe and adds one line to the journal of the process, so a test can
 * assert both results and the order among several callbacks:
 *   completions   "NAME: RC"                    e.g. "get: -101"
 *   node events   "NAME: EVENT PATH"            e.g. "data: changed /a"
 *   session       "NAME: session STATE"         e.g. "global: session connected"
 * A session event whose path isn't "" adds the path; a node event whose state
 * isn't connected adds " (STATE)".
 */
#ifndef PROBE_H
#define PROBE_H

#include <pthread.h>
#include <zookeeper/zookeeper.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct probe {
    const char *name;
    int calls;
    int rc;
    char *value; /* a copy; NULL when the callback got NULL */
    int value_length;
    char *strings; /* in the order received, joined by ','; NULL for NULL */
    int count;     /* of strings or ACL entries */
    int has_stat;
    struct Stat stat;
    int type;  /* of the last event */
    int state; /* of the last event */
    int state_seen; /* zoo_state() inside the last watcher call */
    zhandle_t *zh;
    pthread_t thread;
    /* Called inside the callback after it was noted down, unless NULL. */
    void (*then)(struct probe *self);
    void *then_data;
} probe_t;

/* A probe without a name (NULL) writes no lines: for thousands of calls. */
probe_t probe(const char *name);

/* Waits until the probe has been called n times in all. */
void probe_wait(probe_t *self, int n);
/* Number of calls so far. */
int probe_calls(probe_t *self);

void on_event(zhandle_t *zh, int type, int state, const char *path, void *context);
/* The same behaviour at another address: (function, context) pairs differ. */
void on_event_too(zhandle_t *zh, int type, int state, const char *path, void *context);
void on_void(int rc, const void *data);
void on_stat(int rc, const struct Stat *stat, const void *data);
void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *data);
void on_strings(int rc, const struct String_vector *strings, const void *data);
void on_strings_stat(int rc, const struct String_vector *strings, const struct Stat *stat,
                     const void *data);
void on_string(int rc, const char *value, const void *data);
void on_string_stat(int rc, const char *value, const struct Stat *stat, const void *data);
void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *data);

/* Adds a line of the test's own. */
void journal_add(const char *line);
/* Sets the hook of a probe that may be called at any time. Set then_data before. */
void probe_set_then(probe_t *self, void (*then)(probe_t *));

/* Waits until the journal has as many lines as given (NULL ends them), then
 * compares all of it. */
void journal_expect(const char *first, ...) __attribute__((sentinel));
/* Waits until the line is there and returns its index. */
int journal_wait(const char *line);
/* How many lines equal this one, now. */
int journal_count(const char *line);
/* Forgets all lines. */
void journal_clear(void);

#ifdef __cplusplus
}
#endif

#endif
