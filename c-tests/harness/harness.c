/* The runner: starts each test in a child process, watches its deadline and
 * prints its outcome. */
#define _GNU_SOURCE
#include "harness.h"

#include "leaks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_TESTS = 256, MAX_JOBS = 16, DEADLINE_MS = 30000, REASON_SIZE = 1024 };

/* What a child tells its parent, as the first byte on its pipe. */
enum { FAILED = 'f', SKIPPED = 's', PASSED = 'p' };

typedef struct {
    const char *name;
    const char *contract;
    test_function run;
} test_t;

typedef struct {
    const test_t *test; /* NULL: the slot is free */
    pid_t pid;
    int result; /* read end of the pipe on which the outcome comes */
    int output; /* what the child wrote on stderr */
    long long deadline;
    char reason[REASON_SIZE];
    size_t length;
} job_t;

static test_t tests[MAX_TESTS];
static int test_count;
static int result_pipe = -1; /* in a child: where its outcome goes */
static int passed, failed, skipped;

void harness_register(const char *name, const char *contract, test_function run)
{
    if (test_count == MAX_TESTS) {
        fprintf(stderr, "more than %d tests in one program\n", MAX_TESTS);
        abort();
    }
    tests[test_count++] = (test_t){name, contract, run};
}

long long harness_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

void harness_pause(void)
{
    poll(NULL, 0, 1);
}

int on_the_reference(void)
{
    const char *value = getenv("ZK_REFERENCE");
    return value != NULL && strcmp(value, "1") == 0;
}

/* For slow machines and long tests, ZK_TEST_DEADLINE_MS. */
static int deadline_ms(void)
{
    const char *setting = getenv("ZK_TEST_DEADLINE_MS");
    return setting ? atoi(setting) : DEADLINE_MS;
}

/* Writes one message and ends the process; the first thread to come wins. */
__attribute__((noreturn)) static void finish(char kind, const char *text)
{
    char message[REASON_SIZE];
    int length = snprintf(message, sizeof message, "%c%s", kind, text);
    if (length >= (int)sizeof message)
        length = (int)sizeof message - 1;
    if (write(result_pipe, message, (size_t)length) != length)
        _exit(3);
    _exit(kind == FAILED ? 1 : 0);
}

void harness_fail(const char *file, int line, const char *format, ...)
{
    char text[REASON_SIZE - 64], message[REASON_SIZE - 1];
    const char *base = strrchr(file, '/');
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    snprintf(message, sizeof message, "%.40s:%d: %s", base ? base + 1 : file, line, text);
    finish(FAILED, message);
}

void harness_skip(const char *format, ...)
{
    char text[REASON_SIZE - 1];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    finish(SKIPPED, text);
}

static void start(job_t *job, const test_t *test)
{
    int ends[2];
    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0 || (job->output = memfd_create("stderr", MFD_CLOEXEC)) < 0) {
        perror("cannot prepare a test");
        exit(2);
    }
    job->test = test;
    job->result = ends[0];
    job->length = 0;
    job->deadline = harness_now_ms() + deadline_ms();
    job->pid = fork();
    if (job->pid < 0) {
        perror("cannot fork");
        exit(2);
    }
    if (job->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(job->output, STDERR_FILENO);
        result_pipe = ends[1];
        test->run();
        harness_check_leaks();
        fflush(NULL);
        finish(PASSED, "");
    }
    close(ends[1]);
}

/* Shows the end of what a failed test wrote on stderr, mostly log lines. */
static void show_output(int fd)
{
    char text[4096];
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof text - 1 ? size - (off_t)sizeof text + 1 : 0;
    ssize_t length = pread(fd, text, sizeof text - 1, from);
    char *rest = NULL;
    if (length <= 0)
        return;
    text[length] = '\0';
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        printf("#   %s\n", line);
}

/* Takes what the child has said; true when it has ended. */
static int collect(job_t *job)
{
    size_t space = sizeof job->reason - 1 - job->length;
    ssize_t got = space ? read(job->result, job->reason + job->length, space) : 0;
    if (got > 0)
        job->length += (size_t)got;
    return got <= 0;
}

static void report(job_t *job)
{
    int status = 0;
    int late = harness_now_ms() >= job->deadline;
    if (late)
        kill(job->pid, SIGKILL);
    waitpid(job->pid, &status, 0);
    job->reason[job->length] = '\0';
    if (late) {
        failed++;
        printf("not ok %s: did not end in %d ms\n", job->test->name, deadline_ms());
    } else if (WIFSIGNALED(status)) {
        failed++;
        printf("not ok %s: killed by signal %d (%s)\n", job->test->name, WTERMSIG(status),
               strsignal(WTERMSIG(status)));
    } else if (job->reason[0] == PASSED && WEXITSTATUS(status) == 0) {
        passed++;
        printf("ok %s\n", job->test->name);
    } else if (job->reason[0] == SKIPPED && WEXITSTATUS(status) == 0) {
        skipped++;
        printf("skip %s: %s\n", job->test->name, job->reason + 1);
    } else {
        failed++;
        printf("not ok %s: %s\n", job->test->name,
               job->length > 1 ? job->reason + 1 : "ended without a word");
    }
    if (late || WIFSIGNALED(status) || job->reason[0] == FAILED)
        show_output(job->output);
    fflush(stdout);
    close(job->result);
    close(job->output);
    job->test = NULL;
}

/* Waits until one job has something to say or is late; reports those that end. */
static void attend(job_t *jobs, int count)
{
    struct pollfd polled[MAX_JOBS];
    long long now = harness_now_ms(), next = now + DEADLINE_MS;
    for (int i = 0; i < count; i++) {
        polled[i] = (struct pollfd){.fd = jobs[i].test ? jobs[i].result : -1, .events = POLLIN};
        if (jobs[i].test && jobs[i].deadline < next)
            next = jobs[i].deadline;
    }
    poll(polled, (nfds_t)count, next > now ? (int)(next - now) : 0);
    for (int i = 0; i < count; i++) {
        if (!jobs[i].test)
            continue;
        if (harness_now_ms() >= jobs[i].deadline || (polled[i].revents && collect(&jobs[i])))
            report(&jobs[i]);
    }
}

static int wanted(const test_t *test, int argc, char **argv)
{
    if (argc < 2)
        return 1;
    for (int i = 1; i < argc; i++)
        if (strstr(test->name, argv[i]))
            return 1;
    return 0;
}

static int busy(const job_t *jobs, int count)
{
    int n = 0;
    for (int i = 0; i < count; i++)
        n += jobs[i].test != NULL;
    return n;
}

int main(int argc, char **argv)
{
    static job_t jobs[MAX_JOBS];
    const char *setting = getenv("ZK_TEST_JOBS");
    int limit = setting ? atoi(setting) : 4;
    limit = limit < 1 ? 1 : limit > MAX_JOBS ? MAX_JOBS : limit;
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (int i = 0; i < test_count; i++)
            printf("%s: %s\n", tests[i].name, tests[i].contract);
        return 0;
    }
    for (int i = 0; i < test_count; i++) {
        if (!wanted(&tests[i], argc, argv))
            continue;
        while (busy(jobs, limit) == limit)
            attend(jobs, limit);
        for (int k = 0; k < limit; k++) {
            if (!jobs[k].test) {
                start(&jobs[k], &tests[i]);
                break;
            }
        }
    }
    while (busy(jobs, limit) > 0)
        attend(jobs, limit);
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed == 0 ? 0 : 1;
}
