/* Request ids near the end of the numbers. They begin with the seconds of the
 * wall clock, so a clock of the program's own chooses where. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CLOCK "ZK_TEST_CLOCK"

/* The clock stands still until the first handle is there; then it is right. */
static _Atomic int released;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    const char *seconds = clock == CLOCK_REALTIME && !released ? getenv(CLOCK) : NULL;
    if (seconds == NULL)
        return (int)syscall(SYS_clock_gettime, clock, now);
    now->tv_sec = atoll(seconds);
    now->tv_nsec = 0;
    return 0;
}

time_t time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec time;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

/* Libraries may look at the clock when they are loaded, so the test runs once
 * more in a program that was started with that clock. True in there. */
static int started_at(const char *seconds, const char *test)
{
    int status;
    if (getenv(CLOCK) != NULL)
        return 1;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(STDERR_FILENO, STDOUT_FILENO); /* the test's words are not the program's */
        setenv(CLOCK, seconds, 1);
        execl("/proc/self/exe", "ids", test, (char *)NULL);
        _exit(127);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        FAIL("requests get lost when the clock says %s", seconds);
    return 0;
}

enum { REQUESTS = 60 };

/* Every request is answered, one after the other, on one connection. */
static void check_requests(void)
{
    stage_t *stage = stage_open("");
    int seen[REQUESTS];
    released = 1;
    for (int i = 0; i < REQUESTS; i++) {
        probe_t done = probe("exists");
        CHECK_INT(zoo_aexists(stage->zh, "/a", 0, on_stat, &done), ZOK);
        frame_t frame = fake_receive_type(stage->connection, ZOO_EXISTS_OP);
        seen[i] = frame.xid;
        fake_reply(stage->connection, frame.xid, 1, ZNONODE, NULL);
        frame_free(&frame);
        probe_wait(&done, 1);
        CHECK_INT(done.rc, ZNONODE);
    }
    for (int i = 0; i < REQUESTS; i++) {
        CHECK(seen[i] > 0); /* the negative ones have meanings of their own */
        for (int k = 0; k < i; k++)
            CHECK(seen[i] != seen[k]);
    }
    CHECK_INT(probe_calls(&stage->session), 1);
    stage_close(stage);
}

TEST(ids_do_not_become_negative_after_the_largest_one, "F-38")
{
    if (started_at("2147483642", "ids_do_not_become_negative_after_the_largest_one"))
        check_requests();
}

TEST(ids_do_not_meet_those_of_control_packets, "F-38")
{
    if (started_at("4294967276", "ids_do_not_meet_those_of_control_packets"))
        check_requests(); /* in 32 bits it is minus 20 */
}
