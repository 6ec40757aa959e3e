#define _POSIX_C_SOURCE 200809L

#include "app.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long a session outlives a process that stopped answering. The server may raise it. */
enum { SESSION_TIMEOUT_MS = 2000, CONNECT_LIMIT_S = 20 };

static void on_session_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct app *app = context;
    (void)zh;
    (void)path;
    if (type != ZOO_SESSION_EVENT) {
        return;
    }
    if (state == ZOO_CONNECTED_STATE) {
        pthread_mutex_lock(&app->lock);
        app->connected = 1;
        pthread_cond_broadcast(&app->changed);
        pthread_mutex_unlock(&app->lock);
    } else if (state == ZOO_EXPIRED_SESSION_STATE || state == ZOO_AUTH_FAILED_STATE) {
        app_say(app, "session lost, giving up");
        app_journal(app, "expired", "-", app->name, app->session);
        /* Not exit(): other threads are still at work and must not do any more of it. */
        _exit(1);
    }
    /* Anything else is a connection that broke; the library looks for a server again by itself. */
}

/* Turns SIGTERM and SIGINT, which every other thread has blocked, into a wake-up. */
static void *await_signal(void *context)
{
    struct app *app = context;
    sigset_t signals;
    int received;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigwait(&signals, &received);
    pthread_mutex_lock(&app->lock);
    app->stopping = 1;
    pthread_cond_broadcast(&app->changed);
    pthread_mutex_unlock(&app->lock);
    return NULL;
}

static void block_signals(struct app *app)
{
    sigset_t signals;
    pthread_t thread;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    /* Before the library starts its threads, so that they inherit the mask. */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (pthread_create(&thread, NULL, await_signal, app) != 0) {
        app_fail(app, "starting a thread", ZSYSTEMERROR);
    }
    pthread_detach(thread);
}

void app_open(struct app *app, const char *hosts, const char *name)
{
    struct timespec limit;
    int connected;
    memset(app, 0, sizeof *app);
    app->name = name;
    pthread_mutex_init(&app->lock, NULL);
    pthread_cond_init(&app->changed, NULL);
    block_signals(app);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);

    app->zh = zookeeper_init(hosts, on_session_event, SESSION_TIMEOUT_MS, NULL, app, ZOO_NO_LOG_CLIENTENV);
    if (app->zh == NULL) {
        perror(name);
        exit(1);
    }
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += CONNECT_LIMIT_S;
    pthread_mutex_lock(&app->lock);
    while (!app->connected && pthread_cond_timedwait(&app->changed, &app->lock, &limit) == 0) {
    }
    connected = app->connected;
    pthread_mutex_unlock(&app->lock);
    if (!connected) {
        app_fail(app, "connecting", ZOPERATIONTIMEOUT);
    }
    app->session = zoo_client_id(app->zh)->client_id;
}

void app_close(struct app *app)
{
    zookeeper_close(app->zh);
}

void app_wake(struct app *app)
{
    pthread_mutex_lock(&app->lock);
    app->woken = 1;
    pthread_cond_broadcast(&app->changed);
    pthread_mutex_unlock(&app->lock);
}

int app_wait(struct app *app)
{
    int go_on;
    pthread_mutex_lock(&app->lock);
    while (!app->woken && !app->stopping) {
        pthread_cond_wait(&app->changed, &app->lock);
    }
    app->woken = 0;
    go_on = !app->stopping;
    pthread_mutex_unlock(&app->lock);
    return go_on;
}

void app_wake_on_change(zhandle_t *zh, int type, int state, const char *path, void *app)
{
    (void)zh;
    (void)state;
    (void)path;
    /* Every watcher also hears of the session. The watch itself survives a lost connection: nothing to do. */
    if (type != ZOO_SESSION_EVENT) {
        app_wake(app);
    }
}

void app_say(const struct app *app, const char *format, ...)
{
    char line[2 * APP_TEXT];
    size_t length;
    va_list arguments;
    int prefix = snprintf(line, sizeof line, "%s: ", app->name);
    if (prefix < 0 || (size_t)prefix >= sizeof line) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(line + prefix, sizeof line - (size_t)prefix - 1, format, arguments);
    va_end(arguments);
    length = strlen(line);
    line[length++] = '\n';
    /* One write, so that lines of several threads and processes do not mix. */
    if (write(STDOUT_FILENO, line, length) < 0) {
        _exit(1);
    }
}

void app_fail(const struct app *app, const char *what, int rc)
{
    app_say(app, "%s: %s", what, zerror(rc));
    _exit(1);
}

void app_require(const struct app *app, const char *what, int rc)
{
    if (rc != ZOK) {
        app_fail(app, what, rc);
    }
}

void app_journal(const struct app *app, const char *event, const char *task, const char *who, int64_t session)
{
    const char *file = getenv("DEMO_JOURNAL");
    char line[4 * APP_TEXT];
    int length;
    int fd;
    if (file == NULL) {
        return;
    }
    length = snprintf(line, sizeof line, "%s %s %s 0x%" PRIx64 "\n", event, task, who, (uint64_t)session);
    fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC);
    /* Appending in one write keeps lines whole, and it is on record even if the process is killed right after. */
    if (fd < 0 || write(fd, line, (size_t)length) != length) {
        app_say(app, "cannot write the journal");
        _exit(1);
    }
    close(fd);
}

void app_path(char path[APP_TEXT], ...)
{
    va_list parts;
    const char *part;
    size_t used = 0;
    va_start(parts, path);
    while ((part = va_arg(parts, const char *)) != NULL) {
        size_t length = strlen(part);
        if (used + length >= APP_TEXT) {
            fprintf(stderr, "a path is too long\n");
            _exit(1);
        }
        memcpy(path + used, part, length);
        used += length;
    }
    va_end(parts);
    path[used] = '\0';
}

int app_uncertain(int rc)
{
    return rc == ZCONNECTIONLOSS || rc == ZOPERATIONTIMEOUT;
}

int64_t app_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
