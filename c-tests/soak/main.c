/*
 * soak SEED HANDLES SECONDS INTERVAL_S HOSTS...
 *
 * Runs for so long with that many handles, spread over the hosts. After each interval it lets all work end, says
 * "quiet?", waits for a line that promises a network without faults, and says what it holds:
 *
 *     reading SECONDS RESIDENT_KIB HEAP_KIB DESCRIPTORS THREADS COMPLETED
 *
 * The first is taken before the first handle is opened and the last after the last one was closed. At the end
 * come lines with counts. What must not be is told when it is seen: "violation ...".
 */
#define _POSIX_C_SOURCE 200809L

#include "soak.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PACE_NS = 6000000, /* between two actions of a worker */
    BURST = 6,         /* most requests of an action */
    QUIET_MS = SESSION_MS / 3 * 2, /* each idle handle pings in this time and gives memory back then */
    HOSTS_AT = 5
};

struct crew {
    struct soak soak;
    struct slot *slots;
    int handles;
    uint64_t seed;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    int rest; /* workers shall rest */
    int resting;
    int stop;
};

struct worker {
    struct crew *crew;
    int number;
    pthread_t thread;
};

static struct timespec later(struct timespec time, long ns)
{
    time.tv_nsec += ns;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

static void act(struct slot *slot, struct dice *dice)
{
    unsigned throw = dice_below(dice, 1000);
    if ((throw == 0 && slot->number % STEADY != 0) || slot_is_over(slot)) {
        slot_close(slot);
        slot_open(slot);
    } else if (throw < 100) {
        request_synchronously(slot, dice);
    } else {
        for (unsigned left = 1 + dice_below(dice, BURST); left > 0; left--) {
            request_asynchronously(slot, dice);
        }
    }
}

/* Rests if it shall. 0 if the work is over. */
static int go_on(struct crew *crew)
{
    int stop;
    pthread_mutex_lock(&crew->lock);
    if (crew->rest) {
        crew->resting++;
        pthread_cond_broadcast(&crew->changed);
        while (crew->rest) {
            pthread_cond_wait(&crew->changed, &crew->lock);
        }
        crew->resting--;
        pthread_cond_broadcast(&crew->changed);
    }
    stop = crew->stop;
    pthread_mutex_unlock(&crew->lock);
    return !stop;
}

static void *work(void *data)
{
    struct worker *worker = data;
    struct crew *crew = worker->crew;
    struct dice dice = {crew->seed * WORKERS + (uint64_t)worker->number};
    unsigned own = (unsigned)(crew->handles - worker->number + WORKERS - 1) / WORKERS;
    struct timespec next;
    while (go_on(crew)) {
        act(&crew->slots[worker->number + (int)dice_below(&dice, own) * WORKERS], &dice);
        clock_gettime(CLOCK_MONOTONIC, &next);
        next = later(next, PACE_NS);
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return NULL;
}

static void set_rest(struct crew *crew, int rest)
{
    pthread_mutex_lock(&crew->lock);
    crew->rest = rest;
    pthread_cond_broadcast(&crew->changed);
    while (crew->resting != (rest ? WORKERS : 0)) {
        pthread_cond_wait(&crew->changed, &crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
}

static long completed(struct soak *soak)
{
    long sum = 0;
    for (int kind = 0; kind < KINDS; kind++) {
        struct tally *both[] = {&soak->asynchronous[kind], &soak->synchronous[kind]};
        for (int i = 0; i < 2; i++) {
            sum += atomic_load(&both[i]->good) + atomic_load(&both[i]->failed) + atomic_load(&both[i]->lost);
        }
    }
    return sum;
}

static void read_out(struct crew *crew, struct timespec begin)
{
    struct timespec now;
    struct reading reading = reading_take();
    clock_gettime(CLOCK_MONOTONIC, &now);
    printf("reading %ld %ld %ld %ld %ld %ld\n", (long)(now.tv_sec - begin.tv_sec), reading.resident_kib,
           reading.heap_kib, reading.descriptors, reading.threads, completed(&crew->soak));
    fflush(stdout);
}

/* Waits until nothing happens on any handle. */
static void settle_all(struct crew *crew)
{
    struct timespec quiet = {QUIET_MS / 1000, QUIET_MS % 1000 * 1000000L};
    char line[64];
    printf("quiet?\n");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL) {
        exit(1);
    }
    for (int i = 0; i < crew->handles; i++) {
        struct slot *slot = &crew->slots[i];
        slot_settle(slot);
        while (slot_is_over(slot)) {
            slot_close(slot);
            slot_open(slot);
            slot_settle(slot);
        }
        slot_forget_watches(slot);
    }
    nanosleep(&quiet, NULL);
}

static void make_folders(struct crew *crew)
{
    static const char *const paths[] = {"/soak", "/soak/q"};
    slot_settle(&crew->slots[0]);
    for (int i = 0; i < 2; i++) {
        int rc = zoo_create(crew->slots[0].zh, paths[i], "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
        if (rc != ZOK && rc != ZNODEEXISTS) {
            violation(&crew->slots[0], "cannot create %s: %s", paths[i], zerror(rc));
        }
    }
}

static void run(struct crew *crew, int seconds, int interval, struct timespec begin)
{
    struct worker workers[WORKERS];
    struct timespec now = begin;
    for (int i = 0; i < WORKERS; i++) {
        workers[i].crew = crew;
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            exit(1);
        }
    }
    while (!crew->stop) {
        now.tv_sec += interval;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL);
        set_rest(crew, 1);
        settle_all(crew);
        read_out(crew, begin);
        clock_gettime(CLOCK_MONOTONIC, &now);
        crew->stop = now.tv_sec - begin.tv_sec >= seconds;
        set_rest(crew, 0);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

static void print_counts(const char *way, struct tally *tallies)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct tally *tally = &tallies[kind];
        printf("calls %s %s %ld %ld %ld\n", way, kind_names[kind], atomic_load(&tally->good),
               atomic_load(&tally->failed), atomic_load(&tally->lost));
    }
}

int main(int argc, char **argv)
{
    static struct crew crew = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct timespec begin;
    if (argc <= HOSTS_AT || atoi(argv[2]) < WORKERS) {
        fprintf(stderr, "usage: soak SEED HANDLES SECONDS INTERVAL_S HOSTS...\n");
        return 2;
    }
    crew.seed = strtoull(argv[1], NULL, 10);
    crew.handles = atoi(argv[2]);
    crew.slots = calloc((size_t)crew.handles, sizeof *crew.slots);
    if (crew.slots == NULL) {
        return 1;
    }
    memset(crew.soak.data, 'x', sizeof crew.soak.data);
    zoo_set_debug_level(0); /* thousands of connections will be lost */
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < crew.handles; i++) {
        slot_init(&crew.slots[i], &crew.soak, i, argv[HOSTS_AT + i % (argc - HOSTS_AT)]);
    }
    read_out(&crew, begin);
    for (int i = 0; i < crew.handles; i++) {
        slot_open(&crew.slots[i]);
    }
    make_folders(&crew);
    run(&crew, atoi(argv[3]), atoi(argv[4]), begin);
    for (int i = 0; i < crew.handles; i++) {
        slot_close(&crew.slots[i]);
        slot_destroy(&crew.slots[i]);
    }
    read_out(&crew, begin);
    print_counts("asynchronous", crew.soak.asynchronous);
    print_counts("synchronous", crew.soak.synchronous);
    printf("handles %ld %ld %ld\n", atomic_load(&crew.soak.opened), atomic_load(&crew.soak.expired),
           atomic_load(&crew.soak.events));
    free(crew.slots);
    return atomic_load(&crew.soak.violations) != 0;
}
