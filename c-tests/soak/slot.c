#define _POSIX_C_SOURCE 200809L

#include "soak.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Longest wait for a handle to settle. Nothing is wrong with the network then. */
enum { SETTLE_S = 60, MOST_REPORTED = 50, MOST_CODES = 6 };

const char *const kind_names[KINDS] = {
    "create",  "delete", "exists", "get",   "set",            "children", "get_acl",
    "set_acl", "sync",   "multi",  "remove", "add_auth", "config",
};

/* What the server may answer besides ZOK. */
static const int allowed[KINDS][MOST_CODES] = {
    [CREATE] = {ZNODEEXISTS, ZNONODE, ZNOCHILDRENFOREPHEMERALS},
    [DELETE] = {ZNONODE, ZBADVERSION, ZNOTEMPTY},
    [EXISTS] = {ZNONODE},
    [GET] = {ZNONODE},
    [SET] = {ZNONODE, ZBADVERSION},
    [CHILDREN] = {ZNONODE},
    [GET_ACL] = {ZNONODE},
    [SET_ACL] = {ZNONODE, ZBADVERSION},
    [MULTI] = {ZNONODE, ZNODEEXISTS, ZBADVERSION, ZNOTEMPTY, ZNOCHILDRENFOREPHEMERALS},
    [REMOVE_WATCHES] = {ZNOWATCHER},
};

void violation(struct slot *slot, const char *format, ...)
{
    char text[512];
    va_list arguments;
    if (atomic_fetch_add(&slot->soak->violations, 1) >= MOST_REPORTED) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("violation slot %d: %s\n", slot->number, text);
    fflush(stdout);
}

static void on_session(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct slot *slot = context;
    (void)zh;
    (void)path;
    if (type != ZOO_SESSION_EVENT) {
        violation(slot, "a node event for the session's watcher");
        return;
    }
    pthread_mutex_lock(&slot->lock);
    slot->connected = state == ZOO_CONNECTED_STATE;
    if (state == ZOO_EXPIRED_SESSION_STATE) {
        slot->over = 1;
        atomic_fetch_add(&slot->soak->expired, 1);
    } else if (state != ZOO_CONNECTED_STATE && state != ZOO_CONNECTING_STATE) {
        violation(slot, "session state %d", state);
    }
    pthread_cond_broadcast(&slot->changed);
    pthread_mutex_unlock(&slot->lock);
}

void on_watch(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct slot *slot = context;
    (void)state;
    if (zh != slot->zh) {
        violation(slot, "an event of another handle");
    }
    if (type != ZOO_SESSION_EVENT) {
        atomic_fetch_add(&slot->soak->events, 1);
        if (strncmp(path, "/soak", 5) != 0) {
            violation(slot, "an event for %s", path);
        }
    }
}

void slot_init(struct slot *slot, struct soak *soak, int number, const char *hosts)
{
    memset(slot, 0, sizeof *slot);
    slot->soak = soak;
    slot->number = number;
    slot->hosts = hosts;
    pthread_mutex_init(&slot->lock, NULL);
    pthread_cond_init(&slot->changed, NULL);
    for (int i = 0; i < WINDOW; i++) {
        slot->tickets[i].slot = slot;
        slot->tickets[i].next = slot->free;
        slot->free = &slot->tickets[i];
    }
}

void slot_destroy(struct slot *slot)
{
    pthread_cond_destroy(&slot->changed);
    pthread_mutex_destroy(&slot->lock);
}

void slot_open(struct slot *slot)
{
    slot->connected = slot->over = slot->credentials = 0;
    atomic_store(&slot->closing, 0);
    slot->zh = zookeeper_init(slot->hosts, on_session, SESSION_MS, NULL, slot, ZOO_NO_LOG_CLIENTENV);
    if (slot->zh == NULL) {
        perror("zookeeper_init");
        exit(1);
    }
    atomic_fetch_add(&slot->soak->opened, 1);
}

void slot_close(struct slot *slot)
{
    int rc;
    atomic_store(&slot->closing, 1);
    rc = zookeeper_close(slot->zh);
    if (rc != ZOK) {
        violation(slot, "close: %s", zerror(rc));
    }
    pthread_mutex_lock(&slot->lock);
    if (slot->outstanding != 0) {
        violation(slot, "%d requests were not completed at close", slot->outstanding);
    }
    slot->zh = NULL;
    pthread_mutex_unlock(&slot->lock);
}

