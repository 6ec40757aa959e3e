/*
 * What the recipes share: a session that is waited for, and the rule for lost connections.
 *
 * A program opens a session, makes its locks, queues, groups … from it, and closes it. Everything made from a session
 * belongs to it and is freed with it: whatever event comes late still finds what it was meant for.
 *
 * Times to wait are in ms, RECIPE_FOREVER for no limit. A request that is already on its way is waited for even
 * beyond the limit; it ends within the session timeout. Functions that wait are for the program's own threads. They
 * return ZOK or an error of <zookeeper/zookeeper.h>, among them
 *   ZOPERATIONTIMEOUT   the time is over and nothing has changed;
 *   ZCONNECTIONLOSS     the time is over while the outcome of a request was unknown;
 *   ZSESSIONEXPIRED     the session is lost, and with it all that was held: close it and begin again;
 *   ZBADARGUMENTS       a name or a path is too long or no path at all.
 */
#ifndef RECIPE_H
#define RECIPE_H

#include <stddef.h>
#include <stdint.h>

#ifndef THREADED
#define THREADED /* <zookeeper/zookeeper.h> shall declare the synchronous calls */
#endif
#include <zookeeper/zookeeper.h>

/* Room for a path with its end. */
enum { RECIPE_PATH = 512 };
enum { RECIPE_FOREVER = -1 };

enum recipe_state {
    RECIPE_CONNECTED, /* all is well */
    RECIPE_SUSPENDED, /* no connection: the session may or may not be alive, so a holder pauses what it can */
    RECIPE_LOST       /* the session is over: a holder holds nothing any more */
};

/* Told of each change of the state, on the library's thread: it must not wait. */
typedef void recipe_state_function(enum recipe_state state, void *context);

struct recipe_session;

/*
 * Opens a session and waits until it is connected. on_state may be NULL; it may be called before the function
 * returns. *session is only set with ZOK. ZSYSTEMERROR: errno tells why.
 */
int recipe_open(struct recipe_session **session, const char *hosts, int session_timeout_ms, int wait_ms,
                recipe_state_function *on_state, void *context);

/*
 * Ends the session, which releases all that it holds at once, and frees all that was made from it. Nothing of
 * it may be in use by another thread.
 */
void recipe_close(struct recipe_session *session);

zhandle_t *recipe_handle(struct recipe_session *session);
int64_t recipe_id(struct recipe_session *session);
enum recipe_state recipe_state(struct recipe_session *session);

/* ------------------------------------------------------------------------------------------------------------------
 * The rest is for the recipes.
 */

/* Zeroed memory that lives as long as the session; NULL if there is none. */
void *recipe_alloc(struct recipe_session *session, size_t size);

/* A name that nobody else has: the session's id and a number. */
enum { RECIPE_LABEL = 32 };
void recipe_label(struct recipe_session *session, char label[RECIPE_LABEL]);

/* The moment when wait_ms from now will be over. */
int64_t recipe_deadline(int wait_ms);

/*
 * The rule for requests whose answer was lost with the connection. They may have been executed or not, so:
 *   - a read is repeated;
 *   - a change is repeated only if a second execution fails, and that failure is then a success: a delete finds no
 *     node, a create finds its own, a set or a transaction finds that the version has moved on;
 *   - other changes are made to be like that (recipe_create_sequential, queue_put).
 * Requests are repeated once for each new connection, and so never in a busy loop:
 *
 *     struct recipe_attempt attempt = recipe_attempt(session, deadline);
 *     do {
 *         rc = zoo_delete(zh, path, -1);
 *     } while (recipe_retry(&attempt, &rc));
 *     if (rc == ZNONODE && attempt.in_doubt)
 *         rc = ZOK;
 */
struct recipe_attempt {
    struct recipe_session *session;
    int64_t deadline;
    unsigned connection; /* the request was made when there had been so many */
    int in_doubt;        /* an earlier try may have been executed */
};

struct recipe_attempt recipe_attempt(struct recipe_session *session, int64_t deadline);
int recipe_retry(struct recipe_attempt *attempt, int *rc);

/* A place to wait for watches. Ringing without reason is harmless: who waits looks again. */
struct recipe_bell {
    struct recipe_session *session;
    unsigned rings;
};

/* The watcher for a bell, which is its context. */
void recipe_ring(zhandle_t *zh, int type, int state, const char *path, void *bell);
/* How often it has rung. Taken before the watch is left, so that no ring is missed in between. */
unsigned recipe_rings(struct recipe_bell *bell);
/* Waits until it has rung more often than that. */
int recipe_wait(struct recipe_bell *bell, unsigned rings, int64_t deadline);

/*
 * Something that is asked asynchronously, again and again, and repeated by itself when the answer was lost. Functions
 * and completions run on the library's thread, except the first ask.
 */
struct recipe_follower {
    struct recipe_session *session;
    void (*ask)(struct recipe_follower *follower);
    void (*dispose)(struct recipe_follower *follower); /* if it still waits when the session ends; may be NULL */
    struct recipe_follower *next;
    unsigned connection;
    int waiting; /* for the next connection, in the session's list */
    int running; /* the program's function is being called */
    int stopped;
};

/* Asks now. */
void recipe_ask(struct recipe_follower *follower);
/* A completion's first question: was the answer lost? Then the follower asks again when there is a connection. */
int recipe_answer_lost(struct recipe_follower *follower, int rc);
/* Encloses a call of the program's function. 0 if it must not be called any more. */
int recipe_tell(struct recipe_follower *follower);
void recipe_told(struct recipe_follower *follower);
/* Returns when the program's function does not run and never will. Not from that function itself. */
void recipe_stop(struct recipe_follower *follower);

#endif
