#define _GNU_SOURCE
#include "proxy.h"

#include "fake.h"
#include "harness.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_PAIRS = 8 };

struct proxy {
    fake_t *front; /* only its listener is used */
    struct sockaddr_storage server;
    socklen_t server_length;
    test_thread *thread;
    int wake[2];
    pthread_mutex_t lock; /* guards the four below */
    pthread_cond_t done;
    int wanted_open; /* what the test wants */
    int is_open;     /* what the thread has made of it */
    int stop;
    int pairs[MAX_PAIRS][2]; /* of the thread alone; -1: free */
};

static void close_pair(int *pair)
{
    if (pair[0] >= 0)
        close(pair[0]);
    if (pair[1] >= 0)
        close(pair[1]);
    pair[0] = pair[1] = -1;
}

static void take_visitor(proxy_t *proxy)
{
    int client = accept4(proxy->front->listener, NULL, NULL, SOCK_CLOEXEC);
    int server = socket(proxy->server.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int pair[2] = {client, server};
    if (client >= 0 && server >= 0 &&
        connect(server, (struct sockaddr *)&proxy->server, proxy->server_length) == 0)
        for (int i = 0; i < MAX_PAIRS; i++)
            if (proxy->pairs[i][0] < 0) {
                memcpy(proxy->pairs[i], pair, sizeof pair);
                return;
            }
    close_pair(pair);
}

/* Moves what one side has to the other; 0 at the end of the stream. */
static int relay(int from, int to)
{
    char bytes[65536];
    ssize_t got = read(from, bytes, sizeof bytes), sent = 0;
    if (got <= 0)
        return 0;
    while (sent < got) {
        ssize_t n = send(to, bytes + sent, (size_t)(got - sent), MSG_NOSIGNAL);
        if (n <= 0)
            return 0;
        sent += n;
    }
    return 1;
}

/* Does what the test asked for; returns 0 when the thread shall end. */
static int obey(proxy_t *proxy)
{
    int go_on;
    pthread_mutex_lock(&proxy->lock);
    if (proxy->wanted_open != proxy->is_open) {
        if (proxy->wanted_open) {
            fake_resume(proxy->front);
        } else {
            fake_pause(proxy->front);
            for (int i = 0; i < MAX_PAIRS; i++)
                close_pair(proxy->pairs[i]);
        }
        proxy->is_open = proxy->wanted_open;
        pthread_cond_broadcast(&proxy->done);
    }
    go_on = !proxy->stop;
    pthread_mutex_unlock(&proxy->lock);
    return go_on;
}

static void run(void *argument)
{
    proxy_t *proxy = (proxy_t *)argument;
    while (obey(proxy)) {
        struct pollfd polled[2 + 2 * MAX_PAIRS];
        char byte;
        polled[0] = (struct pollfd){proxy->wake[0], POLLIN, 0};
        polled[1] = (struct pollfd){proxy->is_open ? proxy->front->listener : -1, POLLIN, 0};
        for (int i = 0; i < 2 * MAX_PAIRS; i++)
            polled[2 + i] = (struct pollfd){proxy->pairs[i / 2][i % 2], POLLIN, 0};
        if (poll(polled, 2 + 2 * MAX_PAIRS, -1) < 0)
            continue;
        for (int i = 0; i < 2 * MAX_PAIRS; i++) {
            int *pair = proxy->pairs[i / 2];
            if (polled[2 + i].revents && pair[0] >= 0 && !relay(pair[i % 2], pair[1 - i % 2]))
                close_pair(pair);
        }
        if (polled[1].revents)
            take_visitor(proxy);
        if (polled[0].revents && read(proxy->wake[0], &byte, 1) != 1)
            break;
    }
    for (int i = 0; i < MAX_PAIRS; i++)
        close_pair(proxy->pairs[i]);
}

proxy_t *proxy_start(const char *hosts)
{
    proxy_t *proxy = (proxy_t *)calloc(1, sizeof *proxy);
    struct addrinfo hints, *found = NULL;
    char host[256];
    const char *colon = strrchr(hosts, ':');
    CHECK(proxy != NULL && colon != NULL);
    snprintf(host, sizeof host, "%.*s", (int)(colon - hosts), hosts);
    memset(&hints, 0, sizeof hints);
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    CHECK_INT(getaddrinfo(host, colon + 1, &hints, &found), 0);
    memcpy(&proxy->server, found->ai_addr, found->ai_addrlen);
    proxy->server_length = found->ai_addrlen;
    freeaddrinfo(found);
    proxy->front = fake_start();
    proxy->wanted_open = proxy->is_open = 1;
    pthread_mutex_init(&proxy->lock, NULL);
    pthread_cond_init(&proxy->done, NULL);
    for (int i = 0; i < MAX_PAIRS; i++)
        proxy->pairs[i][0] = proxy->pairs[i][1] = -1;
    CHECK(pipe(proxy->wake) == 0);
    proxy->thread = thread_start(run, proxy);
    return proxy;
}

const char *proxy_hosts(const proxy_t *proxy)
{
    return proxy->front->hosts;
}

static void set_open(proxy_t *proxy, int open)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->wanted_open = open;
    CHECK(write(proxy->wake[1], "x", 1) == 1);
    while (proxy->is_open != open)
        pthread_cond_wait(&proxy->done, &proxy->lock);
    pthread_mutex_unlock(&proxy->lock);
}

void proxy_cut(proxy_t *proxy)
{
    set_open(proxy, 0);
}

void proxy_restore(proxy_t *proxy)
{
    set_open(proxy, 1);
}

void proxy_stop(proxy_t *proxy)
{
    pthread_mutex_lock(&proxy->lock);
    proxy->stop = 1;
    CHECK(write(proxy->wake[1], "x", 1) == 1);
    pthread_mutex_unlock(&proxy->lock);
    thread_join(proxy->thread);
    fake_stop(proxy->front);
    close(proxy->wake[0]);
    close(proxy->wake[1]);
    free(proxy);
}