int slot_settle(struct slot *slot)
{
    struct timespec until;
    int settled;
    int rc = 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SETTLE_S;
    pthread_mutex_lock(&slot->lock);
    while (rc == 0 && !((slot->connected || slot->over) && slot->outstanding == 0)) {
        rc = pthread_cond_timedwait(&slot->changed, &slot->lock, &until);
    }
    settled = (slot->connected || slot->over) && slot->outstanding == 0;
    if (!settled) {
        violation(slot, "it does not settle: connected %d, %d in flight", slot->connected, slot->outstanding);
    }
    pthread_mutex_unlock(&slot->lock);
    return settled;
}

int slot_is_over(struct slot *slot)
{
    int over;
    pthread_mutex_lock(&slot->lock);
    over = slot->over;
    pthread_mutex_unlock(&slot->lock);
    return over;
}

static void forget_watches(struct slot *slot, const char *path)
{
    int rc = zoo_remove_all_watches(slot->zh, path, ZWATCHTYPE_ANY, 1);
    if (rc != ZOK && rc != ZNOWATCHER) {
        violation(slot, "local removal of watches: %s", zerror(rc));
    }
}

void slot_forget_watches(struct slot *slot)
{
    char path[PATH];
    for (int node = 0; node < NODES; node++) {
        snprintf(path, PATH, "/soak/n%d", node);
        forget_watches(slot, path);
        for (int sub = 0; sub < SUBNODES; sub++) {
            snprintf(path, PATH, "/soak/n%d/c%d", node, sub);
            forget_watches(slot, path);
        }
    }
}

static int is_lost(int rc)
{
    return rc == ZCONNECTIONLOSS || rc == ZOPERATIONTIMEOUT || rc == ZSESSIONEXPIRED || rc == ZCLOSING;
}

/* What a call may say at once. */
static int may_refuse(struct slot *slot, enum kind kind, int rc)
{
    int terminal = is_unrecoverable(slot->zh) != ZOK;
    if (rc == ZMARSHALLINGERROR) {
        return atomic_load(&slot->closing) || (terminal && kind == MULTI);
    }
    if (rc == ZINVALIDSTATE) {
        return terminal || kind == ADD_AUTH; /* which also needs a connection or an attempt at one */
    }
    return rc == ZNOWATCHER && kind == REMOVE_WATCHES;
}

static int may_answer(enum kind kind, int rc)
{
    for (int i = 0; i < MOST_CODES && allowed[kind][i] != 0; i++) {
        if (rc == allowed[kind][i]) {
            return 1;
        }
    }
    return rc == ZOK || is_lost(rc);
}

static void count(struct tally *tally, int rc)
{
    atomic_fetch_add(rc == ZOK ? &tally->good : is_lost(rc) ? &tally->lost : &tally->failed, 1);
}

struct ticket *ticket_take(struct slot *slot, enum kind kind)
{
    struct ticket *ticket;
    pthread_mutex_lock(&slot->lock);
    ticket = slot->free;
    if (ticket != NULL) {
        slot->free = ticket->next;
        slot->outstanding++;
        ticket->kind = kind;
        atomic_store(&ticket->pending, 1);
    }
    pthread_mutex_unlock(&slot->lock);
    return ticket;
}

static void give_back(struct ticket *ticket)
{
    struct slot *slot = ticket->slot;
    if (atomic_exchange(&ticket->pending, 0) != 1) {
        violation(slot, "a second completion of a %s", kind_names[ticket->kind]);
        return;
    }
    pthread_mutex_lock(&slot->lock);
    ticket->next = slot->free;
    slot->free = ticket;
    slot->outstanding--;
    pthread_cond_broadcast(&slot->changed);
    pthread_mutex_unlock(&slot->lock);
}

void ticket_refused(struct ticket *ticket, int rc)
{
    struct slot *slot = ticket->slot;
    if (!may_refuse(slot, ticket->kind, rc)) {
        violation(slot, "%s refused with %s", kind_names[ticket->kind], zerror(rc));
    }
    give_back(ticket);
}

void ticket_completed(struct ticket *ticket, int rc)
{
    if (!may_answer(ticket->kind, rc)) {
        violation(ticket->slot, "%s completed with %s", kind_names[ticket->kind], zerror(rc));
    }
    count(&ticket->slot->soak->asynchronous[ticket->kind], rc);
    give_back(ticket);
}

void call_returned(struct slot *slot, enum kind kind, int rc)
{
    if (!may_answer(kind, rc) && !may_refuse(slot, kind, rc)) {
        violation(slot, "%s returned %s", kind_names[kind], zerror(rc));
    }
    count(&slot->soak->synchronous[kind], rc);
}
