#define _POSIX_C_SOURCE 200809L

#include "recipe.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Memory of the session, before what it was asked for. */
struct piece {
    struct piece *next;
    int64_t bytes[]; /* aligned for anything that the recipes keep */
};

struct recipe_session {
    zhandle_t *zh;
    recipe_state_function *on_state;
    void *context;
    pthread_mutex_t lock; /* guards all below, bells and followers */
    pthread_cond_t changed;
    enum recipe_state state;
    unsigned connections; /* how many there have been */
    unsigned labels;
    struct recipe_follower *waiting; /* for the next connection */
    struct piece *pieces;
};

int64_t recipe_deadline(int wait_ms)
{
    struct timespec now;
    if (wait_ms < 0) {
        return INT64_MAX;
    }
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + wait_ms;
}

/* Waits for a change, with the lock. Returns 0 when the deadline has passed. */
static int wait_for_change(struct recipe_session *session, int64_t deadline)
{
    struct timespec until;
    if (deadline == INT64_MAX) {
        return pthread_cond_wait(&session->changed, &session->lock) == 0;
    }
    until.tv_sec = (time_t)(deadline / 1000);
    until.tv_nsec = (long)(deadline % 1000) * 1000000;
    return pthread_cond_timedwait(&session->changed, &session->lock, &until) == 0;
}

static void on_session_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct recipe_session *session = context;
    struct recipe_follower *waiting = NULL;
    enum recipe_state now = RECIPE_SUSPENDED;
    int is_news;
    (void)zh;
    (void)path;
    if (type != ZOO_SESSION_EVENT) {
        return;
    }
    if (state == ZOO_CONNECTED_STATE) {
        now = RECIPE_CONNECTED;
    } else if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
        now = RECIPE_LOST;
    }
    pthread_mutex_lock(&session->lock);
    is_news = session->state != now;
    session->state = now;
    if (now == RECIPE_CONNECTED) {
        session->connections++;
        waiting = session->waiting;
        session->waiting = NULL;
        for (struct recipe_follower *one = waiting; one != NULL; one = one->next) {
            one->waiting = 0;
        }
    }
    pthread_cond_broadcast(&session->changed);
    pthread_mutex_unlock(&session->lock);
    if (is_news && session->on_state != NULL) {
        session->on_state(now, session->context);
    }
    while (waiting != NULL) {
        struct recipe_follower *next = waiting->next;
        recipe_ask(waiting);
        waiting = next;
    }
}

int recipe_open(struct recipe_session **session, const char *hosts, int session_timeout_ms, int wait_ms,
                recipe_state_function *on_state, void *context)
{
    int64_t deadline = recipe_deadline(wait_ms);
    struct recipe_session *opened = calloc(1, sizeof *opened);
    pthread_condattr_t clock;
    int rc = ZOK;
    if (opened == NULL) {
        return ZSYSTEMERROR;
    }
    opened->on_state = on_state;
    opened->context = context;
    opened->state = RECIPE_SUSPENDED;
    pthread_mutex_init(&opened->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC); /* deadlines survive a change of the date */
    pthread_cond_init(&opened->changed, &clock);
    pthread_condattr_destroy(&clock);
    opened->zh = zookeeper_init(hosts, on_session_event, session_timeout_ms, NULL, opened, ZOO_NO_LOG_CLIENTENV);
    if (opened->zh == NULL) {
        int reason = errno;
        recipe_close(opened);
        errno = reason;
        return ZSYSTEMERROR;
    }
    pthread_mutex_lock(&opened->lock);
    while (opened->state == RECIPE_SUSPENDED && wait_for_change(opened, deadline)) {
    }
    if (opened->state != RECIPE_CONNECTED) {
        rc = opened->state == RECIPE_LOST ? ZSESSIONEXPIRED : ZOPERATIONTIMEOUT;
    }
    pthread_mutex_unlock(&opened->lock);
    if (rc != ZOK) {
        recipe_close(opened);
        return rc;
    }
    *session = opened;
    return ZOK;
}

void recipe_close(struct recipe_session *session)
{
    if (session->zh != NULL) {
        zookeeper_close(session->zh); /* after this nobody is called any more */
    }
    while (session->waiting != NULL) {
        struct recipe_follower *next = session->waiting->next;
        if (session->waiting->dispose != NULL) {
            session->waiting->dispose(session->waiting);
        }
        session->waiting = next;
    }
    while (session->pieces != NULL) {
        struct piece *next = session->pieces->next;
        free(session->pieces);
        session->pieces = next;
    }
    pthread_cond_destroy(&session->changed);
    pthread_mutex_destroy(&session->lock);
    free(session);
}

zhandle_t *recipe_handle(struct recipe_session *session)
{
    return session->zh;
}

int64_t recipe_id(struct recipe_session *session)
{
    return zoo_client_id(session->zh)->client_id;
}

enum recipe_state recipe_state(struct recipe_session *session)
{
    enum recipe_state state;
    pthread_mutex_lock(&session->lock);
    state = session->state;
    pthread_mutex_unlock(&session->lock);
    return state;
}

