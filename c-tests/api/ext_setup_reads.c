/* Results in memory of their own size, and waiting for sync. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <stdio.h>

#define UNTOUCHED ((char *)0x1)

TEST(a_get_allocates_what_the_data_needs, "F-32")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    enum { SIZE = 300000 };
    char *big = (char *)malloc(SIZE), *value = UNTOUCHED;
    int length = -7;
    struct Stat stat;
    for (int i = 0; i < SIZE; i++)
        big[i] = (char)(i * 7);
    const char *path = live_node(live, "big", "");
    CHECK_INT(zoo_set(live->zh, path, big, SIZE, -1), ZOK);
    CHECK_INT(zoox_get(live->zh, path, 0, &value, &length, &stat), ZOK);
    CHECK_BYTES(value, length, big, SIZE);
    CHECK_INT(value[length], 0);
    CHECK_INT(stat.dataLength, SIZE);
    free(value);
    CHECK_INT(zoox_wget(live->zh, path, NULL, NULL, &value, NULL, NULL), ZOK);
    CHECK_BYTES(value, SIZE, big, SIZE);
    free(value);
    free(big);
    live_close(live);
}

TEST(no_data_and_empty_data_are_told_apart, "F-32 F-33")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    char *value = UNTOUCHED;
    int length = -7;
    const char *empty = live_node(live, "empty", ""), *null = live_path(live, "null");
    CHECK_INT(zoo_create(live->zh, null, NULL, -1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZOK);
    CHECK_INT(zoox_get(live->zh, empty, 0, &value, &length, NULL), ZOK);
    CHECK(value != NULL);
    CHECK_INT(length, 0);
    CHECK_INT(value[0], 0);
    free(value);
    CHECK_INT(zoox_get(live->zh, null, 0, &value, &length, NULL), ZOK);
    CHECK(value == NULL);
    CHECK_INT(length, -1);
    live_close(live);
}

TEST(a_get_that_fails_leaves_its_places_alone, "F-32 C-265")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    char *value = UNTOUCHED;
    int length = -7;
    const char *missing = live_path(live, "missing");
    CHECK_INT(zoox_get(live->zh, missing, 0, &value, &length, NULL), ZNONODE);
    CHECK_INT(zoox_get(live->zh, "bad", 0, &value, &length, NULL), ZBADARGUMENTS);
    CHECK_INT(zoox_get(live->zh, missing, 0, NULL, &length, NULL), ZBADARGUMENTS);
    CHECK_INT(zoox_get(NULL, missing, 0, &value, &length, NULL), ZBADARGUMENTS);
    CHECK(value == UNTOUCHED);
    CHECK_INT(length, -7);
    live_close(live);
}

TEST(a_get_that_allocates_leaves_watches_too, "F-32 C-471")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    char *value;
    probe_t watch = probe("watch");
    const char *path = live_node(live, "a", "x");
    CHECK_INT(zoox_wget(live->zh, path, on_event, &watch, &value, NULL, NULL), ZOK);
    free(value);
    CHECK_INT(zoox_get(live->zh, path, 1, &value, NULL, NULL), ZOK);
    free(value);
    CHECK_INT(zoo_set(live->zh, path, "y", 1, -1), ZOK);
    probe_wait(&watch, 1);
    CHECK_INT(watch.type, ZOO_CHANGED_EVENT);
    probe_wait(&live->session, 2);
    live_close(live);
}

TEST(a_create_tells_the_whole_path, "F-32")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    char name[300], expected[400], cut[8], *created = UNTOUCHED;
    struct Stat stat;
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const char *path = live_path(live, name);
    snprintf(expected, sizeof expected, "%s%010d", path, 0);
    CHECK_INT(zoox_create(live->zh, path, "x", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL,
                          -1, &created, &stat),
              ZOK);
    CHECK_STR(created, expected);
    CHECK_INT(stat.dataLength, 1);
    free(created);
    /* As ever, the plain call cuts. */
    CHECK_INT(zoo_create(live->zh, path, "x", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL,
                         cut, sizeof cut),
              ZOK);
    CHECK_INT(strlen(cut), sizeof cut - 1);
    CHECK_INT(zoox_create(live->zh, path, NULL, -1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, -1, NULL,
                          NULL),
              ZOK);
    live_close(live);
}

TEST(every_kind_of_node_can_be_created_so, "F-32 C-286")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    char *created = UNTOUCHED, name[8];
    for (int mode = ZOO_PERSISTENT; mode <= ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL; mode++) {
        int has_ttl = mode >= ZOO_PERSISTENT_WITH_TTL;
        snprintf(name, sizeof name, "%d-", mode);
        const char *path = live_path(live, name);
        CHECK_INT(zoox_create(live->zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, mode,
                              has_ttl ? 100000 : -1, &created, NULL),
                  ZOK);
        CHECK_BYTES(created, strlen(path), path, strlen(path));
        free(created);
        created = UNTOUCHED;
        CHECK_INT(zoox_create(live->zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, mode,
                              has_ttl ? -1 : 100000, &created, NULL),
                  ZBADARGUMENTS);
    }
    const char *path = live_path(live, "0-");
    CHECK_INT(zoox_create(live->zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, -1, &created, NULL),
              ZNODEEXISTS);
    CHECK(created == UNTOUCHED);
    live_close(live);
}

TEST(sync_can_be_waited_for, "F-23 C-241")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("/app");
    wire_t body = {NULL, 0};
    put_string(&body, "/app/a");
    test_thread *server = fake_answer_one(stage->connection, ZOO_SYNC_OP, 0, &body);
    CHECK_INT(zoox_sync(stage->zh, "/a"), ZOK);
    thread_join(server);
    CHECK_INT(zoox_last_zxid(stage->zh), 1);
    server = fake_answer_one(stage->connection, ZOO_SYNC_OP, ZNOAUTH, NULL);
    CHECK_INT(zoox_sync(stage->zh, "/a"), ZNOAUTH);
    thread_join(server);
    CHECK_INT(zoox_sync(stage->zh, "a/"), ZBADARGUMENTS);
    CHECK_INT(zoox_sync(NULL, "/a"), ZBADARGUMENTS);
    stage_close(stage);
}

TEST(a_read_after_sync_sees_what_another_session_has_written, "C-241")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t session = probe("other");
    char *value;
    const char *path = live_node(live, "a", "old");
    zhandle_t *other = live_session("", &session);
    CHECK_INT(zoo_set(other, path, "new", 3, -1), ZOK);
    CHECK_INT(zoox_sync(live->zh, path), ZOK);
    CHECK_INT(zoox_get(live->zh, path, 0, &value, NULL, NULL), ZOK);
    CHECK_STR(value, "new");
    free(value);
    CHECK_INT(zookeeper_close(other), ZOK);
    live_close(live);
}
