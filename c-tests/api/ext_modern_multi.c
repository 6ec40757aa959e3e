/* Transactions with operations that the C library refuses. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#define OPEN &ZOO_OPEN_ACL_UNSAFE

enum { HOUR_MS = 3600000 };

TEST(every_kind_of_create_works_in_a_transaction, "F-29")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    zoo_op_t ops[5];
    zoo_op_result_t results[5];
    char paths[4][256];
    struct Stat plain, container, after;
    memset(results, 0x55, sizeof results);
    memset(&plain, 0x55, sizeof plain);
    struct Stat untouched = plain;
    zoox_create2_op_init(&ops[0], live_path(live, "s-"), "data", 4, OPEN,
                         ZOO_PERSISTENT_SEQUENTIAL, paths[0], 256, &plain);
    zoox_create2_op_init(&ops[1], live_path(live, "c"), "", 0, OPEN, ZOO_CONTAINER, paths[1],
                         256, &container);
    zoox_create_ttl_op_init(&ops[2], live_path(live, "t"), "", 0, OPEN,
                            ZOO_PERSISTENT_WITH_TTL, HOUR_MS, paths[2], 256);
    zoox_create_ttl_op_init(&ops[3], live_path(live, "ts-"), "", 0, OPEN,
                            ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, HOUR_MS, paths[3], 256);
    zoo_check_op_init(&ops[4], live_path(live, "t"), 0);
    CHECK_INT(zoo_multi(live->zh, 5, ops, results), ZOK);
    for (int i = 0; i < 5; i++)
        CHECK_INT(results[i].err, ZOK);
    CHECK_STR(paths[0], live_path(live, "s-0000000000"));
    CHECK_STR(paths[1], live_path(live, "c"));
    CHECK_STR(paths[2], live_path(live, "t"));
    CHECK_STR(paths[3], live_path(live, "ts-0000000003"));
    CHECK_INT(zoo_exists(live->zh, paths[0], 0, &after), ZOK);
    if (on_java()) {
        /* It answers a create2 in a transaction as a plain create. */
        CHECK(results[0].stat == NULL);
        CHECK_BYTES(&plain, sizeof plain, &untouched, sizeof untouched);
    } else {
        CHECK(results[0].stat == &plain);
        check_stat(&plain, &after);
    }
    CHECK(results[1].stat == &container);
    CHECK_INT(zoo_exists(live->zh, paths[1], 0, &after), ZOK);
    check_stat(&container, &after);
    CHECK_INT(zoo_exists(live->zh, paths[2], 0, NULL), ZOK);
    CHECK_INT(zoo_exists(live->zh, paths[3], 0, NULL), ZOK);
    live_close(live);
}

TEST(creates_of_a_failed_transaction_fill_nothing, "F-29")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    zoo_op_t ops[3];
    static zoo_op_result_t results[3];
    char path[256] = "before";
    struct Stat stat;
    probe_t multi = probe("multi");
    memset(&stat, 0x55, sizeof stat);
    zoox_create2_op_init(&ops[0], live_path(live, "a"), "", 0, OPEN, ZOO_EPHEMERAL, path, 256,
                         &stat);
    zoo_delete_op_init(&ops[1], live_path(live, "missing"), -1);
    zoox_create_ttl_op_init(&ops[2], live_path(live, "t"), "", 0, OPEN,
                            ZOO_PERSISTENT_WITH_TTL, HOUR_MS, path, 256);
    CHECK_INT(zoo_amulti(live->zh, 3, ops, results, on_void, &multi), ZOK);
    probe_wait(&multi, 1);
    CHECK_INT(multi.rc, ZNONODE);
    CHECK_INT(results[0].err, 0);
    CHECK_INT(results[1].err, ZNONODE);
    CHECK_INT(results[2].err, ZRUNTIMEINCONSISTENCY);
    CHECK(results[0].value == NULL && results[0].stat == NULL && results[2].value == NULL);
    CHECK_STR(path, "before");
    CHECK_INT(stat.version, 0x55555555);
    CHECK_INT(zoo_exists(live->zh, live_path(live, "a"), 0, NULL), ZNONODE);
    live_close(live);
}

