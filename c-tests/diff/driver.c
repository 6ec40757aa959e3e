/* A loop of the program's own around zookeeper_interest and zookeeper_process. */
#define _GNU_SOURCE
#include "driver.h"
#include "diff.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

/* Declared only for programs that don't define THREADED. */
int zookeeper_interest(zhandle_t *zh, int *fd, int *interest, struct timeval *tv);
int zookeeper_process(zhandle_t *zh, int events);

enum { MAX_HANDLES = 8, LONGEST_WAIT_MS = 5 };

enum driver driver = THREADS;
static zhandle_t *handles[MAX_HANDLES];
static int epoll = -1;

void driver_choose(const char *name)
{
    if (strcmp(name, "select") == 0)
        driver = SELECT;
    else if (strcmp(name, "poll") == 0)
        driver = POLL;
    else if (strcmp(name, "epoll") == 0)
        driver = EPOLL;
    else
        give_up("there is no driver '%s'", name);
    if (driver == EPOLL && (epoll = epoll_create1(EPOLL_CLOEXEC)) < 0)
        give_up("epoll_create1");
}

void drive(zhandle_t *zh)
{
    for (int i = 0; i < MAX_HANDLES; i++) {
        if (handles[i] == NULL) {
            handles[i] = zh;
            return;
        }
    }
    give_up("too many handles");
}

void undrive(zhandle_t *zh)
{
    for (int i = 0; i < MAX_HANDLES; i++)
        if (handles[i] == zh)
            handles[i] = NULL;
}

static int wait_by_select(int fd, int interest, int wait_ms)
{
    fd_set readable, writable;
    struct timeval time = {0, wait_ms * 1000};
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    if (fd >= 0 && fd < FD_SETSIZE) {
        if (interest & ZOOKEEPER_READ)
            FD_SET(fd, &readable);
        if (interest & ZOOKEEPER_WRITE)
            FD_SET(fd, &writable);
    }
    if (select(fd + 1, &readable, &writable, NULL, &time) <= 0 || fd < 0)
        return 0;
    return (FD_ISSET(fd, &readable) ? ZOOKEEPER_READ : 0) |
           (FD_ISSET(fd, &writable) ? ZOOKEEPER_WRITE : 0);
}

static int wait_by_poll(int fd, int interest, int wait_ms)
{
    struct pollfd wanted = {fd, 0, 0};
    wanted.events = (short)((interest & ZOOKEEPER_READ ? POLLIN : 0) |
                            (interest & ZOOKEEPER_WRITE ? POLLOUT : 0));
    if (poll(&wanted, 1, wait_ms) <= 0)
        return 0;
    return (wanted.revents & (POLLIN | POLLHUP | POLLERR) ? ZOOKEEPER_READ : 0) |
           (wanted.revents & POLLOUT ? ZOOKEEPER_WRITE : 0);
}

static int wait_by_epoll(int fd, int interest, int wait_ms)
{
    enum { AT_ONCE = 2 * MAX_HANDLES };
    struct epoll_event wanted, ready[AT_ONCE];
    int count;
    memset(&wanted, 0, sizeof wanted);
    wanted.events = (interest & ZOOKEEPER_READ ? EPOLLIN : 0) |
                    (interest & ZOOKEEPER_WRITE ? EPOLLOUT : 0);
    wanted.data.fd = fd;
    /* A closed descriptor leaves the set by itself, so the number may be new to it. */
    if (fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &wanted) != 0 &&
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) != 0 && errno != EBADF)
        give_up("epoll_ctl: %s", strerror(errno));
    /* All handles share the set: look for this one's event. */
    count = epoll_wait(epoll, ready, AT_ONCE, wait_ms);
    for (int i = 0; i < count; i++)
        if (ready[i].data.fd == fd)
            return (ready[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? ZOOKEEPER_READ : 0) |
                   (ready[i].events & EPOLLOUT ? ZOOKEEPER_WRITE : 0);
    return 0;
}

static void turn_handle(zhandle_t *zh)
{
    int fd = -1, interest = 0, ready;
    struct timeval time = {0, LONGEST_WAIT_MS * 1000};
    long wait_ms;
    /* A failed attempt is told by its return value; the next call makes another one. */
    if (zookeeper_interest(zh, &fd, &interest, &time) != ZOK)
        return;
    wait_ms = time.tv_sec * 1000 + time.tv_usec / 1000;
    if (wait_ms > LONGEST_WAIT_MS || wait_ms < 0)
        wait_ms = LONGEST_WAIT_MS;
    if (driver == SELECT)
        ready = wait_by_select(fd, interest, (int)wait_ms);
    else if (driver == POLL)
        ready = wait_by_poll(fd, interest, (int)wait_ms);
    else
        ready = wait_by_epoll(fd, interest, (int)wait_ms);
    zookeeper_process(zh, ready);
}

void turn(void)
{
    int any = 0;
    if (driver != THREADS) {
        for (int i = 0; i < MAX_HANDLES; i++) {
            if (handles[i] != NULL && zoo_state(handles[i]) >= 0) {
                turn_handle(handles[i]);
                any = 1;
            }
        }
    }
    if (!any)
        poll(NULL, 0, 1);
}
