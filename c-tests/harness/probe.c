#define _GNU_SOURCE
#include "probe.h"

#include "harness.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

enum { MAX_LINES = 4096, LINE_SIZE = 200 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char lines[MAX_LINES][LINE_SIZE];
static int line_count;

probe_t probe(const char *name)
{
    probe_t self;
    memset(&self, 0, sizeof self);
    self.name = name;
    return self;
}

static void add_line(const char *line)
{
    if (line_count == MAX_LINES)
        FAIL("more than %d lines in the journal", MAX_LINES);
    snprintf(lines[line_count++], LINE_SIZE, "%s", line);
    pthread_cond_broadcast(&changed);
}

void journal_add(const char *line)
{
    pthread_mutex_lock(&lock);
    add_line(line);
    pthread_mutex_unlock(&lock);
}

/* Waits for the condition variable; 0 when the time is up. */
static int wait_until(long long deadline)
{
    long long left = deadline - harness_now_ms();
    struct timespec until;
    if (left <= 0)
        return 0;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += left / 1000;
    until.tv_nsec += left % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_cond_timedwait(&changed, &lock, &until);
    return 1;
}

void probe_wait(probe_t *self, int n)
{
    long long deadline = harness_now_ms() + PATIENCE_MS;
    pthread_mutex_lock(&lock);
    while (self->calls < n)
        if (!wait_until(deadline))
            FAIL("%s was called %d times, not %d", self->name ? self->name : "the probe",
                 self->calls, n);
    pthread_mutex_unlock(&lock);
}

int probe_calls(probe_t *self)
{
    int calls;
    pthread_mutex_lock(&lock);
    calls = self->calls;
    pthread_mutex_unlock(&lock);
    return calls;
}

/* Everything in the journal on one line, for a failure's reason. */
static const char *all_lines(void)
{
    static char text[900];
    size_t at = 0;
    text[0] = '\0';
    for (int i = 0; i < line_count && at < sizeof text; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s[%s]", i ? " " : "", lines[i]);
    return text;
}

void journal_expect(const char *first, ...)
{
    long long deadline = harness_now_ms() + PATIENCE_MS;
    va_list arguments;
    int n = 0;
    va_start(arguments, first);
    for (const char *line = first; line; line = va_arg(arguments, const char *))
        n++;
    va_end(arguments);
    pthread_mutex_lock(&lock);
    while (line_count < n)
        if (!wait_until(deadline))
            FAIL("%d callbacks, not %d: %s", line_count, n, all_lines());
    if (line_count > n)
        FAIL("%d callbacks, not %d: %s", line_count, n, all_lines());
    n = 0;
    va_start(arguments, first);
    for (const char *line = first; line; line = va_arg(arguments, const char *), n++)
        if (strcmp(lines[n], line) != 0)
            FAIL("callback %d is not [%s] in %s", n, line, all_lines());
    va_end(arguments);
    pthread_mutex_unlock(&lock);
}

int journal_wait(const char *line)
{
    long long deadline = harness_now_ms() + PATIENCE_MS;
    int at = 0;
    pthread_mutex_lock(&lock);
    for (;;) {
        for (; at < line_count; at++)
            if (strcmp(lines[at], line) == 0) {
                pthread_mutex_unlock(&lock);
                return at;
            }
        if (!wait_until(deadline))
            FAIL("no [%s] in %s", line, all_lines());
    }
}

int journal_count(const char *line)
{
    int n = 0;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < line_count; i++)
        n += strcmp(lines[i], line) == 0;
    pthread_mutex_unlock(&lock);
    return n;
}

void journal_clear(void)
{
    pthread_mutex_lock(&lock);
    line_count = 0;
    pthread_mutex_unlock(&lock);
}

static const char *event_name(int type, char *text, size_t size)
{
    static const char *const names[] = {"none", "created", "deleted", "changed", "child"};
    if (type == ZOO_SESSION_EVENT)
        return "session";
    if (type >= 1 && type <= 4)
        return names[type];
    snprintf(text, size, "event%d", type);
    return text;
}

static const char *state_name(int state, char *text, size_t size)
{
    if (state == ZOO_CONNECTING_STATE)
        return "connecting";
    if (state == ZOO_CONNECTED_STATE)
        return "connected";
    if (state == ZOO_READONLY_STATE)
        return "readonly";
    if (state == ZOO_EXPIRED_SESSION_STATE)
        return "expired";
    if (state == ZOO_AUTH_FAILED_STATE)
        return "auth-failed";
    snprintf(text, size, "state%d", state);
    return text;
}

void probe_set_then(probe_t *self, void (*then)(probe_t *))
{
    pthread_mutex_lock(&lock);
    self->then = then;
    pthread_mutex_unlock(&lock);
}

/* Notes the call down and lets the waiters see it, then runs the hook. */
static void note(probe_t *self, const char *line)
{
    /* Read under the lock: who waits for this call may set the hook for the next one. */
    void (*then)(probe_t *) = self->then;
    self->thread = pthread_self();
    if (self->name)
        add_line(line);
    self->calls++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    if (then)
        then(self);
}

void on_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    probe_t *self = (probe_t *)context;
    char line[LINE_SIZE], event[32], status[32];
    const char *name = self->name ? self->name : "";
    int seen = zoo_state(zh);
    pthread_mutex_lock(&lock);
    self->type = type;
    self->state = state;
    self->state_seen = seen;
    self->zh = zh;
    if (type == ZOO_SESSION_EVENT)
        snprintf(line, sizeof line, "%s: session %s%s%s", name,
                 state_name(state, status, sizeof status), path && !*path ? "" : " ",
                 path ? path : "NULL");
    else if (state == ZOO_CONNECTED_STATE)
        snprintf(line, sizeof line, "%s: %s %s", name,
                 event_name(type, event, sizeof event), path ? path : "NULL");
    else
        snprintf(line, sizeof line, "%s: %s %s (%s)", name,
                 event_name(type, event, sizeof event), path ? path : "NULL",
                 state_name(state, status, sizeof status));
    note(self, line);
}

