/* Many handles: what one costs, and how fast they come and go. */
#define _GNU_SOURCE
#include "client.h"
#include "load.h"

#include <stdio.h>
#include <stdlib.h>

void load_handles(const options_t *options)
{
    zhandle_t **handles = allocate((size_t)options->count, sizeof *handles);
    /* The first handle pays for what all share. */
    zhandle_t *first = handle_open(options->hosts);
    long resident = resident_kib();
    usage_t before = usage_now();
    for (int i = 0; i < options->count; i++) {
        handles[i] = handle_new(options->hosts);
    }
    latch_wait(connected, options->count + 1);
    usage_t after = usage_now();
    printf("kib_per_handle %.3f\n", (double)(resident_kib() - resident) / options->count);
    report_usage(&before, &after, (uint64_t)options->count);
    printf("total %d\n", options->count + 1);
    for (int i = 0; i < options->count; i++) {
        zookeeper_close(handles[i]);
    }
    zookeeper_close(first);
    free(handles);
}

void load_connect_close(const options_t *options)
{
    latencies_t latencies;
    latencies_open(&latencies);
    int opened = 1;
    zookeeper_close(handle_open(options->hosts));
    usage_t before = usage_now();
    double end = now() + options->time_ms / 1e3;
    while (now() < end) {
        double begin = now();
        zhandle_t *zh = handle_new(options->hosts);
        latch_wait(connected, ++opened);
        zookeeper_close(zh);
        latencies_add(&latencies, now() - begin);
    }
    usage_t after = usage_now();
    report_usage(&before, &after, (uint64_t)opened - 1);
    printf("total %d\n", opened);
    latencies_report(&latencies, 1);
}
