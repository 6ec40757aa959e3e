/* Sessions with a server whose every connection goes wrong (crates/zk-hostile).
 *
 *     sessions HOSTS WORKERS SEED
 *
 * Rounds follow each other until standard input ends. In a round each worker
 * opens handles, makes requests on them through one bad connection after the
 * other, closes them, and checks that every request has ended exactly once.
 * Between rounds no handle is open; a line then tells what the process holds:
 *
 *     round 3 handles 320 requests 9211 refused 12 missing 0 twice 0 heap 81234 resident 5120 fds 6 threads 2
 *
 * heap and resident are KiB. It exits with 0, or with 3 after a line `hang …` if
 * a worker has not come on for a long time.
 */
#define _GNU_SOURCE
#include "requests.h"

#include <dirent.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_WORKERS = 64,
    HANDLES = 40,       /* of each worker in a round */
    BATCHES = 12,       /* of requests on a handle */
    BATCH = 12,         /* most requests in a batch */
    HANG_SECONDS = 60,  /* without progress */
    TIMEOUT_MS = 10000, /* of sessions */
};

typedef struct {
    pthread_t thread;
    batch_t batch;
    long requests, refused, missing, twice;
    /* What the worker is at, and since when, for the watchdog. */
    _Atomic(const char *) doing;
    atomic_llong since;
} worker_t;

static worker_t workers[MOST_WORKERS];
static int worker_count;
static const char *hosts;

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static void at(worker_t *worker, const char *what)
{
    atomic_store(&worker->since, now());
    atomic_store(&worker->doing, what);
}

static void *watch_dog(void *nothing)
{
    for (;;) {
        poll(NULL, 0, 1000);
        for (int i = 0; i < worker_count; i++) {
            const char *doing = atomic_load(&workers[i].doing);
            if (doing && now() - atomic_load(&workers[i].since) > HANG_SECONDS) {
                printf("hang in %s: %d outstanding\n", doing,
                       atomic_load(&workers[i].batch.outstanding));
                fflush(stdout);
                _exit(3);
            }
        }
    }
    return nothing;
}

/* Counts how each request of the closed handle has ended. */
static void check(worker_t *worker)
{
    for (int i = 0; i < worker->batch.made; i++) {
        int ended = atomic_load(&worker->batch.requests[i].ended);
        worker->missing += ended == 0;
        worker->twice += ended > 1;
    }
    worker->requests += worker->batch.made;
    batch_clear(&worker->batch);
}

static void use_handle(worker_t *worker)
{
    batch_t *batch = &worker->batch;
    at(worker, "zookeeper_init");
    zhandle_t *zh = zookeeper_init(hosts, batch_watcher, TIMEOUT_MS, NULL, batch, 0);
    if (!zh) {
        perror("zookeeper_init");
        exit(2);
    }
    for (int i = 0; i < BATCHES && !is_unrecoverable(zh); i++) {
        at(worker, "a request");
        for (int n = (int)batch_random(batch, BATCH) + 1; n > 0; n--)
            worker->refused += !batch_request(batch, zh);
        if (batch_random(batch, 4) == 0) {
            at(worker, "a synchronous call");
            batch_call(batch, zh);
        }
        /* Some handles are closed with requests outstanding. */
        if (batch_random(batch, 40) == 0)
            break;
        at(worker, "waiting for completions");
        batch_wait(batch);
    }
    at(worker, "zookeeper_close");
    zookeeper_close(zh);
    check(worker);
}

static void *work(void *argument)
{
    worker_t *worker = argument;
    for (int i = 0; i < HANDLES; i++)
        use_handle(worker);
    atomic_store(&worker->doing, NULL);
    return NULL;
}

static int entries(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count - 2; /* "." and ".." */
}

static long resident_kib(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%ld %ld", &size, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void report(int round)
{
    long requests = 0, refused = 0, missing = 0, twice = 0;
    for (int i = 0; i < worker_count; i++) {
        requests += workers[i].requests;
        refused += workers[i].refused;
        missing += workers[i].missing;
        twice += workers[i].twice;
    }
    struct mallinfo2 heap = mallinfo2();
    printf("round %d handles %d requests %ld refused %ld missing %ld twice %ld heap %zu "
           "resident %ld fds %d threads %d\n",
           round, round * HANDLES * worker_count, requests, refused, missing, twice,
           (heap.uordblks + heap.hblkhd) / 1024, resident_kib(), entries("/proc/self/fd"),
           entries("/proc/self/task"));
    fflush(stdout);
}

static int told_to_end(void)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&input, 1, 0) > 0;
}

int main(int argc, char **argv)
{
    pthread_t dog;
    FILE *nowhere = fopen("/dev/null", "w");
    if (argc != 4 || !nowhere) {
        fprintf(stderr, "usage: sessions HOSTS WORKERS SEED\n");
        return 2;
    }
    hosts = argv[1];
    worker_count = atoi(argv[2]) < MOST_WORKERS ? atoi(argv[2]) : MOST_WORKERS;
    for (int i = 0; i < worker_count; i++)
        batch_init(&workers[i].batch, strtoull(argv[3], NULL, 10) * MOST_WORKERS + (uint64_t)i);
    /* Lines are made, as programs that log would have them made. */
    zoo_set_log_stream(nowhere);
    zoo_set_debug_level(ZOO_LOG_LEVEL_INFO);
    pthread_create(&dog, NULL, watch_dog, NULL);
    for (int round = 1; !told_to_end(); round++) {
        for (int i = 0; i < worker_count; i++)
            if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
                return 2;
        for (int i = 0; i < worker_count; i++)
            pthread_join(workers[i].thread, NULL);
        report(round);
    }
    return 0;
}
