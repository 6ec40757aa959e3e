/* Watches: a storm of events, and a reconnect that has to take them along. */
#define _GNU_SOURCE
#include "client.h"
#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The canned-reply server fires watches below this node. */
static const char PARENT[] = "/bench-watched";

static latch_t *answered;
static latch_t *fired;

static void on_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh;
    (void)state;
    (void)path;
    (void)context;
    if (type == ZOO_CHANGED_EVENT) {
        latch_add(fired, 1);
    }
}

static void on_data(int rc, const char *bytes, int length, const struct Stat *stat, const void *data)
{
    (void)bytes;
    (void)length;
    (void)stat;
    (void)data;
    check("zoo_awget", rc);
    latch_add(answered, 1);
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
    (void)stat;
    (void)data;
    check("zoo_aset", rc);
    latch_add(answered, 1);
}

/* Returns a handle with so many watches. */
static zhandle_t *open_watching(const options_t *options)
{
    char path[64];
    zhandle_t *zh = handle_open(options->hosts);
    answered = latch_new();
    fired = latch_new();
    nodes_create(zh, PARENT, options->count);
    for (int i = 0; i < options->count; i++) {
        snprintf(path, sizeof path, "%s/%d", PARENT, i);
        check("zoo_awget", zoo_awget(zh, path, on_event, NULL, on_data, NULL));
    }
    latch_wait(answered, options->count);
    return zh;
}

void load_storm(const options_t *options)
{
    char path[64];
    zhandle_t *zh = open_watching(options);
    usage_t before = usage_now();
    for (int i = 0; i < options->count; i++) {
        snprintf(path, sizeof path, "%s/%d", PARENT, i);
        check("zoo_aset", zoo_aset(zh, path, "w", 1, -1, on_stat, NULL));
    }
    latch_wait(fired, options->count);
    latch_wait(answered, 2 * options->count);
    usage_t after = usage_now();
    report_usage(&before, &after, (uint64_t)options->count);
    printf("total %d\n", 3 * options->count);
    zookeeper_close(zh);
}

/* Shuts down this process's connections to the server, as a failing network would. */
static void cut_connections(const char *hosts)
{
    enum { DESCRIPTORS = 1024 };
    const char *colon = strrchr(hosts, ':');
    int port = colon == NULL ? 0 : atoi(colon + 1);
    int cut = 0;
    for (int fd = 0; fd < DESCRIPTORS; fd++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == port && shutdown(fd, SHUT_RDWR) == 0) {
            cut++;
        }
    }
    if (cut != 1) {
        die("found %d connections to cut", cut);
    }
}

void load_reconnect(const options_t *options)
{
    zhandle_t *zh = open_watching(options);
    usage_t before = usage_now();
    cut_connections(options->hosts);
    latch_wait(connected, 2);
    /* Answered behind the watches. */
    check("zoo_exists", zoo_exists(zh, PARENT, 0, NULL));
    usage_t after = usage_now();
    printf("reconnect_ms %.3f\n", (after.wall - before.wall) * 1e3);
    printf("reconnect_cpu_ms %.3f\n", (after.user - before.user + after.system - before.system) * 1e3);
    printf("total %d\n", 2 * options->count);
    zookeeper_close(zh);
}
