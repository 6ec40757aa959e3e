#define _POSIX_C_SOURCE 200809L

#include "lock.h"
#include "nodes.h"
#include "removal.h"

#include <string.h>

struct lock {
    struct recipe_bell bell;
    char folder[RECIPE_PATH];
    char path[RECIPE_PATH]; /* of our node; "" if we neither hold the lock nor wait for it */
};

int lock_new(struct lock **lock, struct recipe_session *session, const char *folder, int wait_ms)
{
    int rc = node_ensure(session, folder, recipe_deadline(wait_ms));
    struct lock *made = rc == ZOK ? recipe_alloc(session, sizeof *made) : NULL;
    if (rc == ZOK && made == NULL) {
        rc = ZSYSTEMERROR;
    }
    if (rc == ZOK) {
        made->bell.session = session;
        memcpy(made->folder, folder, strlen(folder) + 1);
        *lock = made;
    }
    return rc;
}

/*
 * Finds who is just before us. "" if it is our turn; ZNONODE if somebody has deleted our node.
 */
static int find_predecessor(struct lock *lock, int64_t deadline, char path[RECIPE_PATH])
{
    struct String_vector names;
    int32_t own = 0;
    int rc = node_children(lock->bell.session, lock->folder, NULL, deadline, &names);
    if (rc != ZOK) {
        return rc;
    }
    while (own < names.count && strcmp(names.data[own], node_name(lock->path)) != 0) {
        own++;
    }
    path[0] = '\0';
    if (own == names.count) {
        rc = ZNONODE;
    } else if (own > 0) {
        rc = node_path(path, lock->folder, names.data[own - 1]);
    }
    deallocate_String_vector(&names);
    return rc;
}

static int wait_for_turn(struct lock *lock, int64_t deadline)
{
    char predecessor[RECIPE_PATH];
    for (;;) {
        unsigned rings = recipe_rings(&lock->bell);
        int rc = find_predecessor(lock, deadline, predecessor);
        if (rc != ZOK || predecessor[0] == '\0') {
            return rc;
        }
        rc = node_watch(&lock->bell, predecessor, deadline);
        if (rc == ZOK) {
            rc = recipe_wait(&lock->bell, rings, deadline);
        }
        /* It may also have gone between the two requests. And when it goes, it was not necessarily the holder. */
        if (rc != ZOK && rc != ZNONODE) {
            return rc;
        }
    }
}

int lock_acquire(struct lock *lock, const char *holder, int wait_ms, int64_t *token)
{
    struct recipe_session *session = lock->bell.session;
    int64_t deadline = recipe_deadline(wait_ms);
    char prefix[RECIPE_LABEL + 1];
    struct Stat stat;
    int rc;
    recipe_label(session, prefix);
    strcat(prefix, "-");
    rc = node_create_sequential(session, lock->folder, prefix, holder, (int)strlen(holder), deadline, lock->path);
    if (rc != ZOK) {
        lock->path[0] = '\0';
        return rc;
    }
    rc = wait_for_turn(lock, deadline);
    if (rc == ZOK) {
        rc = node_exists(session, lock->path, NULL, deadline, &stat);
    }
    if (rc != ZOK) {
        lock_release(lock);
    } else if (token != NULL) {
        *token = stat.czxid;
    }
    return rc;
}

int lock_is_held(struct lock *lock)
{
    return lock->path[0] != '\0' && recipe_state(lock->bell.session) != RECIPE_LOST;
}

void lock_guard(struct lock *lock, zoo_op_t *op)
{
    zoo_check_op_init(op, lock->path, -1);
}

void lock_release(struct lock *lock)
{
    if (lock->path[0] != '\0') {
        remove_node(lock->bell.session, lock->path);
        lock->path[0] = '\0';
    }
}
