/* Synchronous requests of several threads on one handle. */
#define _GNU_SOURCE
#include "client.h"
#include "load.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    _Alignas(64) _Atomic uint64_t finished; /* each on a cache line of its own */
    latencies_t latencies;
    pthread_t thread;
} caller_t;

static zhandle_t *zh;
static const options_t *options;
static char path[64];
static char *value;
static caller_t *callers;
static _Atomic int stopping;
static int (*call)(char *buffer);

static int call_get(char *buffer)
{
    int length = options->size;
    struct Stat stat;
    int rc = zoo_get(zh, path, 0, buffer, &length, &stat);
    return rc == ZOK && length != options->size ? ZMARSHALLINGERROR : rc;
}

static int call_set(char *buffer)
{
    (void)buffer;
    return zoo_set(zh, path, value, options->size, -1);
}

static void *run_caller(void *argument)
{
    caller_t *caller = argument;
    char *buffer = allocate((size_t)options->size + 1, 1);
    while (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
        double begin = now();
        check("a synchronous call", call(buffer));
        latencies_add(&caller->latencies, now() - begin);
        uint64_t done = atomic_load_explicit(&caller->finished, memory_order_relaxed) + 1;
        atomic_store_explicit(&caller->finished, done, memory_order_relaxed);
    }
    free(buffer);
    return NULL;
}

static uint64_t finished_now(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < options->threads; i++) {
        sum += atomic_load_explicit(&callers[i].finished, memory_order_relaxed);
    }
    return sum;
}

static void run(const options_t *wanted, int (*how)(char *))
{
    options = wanted;
    call = how;
    zh = handle_open(options->hosts);
    value = allocate((size_t)options->size + 1, 1);
    memset(value, 'v', (size_t)options->size);
    snprintf(path, sizeof path, "/bench-value-%d", options->size);
    node_create(zh, path, options->size);
    callers = aligned_alloc(_Alignof(caller_t), (size_t)options->threads * sizeof *callers);
    if (callers == NULL) {
        die("out of memory");
    }
    memset(callers, 0, (size_t)options->threads * sizeof *callers);
    for (int i = 0; i < options->threads; i++) {
        latencies_open(&callers[i].latencies);
        if (pthread_create(&callers[i].thread, NULL, run_caller, &callers[i]) != 0) {
            die("pthread_create");
        }
    }
    measure(options, finished_now);
    atomic_store(&stopping, 1);
    latencies_t *lists = allocate((size_t)options->threads, sizeof *lists);
    for (int i = 0; i < options->threads; i++) {
        pthread_join(callers[i].thread, NULL);
        lists[i] = callers[i].latencies;
    }
    printf("total %llu\n", (unsigned long long)finished_now());
    latencies_report(lists, options->threads);
    zookeeper_close(zh);
    free(lists);
    free(callers);
    free(value);
}

void load_get(const options_t *wanted)
{
    run(wanted, call_get);
}

void load_set(const options_t *wanted)
{
    run(wanted, call_set);
}
