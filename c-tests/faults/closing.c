/* The end of handles: at once, from everywhere, against everything. */
#define _GNU_SOURCE
#include "../harness/bulk.h"
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <dirent.h>
#include <stdio.h>

TEST(ephemeral_nodes_are_gone_when_close_has_returned, "F-50")
{
    live_t *live = live_open();
    const char *node = live_path(live, "ephemeral");
    for (int i = 0; i < 20; i++) {
        probe_t session = probe(NULL);
        zhandle_t *zh = live_session("", &session);
        CHECK_INT(zoo_create(zh, node, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
        CHECK_INT(zookeeper_close(zh), ZOK);
        CHECK_INT(zoo_exists(live->zh, node, 0, NULL), ZNONODE);
    }
    live_close(live);
}

enum { THREADS = 8 };

/* A thread that uses a handle until it is refused. */
typedef struct {
    zhandle_t *zh;
    probe_t done;
    int accepted, refused_with;
    _Atomic int calls;
} caller_t;

static int is_end(int rc)
{
    return rc == ZCLOSING || rc == ZMARSHALLINGERROR || rc == ZBADARGUMENTS || rc == ZINVALIDSTATE;
}

static void call_until_refused(void *argument)
{
    caller_t *caller = (caller_t *)argument;
    int rc;
    while ((rc = zoo_aexists(caller->zh, "/a", 0, on_stat, &caller->done)) == ZOK) {
        caller->accepted++;
        caller->calls++;
        rc = zoo_exists(caller->zh, "/a", 0, NULL);
        CHECK(rc == ZOK || is_end(rc));
        zoo_state(caller->zh);
    }
    CHECK(is_end(rc));
}

typedef struct {
    stage_t *stage;
    bulk_t *server;
    caller_t callers[THREADS];
    test_thread *threads[THREADS];
} crowd_t;

/* All callers are at work when this returns. */
static crowd_t *start_crowd(void)
{
    crowd_t *crowd = (crowd_t *)calloc(1, sizeof *crowd);
    CHECK(crowd != NULL);
    crowd->stage = stage_open("");
    crowd->server = bulk_start(crowd->stage->connection, bulk_answer, NULL);
    for (int i = 0; i < THREADS; i++) {
        crowd->callers[i].zh = crowd->stage->zh;
        crowd->callers[i].done = probe(NULL);
        crowd->threads[i] = thread_start(call_until_refused, &crowd->callers[i]);
    }
    for (int i = 0; i < THREADS; i++)
        EVENTUALLY(crowd->callers[i].calls > 2);
    return crowd;
}

/* Everyone has been refused, and all that was accepted is completed. */
static void end_crowd(crowd_t *crowd)
{
    for (int i = 0; i < THREADS; i++) {
        thread_join(crowd->threads[i]);
        probe_wait(&crowd->callers[i].done, crowd->callers[i].accepted);
    }
    bulk_join(crowd->server);
    for (int i = 0; i < THREADS; i++)
        CHECK_INT(probe_calls(&crowd->callers[i].done), crowd->callers[i].accepted);
    fake_stop(crowd->stage->fake);
    journal_clear();
}

enum { CROWDS = 10 };

TEST(close_ends_the_calls_of_eight_threads, "F-51")
{
    for (int i = 0; i < CROWDS; i++) {
        crowd_t *crowd = start_crowd();
        CHECK_INT(zookeeper_close(crowd->stage->zh), ZOK);
        end_crowd(crowd);
    }
}

static void close_inside(probe_t *self)
{
    CHECK_INT(zookeeper_close((zhandle_t *)self->then_data), ZOK);
}

TEST(a_completion_may_close_while_eight_threads_call, "F-51, F-52")
{
    for (int i = 0; i < CROWDS; i++) {
        crowd_t *crowd = start_crowd();
        probe_t closing = probe("closing");
        closing.then = close_inside;
        closing.then_data = crowd->stage->zh;
        CHECK_INT(zoo_aexists(crowd->stage->zh, "/a", 0, on_stat, &closing), ZOK);
        probe_wait(&closing, 1);
        end_crowd(crowd);
    }
}

static int entries(const char *folder)
{
    DIR *list = opendir(folder);
    int n = 0;
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(list);
    return n;
}

/* Closes in a completion or in a watcher, with more callbacks behind it. */
static void close_in_callback(int in_watcher)
{
    stage_t *stage = stage_open("");
    probe_t first = probe(NULL), behind = probe(NULL), watch = probe(NULL);
    probe_t *closing = in_watcher ? &watch : &first;
    closing->then_data = stage->zh;
    closing->then = close_inside;
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &first), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &behind), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    if (in_watcher)
        fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    CHECK_INT(fake_wait_end(stage->connection), 1);
    fake_hang_up(stage->connection);
    probe_wait(&behind, 1);
    probe_wait(closing, 1);
    fake_stop(stage->fake);
    free(stage);
    journal_clear();
}

TEST(hundreds_of_closes_inside_callbacks_leave_nothing_behind, "F-52")
{
    NOT_UNDER_THREAD_SANITIZER("it has a thread of its own");
    close_in_callback(0);
    EVENTUALLY(entries("/proc/self/task") == 1);
    int descriptors = entries("/proc/self/fd");
    for (int i = 0; i < 200; i++)
        close_in_callback(i % 2);
    EVENTUALLY(entries("/proc/self/task") == 1);
    EVENTUALLY(entries("/proc/self/fd") == descriptors);
}
