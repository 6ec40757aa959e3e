/* Handles whose names are resolved in the background.
 *
 * The program's own getaddrinfo comes before the C library's. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>

#define NAME "name.of.the.test"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int error;   /* of a lookup, or 0 for 127.0.0.1 */
    int hanging; /* lookups wait */
    int calls;
    long long first; /* when the first one came */
} names = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void name_fails(int error)
{
    pthread_mutex_lock(&names.lock);
    names.error = error;
    pthread_mutex_unlock(&names.lock);
}

static void name_hangs(int hanging)
{
    pthread_mutex_lock(&names.lock);
    names.hanging = hanging;
    pthread_cond_broadcast(&names.changed);
    pthread_mutex_unlock(&names.lock);
}

static int lookups(void)
{
    pthread_mutex_lock(&names.lock);
    int calls = names.calls;
    pthread_mutex_unlock(&names.lock);
    return calls;
}

typedef int lookup_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    lookup_fn *lookup;
    *(void **)&lookup = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node == NULL || strstr(node, NAME) == NULL)
        return lookup(node, service, hints, result);
    pthread_mutex_lock(&names.lock);
    if (names.calls++ == 0)
        names.first = harness_now_ms();
    while (names.hanging)
        pthread_cond_wait(&names.changed, &names.lock);
    int error = names.error;
    pthread_mutex_unlock(&names.lock);
    return error ? error : lookup("127.0.0.1", service, hints, result);
}

static zhandle_t *opened(const char *hosts, probe_t *session)
{
    struct zoox_config config = config_for(hosts);
    config.flags |= ZOOX_RESOLVE_LATER;
    config.watcher = on_event;
    config.context = session;
    zhandle_t *zh = zoox_init(&config);
    if (zh == NULL)
        FAIL("zoox_init(%s): %s", hosts, strerror(errno));
    return zh;
}

TEST(names_that_nobody_knows_yet_are_looked_up_until_they_are_known, "F-9")
{
    NEEDS_EXTRAS;
    char hosts[64];
    probe_t session = probe("global"), auth = probe("auth");
    fake_t *fake = fake_start();
    snprintf(hosts, sizeof hosts, NAME ":%d", fake->port);
    name_fails(EAI_AGAIN);
    zhandle_t *zh = opened(hosts, &session);
    CHECK_INT(zoo_state(zh), ZOO_CONNECTING_STATE);
    CHECK_STR(zoo_get_current_server(zh), ":0");
    CHECK_INT(zoo_add_auth(zh, "digest", "u:p", 3, on_void, &auth), ZOK);
    EVENTUALLY(lookups() >= 2);
    EVENTUALLY(zoox_connect_attempts(zh) >= 2);
    CHECK_INT(zoo_state(zh), ZOO_CONNECTING_STATE);
    CHECK_INT(is_unrecoverable(zh), ZOK);
    CHECK_INT(probe_calls(&session), 0);
    name_fails(0);
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    CHECK_INT(session.state, ZOO_CONNECTED_STATE);
    CHECK_INT(zoox_connect_attempts(zh), 0);
    fake_end_session(zh, connection);
}

TEST(a_name_without_a_meaning_still_fails_init_unless_the_handle_says_otherwise, "F-9 C-271")
{
    NEEDS_EXTRAS;
    name_fails(EAI_NONAME);
    struct zoox_config config = config_for(NAME ":1");
    CHECK(zoox_init(&config) == NULL);
    CHECK_INT(errno, ENOENT);
    config.flags |= ZOOX_RESOLVE_LATER;
    config.hosts = NAME;
    CHECK(zoox_init(&config) == NULL);
    CHECK_INT(errno, EINVAL);
}

TEST(requests_fail_with_the_lookups_and_make_the_next_one_come_soon, "F-9 F-8")
{
    NEEDS_EXTRAS;
    enum { REQUESTS = 12 };
    probe_t session = probe("global");
    name_fails(EAI_AGAIN);
    zhandle_t *zh = opened(NAME ":1", &session);
    for (int i = 0; i < REQUESTS; i++)
        CHECK_INT(zoo_delete(zh, "/a", -1), ZCONNECTIONLOSS);
    CHECK_INT(zookeeper_close(zh), ZOK);
    long long took = harness_now_ms() - names.first;
    if (lookups() > 2 + took / 100)
        FAIL("%d lookups in %lld ms", lookups(), took);
    CHECK(lookups() >= REQUESTS); /* each request fails with one of its own */
}

TEST(several_names_share_the_number_of_lookups, "F-9 F-8")
{
    NEEDS_EXTRAS;
    probe_t session = probe("global");
    name_fails(EAI_AGAIN);
    zhandle_t *zh = opened("a." NAME ":1,b." NAME ":1,c." NAME ":1", &session);
    for (int i = 0; i < 4; i++)
        CHECK_INT(zoo_delete(zh, "/a", -1), ZCONNECTIONLOSS);
    CHECK_INT(zookeeper_close(zh), ZOK);
    long long took = harness_now_ms() - names.first;
    if (lookups() > 2 * 3 + took / 100)
        FAIL("%d lookups in %lld ms", lookups(), took);
}

TEST(neither_init_nor_close_waits_for_the_resolver, "F-9 F-10")
{
    NEEDS_EXTRAS;
    probe_t session = probe("global"), done = probe("done");
    name_hangs(1);
    zhandle_t *zh = opened(NAME ":1", &session);
    EVENTUALLY(lookups() == 1);
    CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, &done), ZOK);
    CHECK_INT(zookeeper_close(zh), ZOK);
    journal_expect("done: -116", NULL);
    CHECK_INT(lookups(), 1);
    name_hangs(0);
}

TEST(a_new_list_ends_the_wait_for_names, "F-9")
{
    NEEDS_EXTRAS;
    probe_t session = probe("global");
    fake_t *fake = fake_start();
    name_fails(EAI_AGAIN);
    zhandle_t *zh = opened(NAME ":1", &session);
    CHECK_INT(zoo_set_servers(zh, NAME ":2"), ZSYSTEMERROR);
    CHECK_INT(zoo_set_servers(zh, fake->hosts), ZOK);
    int connection = fake_connect(fake);
    journal_expect("global: session connected", NULL);
    fake_end_session(zh, connection);
}

TEST(addresses_need_no_lookup, "F-9")
{
    NEEDS_EXTRAS;
    probe_t session = probe("global");
    fake_t *fake = fake_start();
    zhandle_t *zh = opened(fake->hosts, &session);
    int connection = fake_connect(fake);
    journal_expect("global: session connected", NULL);
    CHECK_INT(lookups(), 0);
    fake_end_session(zh, connection);
}
