/* Sessions and requests under their names. */
#define _GNU_SOURCE
#include "diff.h"
#include "driver.h"

zhandle_t *open_with(const char *host, int timeout_ms, const clientid_t *id, int flags)
{
    zhandle_t *zh;
    forget_thread();
    zh = zookeeper_init(host, on_event, timeout_ms, id, (void *)"global",
                        flags | ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL)
        give_up("zookeeper_init: %s", strerror(errno));
    drive(zh);
    return zh;
}

zhandle_t *open_session(const char *host, int timeout_ms)
{
    return open_with(host, timeout_ms, NULL, 0);
}

zhandle_t *connected(int timeout_ms)
{
    zhandle_t *zh = open_session(hosts(1), timeout_ms);
    await("global: event type=-1 state=3");
    return zh;
}

zhandle_t *other_session(void)
{
    zhandle_t *zh = zookeeper_init(direct(), NULL, LONG_MS, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL)
        give_up("zookeeper_init: %s", strerror(errno));
    drive(zh);
    await_state(zh, ZOO_CONNECTED_STATE);
    return zh;
}

void finish(zhandle_t *zh)
{
    undrive(zh);
    say("close: %d", zookeeper_close(zh));
}

__attribute__((format(printf, 1, 2))) static const char *name(const char *format, ...)
{
    char *text;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    return text;
}

static int report(const char *called, int rc)
{
    if (rc != ZOK)
        say("%s: returns %d", called, rc);
    return rc;
}

/* The form that waits: nothing to wait for if the call failed. */
#define WAITING(called, sent)     \
    do {                          \
        if ((sent) == ZOK)        \
            await("%s: ", called); \
    } while (0)

static int length_of(const char *value)
{
    return value == NULL ? -1 : (int)strlen(value);
}

int send_create(zhandle_t *zh, const char *path, const char *value, int mode)
{
    const char *called = name("create %s", path);
    return report(called, zoo_acreate(zh, path, value, length_of(value), &ZOO_OPEN_ACL_UNSAFE,
                                      mode, on_string, called));
}

void create(zhandle_t *zh, const char *path, const char *value, int mode)
{
    WAITING(name("create %s", path), send_create(zh, path, value, mode));
}

int send_create2(zhandle_t *zh, const char *path, const char *value, int mode)
{
    const char *called = name("create2 %s", path);
    return report(called, zoo_acreate2(zh, path, value, length_of(value), &ZOO_OPEN_ACL_UNSAFE,
                                       mode, on_string_stat, called));
}

void create2(zhandle_t *zh, const char *path, const char *value, int mode)
{
    WAITING(name("create2 %s", path), send_create2(zh, path, value, mode));
}

int send_delete(zhandle_t *zh, const char *path, int version)
{
    const char *called = name("delete %s", path);
    return report(called, zoo_adelete(zh, path, version, on_void, called));
}

void delete_node(zhandle_t *zh, const char *path, int version)
{
    WAITING(name("delete %s", path), send_delete(zh, path, version));
}

int send_exists(zhandle_t *zh, const char *path)
{
    const char *called = name("exists %s", path);
    return report(called, zoo_aexists(zh, path, 0, on_stat, called));
}

void exists(zhandle_t *zh, const char *path)
{
    WAITING(name("exists %s", path), send_exists(zh, path));
}

int send_get(zhandle_t *zh, const char *path)
{
    const char *called = name("get %s", path);
    return report(called, zoo_aget(zh, path, 0, on_data, called));
}

void get(zhandle_t *zh, const char *path)
{
    WAITING(name("get %s", path), send_get(zh, path));
}

int send_set(zhandle_t *zh, const char *path, const char *value, int version)
{
    const char *called = name("set %s", path);
    return report(called,
                  zoo_aset(zh, path, value, length_of(value), version, on_stat, called));
}

void set(zhandle_t *zh, const char *path, const char *value, int version)
{
    WAITING(name("set %s", path), send_set(zh, path, value, version));
}

int send_children(zhandle_t *zh, const char *path)
{
    const char *called = name("children %s", path);
    return report(called, zoo_aget_children(zh, path, 0, on_strings, called));
}

