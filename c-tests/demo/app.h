/*
 * What the processes of the master-worker application share: one ZooKeeper session each, a place to wait for
 * changes, readable output and a journal.
 */
#ifndef DEMO_APP_H
#define DEMO_APP_H

#include <pthread.h>
#include <stdint.h>

#include <zookeeper/zookeeper.h>

/* Longest path, name or value that the application uses. */
enum { APP_TEXT = 256 };

/* One process of the application and its session. */
struct app {
    const char *name;        /* of this process, for example "worker-2" */
    zhandle_t *zh;
    int64_t session;         /* id of the session; never changes, see app_open() */
    pthread_mutex_t lock;    /* guards all below, and what a role adds to it */
    pthread_cond_t changed;  /* signalled by app_wake() */
    int connected;
    int woken;               /* app_wake() was called since the last app_wait() */
    int stopping;            /* SIGTERM or SIGINT came */
};

/*
 * Connects to hosts ("HOST:PORT/ROOT") and waits for the session. Ends the process if that fails, and whenever the
 * session is lost later: a process without its session owns nothing any more and must not go on.
 */
void app_open(struct app *app, const char *hosts, const char *name);

/* Ends the session, which deletes its ephemeral nodes at once. */
void app_close(struct app *app);

/* Wakes app_wait(). Any thread may call it; it does nothing that could block. */
void app_wake(struct app *app);

/* Waits for app_wake(). Returns 0 when the process shall end, else 1. */
int app_wait(struct app *app);

/* A watcher that wakes its context, a struct app, when a node changed. */
void app_wake_on_change(zhandle_t *zh, int type, int state, const char *path, void *app);

/* Prints one line, "NAME: text". */
void app_say(const struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Says what failed and ends the process. */
void app_fail(const struct app *app, const char *what, int rc) __attribute__((noreturn));

/* app_fail() unless rc is ZOK. */
void app_require(const struct app *app, const char *what, int rc);

/*
 * Appends "EVENT TASK WHO SESSION" to the file that the environment variable DEMO_JOURNAL names. The journal is
 * the evidence from which one can tell afterwards whether every task was done, and by whom.
 */
void app_journal(const struct app *app, const char *event, const char *task, const char *who, int64_t session);

/* Joins the parts, ended by NULL, into a path. Ends the process if it is too long. */
void app_path(char path[APP_TEXT], ...) __attribute__((sentinel));

/*
 * Whether a call lost its connection before the answer came. The request may or may not have been executed; reads
 * are simply repeated, a change has to look first.
 */
int app_uncertain(int rc);

/* Milliseconds on a clock that never jumps. */
int64_t app_now_ms(void);

int run_setup(const char *hosts, const char *root);
int run_teardown(const char *hosts, const char *root);
int run_master(const char *hosts, const char *name);
int run_worker(const char *hosts, const char *name);
int run_client(const char *hosts, const char *name, int tasks);

#endif
