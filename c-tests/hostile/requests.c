#include "requests.h"

#include <string.h>

atomic_ullong bytes_seen;

static const char *const PATHS[] = {"/value-10", "/watched/1", "/children-5", "/value-2000", "/a/b/c"};

void batch_init(batch_t *batch, uint64_t seed)
{
    memset(batch, 0, sizeof *batch);
    pthread_mutex_init(&batch->lock, NULL);
    pthread_cond_init(&batch->nothing_outstanding, NULL);
    batch->random = seed * 2654435761u + 1;
    for (int i = 0; i < MOST_REQUESTS; i++)
        batch->requests[i].batch = batch;
}

void batch_clear(batch_t *batch)
{
    for (int i = 0; i < batch->made; i++)
        atomic_store(&batch->requests[i].ended, 0);
    batch->made = 0;
    atomic_store(&batch->outstanding, 0);
}

unsigned batch_random(batch_t *batch, unsigned limit)
{
    batch->random ^= batch->random << 13;
    batch->random ^= batch->random >> 7;
    batch->random ^= batch->random << 17;
    return (unsigned)(batch->random >> 33) % limit;
}

static const char *some_path(batch_t *batch)
{
    return PATHS[batch_random(batch, sizeof PATHS / sizeof *PATHS)];
}

void batch_wait(batch_t *batch)
{
    pthread_mutex_lock(&batch->lock);
    while (atomic_load(&batch->outstanding) > 0)
        pthread_cond_wait(&batch->nothing_outstanding, &batch->lock);
    pthread_mutex_unlock(&batch->lock);
}

static void one_less(batch_t *batch)
{
    if (atomic_fetch_sub(&batch->outstanding, 1) == 1) {
        pthread_mutex_lock(&batch->lock);
        pthread_cond_signal(&batch->nothing_outstanding);
        pthread_mutex_unlock(&batch->lock);
    }
}

static void ended(const void *data)
{
    request_t *request = (request_t *)data;
    if (atomic_fetch_add(&request->ended, 1) == 0)
        one_less(request->batch);
}

static void look(const void *memory, size_t length)
{
    const volatile unsigned char *bytes = memory;
    unsigned sum = 0;
    for (size_t i = 0; i < length; i++)
        sum += bytes[i];
    atomic_fetch_add(&bytes_seen, length + (sum == 0));
}

static void look_at_string(const char *string)
{
    if (string)
        look(string, strlen(string) + 1);
}

static void look_at_stat(int rc, const struct Stat *stat)
{
    if (rc == ZOK && stat)
        look(stat, sizeof *stat);
}

static void on_void(int rc, const void *data)
{
    (void)rc;
    ended(data);
}

/* The completion of a transaction: its results are filled in by now. */
static void on_multi(int rc, const void *data)
{
    const request_t *request = data;
    (void)rc;
    for (int i = 0; i < 3; i++) {
        look(&request->results[i], sizeof request->results[i]);
        look_at_string(request->results[i].value);
        if (request->results[i].stat)
            look(request->results[i].stat, sizeof *request->results[i].stat);
    }
    ended(data);
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
    look_at_stat(rc, stat);
    ended(data);
}

static void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    if (rc == ZOK && value && length > 0)
        look(value, (size_t)length);
    look_at_stat(rc, stat);
    ended(data);
}

static void look_at_strings(int rc, const struct String_vector *strings)
{
    if (rc != ZOK || !strings)
        return;
    for (int i = 0; i < strings->count; i++)
        look_at_string(strings->data[i]);
}

static void on_strings(int rc, const struct String_vector *strings, const void *data)
{
    look_at_strings(rc, strings);
    ended(data);
}

static void on_strings_stat(int rc, const struct String_vector *strings, const struct Stat *stat,
                            const void *data)
{
    look_at_strings(rc, strings);
    look_at_stat(rc, stat);
    ended(data);
}

static void on_string(int rc, const char *value, const void *data)
{
    if (rc == ZOK)
        look_at_string(value);
    ended(data);
}

static void on_string_stat(int rc, const char *value, const struct Stat *stat, const void *data)
{
    if (rc == ZOK)
        look_at_string(value);
    look_at_stat(rc, stat);
    ended(data);
}

