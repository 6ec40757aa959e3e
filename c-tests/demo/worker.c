/*
 * A worker does the tasks that appear under its own node.
 *
 * Two threads: completions on the library's thread collect the tasks, the main thread does them.
 */
#define _POSIX_C_SOURCE 200809L

#include "app.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A task that was assigned to us. It stays in the list until it is done. */
struct task {
    struct worker *worker;
    struct task *next;
    int ready; /* its value has been read */
    char name[APP_TEXT];
    char value[APP_TEXT];
};

struct worker {
    struct app app;
    char folder[APP_TEXT];  /* "/assign/NAME" */
    struct task *tasks;     /* in order of arrival; guarded by app.lock */
};

static void list_tasks(struct worker *worker);

/* Takes a task out of the list and frees it. */
static void forget(struct task *task)
{
    struct worker *worker = task->worker;
    pthread_mutex_lock(&worker->app.lock);
    for (struct task **link = &worker->tasks; *link != NULL; link = &(*link)->next) {
        if (*link == task) {
            *link = task->next;
            break;
        }
    }
    pthread_mutex_unlock(&worker->app.lock);
    free(task);
}

/* Adds a task to the end of the list. Returns NULL if it is there already. */
static struct task *remember(struct worker *worker, const char *name)
{
    struct task *task = NULL;
    struct task **link = &worker->tasks;
    pthread_mutex_lock(&worker->app.lock);
    while (*link != NULL && strcmp((*link)->name, name) != 0) {
        link = &(*link)->next;
    }
    if (*link == NULL) {
        task = calloc(1, sizeof *task);
        if (task == NULL) {
            app_fail(&worker->app, "receiving a task", ZSYSTEMERROR);
        }
        task->worker = worker;
        app_path(task->name, name, NULL);
        *link = task;
    }
    pthread_mutex_unlock(&worker->app.lock);
    return task;
}

static void on_task(int rc, const char *value, int length, const struct Stat *stat, const void *data);

static void read_task(struct task *task)
{
    char path[APP_TEXT];
    app_path(path, task->worker->folder, "/", task->name, NULL);
    if (zoo_aget(task->worker->app.zh, path, 0, on_task, task) != ZOK) {
        forget(task);
    }
}

static void on_task(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    struct task *task = (struct task *)data;
    struct app *app = &task->worker->app;
    (void)stat;
    if (app_uncertain(rc)) {
        read_task(task);
    } else if (rc != ZOK || length < 0 || length >= APP_TEXT) {
        /* Done in the meantime: the list was read before the task was deleted. */
        forget(task);
    } else {
        pthread_mutex_lock(&app->lock);
        memcpy(task->value, value, (size_t)length);
        task->ready = 1;
        pthread_mutex_unlock(&app->lock);
        app_wake(app);
    }
}

static void on_tasks(int rc, const struct String_vector *names, const void *data)
{
    struct worker *worker = (struct worker *)data;
    if (app_uncertain(rc)) {
        list_tasks(worker);
    } else if (rc == ZOK) {
        for (int32_t i = 0; i < names->count; i++) {
            struct task *task = remember(worker, names->data[i]);
            if (task != NULL) {
                read_task(task);
            }
        }
    } else if (rc != ZCLOSING) {
        app_fail(&worker->app, "listing tasks", rc);
    }
}

static void on_change(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh;
    (void)state;
    (void)path;
    if (type == ZOO_CHILD_EVENT) {
        list_tasks(context);
    }
}

/* Lists our tasks and watches for more. A watch fires once, so this is called anew for every change. */
static void list_tasks(struct worker *worker)
{
    int rc = zoo_awget_children(worker->app.zh, worker->folder, on_change, worker, on_tasks, worker);
    if (rc != ZOK && rc != ZMARSHALLINGERROR) { /* the latter: we are closing */
        app_fail(&worker->app, "listing tasks", rc);
    }
}

