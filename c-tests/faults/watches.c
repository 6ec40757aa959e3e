/* Watches from many threads at once. */
#define _GNU_SOURCE
#include "../harness/bulk.h"
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>

enum { THREADS = 4, ROUNDS = 300, PATHS = 3 };

/* One registration: it is called or removed, and never both. */
typedef struct {
    _Atomic int called;
    int removed;
} registration_t;

typedef struct {
    zhandle_t *zh;
    registration_t all[ROUNDS];
} registrar_t;

static void note_change(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    registration_t *registration = (registration_t *)context;
    (void)zh, (void)state, (void)path;
    registration->called += type == ZOO_CHANGED_EVENT;
}

static void add_and_remove(void *argument)
{
    registrar_t *registrar = (registrar_t *)argument;
    for (int i = 0; i < ROUNDS; i++) {
        registration_t *mine = &registrar->all[i];
        char path[16];
        int length = 0;
        snprintf(path, sizeof path, "/p%d", i % PATHS);
        CHECK_INT(zoo_wget(registrar->zh, path, note_change, mine, NULL, &length, NULL), ZOK);
        if (i % 2 == 0)
            continue;
        int rc = zoo_remove_watches(registrar->zh, path, ZWATCHTYPE_DATA, note_change, mine, 1);
        CHECK(rc == ZOK || rc == ZNOWATCHER);
        mine->removed = rc == ZOK;
    }
}

/* Every third read is followed by a change of its node, and the last request by one of all. */
static void answer_and_change(frame_t *request, wire_t *out, void *context)
{
    int *reads = (int *)context;
    size_t start = request->at;
    char *path = request->type == ZOO_GETDATA_OP ? take_string(request) : NULL;
    request->at = start;
    if (request->type == ZOO_EXISTS_OP)
        for (int i = 0; i < PATHS; i++) {
            char changed[16];
            snprintf(changed, sizeof changed, "/p%d", i);
            bulk_put_event(out, ZOO_CHANGED_EVENT, changed);
        }
    bulk_answer(request, out, NULL);
    if (path && ++*reads % 3 == 0)
        bulk_put_event(out, ZOO_CHANGED_EVENT, path);
    free(path);
}

TEST(a_watch_is_called_or_removed_whatever_other_threads_do, "F-41")
{
    stage_t *stage = stage_open("");
    static registrar_t registrars[THREADS];
    test_thread *threads[THREADS];
    probe_t last = probe("last");
    int reads = 0, removed = 0;
    bulk_t *server = bulk_start(stage->connection, answer_and_change, &reads);
    for (int k = 0; k < THREADS; k++) {
        registrars[k].zh = stage->zh;
        threads[k] = thread_start(add_and_remove, &registrars[k]);
    }
    for (int k = 0; k < THREADS; k++)
        thread_join(threads[k]);
    CHECK_INT(zoo_aexists(stage->zh, "/last", 0, on_stat, &last), ZOK);
    probe_wait(&last, 1); /* events that came before it have been told */
    for (int k = 0; k < THREADS; k++)
        for (int i = 0; i < ROUNDS; i++) {
            registration_t *one = &registrars[k].all[i];
            CHECK_INT(one->called + one->removed, 1);
            removed += one->removed;
        }
    CHECK(removed > 0);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    bulk_join(server);
}
