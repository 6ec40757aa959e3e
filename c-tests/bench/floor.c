/*
 * floor KIND hosts=HOST:PORT [NAME=VALUE]...
 *
 * The same loads as those of "load" on a bare socket, without a library: prepared frames are written, replies are
 * counted and thrown away. No client can be faster.
 */
#define _GNU_SOURCE
#include "bench.h"
#include "floor_frames.h"
#include "floor_threads.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    SESSION_TIMEOUT_MS = 30000,
    INPUT = 1 << 20,
    HEADER = 20, /* length word, xid, zxid, error */
    SEQUENCE = 2,
    NODE_EXISTS = -110,
};

static options_t options;
static int sock;
static char path[128];

/* The window as bytes: so many copies of one frame. */
static frame_t frame;
static char *out;

static char *in;
static size_t in_filled;
static size_t to_skip; /* bytes of the current reply that are still to come */

static latencies_t latencies;
static _Atomic uint64_t finished;
static _Atomic int stopping;

static void connect_socket(void)
{
    struct sockaddr_in server = {.sin_family = AF_INET};
    const char *colon = strrchr(options.hosts, ':');
    char host[64];
    int yes = 1;
    if (colon == NULL || (size_t)(colon - options.hosts) >= sizeof host) {
        die("hosts is no HOST:PORT");
    }
    memcpy(host, options.hosts, (size_t)(colon - options.hosts));
    host[colon - options.hosts] = '\0';
    server.sin_port = htons((uint16_t)atoi(colon + 1));
    if (inet_pton(AF_INET, host, &server.sin_addr) != 1) {
        die("%s is no address", host);
    }
    sock = socket(AF_INET, SOCK_STREAM, 0);
    if (sock < 0 || connect(sock, (struct sockaddr *)&server, sizeof server) != 0) {
        die("connect");
    }
    setsockopt(sock, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

static void send_frame(const frame_t *request)
{
    if (send(sock, request->bytes, request->length, 0) != (ssize_t)request->length) {
        die("send");
    }
}

/* Returns the first bytes of a reply, all of which it reads. */
static void receive_frame(char *reply, size_t length)
{
    uint32_t wire;
    if (recv(sock, &wire, sizeof wire, MSG_WAITALL) != sizeof wire || ntohl(wire) < length ||
        recv(sock, reply, length, MSG_WAITALL) != (ssize_t)length) {
        die("no reply");
    }
    for (size_t left = ntohl(wire) - length; left > 0;) {
        ssize_t got = recv(sock, in, left < INPUT ? left : INPUT, 0);
        if (got <= 0) {
            die("recv");
        }
        left -= (size_t)got;
    }
}

static void exchange(const frame_t *request, char *reply, size_t length)
{
    send_frame(request);
    receive_frame(reply, length);
}

static void ask_for_session(void)
{
    frame_t request = {0};
    connect_socket();
    frame_connect(&request, SESSION_TIMEOUT_MS);
    send_frame(&request);
    free(request.bytes);
}

static void receive_session(void)
{
    char reply[4];
    receive_frame(reply, sizeof reply);
}

static void open_session(void)
{
    ask_for_session();
    receive_session();
}

static int32_t error_of(const char *header)
{
    uint32_t wire;
    memcpy(&wire, header + HEADER - sizeof wire, sizeof wire);
    return (int32_t)ntohl(wire);
}

static void make_node(const char *node, int size)
{
    frame_t request = {0};
    char reply[HEADER];
    frame_create(&request, node, size, 0);
    exchange(&request, reply + 4, HEADER - 4);
    if (error_of(reply) != 0 && error_of(reply) != NODE_EXISTS) {
        die("create %s: %d", node, error_of(reply));
    }
    free(request.bytes);
}

static void say_goodbye(void)
{
    frame_t request = {0};
    frame_close_session(&request);
    send_frame(&request);
    free(request.bytes);
}

static void await_goodbye(void)
{
    char reply[HEADER];
    receive_frame(reply, HEADER - 4);
    close(sock);
}

static void close_session(void)
{
    say_goodbye();
    await_goodbye();
}

/* A session with the two threads that each handle of the API has. */
static void live_with_threads(void)
{
    ask_for_session();
    threads_open(receive_session);
    say_goodbye();
    threads_end();
    threads_join();
    await_goodbye();
}

/* Counts the replies in what was read. */
static uint64_t count_replies(size_t got)
{
    size_t at = 0;
    uint64_t count = 0;
    in_filled += got;
    for (;;) {
        size_t left = in_filled - at;
        if (to_skip > left) {
            to_skip -= left;
            in_filled = 0;
            return count;
        }
        at += to_skip;
        left -= to_skip;
        count += to_skip > 0;
        to_skip = 0;
        if (left < HEADER) {
            memmove(in, in + at, left);
            in_filled = left;
            return count;
        }
        uint32_t wire;
        memcpy(&wire, in + at, sizeof wire);
        if (error_of(in + at) != 0) {
            die("a request failed: %d", error_of(in + at));
        }
        to_skip = ntohl(wire) + sizeof wire;
    }
}

/* Keeps the window full until told to stop, or for so many requests. */
static void *run(void *unused)
{
    uint64_t started = 0; /* frames that were sent to their last byte */
    uint64_t done = 0;
    uint64_t limit = options.requests > 0 ? (uint64_t)options.requests : UINT64_MAX;
    uint64_t window = (uint64_t)options.window;
    size_t sent_of_next = 0;
    double begin = 0;
    (void)unused;
    while (done < limit) {
        uint64_t free_places = window - (started - done);
        if (free_places > limit - started) {
            free_places = limit - started;
        }
        if (atomic_load_explicit(&stopping, memory_order_relaxed)) {
            /* A frame that is half sent has to be finished before the session can be closed. */
            free_places = sent_of_next > 0;
            if (free_places == 0 && started == done) {
                break;
            }
        }
        if (window == 1) {
            begin = now();
        }
        while (free_places > 0) {
            /* Waits for room only if there is no reply to wait for. */
            int flags = started == done ? 0 : MSG_DONTWAIT;
            ssize_t sent = send(sock, out + sent_of_next, free_places * frame.length - sent_of_next, flags | MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) {
                break;
            }
            if (sent <= 0) {
                die("send");
            }
            sent_of_next += (size_t)sent;
            started += sent_of_next / frame.length;
            free_places -= sent_of_next / frame.length;
            sent_of_next %= frame.length;
        }
        ssize_t got = recv(sock, in + in_filled, INPUT - in_filled, 0);
        if (got <= 0) {
            die("recv");
        }
        uint64_t replies = count_replies((size_t)got);
        if (window == 1 && replies == 1) {
            latencies_add(&latencies, now() - begin);
        }
        done += replies;
        atomic_store_explicit(&finished, done, memory_order_relaxed);
    }
    return NULL;
}

static uint64_t finished_now(void)
{
    return atomic_load_explicit(&finished, memory_order_relaxed);
}

static void run_connect_close(void)
{
    latencies_open(&latencies);
    usage_t before = usage_now();
    double end = now() + options.time_ms / 1e3;
    uint64_t count = 0;
    for (; now() < end; count++) {
        double begin = now();
        if (options.threads == 2) {
            live_with_threads();
        } else {
            open_session();
            close_session();
        }
        latencies_add(&latencies, now() - begin);
    }
    usage_t after = usage_now();
    report_usage(&before, &after, count);
    latencies_report(&latencies, 1);
}

/* Makes the frame of a load and the nodes that it needs. */
static int prepare(const char *kind)
{
    snprintf(path, sizeof path, "/bench-value-%d", options.size);
    if (strcmp(kind, "acreate") == 0) {
        make_node("/bench-created", 0);
        frame_create(&frame, "/bench-created/n-", options.size, SEQUENCE);
        return 1;
    }
    if (strcmp(kind, "children") == 0) {
        snprintf(path, sizeof path, "/bench-children-%d", options.count);
        frame_get_children(&frame, path);
        return 1;
    }
    make_node(path, options.size);
    if (strcmp(kind, "aget") == 0 || strcmp(kind, "get") == 0) {
        frame_get(&frame, path);
    } else if (strcmp(kind, "aexists") == 0) {
        frame_exists(&frame, path);
    } else if (strcmp(kind, "aset") == 0 || strcmp(kind, "set") == 0) {
        frame_set(&frame, path, options.size);
    } else if (strcmp(kind, "amulti") == 0) {
        frame_multi(&frame, path, options.size, options.count);
    } else {
        return 0;
    }
    return 1;
}

static void run_window(void)
{
    pthread_t thread;
    out = allocate((size_t)options.window, frame.length);
    for (int i = 0; i < options.window; i++) {
        memcpy(out + (size_t)i * frame.length, frame.bytes, frame.length);
    }
    latencies_open(&latencies);
    usage_t before = usage_now();
    if (pthread_create(&thread, NULL, run, NULL) != 0) {
        die("pthread_create");
    }
    if (options.requests == 0) {
        measure(&options, finished_now);
        atomic_store(&stopping, 1);
    }
    pthread_join(thread, NULL);
    if (options.requests > 0) {
        usage_t after = usage_now();
        report_usage(&before, &after, finished_now());
    }
    if (options.window == 1) {
        latencies_report(&latencies, 1);
    }
    close_session();
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: floor KIND hosts=HOST:PORT [NAME=VALUE]...\n");
        return 2;
    }
    options = parse_options(argc - 2, argv + 2);
    in = allocate(INPUT, 1);
    if (strcmp(argv[1], "connect-close") == 0) {
        run_connect_close();
        return 0;
    }
    open_session();
    if (!prepare(argv[1])) {
        die("unknown load: %s", argv[1]);
    }
    run_window();
    return 0;
}