static void sign_on(struct worker *worker)
{
    struct app *app = &worker->app;
    char alive[APP_TEXT];
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    app_path(alive, "/workers/", app->name, NULL);
    app_path(worker->folder, "/assign/", app->name, NULL);
    zoo_create_op_init(&ops[0], worker->folder, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
    zoo_create_op_init(&ops[1], alive, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0);
    app_require(app, "signing on", zoo_multi(app->zh, 2, ops, results));
    app_say(app, "ready for work");
}

/*
 * Declares that our session does this task. The node goes with the session, so as long as it belongs to someone
 * else, that one is alive and must be the only one.
 */
static int claim(struct worker *worker, const struct task *task, const char *running)
{
    struct app *app = &worker->app;
    struct Stat stat;
    int rc;
    do {
        rc = zoo_create(app->zh, running, app->name, (int)strlen(app->name), &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL,
                        NULL, 0);
    } while (app_uncertain(rc));
    if (rc == ZNODEEXISTS) {
        rc = zoo_exists(app->zh, running, 0, &stat);
        if (rc != ZOK || stat.ephemeralOwner != app->session) {
            app_journal(app, "conflict", task->name, app->name, app->session);
            app_say(app, "%s is being done by someone else", task->name);
            return 0;
        }
    }
    app_require(app, "claiming a task", rc);
    app_journal(app, "start", task->name, app->name, app->session);
    return 1;
}

/* Moves the task to /status in one step. If it has been taken from us, nothing happens and 0 is returned. */
static int report(struct worker *worker, const struct task *task, const char *running, long result)
{
    struct app *app = &worker->app;
    char assigned[APP_TEXT];
    char status[APP_TEXT];
    char text[2 * APP_TEXT];
    struct Stat stat;
    zoo_op_t ops[3];
    zoo_op_result_t results[3];
    int rc;
    app_path(assigned, worker->folder, "/", task->name, NULL);
    app_path(status, "/status/", task->name, NULL);
    int length = snprintf(text, sizeof text, "%s 0x%" PRIx64 " %ld", app->name, (uint64_t)app->session, result);
    zoo_delete_op_init(&ops[0], assigned, -1);
    zoo_delete_op_init(&ops[1], running, -1);
    zoo_create_op_init(&ops[2], status, text, length, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
    for (;;) {
        rc = zoo_multi(app->zh, 3, ops, results);
        if (!app_uncertain(rc)) {
            return rc == ZOK;
        }
        do {
            rc = zoo_exists(app->zh, running, 0, &stat);
        } while (app_uncertain(rc));
        /* The answer was lost. If our node is gone, the request was executed: only our session could remove it. */
        if (rc == ZNONODE) {
            return 1;
        }
    }
}

/* The work: how many primes are there below the limit? It takes a while, so that one can watch. */
static long count_primes(long limit)
{
    const char *pace = getenv("DEMO_PACE_MS");
    int64_t end = app_now_ms() + (pace == NULL ? 300 : atoi(pace));
    long count = 0;
    for (long candidate = 2; candidate < limit; candidate++) {
        int prime = 1;
        for (long divisor = 2; prime && divisor * divisor <= candidate; divisor++) {
            prime = candidate % divisor != 0;
        }
        count += prime;
    }
    for (int64_t left = end - app_now_ms(); left > 0; left = end - app_now_ms()) {
        struct timespec time = {.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
        nanosleep(&time, NULL);
    }
    return count;
}

static void perform(struct worker *worker, const struct task *task)
{
    struct app *app = &worker->app;
    char running[APP_TEXT];
    app_path(running, "/running/", task->name, NULL);
    if (!claim(worker, task, running)) {
        return;
    }
    app_say(app, "begins %s", task->name);
    long result = count_primes(strtol(task->value, NULL, 10));
    if (report(worker, task, running, result)) {
        app_journal(app, "finish", task->name, app->name, app->session);
        app_say(app, "done  %s", task->name);
    } else {
        app_journal(app, "refused", task->name, app->name, app->session);
        app_say(app, "%s is not ours any more", task->name);
    }
}

/* The first task whose value is known, or NULL. */
static struct task *next_task(struct worker *worker)
{
    struct task *task;
    pthread_mutex_lock(&worker->app.lock);
    task = worker->tasks;
    while (task != NULL && !task->ready) {
        task = task->next;
    }
    pthread_mutex_unlock(&worker->app.lock);
    return task;
}

int run_worker(const char *hosts, const char *name)
{
    struct worker worker = {.tasks = NULL};
    struct task *task;
    app_open(&worker.app, hosts, name);
    sign_on(&worker);
    list_tasks(&worker);
    while (app_wait(&worker.app)) {
        while ((task = next_task(&worker)) != NULL) {
            perform(&worker, task);
            forget(task);
        }
    }
    app_close(&worker.app);
    while (worker.tasks != NULL) {
        forget(worker.tasks);
    }
    return 0;
}
