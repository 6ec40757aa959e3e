/* Several fake servers and one handle that knows them all. */
#ifndef CLUSTER_H
#define CLUSTER_H

#include "stage.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { CLUSTER_MAX = 8 };

typedef struct {
    fake_t *fakes[CLUSTER_MAX];
    int count;
    zhandle_t *zh;
    probe_t session;  /* the global watcher's context */
    char hosts[256];
} cluster_t;

/* So many servers, and no handle yet. */
cluster_t *cluster(int count);
/* Makes the handle. */
void cluster_begin(cluster_t *cluster, int timeout);
void cluster_begin_with(cluster_t *cluster, int timeout, int flags);
/* Waits until one of the servers has a visitor, and says which. */
int cluster_visited(cluster_t *cluster);
/* Frees all but the handle. */
void cluster_stop(cluster_t *cluster);

#ifdef __cplusplus
}
#endif

#endif
