/*
 * loop aget hosts=HOST:PORT [NAME=VALUE]...
 *
 * Pipelined zoo_aget from a loop of the program's own around zookeeper_interest and zookeeper_process. With the
 * multi-threaded library its threads run beside the loop; with the single-threaded one the loop is all there is.
 * Meant for the canned-reply server: it makes no node.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <zookeeper/zookeeper.h>

/* Declared only for programs that don't define THREADED, which the build may do. */
int zookeeper_interest(zhandle_t *zh, int *fd, int *interest, struct timeval *tv);
int zookeeper_process(zhandle_t *zh, int events);

enum { SESSION_TIMEOUT_MS = 30000, LONGEST_WAIT_MS = 10 };

static options_t options;
static char path[64];
static _Atomic uint64_t finished;
static _Atomic int stopping;
static _Atomic int in_flight;

static void send_one(zhandle_t *zh);

static void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    (void)value;
    (void)stat;
    if (rc != ZOK || length != options.size) {
        die("zoo_aget: %s, %d bytes", zerror(rc), length);
    }
    uint64_t done = atomic_load_explicit(&finished, memory_order_relaxed) + 1;
    atomic_store_explicit(&finished, done, memory_order_relaxed);
    if (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
        send_one((zhandle_t *)data);
    } else {
        atomic_fetch_sub(&in_flight, 1);
    }
}

static void send_one(zhandle_t *zh)
{
    int rc = zoo_aget(zh, path, 0, on_data, zh);
    if (rc != ZOK) {
        die("zoo_aget: %s", zerror(rc));
    }
}

static void on_event(zhandle_t *zh, int type, int state, const char *node, void *context)
{
    (void)type;
    (void)node;
    (void)context;
    if (state == ZOO_CONNECTED_STATE && atomic_load(&in_flight) == 0) {
        atomic_store(&in_flight, options.window);
        for (int i = 0; i < options.window; i++) {
            send_one(zh);
        }
    }
}

static void turn(zhandle_t *zh)
{
    int fd = -1;
    int interest = 0;
    struct timeval tv = {0, 0};
    int rc = zookeeper_interest(zh, &fd, &interest, &tv);
    if (rc != ZOK) {
        die("zookeeper_interest: %s", zerror(rc));
    }
    struct pollfd wanted = {.fd = fd};
    wanted.events = (short)((interest & ZOOKEEPER_READ ? POLLIN : 0) | (interest & ZOOKEEPER_WRITE ? POLLOUT : 0));
    long wait_ms = tv.tv_sec * 1000 + tv.tv_usec / 1000;
    poll(&wanted, 1, wait_ms < LONGEST_WAIT_MS ? (int)wait_ms : LONGEST_WAIT_MS);
    int ready = (wanted.revents & POLLIN ? ZOOKEEPER_READ : 0) | (wanted.revents & POLLOUT ? ZOOKEEPER_WRITE : 0);
    rc = zookeeper_process(zh, ready);
    if (rc != ZOK && rc != ZNOTHING && rc != ZINVALIDSTATE) {
        die("zookeeper_process: %s", zerror(rc));
    }
}

static void *run(void *unused)
{
    (void)unused;
    zhandle_t *zh = zookeeper_init(options.hosts, on_event, SESSION_TIMEOUT_MS, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL) {
        die("zookeeper_init");
    }
    while (!atomic_load(&stopping) || atomic_load(&in_flight) > 0) {
        turn(zh);
    }
    zookeeper_close(zh);
    return NULL;
}

static uint64_t finished_now(void)
{
    return atomic_load_explicit(&finished, memory_order_relaxed);
}

int main(int argc, char **argv)
{
    pthread_t thread;
    if (argc < 2 || strcmp(argv[1], "aget") != 0) {
        fprintf(stderr, "usage: loop aget hosts=HOST:PORT [NAME=VALUE]...\n");
        return 2;
    }
    options = parse_options(argc - 2, argv + 2);
    snprintf(path, sizeof path, "/bench-value-%d", options.size);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    if (pthread_create(&thread, NULL, run, NULL) != 0) {
        die("pthread_create");
    }
    measure(&options, finished_now);
    atomic_store(&stopping, 1);
    pthread_join(thread, NULL);
    printf("total %llu\n", (unsigned long long)finished_now());
    return 0;
}