void children(zhandle_t *zh, const char *path)
{
    WAITING(name("children %s", path), send_children(zh, path));
}

int send_children2(zhandle_t *zh, const char *path)
{
    const char *called = name("children2 %s", path);
    return report(called, zoo_aget_children2(zh, path, 0, on_strings_stat, called));
}

void children2(zhandle_t *zh, const char *path)
{
    WAITING(name("children2 %s", path), send_children2(zh, path));
}

int send_get_acl(zhandle_t *zh, const char *path)
{
    const char *called = name("get_acl %s", path);
    return report(called, zoo_aget_acl(zh, path, on_acl, called));
}

void get_acl(zhandle_t *zh, const char *path)
{
    WAITING(name("get_acl %s", path), send_get_acl(zh, path));
}

int send_set_acl(zhandle_t *zh, const char *path, int version, struct ACL_vector *acl)
{
    const char *called = name("set_acl %s", path);
    return report(called, zoo_aset_acl(zh, path, version, acl, on_void, called));
}

void set_acl(zhandle_t *zh, const char *path, int version, struct ACL_vector *acl)
{
    WAITING(name("set_acl %s", path), send_set_acl(zh, path, version, acl));
}

int send_sync(zhandle_t *zh, const char *path)
{
    const char *called = name("sync %s", path);
    return report(called, zoo_async(zh, path, on_string, called));
}

void sync_path(zhandle_t *zh, const char *path)
{
    WAITING(name("sync %s", path), send_sync(zh, path));
}

int watch_get(zhandle_t *zh, const char *path, const char *context)
{
    const char *called = name("get %s", path);
    return report(called, zoo_awget(zh, path, on_event, (void *)context, on_data, called));
}

void get_watching(zhandle_t *zh, const char *path, const char *context)
{
    WAITING(name("get %s", path), watch_get(zh, path, context));
}

int watch_exists(zhandle_t *zh, const char *path, const char *context)
{
    const char *called = name("exists %s", path);
    return report(called, zoo_awexists(zh, path, on_event, (void *)context, on_stat, called));
}

void exists_watching(zhandle_t *zh, const char *path, const char *context)
{
    WAITING(name("exists %s", path), watch_exists(zh, path, context));
}

int watch_children(zhandle_t *zh, const char *path, const char *context)
{
    const char *called = name("children %s", path);
    return report(called,
                  zoo_awget_children(zh, path, on_event, (void *)context, on_strings, called));
}

void children_watching(zhandle_t *zh, const char *path, const char *context)
{
    WAITING(name("children %s", path), watch_children(zh, path, context));
}

/* The outcome of a change that prints nothing. */
static _Atomic int quiet_rc;
enum { PENDING = 1 };

static void quiet_string(int rc, const char *value, const void *data)
{
    (void)value;
    (void)data;
    quiet_rc = rc;
}

static void quiet_stat(int rc, const struct Stat *stat, const void *data)
{
    (void)stat;
    (void)data;
    quiet_rc = rc;
}

static void quiet_void(int rc, const void *data)
{
    (void)data;
    quiet_rc = rc;
}

static void await_quiet(const char *path, int sent)
{
    if (sent != ZOK)
        give_up("%s: returns %d", path, sent);
    while (quiet_rc == PENDING)
        turn();
    if (quiet_rc != ZOK)
        give_up("%s: %d", path, quiet_rc);
}

void quiet_create(zhandle_t *zh, const char *path, const char *value)
{
    quiet_rc = PENDING;
    await_quiet(path, zoo_acreate(zh, path, value, length_of(value), &ZOO_OPEN_ACL_UNSAFE, 0,
                                  quiet_string, NULL));
}

void quiet_set(zhandle_t *zh, const char *path, const char *value)
{
    quiet_rc = PENDING;
    await_quiet(path, zoo_aset(zh, path, value, length_of(value), -1, quiet_stat, NULL));
}

void quiet_delete(zhandle_t *zh, const char *path)
{
    quiet_rc = PENDING;
    await_quiet(path, zoo_adelete(zh, path, -1, quiet_void, NULL));
}
