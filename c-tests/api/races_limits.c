/* When the system gives no more threads, descriptors or memory. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/sink.h"
#include "../harness/stage.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Which call of a kind is to fail next; 0: none. Counts down. */
static int threads_until_failure;
/* Only on the thread that asks for it. */
static __thread int blocks_until_failure;
static long long socket_times[64];
static int socket_calls, sockets_fail;

static void set(int *countdown, int value)
{
    __atomic_store_n(countdown, value, __ATOMIC_SEQ_CST);
}

#if !UNDER_A_SANITIZER
static int is_due(int *countdown)
{
    /* Only the call that counts down to 0 fails. */
    return __atomic_load_n(countdown, __ATOMIC_SEQ_CST) > 0 &&
           __atomic_sub_fetch(countdown, 1, __ATOMIC_SEQ_CST) == 0;
}

/* These come before the C library's, for the library under test as well. */

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    static int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (create == NULL)
        *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    return is_due(&threads_until_failure) ? EAGAIN : create(thread, attributes, run, argument);
}

int socket(int domain, int type, int protocol)
{
    static int (*make)(int, int, int);
    if (make == NULL)
        *(void **)&make = dlsym(RTLD_NEXT, "socket");
    if (__atomic_load_n(&sockets_fail, __ATOMIC_SEQ_CST)) {
        int n = __atomic_fetch_add(&socket_calls, 1, __ATOMIC_SEQ_CST);
        if (n < (int)(sizeof socket_times / sizeof *socket_times))
            socket_times[n] = harness_now_ms();
        errno = EMFILE;
        return -1;
    }
    return make(domain, type, protocol);
}

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);

void *malloc(size_t size)
{
    if (!is_due(&blocks_until_failure))
        return __libc_malloc(size);
    errno = ENOMEM;
    return NULL;
}

void *calloc(size_t count, size_t size)
{
    if (!is_due(&blocks_until_failure))
        return __libc_calloc(count, size);
    errno = ENOMEM;
    return NULL;
}

void *realloc(void *block, size_t size)
{
    if (!is_due(&blocks_until_failure))
        return __libc_realloc(block, size);
    errno = ENOMEM;
    return NULL;
}
#endif

static int entries(const char *folder)
{
    DIR *list = opendir(folder);
    int n = 0;
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(list);
    return n;
}

