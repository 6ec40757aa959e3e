/* Requests of every kind, each counted until it has ended exactly once. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <zookeeper/zookeeper.h>

enum { MOST_REQUESTS = 256 };

typedef struct batch batch_t;

/* A request and where its results go. Lives as long as the program, so that a
 * completion that comes too late does no harm and is seen. */
typedef struct {
    batch_t *batch;
    atomic_int ended; /* how often its completion was called */
    zoo_op_t ops[3];
    zoo_op_result_t results[3];
    struct Stat stat;
    char path[64];
} request_t;

/* The requests of one handle. */
struct batch {
    request_t requests[MOST_REQUESTS];
    int made;
    atomic_int outstanding;
    atomic_uint events;
    pthread_mutex_t lock;
    pthread_cond_t nothing_outstanding;
    uint64_t random;
};

void batch_init(batch_t *batch, uint64_t seed);
/* Forgets the requests of the last handle. */
void batch_clear(batch_t *batch);
/* A number below the limit. */
unsigned batch_random(batch_t *batch, unsigned limit);
/* Makes a request of some kind. False if the library refused it. */
int batch_request(batch_t *batch, zhandle_t *zh);
/* Makes a synchronous call of some kind. */
void batch_call(batch_t *batch, zhandle_t *zh);
/* Waits until everything that was accepted has ended. */
void batch_wait(batch_t *batch);
/* For zookeeper_init. */
void batch_watcher(zhandle_t *zh, int type, int state, const char *path, void *context);

/* How many bytes completions and watchers have looked at: reading all they are
 * given finds what is not there. */
extern atomic_ullong bytes_seen;

#endif