void *recipe_alloc(struct recipe_session *session, size_t size)
{
    struct piece *piece = calloc(1, sizeof *piece + size);
    if (piece == NULL) {
        return NULL;
    }
    pthread_mutex_lock(&session->lock);
    piece->next = session->pieces;
    session->pieces = piece;
    pthread_mutex_unlock(&session->lock);
    return piece->bytes;
}

void recipe_label(struct recipe_session *session, char label[RECIPE_LABEL])
{
    unsigned number;
    pthread_mutex_lock(&session->lock);
    number = session->labels++;
    pthread_mutex_unlock(&session->lock);
    snprintf(label, RECIPE_LABEL, "%016" PRIx64 "-%u", (uint64_t)recipe_id(session), number);
}

/* Whether the request may or may not have been executed. */
static int is_in_doubt(int rc)
{
    return rc == ZCONNECTIONLOSS || rc == ZOPERATIONTIMEOUT || rc == ZRUNTIMEINCONSISTENCY;
}

struct recipe_attempt recipe_attempt(struct recipe_session *session, int64_t deadline)
{
    struct recipe_attempt attempt = {session, deadline, 0, 0};
    pthread_mutex_lock(&session->lock);
    attempt.connection = session->connections;
    pthread_mutex_unlock(&session->lock);
    return attempt;
}

int recipe_retry(struct recipe_attempt *attempt, int *rc)
{
    struct recipe_session *session = attempt->session;
    int again = 0;
    pthread_mutex_lock(&session->lock);
    if (is_in_doubt(*rc)) {
        attempt->in_doubt = 1;
        /* Each loss is followed by a connection that had not been made when the request was, or by expiry. */
        while (session->connections == attempt->connection && session->state != RECIPE_LOST &&
               wait_for_change(session, attempt->deadline)) {
        }
        again = session->connections != attempt->connection && session->state != RECIPE_LOST;
        attempt->connection = session->connections;
        if (!again) {
            *rc = ZCONNECTIONLOSS;
        }
    }
    pthread_mutex_unlock(&session->lock);
    if (!again && *rc != ZOK && is_unrecoverable(session->zh) != ZOK) {
        *rc = ZSESSIONEXPIRED; /* whatever a call says when there is no session any more */
    }
    return again;
}

void recipe_ring(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct recipe_bell *bell = context;
    (void)zh;
    (void)state;
    (void)path;
    /* Watches hear of the session too, but they survive a lost connection: nothing to look at. */
    if (type != ZOO_SESSION_EVENT) {
        pthread_mutex_lock(&bell->session->lock);
        bell->rings++;
        pthread_cond_broadcast(&bell->session->changed);
        pthread_mutex_unlock(&bell->session->lock);
    }
}

unsigned recipe_rings(struct recipe_bell *bell)
{
    unsigned rings;
    pthread_mutex_lock(&bell->session->lock);
    rings = bell->rings;
    pthread_mutex_unlock(&bell->session->lock);
    return rings;
}

int recipe_wait(struct recipe_bell *bell, unsigned rings, int64_t deadline)
{
    struct recipe_session *session = bell->session;
    int rc = ZOK;
    pthread_mutex_lock(&session->lock);
    while (bell->rings == rings && session->state != RECIPE_LOST && wait_for_change(session, deadline)) {
    }
    if (session->state == RECIPE_LOST) {
        rc = ZSESSIONEXPIRED;
    } else if (bell->rings == rings) {
        rc = ZOPERATIONTIMEOUT;
    }
    pthread_mutex_unlock(&session->lock);
    return rc;
}

void recipe_ask(struct recipe_follower *follower)
{
    pthread_mutex_lock(&follower->session->lock);
    follower->connection = follower->session->connections;
    pthread_mutex_unlock(&follower->session->lock);
    follower->ask(follower);
}

int recipe_answer_lost(struct recipe_follower *follower, int rc)
{
    struct recipe_session *session = follower->session;
    int now;
    if (!is_in_doubt(rc)) {
        return 0;
    }
    pthread_mutex_lock(&session->lock);
    now = session->connections != follower->connection;
    if (!now && !follower->waiting) {
        follower->waiting = 1;
        follower->next = session->waiting;
        session->waiting = follower;
    }
    pthread_mutex_unlock(&session->lock);
    if (now) {
        recipe_ask(follower);
    }
    return 1;
}

int recipe_tell(struct recipe_follower *follower)
{
    int may;
    pthread_mutex_lock(&follower->session->lock);
    may = !follower->stopped;
    follower->running = may;
    pthread_mutex_unlock(&follower->session->lock);
    return may;
}

void recipe_told(struct recipe_follower *follower)
{
    pthread_mutex_lock(&follower->session->lock);
    follower->running = 0;
    pthread_cond_broadcast(&follower->session->changed);
    pthread_mutex_unlock(&follower->session->lock);
}

void recipe_stop(struct recipe_follower *follower)
{
    pthread_mutex_lock(&follower->session->lock);
    follower->stopped = 1;
    while (follower->running) {
        pthread_cond_wait(&follower->session->changed, &follower->session->lock);
    }
    pthread_mutex_unlock(&follower->session->lock);
}
