#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* Defined by count_malloc.so. */
int64_t counted_allocations(void) __attribute__((weak));

void die(const char *format, ...)
{
    int error = errno;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, error != 0 ? " (%s)\n" : "\n", strerror(error));
    /* Other threads may be in the middle of anything. */
    _exit(1);
}

options_t parse_options(int argc, char **argv)
{
    options_t options = {
        .hosts = NULL,
        .window = 1,
        .threads = 1,
        .size = 100,
        .count = 1,
        .warm_up_ms = 200,
        .time_ms = 500,
    };
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        size_t name = value == NULL ? 0 : (size_t)(value++ - argv[i]);
#define IS(word) (name == sizeof word - 1 && strncmp(argv[i], word, name) == 0)
        if (IS("hosts")) {
            options.hosts = value;
        } else if (IS("window")) {
            options.window = atoi(value);
        } else if (IS("threads")) {
            options.threads = atoi(value);
        } else if (IS("size")) {
            options.size = atoi(value);
        } else if (IS("count")) {
            options.count = atoi(value);
        } else if (IS("watches")) {
            options.watches = atoi(value);
        } else if (IS("requests")) {
            options.requests = atoll(value);
        } else if (IS("warm-up-ms")) {
            options.warm_up_ms = atoi(value);
        } else if (IS("time-ms")) {
            options.time_ms = atoi(value);
        } else {
            die("unknown option: %s", argv[i]);
        }
#undef IS
    }
    if (options.hosts == NULL || options.window < 1 || options.threads < 1 || options.size < 0 || options.count < 1) {
        die("hosts=HOST:PORT is needed; window, threads and count are positive");
    }
    return options;
}

double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void *allocate(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL) {
        die("out of memory");
    }
    return memory;
}

/* Resident memory, and the part of it that maps files. */
static void read_memory(long *resident, long *mapped)
{
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*s %ld %ld", resident, mapped) != 2) {
        die("/proc/self/statm");
    }
    fclose(file);
    long kib = sysconf(_SC_PAGESIZE) / 1024;
    *resident *= kib;
    *mapped *= kib;
}

long resident_kib(void)
{
    long resident, mapped;
    read_memory(&resident, &mapped);
    return resident;
}

long own_kib(void)
{
    long resident, mapped;
    read_memory(&resident, &mapped);
    return resident - mapped;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

usage_t usage_now(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (usage_t){
        .wall = now(),
        .user = seconds(usage.ru_utime),
        .system = seconds(usage.ru_stime),
        .switches = usage.ru_nvcsw + usage.ru_nivcsw,
        .allocations = counted_allocations == NULL ? -1 : counted_allocations(),
    };
}

void report_usage(const usage_t *before, const usage_t *after, uint64_t operations)
{
    double count = (double)operations;
    if (operations == 0) {
        die("nothing was done in the time measured");
    }
    printf("rate %.3f\n", count / (after->wall - before->wall));
    printf("user_us %.6f\n", (after->user - before->user) * 1e6 / count);
    printf("system_us %.6f\n", (after->system - before->system) * 1e6 / count);
    printf("cpu_us %.6f\n", (after->user - before->user + after->system - before->system) * 1e6 / count);
    printf("switches %.6f\n", (double)(after->switches - before->switches) / count);
    if (before->allocations >= 0) {
        printf("allocations %.6f\n", (double)(after->allocations - before->allocations) / count);
    }
    printf("rss_kib %ld\n", resident_kib());
}

static void sleep_ms(int ms)
{
    struct timespec left = {ms / 1000, (long)(ms % 1000) * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void measure(const options_t *options, uint64_t (*done)(void))
{
    enum { CHECK_MS = 10 };
    sleep_ms(options->warm_up_ms);
    long own = own_kib();
    uint64_t done_before = done();
    usage_t before = usage_now();
    if (options->requests == 0) {
        sleep_ms(options->time_ms);
    }
    /* A slow server may not have answered at all yet. */
    uint64_t least = options->requests > 0 ? (uint64_t)options->requests : 1;
    while (done() - done_before < least) {
        sleep_ms(CHECK_MS);
    }
    uint64_t done_after = done();
    usage_t after = usage_now();
    printf("growth_kib %ld\n", own_kib() - own);
    report_usage(&before, &after, done_after - done_before);
}

enum { LATENCIES = 1 << 20 };

void latencies_open(latencies_t *latencies)
{
    latencies->values = allocate(LATENCIES, sizeof *latencies->values);
    latencies->count = 0;
    latencies->capacity = LATENCIES;
}

void latencies_add(latencies_t *latencies, double seconds)
{
    if (latencies->count < latencies->capacity) {
        latencies->values[latencies->count++] = (uint32_t)(seconds * 1e9);
    }
}

static int compare(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

void latencies_report(latencies_t *lists, int count)
{
    size_t total = 0;
    for (int i = 0; i < count; i++) {
        total += lists[i].count;
    }
    if (total == 0) {
        die("no latencies");
    }
    uint32_t *all = allocate(total, sizeof *all);
    size_t at = 0;
    for (int i = 0; i < count; i++) {
        memcpy(all + at, lists[i].values, lists[i].count * sizeof *all);
        at += lists[i].count;
        free(lists[i].values);
    }
    qsort(all, total, sizeof *all, compare);
    printf("p50_us %.3f\n", all[total / 2] / 1e3);
    printf("p99_us %.3f\n", all[total / 100 * 99 + total % 100 * 99 / 100] / 1e3);
    free(all);
}
