#define _POSIX_C_SOURCE 200809L

#include "nodes.h"
#include "removal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int node_path(char path[RECIPE_PATH], const char *folder, const char *name)
{
    int length = snprintf(path, RECIPE_PATH, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
    return length > 0 && length < RECIPE_PATH ? ZOK : ZBADARGUMENTS;
}

const char *node_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static int create(struct recipe_session *session, const char *path, const char *value, int length, int mode,
                  char *created, int room)
{
    return zoo_create(recipe_handle(session), path, value, length, &ZOO_OPEN_ACL_UNSAFE, mode, created, room);
}

int node_ensure(struct recipe_session *session, const char *path, int64_t deadline)
{
    char upper[RECIPE_PATH];
    size_t length = strlen(path);
    int rc = ZOK;
    if (length >= RECIPE_PATH) {
        return ZBADARGUMENTS;
    }
    memcpy(upper, path, length + 1);
    for (size_t end = 1; end <= length && rc == ZOK; end++) {
        if (path[end] == '/' || path[end] == '\0') {
            struct recipe_attempt attempt = recipe_attempt(session, deadline);
            upper[end] = '\0';
            do {
                rc = create(session, upper, "", 0, ZOO_PERSISTENT, NULL, 0);
            } while (recipe_retry(&attempt, &rc));
            rc = rc == ZNODEEXISTS ? ZOK : rc;
            upper[end] = path[end];
        }
    }
    return rc;
}

/* A place to wait for the completion of zoo_async. */
struct sync {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int done;
    int rc;
};

static void on_sync(int rc, const char *value, const void *data)
{
    struct sync *sync = (struct sync *)data;
    (void)value;
    pthread_mutex_lock(&sync->lock);
    sync->rc = rc;
    sync->done = 1;
    pthread_cond_signal(&sync->changed);
    pthread_mutex_unlock(&sync->lock);
}

/* Brings the server up to date with all that has happened: reads alone may be answered from the past. */
static int catch_up(struct recipe_session *session, const char *path)
{
    struct sync sync = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, ZOK};
    int rc = zoo_async(recipe_handle(session), path, on_sync, &sync);
    if (rc != ZOK) {
        return rc;
    }
    pthread_mutex_lock(&sync.lock);
    while (!sync.done) {
        pthread_cond_wait(&sync.changed, &sync.lock);
    }
    pthread_mutex_unlock(&sync.lock);
    return sync.rc;
}

int node_sync(struct recipe_session *session, const char *path, int64_t deadline)
{
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    int rc;
    do {
        rc = catch_up(session, path);
    } while (recipe_retry(&attempt, &rc));
    return rc;
}

/* Looks for a child with this prefix. ZNONODE if there is none. */
static int find(struct recipe_session *session, const char *folder, const char *prefix, char path[RECIPE_PATH])
{
    struct String_vector names;
    int rc = catch_up(session, folder);
    if (rc == ZOK) {
        rc = zoo_get_children(recipe_handle(session), folder, 0, &names);
    }
    if (rc != ZOK) {
        return rc;
    }
    rc = ZNONODE;
    for (int32_t i = 0; i < names.count && rc == ZNONODE; i++) {
        if (strncmp(names.data[i], prefix, strlen(prefix)) == 0) {
            rc = node_path(path, folder, names.data[i]);
        }
    }
    deallocate_String_vector(&names);
    return rc;
}

int node_create_sequential(struct recipe_session *session, const char *folder, const char *prefix, const char *value,
                           int length, int64_t deadline, char path[RECIPE_PATH])
{
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    char pattern[RECIPE_PATH];
    int rc = node_path(pattern, folder, prefix);
    if (rc != ZOK) {
        return rc;
    }
    do {
        rc = ZNONODE;
        if (attempt.in_doubt) {
            rc = find(session, folder, prefix, path);
        }
        if (rc == ZNONODE) {
            rc = create(session, pattern, value, length, ZOO_EPHEMERAL_SEQUENTIAL, path, RECIPE_PATH);
        }
    } while (recipe_retry(&attempt, &rc));
    if (rc != ZOK && attempt.in_doubt) {
        remove_prefixed(session, folder, prefix);
    }
    return rc;
}

