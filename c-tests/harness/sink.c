#define _GNU_SOURCE
#include "sink.h"

#include "fake.h"
#include "harness.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_CLIENTS = 64, MAX_FRAME = 64 << 10 };

struct sink {
    fake_t *fake;
    int bell; /* an eventfd: cut all connections */
    long requests, ended, closed;
    int count;
    struct {
        int fd;
        int welcomed;
    } clients[MAX_CLIENTS];
};

static void add(long *counter)
{
    __atomic_add_fetch(counter, 1, __ATOMIC_SEQ_CST);
}

/* The client may be gone, which the next read tells. */
static void send_body(int fd, wire_t *body)
{
    wire_t frame = {NULL, 0};
    put_buffer(&frame, body->bytes, (int32_t)body->length);
    if (send(fd, frame.bytes, frame.length, MSG_NOSIGNAL) < 0)
        shutdown(fd, SHUT_RDWR);
    wire_free(&frame);
    wire_free(body);
}

static void welcome(int fd)
{
    wire_t body = {NULL, 0};
    put_int(&body, 0);
    put_int(&body, 30000);
    put_long(&body, 0x1234);
    put_buffer(&body, "0123456789abcdef", 16);
    put_bool(&body, 0);
    send_body(fd, &body);
}

static void answer(int fd, int xid, int err)
{
    wire_t body = {NULL, 0};
    put_int(&body, xid);
    put_long(&body, 1);
    put_int(&body, err);
    send_body(fd, &body);
}

/* One frame; its length, or -1 at the end of the stream. */
static int take(int fd, unsigned char *bytes)
{
    uint32_t length;
    if (recv(fd, &length, sizeof length, MSG_WAITALL) != (ssize_t)sizeof length)
        return -1;
    length = ntohl(length);
    if (length > MAX_FRAME || recv(fd, bytes, length, MSG_WAITALL) != (ssize_t)length)
        return -1;
    return (int)length;
}

static int number(const unsigned char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return (int)ntohl(value);
}

/* Deals with one frame; 0 when the connection is to end. */
static int serve_one(sink_t *sink, int index)
{
    static unsigned char bytes[MAX_FRAME];
    int fd = sink->clients[index].fd, length = take(fd, bytes);
    if (length < 8)
        return 0;
    if (!sink->clients[index].welcomed) {
        sink->clients[index].welcomed = 1;
        welcome(fd);
        return 1;
    }
    switch (number(bytes + 4)) {
    case ZOO_CLOSE_OP:
        add(&sink->closed);
        return 0;
    case ZOO_PING_OP:
        answer(fd, number(bytes), 0);
        return 1;
    case ZOO_EXISTS_OP:
        answer(fd, number(bytes), ZNONODE);
        break;
    default:
        break;
    }
    add(&sink->requests);
    return 1;
}

static void drop(sink_t *sink, int index)
{
    close(sink->clients[index].fd);
    sink->clients[index] = sink->clients[--sink->count];
    add(&sink->ended);
}

static void receive(sink_t *sink)
{
    int fd = accept4(sink->fake->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    if (sink->count == MAX_CLIENTS)
        drop(sink, 0);
    sink->clients[sink->count].fd = fd;
    sink->clients[sink->count++].welcomed = 0;
}

static void serve(void *argument)
{
    sink_t *sink = (sink_t *)argument;
    for (;;) {
        struct pollfd polled[MAX_CLIENTS + 2];
        uint64_t rings;
        polled[0] = (struct pollfd){sink->fake->listener, POLLIN, 0};
        polled[1] = (struct pollfd){sink->bell, POLLIN, 0};
        for (int i = 0; i < sink->count; i++)
            polled[i + 2] = (struct pollfd){sink->clients[i].fd, POLLIN, 0};
        if (poll(polled, (nfds_t)sink->count + 2, -1) < 0)
            continue;
        /* From the last one down: drop() puts that into a gap. */
        for (int i = sink->count - 1; i >= 0; i--)
            if (polled[i + 2].revents && !serve_one(sink, i))
                drop(sink, i);
        if (polled[1].revents && read(sink->bell, &rings, sizeof rings) > 0)
            while (sink->count > 0)
                drop(sink, 0);
        if (polled[0].revents)
            receive(sink);
    }
}

sink_t *sink_start(void)
{
    sink_t *sink = (sink_t *)calloc(1, sizeof *sink);
    CHECK(sink != NULL);
    sink->fake = fake_start();
    sink->bell = eventfd(0, EFD_CLOEXEC);
    CHECK(sink->bell >= 0);
    thread_start(serve, sink);
    return sink;
}

const char *sink_hosts(const sink_t *sink)
{
    return sink->fake->hosts;
}

long sink_requests(sink_t *sink)
{
    return __atomic_load_n(&sink->requests, __ATOMIC_SEQ_CST);
}

long sink_ended(sink_t *sink)
{
    return __atomic_load_n(&sink->ended, __ATOMIC_SEQ_CST);
}

long sink_closed(sink_t *sink)
{
    return __atomic_load_n(&sink->closed, __ATOMIC_SEQ_CST);
}

void sink_cut(sink_t *sink)
{
    uint64_t one = 1;
    CHECK(write(sink->bell, &one, sizeof one) == (ssize_t)sizeof one);
}
