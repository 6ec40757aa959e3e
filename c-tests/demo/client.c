/*
 * The client submits tasks and waits until all are done. Everything here is asynchronous: all tasks are on their way
 * at once, each one driven by the completions of its own requests.
 */
#define _POSIX_C_SOURCE 200809L

#include "app.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
    struct app app;
    int open; /* tasks not done yet, guarded by app.lock */
};

struct task {
    struct client *client;
    char name[APP_TEXT];
    char status[APP_TEXT]; /* "/status/NAME" */
};

static void await_status(struct task *task);
static void read_status(struct task *task);

static void on_result(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    struct task *task = (struct task *)data;
    struct app *app = &task->client->app;
    char text[APP_TEXT] = "";
    char worker[APP_TEXT];
    uint64_t session;
    long result;
    (void)stat;
    if (app_uncertain(rc)) {
        read_status(task);
        return;
    }
    app_require(app, task->status, rc);
    if (length > 0 && length < APP_TEXT) {
        memcpy(text, value, (size_t)length);
    }
    if (sscanf(text, "%255s 0x%" SCNx64 " %ld", worker, &session, &result) != 3) {
        app_fail(app, task->status, ZDATAINCONSISTENCY);
    }
    app_journal(app, "result", task->name, worker, (int64_t)session);

    pthread_mutex_lock(&app->lock);
    int left = --task->client->open;
    pthread_mutex_unlock(&app->lock);
    app_say(app, "%s = %ld, by %s (%d to go)", task->name, result, worker, left);
    app_wake(app);
}

static void read_status(struct task *task)
{
    app_require(&task->client->app, task->status,
                zoo_aget(task->client->app.zh, task->status, 0, on_result, task));
}

static void on_status_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh;
    (void)state;
    (void)path;
    if (type == ZOO_CREATED_EVENT) {
        read_status(context);
    }
}

static void on_status_exists(int rc, const struct Stat *stat, const void *data)
{
    struct task *task = (struct task *)data;
    (void)stat;
    if (app_uncertain(rc)) {
        await_status(task);
    } else if (rc == ZOK) {
        /* Already done. The watch that this request left stays silent, as nobody changes a status. */
        read_status(task);
    } else if (rc != ZNONODE) {
        app_fail(&task->client->app, task->status, rc);
    }
    /* ZNONODE: the watch is set and will tell. */
}

static void await_status(struct task *task)
{
    app_require(&task->client->app, task->status,
                zoo_awexists(task->client->app.zh, task->status, on_status_event, task, on_status_exists, task));
}

static void on_submitted(int rc, const char *path, const void *data)
{
    struct task *task = (struct task *)data;
    struct app *app = &task->client->app;
    /*
     * After a lost connection nobody can tell whether a sequence node was created, since its name is not known. A
     * client that must survive that puts an identifier of its own into the name and looks for it.
     */
    app_require(app, "submitting a task", rc);
    app_path(task->name, path + strlen("/tasks/"), NULL);
    app_path(task->status, "/status/", task->name, NULL);
    app_journal(app, "submit", task->name, app->name, app->session);
    await_status(task);
}

int run_client(const char *hosts, const char *name, int tasks)
{
    struct client client = {.open = tasks};
    struct task *all = calloc((size_t)tasks + 1, sizeof *all);
    int done = tasks <= 0;
    if (all == NULL) {
        return 1;
    }
    app_open(&client.app, hosts, name);
    for (int i = 0; i < tasks; i++) {
        char limit[APP_TEXT];
        int length = snprintf(limit, sizeof limit, "%d", 1000 * (i + 1));
        all[i].client = &client;
        app_require(&client.app, "submitting a task",
                    zoo_acreate(client.app.zh, "/tasks/task-", limit, length, &ZOO_OPEN_ACL_UNSAFE,
                                ZOO_PERSISTENT_SEQUENTIAL, on_submitted, &all[i]));
    }
    app_say(&client.app, "submits %d tasks", tasks);
    while (!done && app_wait(&client.app)) {
        pthread_mutex_lock(&client.app.lock);
        done = client.open == 0;
        pthread_mutex_unlock(&client.app.lock);
    }
    app_say(&client.app, done ? "all tasks are done" : "stopped early");
    app_close(&client.app);
    free(all);
    return done ? 0 : 1;
}
