/* Asynchronous requests: each completion sends the next one. */
#define _GNU_SOURCE
#include "client.h"
#include "load.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One place of the window. */
typedef struct {
    zoo_op_t *ops;
    zoo_op_result_t *results;
    struct Stat *stats;
} slot_t;

static zhandle_t *zh;
static const options_t *options;
static void (*send_one)(slot_t *slot);
static char path[128];
static char *value;
static latch_t *drained;
static _Atomic uint64_t finished; /* written by the completion thread only */
static _Atomic int stopping;
static int in_flight; /* used by the completion thread only, once the first requests are on their way */

static void next(int rc, const void *data)
{
    if (rc != ZOK) {
        die("a request failed: %s", zerror(rc));
    }
    uint64_t done = atomic_load_explicit(&finished, memory_order_relaxed) + 1;
    atomic_store_explicit(&finished, done, memory_order_relaxed);
    if (!atomic_load_explicit(&stopping, memory_order_relaxed)) {
        send_one((slot_t *)data);
    } else if (--in_flight == 0) {
        latch_add(drained, 1);
    }
}

static void on_data(int rc, const char *bytes, int length, const struct Stat *stat, const void *data)
{
    (void)bytes;
    (void)stat;
    if (rc == ZOK && length != options->size) {
        die("got %d bytes", length);
    }
    next(rc, data);
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
    (void)stat;
    next(rc, data);
}

static void on_string(int rc, const char *string, const void *data)
{
    (void)string;
    next(rc, data);
}

static void on_strings(int rc, const struct String_vector *strings, const void *data)
{
    if (rc == ZOK && strings->count != options->count) {
        die("got %d children", strings->count);
    }
    next(rc, data);
}

static void on_void(int rc, const void *data)
{
    next(rc, data);
}

static void send_get(slot_t *slot)
{
    check("zoo_aget", zoo_aget(zh, path, 0, on_data, slot));
}

static void send_exists(slot_t *slot)
{
    check("zoo_aexists", zoo_aexists(zh, path, 0, on_stat, slot));
}

static void send_set(slot_t *slot)
{
    check("zoo_aset", zoo_aset(zh, path, value, options->size, -1, on_stat, slot));
}

static void send_create(slot_t *slot)
{
    check("zoo_acreate", zoo_acreate(zh, "/bench-created/n-", value, options->size, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE,
                                     on_string, slot));
}

static void send_children(slot_t *slot)
{
    check("zoo_aget_children", zoo_aget_children(zh, path, 0, on_strings, slot));
}

static void send_multi(slot_t *slot)
{
    check("zoo_amulti", zoo_amulti(zh, options->count, slot->ops, slot->results, on_void, slot));
}

static uint64_t finished_now(void)
{
    return atomic_load_explicit(&finished, memory_order_relaxed);
}

static void on_watched(int rc, const char *bytes, int length, const struct Stat *stat, const void *data)
{
    (void)bytes;
    (void)length;
    (void)stat;
    check("zoo_aget with a watch", rc);
    latch_add((latch_t *)data, 1);
}

/* Leaves watches on nodes that nobody will touch. */
static void leave_watches(int count)
{
    latch_t *left = latch_new();
    char node[64];
    if (count > 0) {
        nodes_create(zh, "/bench-quiet", count);
    }
    for (int i = 0; i < count; i++) {
        snprintf(node, sizeof node, "/bench-quiet/%d", i);
        check("zoo_aget", zoo_aget(zh, node, 1, on_watched, left));
    }
    latch_wait(left, count);
    free(left);
}

static void open_pipeline(const options_t *wanted)
{
    options = wanted;
    zh = handle_open(options->hosts);
    drained = latch_new();
    value = allocate((size_t)options->size + 1, 1);
    memset(value, 'v', (size_t)options->size);
    snprintf(path, sizeof path, "/bench-value-%d", options->size);
    leave_watches(options->watches);
}

static void run(void (*send)(slot_t *), slot_t *slots)
{
    send_one = send;
    /* Set before the first request, whose completion may come at once. */
    in_flight = options->window;
    for (int i = 0; i < options->window; i++) {
        send(&slots[i]);
    }
    measure(options, finished_now);
    atomic_store(&stopping, 1);
    latch_wait(drained, 1);
    printf("total %llu\n", (unsigned long long)finished_now());
    zookeeper_close(zh);
    free(value);
    free(drained);
}

static void run_plain(const options_t *wanted, void (*send)(slot_t *))
{
    open_pipeline(wanted);
    slot_t *slots = allocate((size_t)options->window, sizeof *slots);
    node_create(zh, path, options->size);
    run(send, slots);
    free(slots);
}

void load_aget(const options_t *wanted)
{
    run_plain(wanted, send_get);
}

void load_aexists(const options_t *wanted)
{
    run_plain(wanted, send_exists);
}

void load_aset(const options_t *wanted)
{
    run_plain(wanted, send_set);
}

void load_acreate(const options_t *wanted)
{
    open_pipeline(wanted);
    slot_t *slots = allocate((size_t)options->window, sizeof *slots);
    node_create(zh, "/bench-created", 0);
    run(send_create, slots);
    free(slots);
}

void load_children(const options_t *wanted)
{
    open_pipeline(wanted);
    slot_t *slots = allocate((size_t)options->window, sizeof *slots);
    snprintf(path, sizeof path, "/bench-children-%d", options->count);
    nodes_create(zh, path, options->count);
    run(send_children, slots);
    free(slots);
}

void load_amulti(const options_t *wanted)
{
    open_pipeline(wanted);
    size_t window = (size_t)options->window;
    size_t count = (size_t)options->count;
    slot_t *slots = allocate(window, sizeof *slots);
    node_create(zh, path, options->size);
    for (size_t i = 0; i < window; i++) {
        slots[i].ops = allocate(count, sizeof *slots[i].ops);
        slots[i].results = allocate(count, sizeof *slots[i].results);
        slots[i].stats = allocate(count, sizeof *slots[i].stats);
        for (size_t k = 0; k < count; k++) {
            zoo_set_op_init(&slots[i].ops[k], path, value, options->size, -1, &slots[i].stats[k]);
        }
    }
    run(send_multi, slots);
    for (size_t i = 0; i < window; i++) {
        free(slots[i].ops);
        free(slots[i].results);
        free(slots[i].stats);
    }
    free(slots);
}
