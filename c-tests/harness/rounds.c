#define _GNU_SOURCE
#include "rounds.h"

#include "harness.h"
#include "leaks.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* A child plays so many rounds, or until it fails. */
enum { ROUNDS_OF_A_CHILD = 100 };
/* Without an end of a round for so long, a child hangs. */
enum { HANG_MS = 10000 };
/* After so many there is nothing more to learn. */
enum { MAX_HANGS = 5, MAX_CRASHES = 500 };

static void play(tally_t *shared, long rounds, void (*set_up)(void), void (*scene)(tally_t *))
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    set_up();
    for (long i = 0; i < rounds; i++) {
        scene(shared);
        __atomic_add_fetch(&shared->rounds, 1, __ATOMIC_SEQ_CST);
    }
    harness_check_leaks();
    _exit(0);
}

/* Waits for the child; kills it when it stands still. */
static void watch(pid_t child, tally_t *shared)
{
    long seen = -1;
    long long since = 0;
    int status;
    for (;;) {
        pid_t ended = waitpid(child, &status, WNOHANG);
        long now = __atomic_load_n(&shared->rounds, __ATOMIC_SEQ_CST);
        if (ended == child)
            break;
        if (now != seen) {
            seen = now;
            since = harness_now_ms();
        } else if (harness_now_ms() - since > HANG_MS) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            shared->hangs++;
            return;
        }
        harness_pause();
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        shared->crashes++;
}

tally_t rounds_play(const char *name, int rounds, int closes, void (*set_up)(void),
                    void (*scene)(tally_t *tally))
{
    const char *setting = getenv("ZK_CLOSES");
    long wanted = setting ? (atol(setting) + closes - 1) / closes : rounds;
    tally_t *shared = (tally_t *)mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    tally_t tally;
    CHECK(shared != MAP_FAILED);
    for (;;) {
        long played = shared->rounds + shared->crashes + shared->hangs;
        long left = wanted - played;
        pid_t child;
        if (left <= 0 || shared->hangs >= MAX_HANGS || shared->crashes >= MAX_CRASHES)
            break;
        child = fork();
        CHECK(child >= 0);
        if (child == 0)
            play(shared, left < ROUNDS_OF_A_CHILD ? left : ROUNDS_OF_A_CHILD, set_up, scene);
        watch(child, shared);
    }
    tally = *shared;
    munmap(shared, sizeof *shared);
    printf("# %s: %ld rounds, %ld calls, %ld missing, %ld repeated, %ld broken, %ld crashes, "
           "%ld hangs\n",
           name, tally.rounds, tally.calls, tally.missing, tally.repeated, tally.broken,
           tally.crashes, tally.hangs);
    fflush(stdout);
    return tally;
}

void rounds_check(const tally_t *tally)
{
    CHECK(tally->rounds > 0);
    CHECK_INT(tally->crashes, 0);
    CHECK_INT(tally->hangs, 0);
    CHECK_INT(tally->missing, 0);
    CHECK_INT(tally->repeated, 0);
    CHECK_INT(tally->broken, 0);
}

void tally_calls(tally_t *tally, const int *completed, int count)
{
    tally->calls += count;
    for (int i = 0; i < count; i++) {
        int times = __atomic_load_n(&completed[i], __ATOMIC_SEQ_CST);
        tally->missing += times == 0;
        tally->repeated += times > 1;
    }
}