static void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *data)
{
    for (int i = 0; rc == ZOK && acl && i < acl->count; i++) {
        look_at_string(acl->data[i].id.scheme);
        look_at_string(acl->data[i].id.id);
    }
    look_at_stat(rc, stat);
    ended(data);
}

void batch_watcher(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    batch_t *batch = context;
    (void)zh;
    look_at_string(path);
    atomic_fetch_add(&batch->events, 1 + (type + state == 0));
}

static int multi(request_t *request, zhandle_t *zh, const char *path)
{
    zoo_create_op_init(&request->ops[0], path, "new", 3, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE,
                       request->path, sizeof request->path);
    zoo_set_op_init(&request->ops[1], path, "data", 4, -1, &request->stat);
    zoo_delete_op_init(&request->ops[2], path, -1);
    memset(request->results, 0, sizeof request->results);
    request->path[0] = '\0';
    return zoo_amulti(zh, 3, request->ops, request->results, on_multi, request);
}

static int submit(request_t *request, zhandle_t *zh)
{
    batch_t *batch = request->batch;
    const char *path = some_path(batch);
    watcher_fn watcher = batch_random(batch, 2) ? batch_watcher : NULL;
    switch (batch_random(batch, 17)) {
    case 0:
        return zoo_acreate(zh, path, "new", 3, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, on_string,
                           request);
    case 1:
        return zoo_acreate2(zh, path, "new", 3, &ZOO_CREATOR_ALL_ACL, 0, on_string_stat, request);
    case 2:
        return zoo_adelete(zh, path, -1, on_void, request);
    case 3:
        return zoo_awexists(zh, path, watcher, batch, on_stat, request);
    case 4:
        return zoo_awget_children(zh, path, watcher, batch, on_strings, request);
    case 5:
        return zoo_awget_children2(zh, path, watcher, batch, on_strings_stat, request);
    case 6:
    case 7:
        return zoo_aset(zh, path, "data", 4, -1, on_stat, request);
    case 8:
        return zoo_async(zh, path, on_string, request);
    case 9:
        return zoo_aget_acl(zh, path, on_acl, request);
    case 10:
        return zoo_aset_acl(zh, path, -1, &ZOO_OPEN_ACL_UNSAFE, on_void, request);
    case 11:
    case 12:
        return multi(request, zh, path);
    case 13:
        return zoo_awgetconfig(zh, watcher, batch, on_data, request);
    case 14:
        return zoo_add_auth(zh, "digest", "a:b", 3, on_void, request);
    default:
        return zoo_awget(zh, path, watcher, batch, on_data, request);
    }
}

int batch_request(batch_t *batch, zhandle_t *zh)
{
    request_t *request = &batch->requests[batch->made];
    if (batch->made == MOST_REQUESTS)
        return 0;
    /* Counted first, as it may end before the call returns. */
    atomic_fetch_add(&batch->outstanding, 1);
    if (submit(request, zh) != ZOK) {
        one_less(batch);
        return 0;
    }
    batch->made++;
    return 1;
}

void batch_call(batch_t *batch, zhandle_t *zh)
{
    const char *path = some_path(batch);
    struct String_vector strings;
    struct ACL_vector acl;
    struct Stat stat;
    char buffer[100];
    int length = sizeof buffer;
    int rc;
    memset(&stat, 0, sizeof stat);
    switch (batch_random(batch, 5)) {
    case 0:
        rc = zoo_get(zh, path, 0, buffer, &length, &stat);
        if (rc == ZOK && length > 0)
            look(buffer, (size_t)length);
        break;
    case 1:
        rc = zoo_get_children2(zh, path, 0, &strings, &stat);
        look_at_strings(rc, &strings);
        if (rc == ZOK)
            deallocate_String_vector(&strings);
        break;
    case 2:
        rc = zoo_get_acl(zh, path, &acl, &stat);
        if (rc == ZOK)
            deallocate_ACL_vector(&acl);
        break;
    case 3:
        rc = zoo_create(zh, path, "new", 3, &ZOO_OPEN_ACL_UNSAFE, 0, buffer, sizeof buffer);
        if (rc == ZOK)
            look_at_string(buffer);
        break;
    default:
        rc = zoo_set2(zh, path, "data", 4, -1, &stat);
        break;
    }
    look_at_stat(rc, &stat);
}
