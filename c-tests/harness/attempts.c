#define _GNU_SOURCE
#include "attempts.h"

#include "harness.h"
#include "names.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>

static atomic_int attempts[65536];

typedef int connect_fn(int, const struct sockaddr *, socklen_t);

/* Weak, for programs that have one of their own. */
__attribute__((weak)) int connect(int fd, const struct sockaddr *address, socklen_t length)
{
    static _Atomic(connect_fn *) real;
    connect_fn *function = real;
    if (function == NULL) {
        *(void **)&function = function_behind("connect");
        real = function;
    }
    if (address->sa_family == AF_INET)
        attempts[ntohs(((const struct sockaddr_in *)address)->sin_port)]++;
    return function(fd, address, length);
}

int attempts_at(int port)
{
    return attempts[port & 0xffff];
}

static long long cpu_us(void)
{
    struct rusage used;
    CHECK(getrusage(RUSAGE_SELF, &used) == 0);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000LL + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

stretch_t stretch_begin(void)
{
    stretch_t stretch = {harness_now_ms(), cpu_us()};
    return stretch;
}

long long stretch_end(const stretch_t *stretch, int ms)
{
    EVENTUALLY(harness_now_ms() >= stretch->began + ms);
    return harness_now_ms() - stretch->began;
}

int stretch_load(const stretch_t *stretch)
{
    long long ms = harness_now_ms() - stretch->began;
    return (int)((cpu_us() - stretch->cpu_us) / 10 / (ms > 0 ? ms : 1));
}