void on_event_too(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    on_event(zh, type, state, path, context);
}

/* A completion's common part; the caller holds the lock, note() gives it up. */
static void complete(probe_t *self, int rc, const struct Stat *stat)
{
    char line[LINE_SIZE];
    self->rc = rc;
    self->has_stat = stat != NULL;
    if (stat)
        self->stat = *stat;
    snprintf(line, sizeof line, "%s: %d", self->name ? self->name : "", rc);
    note(self, line);
}

static char *copy(const char *bytes, size_t length)
{
    char *text = (char *)malloc(length + 1);
    CHECK(text != NULL);
    memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

static probe_t *locked(const void *data)
{
    pthread_mutex_lock(&lock);
    return (probe_t *)(uintptr_t)data;
}

void on_void(int rc, const void *data)
{
    complete(locked(data), rc, NULL);
}

void on_stat(int rc, const struct Stat *stat, const void *data)
{
    complete(locked(data), rc, stat);
}

void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    probe_t *self = locked(data);
    free(self->value);
    self->value = value ? copy(value, length > 0 ? (size_t)length : 0) : NULL;
    self->value_length = length;
    complete(self, rc, stat);
}

void on_strings_stat(int rc, const struct String_vector *strings, const struct Stat *stat,
                     const void *data)
{
    probe_t *self = locked(data);
    free(self->strings);
    self->strings = NULL;
    self->count = strings ? strings->count : -1;
    if (strings) {
        size_t size = 1;
        for (int i = 0; i < strings->count; i++)
            size += strlen(strings->data[i]) + 1;
        self->strings = (char *)calloc(1, size);
        CHECK(self->strings != NULL);
        for (int i = 0; i < strings->count; i++) {
            if (i)
                strcat(self->strings, ",");
            strcat(self->strings, strings->data[i]);
        }
    }
    complete(self, rc, stat);
}

void on_strings(int rc, const struct String_vector *strings, const void *data)
{
    on_strings_stat(rc, strings, NULL, data);
}

void on_string_stat(int rc, const char *value, const struct Stat *stat, const void *data)
{
    probe_t *self = locked(data);
    free(self->value);
    self->value = value ? copy(value, strlen(value)) : NULL;
    complete(self, rc, stat);
}

void on_string(int rc, const char *value, const void *data)
{
    on_string_stat(rc, value, NULL, data);
}

void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *data)
{
    probe_t *self = locked(data);
    free(self->value);
    self->value = NULL;
    self->count = acl ? acl->count : -1;
    if (acl && acl->count > 0) {
        char text[256];
        int length = snprintf(text, sizeof text, "%s:%s:%d", acl->data[0].id.scheme,
                              acl->data[0].id.id, acl->data[0].perms);
        self->value = copy(text, (size_t)length);
    }
    complete(self, rc, stat);
}
