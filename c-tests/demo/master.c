/*
 * The master hands out tasks and takes back those of dead workers.
 *
 * It keeps no state of its own: on every change it reads where everything is and moves what has to be moved. That is
 * why a backup can take over at any moment.
 */
#define _POSIX_C_SOURCE 200809L

#include "app.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tasks that a worker holds at a time: one to do and one to go on with. */
enum { TASKS_PER_WORKER = 2 };

struct master {
    struct app app;
    int moves; /* moves in flight, guarded by app.lock */
};

/* One task on its way from one place to another. */
struct move {
    struct master *master;
    const char *event;            /* for the journal: "assign" or "return" */
    char task[APP_TEXT];
    char worker[APP_TEXT];
    char from[APP_TEXT];
    char to[APP_TEXT];
    char guard[APP_TEXT];         /* must exist for the move to happen; "" if nothing has to */
    zoo_op_result_t results[3];   /* the library writes here until the completion has run */
};

static void move_ended(struct move *move)
{
    struct app *app = &move->master->app;
    pthread_mutex_lock(&app->lock);
    move->master->moves--;
    pthread_cond_broadcast(&app->changed);
    pthread_mutex_unlock(&app->lock);
    free(move);
}

static void on_moved(int rc, const void *data)
{
    struct move *move = (struct move *)data;
    struct app *app = &move->master->app;
    if (rc == ZOK) {
        int handed_out = strcmp(move->event, "assign") == 0;
        app_journal(app, move->event, move->task, move->worker, app->session);
        app_say(app, handed_out ? "%s -> %s" : "takes %s back from dead %s", move->task, move->worker);
    } else {
        /* The worker died, or an earlier try whose answer was lost did succeed: look again. */
        app_wake(app);
    }
    move_ended(move);
}

