#define _POSIX_C_SOURCE 200809L

#include "barrier.h"
#include "nodes.h"
#include "removal.h"

#include <string.h>

struct barrier {
    struct recipe_bell bell;
    int participants;
    char folder[RECIPE_PATH];
    char in[RECIPE_PATH];   /* folder of those who are in */
    char open[RECIPE_PATH]; /* there when they were enough */
    char own[RECIPE_PATH];  /* our node */
};

int barrier_new(struct barrier **barrier, struct recipe_session *session, const char *folder, int participants,
                int wait_ms)
{
    struct barrier *made = recipe_alloc(session, sizeof *made);
    char label[RECIPE_LABEL];
    int rc = ZSYSTEMERROR;
    if (made != NULL) {
        made->bell.session = session;
        made->participants = participants;
        recipe_label(session, label);
        rc = node_path(made->in, folder, "in");
    }
    if (rc == ZOK) {
        memcpy(made->folder, folder, strlen(folder) + 1);
        rc = node_path(made->open, folder, "open");
    }
    if (rc == ZOK) {
        rc = node_path(made->own, made->in, label);
    }
    if (rc == ZOK) {
        rc = node_ensure(session, made->in, recipe_deadline(wait_ms));
    }
    if (rc == ZOK) {
        *barrier = made;
    }
    return rc;
}

/* Opens the barrier if there are enough. ZNONODE: there are not. */
static int open_if_enough(struct barrier *barrier, int64_t deadline)
{
    struct recipe_session *session = barrier->bell.session;
    struct String_vector names;
    int32_t count;
    int rc = node_children(session, barrier->in, NULL, deadline, &names);
    if (rc != ZOK) {
        return rc;
    }
    count = names.count;
    deallocate_String_vector(&names);
    return count < barrier->participants ? ZNONODE : node_ensure(session, barrier->open, deadline);
}

int barrier_enter(struct barrier *barrier, int wait_ms)
{
    struct recipe_session *session = barrier->bell.session;
    int64_t deadline = recipe_deadline(wait_ms);
    struct Stat stat;
    int rc = node_own(&barrier->bell, barrier->own, "", 0, deadline);
    while (rc == ZOK) {
        unsigned rings = recipe_rings(&barrier->bell);
        rc = node_exists(session, barrier->open, &barrier->bell, deadline, &stat);
        if (rc == ZNONODE) {
            /* Whoever came last sees all: it lists them after it has entered. */
            rc = open_if_enough(barrier, deadline);
        }
        if (rc == ZOK) {
            return ZOK;
        }
        if (rc == ZNONODE) {
            rc = recipe_wait(&barrier->bell, rings, deadline);
        }
    }
    remove_node(session, barrier->own);
    return rc;
}

/* The last one out: all goes in one step, so that nobody finds half of it. */
static int remove_all(struct barrier *barrier, int64_t deadline)
{
    struct recipe_session *session = barrier->bell.session;
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    zoo_op_t ops[4];
    zoo_op_result_t results[4];
    int rc;
    zoo_delete_op_init(&ops[0], barrier->own, -1);
    zoo_delete_op_init(&ops[1], barrier->open, -1);
    zoo_delete_op_init(&ops[2], barrier->in, -1);
    zoo_delete_op_init(&ops[3], barrier->folder, -1);
    do {
        rc = zoo_multi(recipe_handle(session), 4, ops, results);
    } while (recipe_retry(&attempt, &rc));
    /* If the folder has become somebody else's too, leaving it is all there is to do. */
    return rc == ZNONODE || rc == ZNOTEMPTY ? node_delete(session, barrier->own, deadline) : rc;
}

/*
 * One step towards the exit. ZOK: all have left; ZNONODE: look again; otherwise an error.
 *
 * The first of the list stays to the end and waits for the last of the others, who wait for the first: so its leaving
 * releases all at once, and before that only one is woken at a time.
 */
static int step_out(struct barrier *barrier, int64_t deadline)
{
    struct recipe_session *session = barrier->bell.session;
    unsigned rings = recipe_rings(&barrier->bell);
    struct String_vector names;
    char other[RECIPE_PATH] = "";
    int is_in, is_first;
    int rc = node_children(session, barrier->in, NULL, deadline, &names);
    if (rc != ZOK) {
        return rc == ZNONODE ? ZOK : rc; /* the last one has removed all */
    }
    is_in = node_is_listed(&names, node_name(barrier->own));
    is_first = names.count > 0 && strcmp(names.data[0], node_name(barrier->own)) == 0;
    if (names.count > 1 || (names.count == 1 && !is_first)) {
        rc = node_path(other, barrier->in, names.data[is_first ? names.count - 1 : 0]);
    }
    deallocate_String_vector(&names);
    if (rc == ZOK && other[0] == '\0') {
        return is_first ? remove_all(barrier, deadline) : ZOK;
    }
    if (rc == ZOK && is_in && !is_first) {
        rc = node_delete(session, barrier->own, deadline);
    }
    if (rc == ZOK) {
        rc = node_watch(&barrier->bell, other, deadline);
    }
    if (rc == ZOK) {
        rc = recipe_wait(&barrier->bell, rings, deadline);
    }
    return rc == ZOK ? ZNONODE : rc;
}

int barrier_leave(struct barrier *barrier, int wait_ms)
{
    int64_t deadline = recipe_deadline(wait_ms);
    int rc;
    do {
        rc = step_out(barrier, deadline);
    } while (rc == ZNONODE);
    return rc;
}
