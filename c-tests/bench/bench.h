/*
 * What the load programs share: options, the clock, and one way of measuring.
 *
 * A program prints "KEY VALUE" lines. Times are in seconds unless the key says otherwise.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const char *hosts;  /* HOST:PORT */
    int window;         /* requests in flight */
    int threads;
    int size;           /* bytes of a value */
    int count;          /* operations of a transaction, handles, watches, children */
    int watches;        /* watches to leave before measuring */
    int64_t requests;   /* measure so many instead of for a time; 0: do not */
    int warm_up_ms;
    int time_ms;
} options_t;

/* Reads arguments of the form NAME=VALUE; ends the program when it does not know one. */
options_t parse_options(int argc, char **argv);

/* Prints the message and the system's error, if there is one, and ends the program. */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

double now(void);
void *allocate(size_t count, size_t size);

/* Resident memory of this process in KiB. */
long resident_kib(void);
/* The same without pages of files, which the system takes away and brings back as it likes. */
long own_kib(void);

/* What the process has used up so far. */
typedef struct {
    double wall;
    double user;
    double system;
    int64_t switches;    /* context switches, of both kinds */
    int64_t allocations; /* -1 unless count_malloc.so is preloaded */
} usage_t;

usage_t usage_now(void);

/* Prints the difference of two usages per operation. */
void report_usage(const usage_t *before, const usage_t *after, uint64_t operations);

/* Lets the load run warm, then measures it for the time or the requests asked for; done() counts finished ones. */
void measure(const options_t *options, uint64_t (*done)(void));

/* A growing list of latencies in nanoseconds. */
typedef struct {
    uint32_t *values;
    size_t count;
    size_t capacity;
} latencies_t;

void latencies_open(latencies_t *latencies);
/* Forgets the value when the list is full. */
void latencies_add(latencies_t *latencies, double seconds);
/* Prints the median and the 99th percentile of all lists together and frees them. */
void latencies_report(latencies_t *lists, int count);

#endif
