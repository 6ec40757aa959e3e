/* What a handle means to its process: signals, users, and the memory that
 * threads share. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <dirent.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* A line of a thread's file in /proc, without its end. */
static void read_line(const char *thread, const char *file, const char *begin, char *line, int size)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/self/task/%s/%s", thread, file);
    FILE *stream = fopen(path, "r");
    CHECK(stream != NULL);
    do
        CHECK(fgets(line, size, stream) != NULL);
    while (strncmp(line, begin, strlen(begin)) != 0);
    fclose(stream);
    line[strcspn(line, "\n")] = '\0';
}

/* The completion thread runs the program's code and keeps its creator's mask (T-40). */
TEST(threads_have_names_and_the_one_that_drives_the_connection_takes_no_signals, "F-56")
{
    NOT_UNDER_THREAD_SANITIZER("it has a thread of its own");
    char own[64], self[32];
    int named = 0, deaf = 0;
    stage_t *stage = stage_open("");
    snprintf(self, sizeof self, "%d", (int)getpid());
    read_line(self, "comm", "", own, sizeof own);
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        char line[64];
        if (entry->d_name[0] == '.' || strcmp(entry->d_name, self) == 0)
            continue;
        read_line(entry->d_name, "comm", "", line, sizeof line);
        named += strcmp(line, own) != 0;
        read_line(entry->d_name, "status", "SigBlk:", line, sizeof line);
        unsigned long long mask = strtoull(line + strlen("SigBlk:"), NULL, 16);
        unsigned long long common = 0x7fffffffULL & ~(1ULL << (SIGKILL - 1)) & ~(1ULL << (SIGSTOP - 1));
        deaf += (mask & common) == common;
    }
    closedir(tasks);
    CHECK_INT(named, 2);
    CHECK_INT(deaf, 1);
    stage_close(stage);
}

enum { READERS = 8, READS = 20000 };

typedef struct {
    stage_t *stage;
    _Atomic int *start;
} reader_t;

static void read_server(void *argument)
{
    reader_t *reader = (reader_t *)argument;
    while (!*reader->start)
        harness_pause();
    for (int i = 0; i < READS; i++)
        CHECK_STR(zoo_get_current_server(reader->stage->zh), reader->stage->fake->hosts);
}

TEST(each_thread_reads_the_server_of_its_own_handle, "F-60")
{
    static _Atomic int start;
    reader_t readers[READERS];
    test_thread *threads[READERS];
    for (int i = 0; i < READERS; i++) {
        readers[i] = (reader_t){stage_open(""), &start};
        threads[i] = thread_start(read_server, &readers[i]);
    }
    start = 1;
    for (int i = 0; i < READERS; i++)
        thread_join(threads[i]);
    for (int i = 0; i < READERS; i++)
        stage_close(readers[i].stage);
}

/* No such user, and no terminal that anybody is logged in on. */
static int without_user;

int getpwuid_r(uid_t user, struct passwd *entry, char *buffer, size_t size, struct passwd **found)
{
    (void)user, (void)entry, (void)buffer, (void)size;
    *found = NULL;
    return without_user ? 0 : ENOENT;
}

struct passwd *getpwuid(uid_t user)
{
    (void)user;
    return NULL;
}

int getlogin_r(char *name, size_t size)
{
    (void)name, (void)size;
    return ENXIO;
}

char *getlogin(void)
{
    errno = ENXIO;
    return NULL;
}

static _Atomic int environment_lines;

static void count_environment(const char *message)
{
    environment_lines += strstr(message, "Client environment:") != NULL;
}

TEST(a_user_whom_nobody_knows_may_have_a_session, "F-60")
{
    fake_t *fake = fake_start();
    for (without_user = 0; without_user < 2; without_user++) {
        probe_t session = probe("global");
        environment_lines = 0;
        zhandle_t *zh = zookeeper_init2(fake->hosts, on_event, 20000, NULL, &session, 0,
                                        count_environment);
        CHECK(zh != NULL);
        int connection = fake_connect(fake);
        probe_wait(&session, 1);
        CHECK_INT(environment_lines, 8);
        fake_end_session(zh, connection);
    }
    fake_stop(fake);
}
