#define _GNU_SOURCE
#include "client.h"
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { SESSION_TIMEOUT_MS = 30000, LIMIT_S = 120 };

struct latch {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int value;
};

latch_t *connected;

latch_t *latch_new(void)
{
    latch_t *latch = allocate(1, sizeof *latch);
    pthread_mutex_init(&latch->lock, NULL);
    pthread_cond_init(&latch->changed, NULL);
    return latch;
}

void latch_add(latch_t *latch, int amount)
{
    pthread_mutex_lock(&latch->lock);
    latch->value += amount;
    pthread_cond_broadcast(&latch->changed);
    pthread_mutex_unlock(&latch->lock);
}

void latch_wait(latch_t *latch, int target)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += LIMIT_S;
    pthread_mutex_lock(&latch->lock);
    while (latch->value < target) {
        if (pthread_cond_timedwait(&latch->changed, &latch->lock, &limit) != 0) {
            die("waited for %d, got %d", target, latch->value);
        }
    }
    pthread_mutex_unlock(&latch->lock);
}

static void on_session_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh;
    (void)path;
    (void)context;
    if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) {
        latch_add(connected, 1);
    }
}

void client_start(void)
{
    struct rlimit files;
    /* A thousand handles need more descriptors than shells allow at first. */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    connected = latch_new();
}

zhandle_t *handle_new(const char *hosts)
{
    zhandle_t *zh = zookeeper_init(hosts, on_session_event, SESSION_TIMEOUT_MS, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL) {
        die("zookeeper_init");
    }
    return zh;
}

zhandle_t *handle_open(const char *hosts)
{
    zhandle_t *zh = handle_new(hosts);
    latch_wait(connected, 1);
    return zh;
}

void check(const char *what, int rc)
{
    if (rc != ZOK) {
        die("%s: %s", what, zerror(rc));
    }
}

void node_create(zhandle_t *zh, const char *path, int size)
{
    char *value = allocate((size_t)size + 1, 1);
    memset(value, 'v', (size_t)size);
    int rc = zoo_create(zh, path, value, size, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
    if (rc != ZNODEEXISTS) {
        check("zoo_create", rc);
    }
    free(value);
}

static void on_created(int rc, const char *path, const void *data)
{
    (void)path;
    if (rc != ZNODEEXISTS) {
        check("zoo_acreate", rc);
    }
    latch_add((latch_t *)data, 1);
}

void nodes_create(zhandle_t *zh, const char *parent, int count)
{
    enum { AT_A_TIME = 1000 };
    latch_t *created = latch_new();
    char path[128];
    node_create(zh, parent, 0);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%d", parent, i);
        check("zoo_acreate", zoo_acreate(zh, path, "v", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, on_created, created));
        if (i % AT_A_TIME == 0) {
            latch_wait(created, i - AT_A_TIME);
        }
    }
    latch_wait(created, count);
    free(created);
}
