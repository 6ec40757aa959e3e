#define _POSIX_C_SOURCE 200809L

#include "queue.h"
#include "nodes.h"
#include "removal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct queue {
    struct recipe_bell bell;
    char label[RECIPE_LABEL]; /* ours alone: the value of our claims */
    char items[RECIPE_PATH];
    char claims[RECIPE_PATH];
    char count[RECIPE_PATH]; /* the node that counts what we have put */
    int32_t puts;            /* its version; -1 if it is not known */
};

int queue_open(struct queue **queue, struct recipe_session *session, const char *folder, int wait_ms)
{
    int64_t deadline = recipe_deadline(wait_ms);
    struct queue *made = recipe_alloc(session, sizeof *made);
    char puts[RECIPE_PATH];
    int rc = ZSYSTEMERROR;
    if (made != NULL) {
        made->bell.session = session;
        made->puts = -1;
        recipe_label(session, made->label);
        rc = node_path(made->items, folder, "items");
    }
    if (rc == ZOK) {
        rc = node_path(made->claims, folder, "claims");
    }
    if (rc == ZOK) {
        rc = node_path(puts, folder, "puts");
    }
    if (rc == ZOK) {
        rc = node_path(made->count, puts, made->label);
    }
    if (rc == ZOK) {
        rc = node_ensure(session, made->items, deadline);
    }
    if (rc == ZOK) {
        rc = node_ensure(session, made->claims, deadline);
    }
    if (rc == ZOK) {
        rc = node_ensure(session, puts, deadline);
    }
    if (rc == ZOK) {
        *queue = made;
    }
    return rc;
}

/* Finds out how much we have put. */
static int count_puts(struct queue *queue, int64_t deadline)
{
    struct Stat stat;
    int rc = node_own(&queue->bell, queue->count, "", 0, deadline);
    if (rc == ZOK) {
        rc = node_sync(queue->bell.session, queue->count, deadline);
    }
    if (rc == ZOK) {
        rc = node_exists(queue->bell.session, queue->count, NULL, deadline, &stat);
    }
    if (rc == ZOK) {
        queue->puts = stat.version;
    }
    return rc;
}

int queue_put(struct queue *queue, const char *value, int length, int wait_ms)
{
    struct recipe_session *session = queue->bell.session;
    int64_t deadline = recipe_deadline(wait_ms);
    struct recipe_attempt attempt;
    char pattern[RECIPE_PATH];
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    int rc = node_path(pattern, queue->items, "item-");
    if (rc == ZOK && queue->puts < 0) {
        rc = count_puts(queue, deadline);
    }
    if (rc != ZOK) {
        return rc;
    }
    zoo_create_op_init(&ops[0], pattern, value, length, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL, NULL, 0);
    zoo_set_op_init(&ops[1], queue->count, "", 0, queue->puts, NULL);
    attempt = recipe_attempt(session, deadline);
    do {
        rc = zoo_multi(recipe_handle(session), 2, ops, results);
    } while (recipe_retry(&attempt, &rc));
    if (rc == ZBADVERSION && attempt.in_doubt) {
        rc = ZOK; /* nobody else counts there: an earlier try has been executed */
    }
    queue->puts = rc == ZOK ? queue->puts + 1 : -1;
    return rc;
}

/* Takes the item if it is there and nobody has it: ZNONODE and ZNODEEXISTS say otherwise. */
static int claim(struct queue *queue, const char *name, int64_t deadline, struct queue_item *item)
{
    struct recipe_session *session = queue->bell.session;
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    char path[RECIPE_PATH];
    char claim[RECIPE_PATH];
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    struct Stat stat;
    int rc = node_path(path, queue->items, name);
    if (rc == ZOK) {
        rc = node_path(claim, queue->claims, name);
    }
    if (rc != ZOK || strlen(name) >= sizeof item->name) {
        return ZNONODE; /* no item of ours */
    }
    memset(item, 0, sizeof *item);
    memcpy(item->name, name, strlen(name) + 1);
    zoo_check_op_init(&ops[0], path, -1);
    zoo_create_op_init(&ops[1], claim, queue->label, (int)strlen(queue->label), &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL,
                       NULL, 0);
    do {
        rc = zoo_multi(recipe_handle(session), 2, ops, results);
    } while (recipe_retry(&attempt, &rc));
    if (rc == ZOK || (rc == ZNODEEXISTS && attempt.in_doubt)) {
        char *owner;
        int length;
        int claimed = rc == ZOK;
        rc = node_read(session, claim, deadline, &owner, &length, &stat);
        if (rc == ZOK) {
            rc = claimed || strcmp(owner, queue->label) == 0 ? ZOK : ZNODEEXISTS;
            free(owner);
        }
    }
    if (rc == ZOK) {
        item->token = stat.czxid;
        rc = node_read(session, path, deadline, &item->value, &item->length, &stat);
    }
    if (rc != ZOK && rc != ZNONODE && rc != ZNODEEXISTS) {
        remove_own(session, claim, queue->label); /* it may be ours without our knowing */
    }
    return rc;
}