static zhandle_t *open_at(const char *hosts)
{
    errno = 0;
    return zookeeper_init(hosts, NULL, 30000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
}

/* Proves that a handle works, and closes it. */
static void use_and_close(zhandle_t *zh)
{
    CHECK_INT(zoo_exists(zh, "/a", 0, NULL), ZNONODE);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(a_thread_that_cannot_be_made_fails_init_with_eagain, "F-55, C-521 C-271")
{
    NOT_UNDER_A_SANITIZER("it has a pthread_create of its own");
    NOT_ON_THE_REFERENCE("C-521: it aborts");
    sink_t *sink = sink_start();
    use_and_close(open_at(sink_hosts(sink)));
    int descriptors = entries("/proc/self/fd"), threads = entries("/proc/self/task");
    for (int k = 1; k <= 2; k++) {
        long ended = sink_ended(sink);
        set(&threads_until_failure, k);
        CHECK(open_at(sink_hosts(sink)) == NULL);
        CHECK_INT(errno, EAGAIN);
        EVENTUALLY(sink_ended(sink) > ended);
        CHECK_INT(entries("/proc/self/task"), threads);
        CHECK_INT(entries("/proc/self/fd"), descriptors);
    }
    CHECK_INT(threads_until_failure, 0);
    use_and_close(open_at(sink_hosts(sink)));
}

static rlim_t limit_descriptors(rlim_t limit)
{
    struct rlimit now;
    CHECK(getrlimit(RLIMIT_NOFILE, &now) == 0);
    rlim_t before = now.rlim_cur;
    now.rlim_cur = limit;
    CHECK(setrlimit(RLIMIT_NOFILE, &now) == 0);
    return before;
}

/* The number that a new descriptor would get. */
static int next_descriptor(void)
{
    int fd = dup(STDERR_FILENO);
    CHECK(fd >= 0);
    close(fd);
    return fd;
}

TEST(without_descriptors_init_fails_with_emfile_or_the_handle_waits_for_them, "C-271 C-442")
{
    NOT_UNDER_A_SANITIZER("it opens descriptors of its own");
    fake_t *fake = fake_start();
    int free_fd = next_descriptor(), failures = 0;
    for (int allowed = 0; allowed < 6; allowed++) {
        rlim_t before = limit_descriptors((rlim_t)(free_fd + allowed));
        zhandle_t *zh = open_at(fake->hosts);
        int error = errno;
        limit_descriptors(before);
        if (zh == NULL) {
            failures++;
            CHECK_INT(error, EMFILE);
        } else {
            int connection = fake_connect(fake);
            fake_end_session(zh, connection);
        }
        CHECK_INT(next_descriptor(), free_fd);
    }
    CHECK(failures > 0 && failures < 6);
    fake_stop(fake);
}

TEST(a_reconnect_without_descriptors_is_tried_again_at_a_human_pace, "F-2, C-442 C-421")
{
    NOT_UNDER_A_SANITIZER("the socket function is the test's own");
    NOT_ON_THE_REFERENCE("C-421");
    enum { ATTEMPTS = 12, TIMEOUT_MS = 6000 };
    stage_t *stage = stage_open_with("", TIMEOUT_MS, 0);
    set(&sockets_fail, 1);
    fake_hang_up(stage->connection);
    EVENTUALLY(__atomic_load_n(&socket_calls, __ATOMIC_SEQ_CST) >= ATTEMPTS);
    set(&sockets_fail, 0);
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connecting", "global: session connected", NULL);
    /* A pause of a sixtieth of the timeout after each, less what clocks round off. */
    CHECK(socket_times[ATTEMPTS - 1] - socket_times[1] >= (ATTEMPTS - 2) * (TIMEOUT_MS / 60 - 2));
    stage_close(stage);
}

TEST(memory_that_fails_during_init_fails_init_or_does_no_harm, "C-521 C-271")
{
    NOT_UNDER_A_SANITIZER("it has a malloc of its own");
    NOT_ON_THE_REFERENCE("C-521: its threads do not check");
    enum { MOST = 1000 };
    int failures = 0, unreached = 0, descriptors = entries("/proc/self/fd");
    for (int k = 1; k <= MOST && !unreached; k++) {
        fake_t *fake = fake_start();
        set(&blocks_until_failure, k);
        zhandle_t *zh = open_at(fake->hosts);
        int error = errno;
        unreached = blocks_until_failure > 0;
        blocks_until_failure = 0;
        if (zh == NULL) {
            failures++;
            /* Threads are made of memory, too. */
            if (error != ENOMEM && error != EAGAIN)
                FAIL("block %d: errno is %d (%s)", k, error, strerror(error));
        } else {
            fake_end_session(zh, fake_connect(fake));
        }
        fake_stop(fake);
    }
    CHECK(unreached);
    CHECK(failures > 5);
    CHECK_INT(entries("/proc/self/fd"), descriptors);
}

/* What the process has mapped, in bytes. */
static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    CHECK_INT(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void leave_address_space(rlim_t bytes)
{
    struct rlimit limit = {address_space() + bytes, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

TEST(a_request_that_finds_no_memory_fails_alone, "C-263 C-521")
{
    NOT_UNDER_A_SANITIZER("it maps more than any limit");
    enum { SIZE = 512 << 20 };
    static char data[SIZE];
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    leave_address_space(256 << 20);
    CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, -1, on_stat, &stage->done), ZMARSHALLINGERROR);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    journal_expect("get: 0", NULL);
    stage_close(stage);
}

TEST(an_answer_that_finds_no_memory_costs_the_connection_only, "C-521 C-203 C-442")
{
    NOT_UNDER_A_SANITIZER("it maps more than any limit");
    NOT_ON_THE_REFERENCE("C-521");
    enum { SIZE = 128 << 20, PIECE = 64 << 10 };
    static char piece[PIECE];
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    wire_t head = {NULL, 0};
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    leave_address_space(32 << 20);
    put_int(&head, SIZE);
    put_int(&head, frame.xid);
    put_long(&head, 1);
    put_int(&head, ZOK);
    put_int(&head, SIZE - 20);
    fake_send(stage->connection, head.bytes, head.length);
    /* Until the client hangs up. */
    while (send(stage->connection, piece, sizeof piece, MSG_NOSIGNAL) > 0)
        continue;
    probe_wait(&get, 1);
    CHECK(get.rc == ZSYSTEMERROR || get.rc == ZCONNECTIONLOSS);
    stage_reconnect(stage);
    EVENTUALLY(zoo_state(stage->zh) == ZOO_CONNECTED_STATE);
    stage_close(stage);
}
