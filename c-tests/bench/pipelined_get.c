/*
 * Load on the data path, for measuring.
 *
 *   pipelined_get get HOSTS REQUESTS WINDOW   many zoo_aget on one handle, WINDOW of them in flight
 *   pipelined_get handles HOSTS COUNT         memory of COUNT connected handles
 *
 * Prints "KEY VALUE" lines.
 */
#define _XOPEN_SOURCE 700

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <zookeeper/zookeeper.h>

enum { VALUE_BYTES = 100, SESSION_TIMEOUT_MS = 30000, LIMIT_S = 120 };
static const char NODE[] = "/pipelined-get";

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int connected; /* number of handles; guarded by lock */
static int finished;  /* guarded by lock */

/* Used by the completion thread only, once the first requests are on their way. */
static int to_send;
static int to_receive;

static void fail(const char *what, int rc)
{
    fprintf(stderr, "%s: %s\n", what, zerror(rc));
    _exit(1);
}

/* Waits until *counter has reached target. */
static void await(const int *counter, int target)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += LIMIT_S;
    pthread_mutex_lock(&lock);
    while (*counter < target) {
        if (pthread_cond_timedwait(&changed, &lock, &limit) != 0) {
            fail("waiting", ZOPERATIONTIMEOUT);
        }
    }
    pthread_mutex_unlock(&lock);
}

static void advance(int *counter)
{
    pthread_mutex_lock(&lock);
    ++*counter;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_session_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh;
    (void)path;
    (void)context;
    if (type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE) {
        advance(&connected);
    }
}

static zhandle_t *open_handle(const char *hosts)
{
    zhandle_t *zh = zookeeper_init(hosts, on_session_event, SESSION_TIMEOUT_MS, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL) {
        perror("zookeeper_init");
        exit(1);
    }
    return zh;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void send_one(zhandle_t *zh);

static void on_value(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    (void)value;
    (void)stat;
    if (rc != ZOK || length != VALUE_BYTES) {
        fail("zoo_aget", rc);
    }
    if (to_send > 0) {
        to_send--;
        send_one((zhandle_t *)data);
    }
    if (--to_receive == 0) {
        advance(&finished);
    }
}

static void send_one(zhandle_t *zh)
{
    int rc = zoo_aget(zh, NODE, 0, on_value, zh);
    if (rc != ZOK) {
        fail("zoo_aget", rc);
    }
}

static int run_get(const char *hosts, int requests, int window)
{
    char value[VALUE_BYTES];
    struct rusage before;
    struct rusage after;
    zhandle_t *zh = open_handle(hosts);
    await(&connected, 1);
    memset(value, 'v', sizeof value);
    int rc = zoo_create(zh, NODE, value, VALUE_BYTES, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
    if (rc != ZOK && rc != ZNODEEXISTS) {
        fail("zoo_create", rc);
    }
    if (window > requests) {
        window = requests;
    }
    /* Set before the first request: each completion then sends the next one. */
    to_send = requests - window;
    to_receive = requests;

    getrusage(RUSAGE_SELF, &before);
    double begin = now();
    for (int i = 0; i < window; i++) {
        send_one(zh);
    }
    await(&finished, 1);
    double took = now() - begin;
    getrusage(RUSAGE_SELF, &after);
    double user = seconds(after.ru_utime) - seconds(before.ru_utime);
    double system = seconds(after.ru_stime) - seconds(before.ru_stime);
    printf("requests_per_second %.0f\n", requests / took);
    printf("user_us_per_request %.3f\n", user * 1e6 / requests);
    printf("system_us_per_request %.3f\n", system * 1e6 / requests);
    zookeeper_close(zh);
    return 0;
}

/* Resident memory in KiB. */
static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    if (file == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) {
            break;
        }
    }
    fclose(file);
    return kib;
}

static int run_handles(const char *hosts, int count)
{
    zhandle_t **handles = calloc((size_t)count, sizeof *handles);
    /* The first handle pays for what all share. */
    zhandle_t *first = open_handle(hosts);
    await(&connected, 1);
    long before = resident_kib();
    if (handles == NULL || before < 0) {
        return 1;
    }
    for (int i = 0; i < count; i++) {
        handles[i] = open_handle(hosts);
    }
    await(&connected, count + 1);
    printf("kib_per_handle %.1f\n", (double)(resident_kib() - before) / count);
    for (int i = 0; i < count; i++) {
        zookeeper_close(handles[i]);
    }
    zookeeper_close(first);
    free(handles);
    return 0;
}

int main(int argc, char **argv)
{
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    if (argc == 5 && strcmp(argv[1], "get") == 0 && atoi(argv[3]) > 0 && atoi(argv[4]) > 0) {
        return run_get(argv[2], atoi(argv[3]), atoi(argv[4]));
    }
    if (argc == 4 && strcmp(argv[1], "handles") == 0 && atoi(argv[3]) > 0) {
        return run_handles(argv[2], atoi(argv[3]));
    }
    fprintf(stderr, "pipelined_get get HOSTS REQUESTS WINDOW\npipelined_get handles HOSTS COUNT\n");
    return 2;
}
