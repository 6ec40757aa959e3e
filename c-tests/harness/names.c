#define _GNU_SOURCE
#include "names.h"

#include "harness.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>

/* What NAME stands for. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t resumed;
    int error;          /* of getaddrinfo, or 0 */
    int only_flagged;   /* the error comes only if flags are given */
    const char *ips[3]; /* the first NULL ends them */
    int calls;
    int hangs;
    int hanging; /* calls that wait */
} names = {.lock = PTHREAD_MUTEX_INITIALIZER,
           .resumed = PTHREAD_COND_INITIALIZER,
           .ips = {"127.0.0.1"}};

void name_means(const char *first, const char *second)
{
    pthread_mutex_lock(&names.lock);
    names.ips[0] = first;
    names.ips[1] = second;
    pthread_mutex_unlock(&names.lock);
}

void name_fails(int error, int only_flagged)
{
    pthread_mutex_lock(&names.lock);
    names.error = error;
    names.only_flagged = only_flagged;
    pthread_mutex_unlock(&names.lock);
}

static void set_hangs(int hangs)
{
    pthread_mutex_lock(&names.lock);
    names.hangs = hangs;
    pthread_cond_broadcast(&names.resumed);
    pthread_mutex_unlock(&names.lock);
}

void name_hangs(void)
{
    set_hangs(1);
}

void name_resumes(void)
{
    set_hangs(0);
}

int name_lookups(void)
{
    pthread_mutex_lock(&names.lock);
    int calls = names.calls;
    pthread_mutex_unlock(&names.lock);
    return calls;
}

int name_is_hanging(void)
{
    pthread_mutex_lock(&names.lock);
    int hanging = names.hanging;
    pthread_mutex_unlock(&names.lock);
    return hanging > 0;
}

void *function_behind(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

/* Weak, for programs that have one of their own. */
__attribute__((weak)) int getaddrinfo(const char *node, const char *service,
                                      const struct addrinfo *hints, struct addrinfo **result)
{
    lookup_fn *lookup;
    *(void **)&lookup = function_behind("getaddrinfo");
    if (node == NULL || strcmp(node, NAME) != 0)
        return lookup(node, service, hints, result);
    pthread_mutex_lock(&names.lock);
    names.calls++;
    names.hanging++;
    while (names.hangs)
        pthread_cond_wait(&names.resumed, &names.lock);
    names.hanging--;
    int error = names.error;
    if (names.only_flagged && (hints == NULL || hints->ai_flags == 0))
        error = 0;
    /* results of several lookups make one list, which is freed as one */
    for (int i = 0; error == 0 && names.ips[i] != NULL; i++) {
        error = lookup(names.ips[i], service, hints, result);
        if (error == 0)
            result = &(*result)->ai_next;
    }
    pthread_mutex_unlock(&names.lock);
    return error;
}

stage_t *named_stage(int timeout)
{
    char hosts[64];
    stage_t *stage = (stage_t *)calloc(1, sizeof *stage);
    CHECK(stage != NULL);
    stage->session = probe("global");
    stage->done = probe("done");
    stage->fake = fake_start();
    snprintf(hosts, sizeof hosts, NAME ":%d", stage->fake->port);
    zoo_deterministic_conn_order(1);
    stage->zh = zookeeper_init(hosts, on_event, timeout, NULL, &stage->session,
                               ZOO_NO_LOG_CLIENTENV);
    CHECK(stage->zh != NULL);
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connected", NULL);
    journal_clear();
    return stage;
}

fake_t *fake_beside(const fake_t *fake, const char *ip)
{
    struct sockaddr_in address;
    int on = 1;
    fake_t *other = (fake_t *)calloc(1, sizeof *other);
    CHECK(other != NULL);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)fake->port);
    CHECK_INT(inet_pton(AF_INET, ip, &address.sin_addr), 1);
    other->port = fake->port;
    other->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(other->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    CHECK(bind(other->listener, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(other->listener, 16) == 0);
    snprintf(other->hosts, sizeof other->hosts, "%s:%d", ip, other->port);
    return other;
}
