#define _POSIX_C_SOURCE 200809L

#include "election.h"
#include "nodes.h"

#include <string.h>

struct election {
    struct lock *lock;
    char name[];
};

int election_new(struct election **election, struct recipe_session *session, const char *folder, const char *name,
                 int wait_ms)
{
    size_t size = strlen(name) + 1;
    struct election *made = recipe_alloc(session, sizeof *made + size);
    int rc = made == NULL ? ZSYSTEMERROR : lock_new(&made->lock, session, folder, wait_ms);
    if (rc == ZOK) {
        memcpy(made->name, name, size);
        *election = made;
    }
    return rc;
}

int election_win(struct election *election, int wait_ms, int64_t *token)
{
    return lock_acquire(election->lock, election->name, wait_ms, token);
}

int election_is_won(struct election *election)
{
    return lock_is_held(election->lock);
}

void election_guard(struct election *election, zoo_op_t *op)
{
    lock_guard(election->lock, op);
}

void election_resign(struct election *election)
{
    lock_release(election->lock);
}

int election_leader(struct recipe_session *session, const char *folder, int wait_ms, char **name, int64_t *token)
{
    int64_t deadline = recipe_deadline(wait_ms);
    int rc;
    do {
        struct String_vector names;
        char path[RECIPE_PATH];
        struct Stat stat;
        int length;
        rc = node_children(session, folder, NULL, deadline, &names);
        if (rc != ZOK) {
            return rc;
        }
        if (names.count == 0) {
            deallocate_String_vector(&names);
            return ZNONODE;
        }
        rc = node_path(path, folder, names.data[0]);
        deallocate_String_vector(&names);
        if (rc == ZOK) {
            rc = node_read(session, path, deadline, name, &length, &stat);
        }
        if (rc == ZOK) {
            *token = stat.czxid;
        }
    } while (rc == ZNONODE); /* it has just gone: somebody else leads, or nobody */
    return rc;
}