int node_own(struct recipe_bell *bell, const char *path, const char *value, int length, int64_t deadline)
{
    struct recipe_session *session = bell->session;
    int rc;
    for (;;) {
        struct recipe_attempt attempt = recipe_attempt(session, deadline);
        unsigned rings = recipe_rings(bell);
        struct Stat stat;
        do {
            rc = create(session, path, value, length, ZOO_EPHEMERAL, NULL, 0);
        } while (recipe_retry(&attempt, &rc));
        if (rc == ZCONNECTIONLOSS) {
            remove_own(session, path, NULL);
        }
        if (rc != ZNODEEXISTS) {
            return rc;
        }
        rc = node_exists(session, path, bell, deadline, &stat);
        if (rc == ZOK && stat.ephemeralOwner == recipe_id(session)) {
            return ZOK;
        }
        if (rc == ZOK) {
            rc = recipe_wait(bell, rings, deadline);
        }
        if (rc != ZOK && rc != ZNONODE) {
            return rc;
        }
    }
}

int node_delete(struct recipe_session *session, const char *path, int64_t deadline)
{
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    int rc;
    do {
        rc = zoo_delete(recipe_handle(session), path, -1);
    } while (recipe_retry(&attempt, &rc));
    return rc == ZNONODE ? ZOK : rc;
}

int node_exists(struct recipe_session *session, const char *path, struct recipe_bell *bell, int64_t deadline,
                struct Stat *stat)
{
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    watcher_fn watcher = bell == NULL ? NULL : recipe_ring;
    int rc;
    do {
        rc = zoo_wexists(recipe_handle(session), path, watcher, bell, stat);
    } while (recipe_retry(&attempt, &rc));
    return rc;
}

int node_watch(struct recipe_bell *bell, const char *path, int64_t deadline)
{
    struct recipe_attempt attempt = recipe_attempt(bell->session, deadline);
    char byte;
    int rc;
    do {
        /* Not zoo_wexists, which would leave a watch on a sequential node that never comes again. */
        int length = sizeof byte;
        rc = zoo_wget(recipe_handle(bell->session), path, recipe_ring, bell, &byte, &length, NULL);
    } while (recipe_retry(&attempt, &rc));
    return rc;
}

int node_read(struct recipe_session *session, const char *path, int64_t deadline, char **value, int *length,
              struct Stat *stat)
{
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    int room = 1024;
    char *data = NULL;
    int rc;
    for (;;) {
        char *more = realloc(data, (size_t)room + 1);
        if (more == NULL) {
            rc = ZSYSTEMERROR;
            break;
        }
        data = more;
        do {
            *length = room;
            rc = zoo_get(recipe_handle(session), path, 0, data, length, stat);
        } while (recipe_retry(&attempt, &rc));
        if (rc != ZOK || stat->dataLength <= room) {
            break;
        }
        room = stat->dataLength; /* it was cut */
    }
    if (rc != ZOK) {
        free(data);
        return rc;
    }
    *length = *length < 0 ? 0 : *length; /* -1: it has no data at all */
    data[*length] = '\0';
    *value = data;
    return ZOK;
}

/* The part of a name that tells the order. */
static const char *sequence(const char *name)
{
    size_t length = strlen(name);
    return length > 10 ? name + length - 10 : name;
}

static int by_sequence(const void *left, const void *right)
{
    const char *one = *(char *const *)left;
    const char *other = *(char *const *)right;
    int order = strcmp(sequence(one), sequence(other));
    return order != 0 ? order : strcmp(one, other);
}

int node_children(struct recipe_session *session, const char *path, struct recipe_bell *bell, int64_t deadline,
                  struct String_vector *names)
{
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    watcher_fn watcher = bell == NULL ? NULL : recipe_ring;
    int rc;
    do {
        rc = zoo_wget_children(recipe_handle(session), path, watcher, bell, names);
    } while (recipe_retry(&attempt, &rc));
    if (rc == ZOK && names->count > 1) {
        qsort(names->data, (size_t)names->count, sizeof *names->data, by_sequence);
    }
    return rc;
}

int node_is_listed(const struct String_vector *names, const char *name)
{
    for (int32_t i = 0; i < names->count; i++) {
        if (strcmp(names->data[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}
