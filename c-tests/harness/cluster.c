#define _GNU_SOURCE
#include "cluster.h"

#include "harness.h"

#include <poll.h>

cluster_t *cluster(int count)
{
    cluster_t *cluster = (cluster_t *)calloc(1, sizeof *cluster);
    CHECK(cluster != NULL && count <= CLUSTER_MAX);
    cluster->session = probe("global");
    cluster->count = count;
    for (int i = 0; i < count; i++) {
        cluster->fakes[i] = fake_start();
        strcat(strcat(cluster->hosts, i ? "," : ""), cluster->fakes[i]->hosts);
    }
    return cluster;
}

void cluster_begin_with(cluster_t *cluster, int timeout, int flags)
{
    cluster->zh = zookeeper_init(cluster->hosts, on_event, timeout, NULL, &cluster->session,
                                 flags | ZOO_NO_LOG_CLIENTENV);
    CHECK(cluster->zh != NULL);
}

void cluster_begin(cluster_t *cluster, int timeout)
{
    cluster_begin_with(cluster, timeout, 0);
}

int cluster_visited(cluster_t *cluster)
{
    struct pollfd polled[CLUSTER_MAX];
    for (int i = 0; i < cluster->count; i++)
        polled[i] = (struct pollfd){cluster->fakes[i]->listener, POLLIN, 0};
    if (poll(polled, (nfds_t)cluster->count, PATIENCE_MS) < 1)
        FAIL("the client visited no server");
    for (int i = 0; i < cluster->count; i++)
        if (polled[i].revents)
            return i;
    return -1;
}

void cluster_stop(cluster_t *cluster)
{
    for (int i = 0; i < cluster->count; i++)
        fake_stop(cluster->fakes[i]);
    free(cluster);
}
