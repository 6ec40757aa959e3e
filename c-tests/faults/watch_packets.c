/* More watches than fit into a packet. */
#define _GNU_SOURCE
#include "../harness/bulk.h"
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>
#include <sys/socket.h>

#ifdef __SANITIZE_THREAD__
enum { WATCHES = 5000 };
#else
enum { WATCHES = 100000 };
#endif
/* Servers take eight times as much, but this is what the Java client keeps to. */
enum { PACKET = 128 * 1024 };

/* A path of 103 bytes. */
static const char *long_path(int index, char *path, size_t size)
{
    snprintf(path, size, "/%095d/%06d", 0, index);
    return path;
}

/* What a server has been told about watches. */
typedef struct {
    unsigned char seen[WATCHES];
    int paths;
    _Atomic int all;
} told_t;

/* When all watches are there, their nodes change. */
static void take_watches(frame_t *request, wire_t *out, void *context)
{
    told_t *told = (told_t *)context;
    if (request->type != ZOO_SETWATCHES_OP) {
        bulk_answer(request, out, NULL);
        return;
    }
    CHECK_INT(request->xid, -8);
    if (request->length > PACKET)
        FAIL("a packet has %zu bytes", request->length);
    take_long(request);
    for (int table = 0; table < 3; table++) {
        int count = take_int(request);
        for (int i = 0; i < count; i++) {
            char *path = take_string(request);
            int index = atoi(strrchr(path, '/') + 1);
            CHECK(index >= 0 && index < WATCHES && !told->seen[index]);
            told->seen[index] = 1;
            told->paths++;
            free(path);
        }
    }
    take_end(request);
    bulk_put_reply(out, -8, 0, NULL);
    for (int i = 0; told->paths == WATCHES && i < WATCHES; i++) {
        char path[128];
        bulk_put_event(out, ZOO_CHANGED_EVENT, long_path(i, path, sizeof path));
    }
    told->all = told->paths == WATCHES;
}

static _Atomic int changes;

static void count_changes(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh, (void)state, (void)path, (void)context;
    changes += type == ZOO_CHANGED_EVENT;
}

TEST(a_hundred_thousand_watches_survive_a_reconnect_in_packets_that_servers_take, "F-39")
{
    stage_t *stage = stage_open_with("", 60000, 0);
    probe_t get = probe(NULL);
    told_t *told = (told_t *)calloc(1, sizeof *told);
    CHECK(told != NULL);
    bulk_t *server = bulk_start(stage->connection, bulk_answer, NULL);
    for (int i = 0; i < WATCHES; i++) {
        char path[128];
        CHECK_INT(zoo_awget(stage->zh, long_path(i, path, sizeof path), count_changes, NULL,
                            on_data, &get),
                  ZOK);
    }
    for (int i = 1000; i <= WATCHES; i += 1000)
        probe_wait(&get, i); /* as long as some come, however slow the machine is */
    CHECK_INT(get.rc, ZOK);
    shutdown(stage->connection, SHUT_RDWR);
    bulk_join(server);
    stage->connection = fake_connect(stage->fake);
    server = bulk_start(stage->connection, take_watches, told);
    EVENTUALLY(told->all);
    EVENTUALLY(changes == WATCHES);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    bulk_join(server);
    CHECK_INT(changes, WATCHES);
    free(told);
}