/* Takes the first item that nobody has. ZNONODE: there is none. */
static int take_first(struct queue *queue, int64_t deadline, struct queue_item *item)
{
    struct recipe_session *session = queue->bell.session;
    struct String_vector items;
    struct String_vector claims;
    int rc = node_children(session, queue->items, &queue->bell, deadline, &items);
    if (rc != ZOK) {
        return rc;
    }
    rc = node_children(session, queue->claims, &queue->bell, deadline, &claims);
    if (rc == ZOK) {
        rc = ZNONODE;
        for (int32_t i = 0; i < items.count && (rc == ZNONODE || rc == ZNODEEXISTS); i++) {
            rc = node_is_listed(&claims, items.data[i]) ? ZNODEEXISTS : claim(queue, items.data[i], deadline, item);
        }
        deallocate_String_vector(&claims);
    }
    deallocate_String_vector(&items);
    return rc == ZNODEEXISTS ? ZNONODE : rc;
}

int queue_take(struct queue *queue, int wait_ms, struct queue_item *item)
{
    int64_t deadline = recipe_deadline(wait_ms);
    for (;;) {
        unsigned rings = recipe_rings(&queue->bell);
        int rc = take_first(queue, deadline, item);
        if (rc == ZNONODE) {
            rc = recipe_wait(&queue->bell, rings, deadline);
            if (rc == ZOK) {
                continue;
            }
        }
        return rc;
    }
}

static void forget(struct queue_item *item)
{
    free(item->value);
    item->value = NULL;
}

int queue_done(struct queue *queue, struct queue_item *item, const zoo_op_t *effects, int count, int wait_ms)
{
    struct recipe_session *session = queue->bell.session;
    struct recipe_attempt attempt = recipe_attempt(session, recipe_deadline(wait_ms));
    char path[RECIPE_PATH];
    char claim[RECIPE_PATH];
    zoo_op_t ops[2 + QUEUE_EFFECTS];
    zoo_op_result_t results[2 + QUEUE_EFFECTS];
    int rc = count < 0 || count > QUEUE_EFFECTS ? ZBADARGUMENTS : node_path(path, queue->items, item->name);
    if (rc == ZOK) {
        rc = node_path(claim, queue->claims, item->name);
    }
    if (rc != ZOK) {
        return rc;
    }
    zoo_delete_op_init(&ops[0], claim, -1);
    zoo_delete_op_init(&ops[1], path, -1);
    if (count > 0) {
        memcpy(&ops[2], effects, (size_t)count * sizeof *effects);
    }
    memset(results, 0, sizeof results);
    do {
        rc = zoo_multi(recipe_handle(session), 2 + count, ops, results);
    } while (recipe_retry(&attempt, &rc));
    if (rc == ZNONODE && attempt.in_doubt && results[0].err == ZNONODE) {
        rc = ZOK; /* only our session could remove the claim: an earlier try has been executed */
    }
    if (rc == ZOK || rc == ZSESSIONEXPIRED) {
        forget(item);
    }
    return rc;
}

void queue_return(struct queue *queue, struct queue_item *item)
{
    char claim[RECIPE_PATH];
    if (node_path(claim, queue->claims, item->name) == ZOK) {
        remove_node(queue->bell.session, claim);
    }
    forget(item);
}
