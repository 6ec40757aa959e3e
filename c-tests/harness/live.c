#define _GNU_SOURCE
#include "live.h"

#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));

static char *text(const char *format, ...)
{
    char *result = NULL;
    va_list arguments;
    va_start(arguments, format);
    CHECK(vasprintf(&result, format, arguments) >= 0);
    va_end(arguments);
    return result;
}

const char *live_hosts(void)
{
    const char *hosts = getenv("ZK_HOSTS");
    if (hosts == NULL || *hosts == '\0')
        SKIP("ZK_HOSTS names no server");
    return hosts;
}

void wait_for_state(zhandle_t *zh, int state)
{
    EVENTUALLY(zoo_state(zh) == state);
}

zhandle_t *live_session(const char *suffix, probe_t *session)
{
    char *hosts = text("%s%s", live_hosts(), suffix);
    zhandle_t *zh =
        zookeeper_init(hosts, on_event, 20000, NULL, session, ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL)
        FAIL("zookeeper_init(%s): %s", hosts, strerror(errno));
    free(hosts);
    probe_wait(session, 1);
    CHECK_INT(session->state, ZOO_CONNECTED_STATE);
    return zh;
}

live_t *live_open(void)
{
    live_t *live = (live_t *)calloc(1, sizeof *live);
    CHECK(live != NULL);
    live->session = probe("global");
    live->zh = live_session("", &live->session);
    live->root = text("/c-test-%d-%lld", (int)getpid(), harness_now_ms());
    CHECK_INT(zoo_create(live->zh, live->root, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZOK);
    journal_clear();
    return live;
}

void live_family(live_t *live)
{
    live_node(live, "a", "one");
    live_node(live, "a/c", "");
    live_node(live, "a/d", "");
    live_node(live, "b", "");
}

void check_two_names(const struct String_vector *names, const char *one, const char *two)
{
    CHECK_INT(names->count, 2);
    int first = strcmp(names->data[0], one) == 0;
    CHECK_STR(names->data[!first], one);
    CHECK_STR(names->data[first], two);
}

void live_remove(zhandle_t *zh, const char *path)
{
    struct String_vector children = {0, NULL};
    int rc = zoo_get_children(zh, path, 0, &children);
    if (rc == ZNONODE)
        return;
    CHECK_INT(rc, ZOK);
    for (int i = 0; i < children.count; i++) {
        char *child = text("%s/%s", path, children.data[i]);
        live_remove(zh, child);
        free(child);
    }
    deallocate_String_vector(&children);
    rc = zoo_delete(zh, path, -1);
    CHECK(rc == ZOK || rc == ZNONODE);
}

void live_close(live_t *live)
{
    live_remove(live->zh, live->root);
    CHECK_INT(zookeeper_close(live->zh), ZOK);
    free((void *)(uintptr_t)live->root);
    free(live);
}

const char *live_path(const live_t *live, const char *name)
{
    return text("%s/%s", live->root, name);
}

const char *live_node(const live_t *live, const char *name, const char *value)
{
    const char *path = live_path(live, name);
    CHECK_INT(zoo_create(live->zh, path, value, value ? (int)strlen(value) : -1,
                         &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0),
              ZOK);
    return path;
}
