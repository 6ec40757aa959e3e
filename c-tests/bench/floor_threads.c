/* Two threads that do nothing but what the API promises: one reads, one calls back. */
#include "floor_threads.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bench.h"

enum stage { STARTING, RECEIVED, CALLED_BACK, ENDING };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t to_completion = PTHREAD_COND_INITIALIZER;
static pthread_cond_t to_caller = PTHREAD_COND_INITIALIZER;
static enum stage stage;
static int bell;
static pthread_t io;
static pthread_t completion;

static void reach(enum stage next, pthread_cond_t *condition)
{
    pthread_mutex_lock(&lock);
    stage = next;
    pthread_cond_signal(condition);
    pthread_mutex_unlock(&lock);
}

static void await(enum stage wanted, pthread_cond_t *condition)
{
    pthread_mutex_lock(&lock);
    while (stage < wanted) {
        pthread_cond_wait(condition, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void *run_io(void *receive)
{
    uint64_t rung;
    (*(void (**)(void))receive)();
    reach(RECEIVED, &to_completion);
    if (read(bell, &rung, sizeof rung) != sizeof rung) {
        die("read from the eventfd");
    }
    return NULL;
}

static void *run_completion(void *unused)
{
    await(RECEIVED, &to_completion);
    reach(CALLED_BACK, &to_caller);
    await(ENDING, &to_completion);
    return unused;
}

void threads_open(void (*receive)(void))
{
    stage = STARTING;
    bell = eventfd(0, EFD_CLOEXEC);
    if (bell < 0 || pthread_create(&completion, NULL, run_completion, NULL) != 0 ||
        pthread_create(&io, NULL, run_io, &receive) != 0) {
        die("threads");
    }
    await(CALLED_BACK, &to_caller);
}

void threads_end(void)
{
    uint64_t one = 1;
    if (write(bell, &one, sizeof one) != sizeof one) {
        die("write to the eventfd");
    }
    reach(ENDING, &to_completion);
}

void threads_join(void)
{
    pthread_join(io, NULL);
    pthread_join(completion, NULL);
    close(bell);
}