TEST(modes_and_times_to_live_must_fit_the_operation, "F-29")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    zoo_op_t op;
    zoo_op_result_t result;
    probe_t multi = probe("multi");
    const struct {
        int mode;
        int64_t ttl;
    } bad[] = {{ZOO_PERSISTENT_WITH_TTL, 0},
               {ZOO_PERSISTENT_WITH_TTL, -1},
               {ZOO_PERSISTENT_WITH_TTL, 0x10000000000LL},
               {ZOO_PERSISTENT, 1},
               {ZOO_CONTAINER, 1}};
    for (int i = 0; i < 5; i++) {
        zoox_create_ttl_op_init(&op, "/a", "", 0, OPEN, bad[i].mode, bad[i].ttl, NULL, 0);
        CHECK_INT(zoo_multi(zh, 1, &op, &result), ZBADARGUMENTS);
        CHECK_INT(zoo_amulti(zh, 1, &op, &result, on_void, &multi), ZBADARGUMENTS);
    }
    zoox_create2_op_init(&op, "/a", "", 0, OPEN, ZOO_PERSISTENT_WITH_TTL, NULL, 0, NULL);
    CHECK_INT(zoo_multi(zh, 1, &op, &result), ZBADARGUMENTS);
    zoox_create2_op_init(&op, "bad", "", 0, OPEN, 0, NULL, 0, NULL);
    CHECK_INT(zoo_multi(zh, 1, &op, &result), ZMARSHALLINGERROR);
    zoox_create2_op_init(NULL, "/a", "", 0, OPEN, 0, NULL, 0, NULL);
    zoox_create_ttl_op_init(NULL, "/a", "", 0, OPEN, ZOO_PERSISTENT_WITH_TTL, 1, NULL, 0);
    CHECK_INT(probe_calls(&multi), 0);
    stage_close(stage);
}

/* A MultiHeader. */
static void put_head(wire_t *out, int type, int done, int err)
{
    put_int(out, type);
    put_bool(out, done);
    put_int(out, err);
}

static void put_create(wire_t *out, int type, const char *path, int mode)
{
    put_head(out, type, 0, -1);
    put_string(out, path);
    put_buffer(out, "x", 1);
    put_int(out, 1);
    put_int(out, ZOO_PERM_ALL);
    put_string(out, "world");
    put_string(out, "anyone");
    put_int(out, mode);
}

TEST(on_the_wire_the_operations_are_those_of_servers, "F-29")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("/ch");
    zoo_op_t ops[3];
    zoo_op_result_t results[3];
    wire_t body = {NULL, 0}, answer = {NULL, 0};
    struct Stat sample = wire_sample_stat(), stat;
    char path[32];
    probe_t multi = probe("multi");
    zoox_create2_op_init(&ops[0], "/a", "x", 1, OPEN, ZOO_EPHEMERAL, path, sizeof path, &stat);
    zoox_create2_op_init(&ops[1], "/c", "x", 1, OPEN, ZOO_CONTAINER, NULL, 0, NULL);
    zoox_create_ttl_op_init(&ops[2], "/t", "x", 1, OPEN, ZOO_PERSISTENT_WITH_TTL, 77, NULL, 0);
    CHECK_INT(zoo_amulti(stage->zh, 3, ops, results, on_void, &multi), ZOK);
    put_create(&body, ZOO_CREATE2_OP, "/ch/a", ZOO_EPHEMERAL);
    put_create(&body, ZOO_CREATE_CONTAINER_OP, "/ch/c", ZOO_CONTAINER);
    put_create(&body, ZOO_CREATE_TTL_OP, "/ch/t", ZOO_PERSISTENT_WITH_TTL);
    put_long(&body, 77);
    put_head(&body, -1, 1, -1);
    int xid = stage_expect(stage, ZOO_MULTI_OP, &body);
    static const char *const created[] = {"/ch/a", "/ch/c", "/ch/t"};
    for (int i = 0; i < 3; i++) {
        put_head(&answer, ZOO_CREATE2_OP, 0, 0);
        put_string(&answer, created[i]);
        put_stat(&answer, &sample);
    }
    put_head(&answer, -1, 1, -1);
    fake_reply(stage->connection, xid, 1, 0, &answer);
    wire_free(&answer);
    probe_wait(&multi, 1);
    CHECK_INT(multi.rc, ZOK);
    CHECK_STR(path, "/a");
    check_stat(&stat, &sample);
    stage_close(stage);
}

TEST(a_queue_tells_path_and_statistics_of_a_create, "F-29 G10")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    zoox_cq_t *cq = zoox_cq_create();
    zhandle_t *zh = connect_to_queue(live_hosts(), cq);
    zoo_op_t op;
    const char *path = live_path(live, "c");
    zoox_create2_op_init(&op, path, "data", 4, OPEN, ZOO_CONTAINER, NULL, 0, NULL);
    CHECK_INT(zoo_amulti(zh, 1, &op, NULL, NULL, (void *)1), ZOK);
    const struct zoox_entry *entry = next_completion(cq, 1);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(entry->payload, ZOOX_RESULTS);
    CHECK_INT(entry->count, 1);
    const struct zoox_result *result = (const struct zoox_result *)payload_of(entry);
    CHECK_INT(result->err, ZOK);
    CHECK_STR(in_entry(entry, result->path), path);
    CHECK_INT(result->has_stat, 1);
    CHECK_INT(result->stat.dataLength, 4);
    close_with_queue(zh, cq);
    live_close(live);
}