static void on_task_read(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    struct move *move = (struct move *)data;
    zhandle_t *zh = move->master->app.zh;
    zoo_op_t ops[3];
    int count = 0;
    (void)stat;
    if (rc != ZOK) {
        app_wake(&move->master->app);
        move_ended(move);
        return;
    }
    if (move->guard[0] != '\0') {
        zoo_check_op_init(&ops[count++], move->guard, -1);
    }
    zoo_create_op_init(&ops[count++], move->to, value, length, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
    zoo_delete_op_init(&ops[count++], move->from, -1);
    /* A completion must not block, so this is the asynchronous call. Paths and value are copied before it returns. */
    rc = zoo_amulti(zh, count, ops, move->results, on_moved, move);
    if (rc != ZOK) {
        move_ended(move);
    }
}

static void start_move(struct master *master, const char *event, const char *task, const char *worker)
{
    struct move *move = calloc(1, sizeof *move);
    if (move == NULL) {
        app_fail(&master->app, "moving a task", ZSYSTEMERROR);
    }
    move->master = master;
    move->event = event;
    app_path(move->task, task, NULL);
    app_path(move->worker, worker, NULL);
    if (strcmp(event, "assign") == 0) {
        app_path(move->from, "/tasks/", task, NULL);
        app_path(move->to, "/assign/", worker, "/", task, NULL);
        app_path(move->guard, "/workers/", worker, NULL);
    } else {
        app_path(move->from, "/assign/", worker, "/", task, NULL);
        app_path(move->to, "/tasks/", task, NULL);
    }
    pthread_mutex_lock(&master->app.lock);
    master->moves++;
    pthread_mutex_unlock(&master->app.lock);
    if (zoo_aget(master->app.zh, move->from, 0, on_task_read, move) != ZOK) {
        move_ended(move);
    }
}

static void wait_for_moves(struct master *master)
{
    pthread_mutex_lock(&master->app.lock);
    while (master->moves > 0) {
        pthread_cond_wait(&master->app.changed, &master->app.lock);
    }
    pthread_mutex_unlock(&master->app.lock);
}

/* Reads a list of children; with watch, the next change wakes the master. A missing node has none. */
static struct String_vector children(struct master *master, const char *path, int watch)
{
    struct String_vector list = {0, NULL};
    int rc;
    do {
        rc = zoo_wget_children(master->app.zh, path, watch ? app_wake_on_change : NULL, &master->app, &list);
    } while (app_uncertain(rc));
    if (rc != ZNONODE) {
        app_require(&master->app, path, rc);
    }
    return list;
}

static int contains(const struct String_vector *list, const char *name)
{
    for (int32_t i = 0; i < list->count; i++) {
        if (strcmp(list->data[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

static void take_back(struct master *master, const char *worker, const struct String_vector *tasks)
{
    char folder[APP_TEXT];
    if (tasks->count > 0) {
        for (int32_t i = 0; i < tasks->count; i++) {
            start_move(master, "return", tasks->data[i], worker);
        }
        /* The folder goes in the next round, when it is empty. */
        app_wake(&master->app);
        return;
    }
    app_path(folder, "/assign/", worker, NULL);
    zoo_delete(master->app.zh, folder, -1);
}

/* Index of the worker with the fewest tasks, or -1 if all have enough. */
static int32_t least_loaded(const struct String_vector *workers, const int *load)
{
    int32_t best = -1;
    for (int32_t i = 0; i < workers->count; i++) {
        if (load[i] < TASKS_PER_WORKER && (best < 0 || load[i] < load[best])) {
            best = i;
        }
    }
    return best;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* One look at everything, and the moves that follow from it. */
static void distribute(struct master *master)
{
    /* In this order: a worker comes with its folder in one step, so a folder seen before the list without its worker
     * is a dead one's. The other way round it could be that of a worker which has just signed on. */
    struct String_vector folders = children(master, "/assign", 0);
    struct String_vector workers = children(master, "/workers", 1);
    struct String_vector done = children(master, "/status", 1); /* only to be woken when a worker becomes free */
    int *load = calloc((size_t)workers.count + 1, sizeof *load);
    if (load == NULL) {
        app_fail(&master->app, "distributing", ZSYSTEMERROR);
    }
    for (int32_t i = 0; i < folders.count; i++) {
        char folder[APP_TEXT];
        struct String_vector tasks;
        app_path(folder, "/assign/", folders.data[i], NULL);
        tasks = children(master, folder, 0);
        if (!contains(&workers, folders.data[i])) {
            take_back(master, folders.data[i], &tasks);
        }
        for (int32_t w = 0; w < workers.count; w++) {
            if (strcmp(workers.data[w], folders.data[i]) == 0) {
                load[w] = tasks.count;
            }
        }
        deallocate_String_vector(&tasks);
    }
    wait_for_moves(master);

    struct String_vector tasks = children(master, "/tasks", 1);
    if (tasks.count > 1) {
        qsort(tasks.data, (size_t)tasks.count, sizeof *tasks.data, by_name);
    }
    for (int32_t i = 0; i < tasks.count; i++) {
        int32_t worker = least_loaded(&workers, load);
        if (worker < 0) {
            break;
        }
        load[worker]++;
        start_move(master, "assign", tasks.data[i], workers.data[worker]);
    }
    wait_for_moves(master);

    free(load);
    deallocate_String_vector(&tasks);
    deallocate_String_vector(&done);
    deallocate_String_vector(&folders);
    deallocate_String_vector(&workers);
}

/* Whether /master is ours: the answer to a lost answer. */
static int is_mine(struct master *master)
{
    struct Stat stat;
    int rc;
    do {
        rc = zoo_exists(master->app.zh, "/master", 0, &stat);
    } while (app_uncertain(rc));
    return rc == ZOK && stat.ephemeralOwner == master->app.session;
}

/* Returns 1 as the master, 0 when the process shall end. */
static int become_master(struct master *master)
{
    struct app *app = &master->app;
    int waiting = 0;
    for (;;) {
        int rc = zoo_create(app->zh, "/master", app->name, (int)strlen(app->name), &ZOO_OPEN_ACL_UNSAFE,
                            ZOO_EPHEMERAL, NULL, 0);
        if (rc == ZOK || (app_uncertain(rc) && is_mine(master))) {
            app_journal(app, "lead", "-", app->name, app->session);
            app_say(app, waiting ? "takes over as master" : "is the master");
            return 1;
        }
        if (rc != ZNODEEXISTS && !app_uncertain(rc)) {
            app_fail(app, "creating /master", rc);
        }
        /* The watch is set by the same request that finds the node, so its end cannot be missed. */
        rc = zoo_wexists(app->zh, "/master", app_wake_on_change, app, NULL);
        if (rc == ZOK) {
            if (!waiting) {
                app_say(app, "is the backup");
            }
            waiting = 1;
            if (!app_wait(app)) {
                return 0;
            }
        } else if (rc != ZNONODE && !app_uncertain(rc)) {
            app_fail(app, "watching /master", rc);
        }
    }
}

int run_master(const char *hosts, const char *name)
{
    struct master master = {.moves = 0};
    app_open(&master.app, hosts, name);
    if (become_master(&master)) {
        do {
            distribute(&master);
        } while (app_wait(&master.app));
    }
    app_close(&master.app);
    return 0;
}
