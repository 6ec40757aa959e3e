/* Descriptors and threads that a handle takes: whose they are, what becomes of
 * them, and what happens when there are none. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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

/* While a test watches a port, each closed socket to that port is replaced by
 * another stream with bytes to read, as if another part of the program had got
 * the number. Whoever touches it afterwards touches what isn't his. */
static struct {
    _Atomic int port;
    int stream; /* what is put in the place of closed sockets */
    _Atomic int lost[1024];
    _Atomic int count;
    _Atomic(const char *) misused_by;
} watched;

static void look(int fd, const char *who)
{
    if (fd >= 0 && fd < 1024 && watched.lost[fd])
        watched.misused_by = who;
}

/* Sanitizers have functions of these names, which they need. */
#if !UNDER_A_SANITIZER
int close(int fd)
{
    struct sockaddr_in peer;
    socklen_t length = sizeof peer;
    look(fd, "close");
    if (watched.port == 0 || fd < 0 || fd >= 1024 ||
        getpeername(fd, (struct sockaddr *)&peer, &length) != 0 || peer.sin_family != AF_INET ||
        ntohs(peer.sin_port) != watched.port)
        return (int)syscall(SYS_close, fd);
    watched.lost[fd] = 1;
    watched.count++;
    return syscall(SYS_dup3, watched.stream, fd, O_CLOEXEC) < 0 ? -1 : 0;
}

ssize_t read(int fd, void *bytes, size_t size)
{
    look(fd, "read");
    return syscall(SYS_read, fd, bytes, size);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    look(fd, "recv");
    return syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    look(fd, "write");
    return syscall(SYS_write, fd, bytes, size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    look(fd, "send");
    return syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
}

int poll(struct pollfd *polled, nfds_t count, int timeout)
{
    for (nfds_t i = 0; i < count; i++)
        look(polled[i].fd, "poll");
    return (int)syscall(SYS_poll, polled, count, timeout);
}

int epoll_ctl(int poll, int operation, int fd, struct epoll_event *event)
{
    look(fd, "epoll_ctl");
    return (int)syscall(SYS_epoll_ctl, poll, operation, fd, event);
}

/* Counts down to the call that fails; 0: none does. */
static _Atomic int failing_thread;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *argument)
{
    static int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    if (failing_thread > 0 && --failing_thread == 0)
        return EAGAIN;
    if (create == NULL)
        *(void **)&create = dlsym(RTLD_NEXT, "pthread_create");
    return create(thread, attributes, run, argument);
}
#else
static _Atomic int failing_thread;
#endif

static const welcome_t read_only_welcome = {0, 0x7777, "read-only-server", 1, 0};

/* Accepts a client that looks for a server that writes, and leads it to one. */
static void answer_probe(stage_t *stage)
{
    char word[4];
    int prober = fake_accept(stage->fake);
    CHECK(recv(prober, word, sizeof word, MSG_WAITALL) == sizeof word);
    CHECK_BYTES(word, 4, "isro", 4);
    fake_send(prober, "rw", 2);
    fake_hang_up(prober);
}

TEST(a_closed_socket_is_never_touched_again, "F-49")
{
    NOT_UNDER_A_SANITIZER("it needs these system calls for itself");
    int ends[2];
    stage_t *stage = stage_open_with("", STAGE_TIMEOUT_MS, ZOO_READONLY);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    CHECK(write(ends[1], "not yours", 9) == 9);
    watched.stream = ends[0];
    watched.port = stage->fake->port;
    for (int round = 0; round < 5; round++) {
        fake_hang_up(stage->connection);
        stage->connection = fake_accept(stage->fake);
        connect_request_t request = fake_read_connect(stage->connection);
        welcome_t welcome = read_only_welcome;
        welcome.session_id = 0x1234;
        fake_welcome(stage->connection, &request, &welcome);
        journal_wait("global: session readonly");
        answer_probe(stage);
        int connection = fake_connect(stage->fake);
        fake_hang_up(stage->connection);
        stage->connection = connection;
        journal_wait("global: session connected");
        CHECK_INT(zoo_aexists(stage->zh, "/a", 0, on_stat, &stage->done), ZOK);
        stage_answer_read(stage, ZOO_EXISTS_OP, 0);
        probe_wait(&stage->done, round + 1);
        journal_clear();
    }
    CHECK(watched.count >= 5); /* the sockets that were left for a server that writes */
    fake_end_session(stage->zh, stage->connection);
    const char *misused_by = watched.misused_by;
    if (misused_by)
        FAIL("a closed descriptor was given to %s", misused_by);
    char bytes[16];
    CHECK_BYTES(bytes, recv(ends[0], bytes, sizeof bytes, MSG_DONTWAIT), "not yours", 9);
}

/* How many descriptors a program has that this one executes. */
static int inherited_descriptors(void)
{
    FILE *list = popen("ls /proc/self/fd", "re");
    char line[64];
    int n = 0;
    CHECK(list != NULL);
    while (fgets(line, sizeof line, list) != NULL)
        n++;
    CHECK_INT(pclose(list), 0);
    return n;
}

TEST(a_program_that_is_executed_gets_no_descriptor_of_a_handle, "F-54")
{
    int before = inherited_descriptors();
    stage_t *stage = stage_open("");
    CHECK_INT(inherited_descriptors(), before);
    fake_hang_up(stage->connection); /* and none of the next connection either */
    stage->connection = fake_connect(stage->fake);
    journal_wait("global: session connected");
    CHECK_INT(inherited_descriptors(), before);
    stage_close(stage);
}

static void fail_to_open(const char *hosts, int thread)
{
    failing_thread = thread;
    errno = 0;
    zhandle_t *zh = zookeeper_init(hosts, NULL, 10000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    int error = errno;
    CHECK(zh == NULL);
    CHECK_INT(error, EAGAIN);
    CHECK_INT(failing_thread, 0);
}

TEST(without_threads_init_fails_and_leaves_nothing_behind, "F-55")
{
    NOT_UNDER_A_SANITIZER("it makes the threads");
    enum { ROUNDS = 200, ALLOWED_BYTES = 16384 };
    char hosts[32];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zoo_set_debug_level((ZooLogLevel)0);
    for (int thread = 1; thread <= 2; thread++) {
        for (int i = 0; i < 20; i++)
            fail_to_open(hosts, thread);
        int descriptors = entries("/proc/self/fd");
        size_t memory = mallinfo2().uordblks;
        for (int i = 0; i < ROUNDS; i++)
            fail_to_open(hosts, thread);
        CHECK_INT(entries("/proc/self/fd"), descriptors);
        EVENTUALLY(entries("/proc/self/task") == 1);
        CHECK(mallinfo2().uordblks < memory + ALLOWED_BYTES);
    }
    stage_t *stage = stage_open("");
    stage_close(stage);
}
