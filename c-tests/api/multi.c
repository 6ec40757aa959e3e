/* zoo_multi and zoo_amulti on a real server. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#define OPEN &ZOO_OPEN_ACL_UNSAFE

/* Exported, but no installed header declares it. */
void zoo_create2_op_init(zoo_op_t *op, const char *path, const char *value, int valuelen,
                         const struct ACL_vector *acl, int mode, char *path_buffer,
                         int path_buffer_len);

TEST(a_transaction_does_all_its_operations, "C-162 C-622 C-625 C-627 C-628")
{
    live_t *live = live_open();
    zoo_op_t ops[5];
    zoo_op_result_t results[5];
    char path[256];
    struct Stat stat;
    const char *a = live_path(live, "a"), *old = live_node(live, "old", "");
    memset(results, 0x55, sizeof results);
    memset(&stat, 0x55, sizeof stat);
    zoo_create_op_init(&ops[0], a, "1", 1, OPEN, 0, path, sizeof path);
    zoo_set_op_init(&ops[1], a, "two", 3, 0, &stat);
    zoo_check_op_init(&ops[2], a, 1);
    zoo_delete_op_init(&ops[3], old, -1);
    zoo_create_op_init(&ops[4], live_path(live, "b"), "", 0, OPEN, 0, NULL, 0);
    CHECK_INT(zoo_multi(live->zh, 5, ops, results), ZOK);
    for (int i = 0; i < 5; i++)
        CHECK_INT(results[i].err, ZOK);
    CHECK(results[0].value == path);
    CHECK_INT(results[0].valuelen, sizeof path);
    CHECK_STR(path, a);
    CHECK(results[1].stat == &stat);
    CHECK_INT(stat.version, 1);
    CHECK_INT(stat.dataLength, 3);
    CHECK(results[4].value == NULL);
    CHECK_INT(zoo_exists(live->zh, old, 0, NULL), ZNONODE);
    CHECK_INT(zoo_exists(live->zh, live_path(live, "b"), 0, NULL), ZOK);
    live_close(live);
}

TEST(an_asynchronous_transaction_fills_results_before_its_completion, "C-141 C-266 C-627 C-632")
{
    live_t *live = live_open();
    zoo_op_t ops[2];
    static zoo_op_result_t results[2];
    char path[256];
    probe_t multi = probe("multi");
    zoo_create_op_init(&ops[0], live_path(live, "s-"), "", 0, OPEN, ZOO_SEQUENCE, path, 256);
    zoo_delete_op_init(&ops[1], live_node(live, "old", ""), 0);
    results[0].err = results[1].err = 77;
    CHECK_INT(zoo_amulti(live->zh, 2, ops, results, on_void, &multi), ZOK);
    memset(ops, 0x55, sizeof ops); /* the array itself was copied */
    journal_expect("multi: 0", NULL);
    CHECK_INT(results[0].err, ZOK);
    CHECK_INT(results[1].err, ZOK);
    CHECK_STR(path, live_path(live, "s-0000000001"));
    live_close(live);
}

TEST(a_failed_transaction_changes_nothing_and_names_the_culprit, "C-628 C-625 C-627 T-17")
{
    live_t *live = live_open();
    zoo_op_t ops[4];
    zoo_op_result_t results[4];
    char path[256] = "before";
    struct Stat stat;
    memset(&stat, 0x55, sizeof stat);
    memset(results, 0x55, sizeof results);
    zoo_create_op_init(&ops[0], live_path(live, "a"), "1", 1, OPEN, 0, path, sizeof path);
    zoo_set_op_init(&ops[1], live->root, "x", 1, -1, &stat);
    zoo_delete_op_init(&ops[2], live_path(live, "missing"), -1);
    zoo_create_op_init(&ops[3], live_path(live, "b"), "1", 1, OPEN, 0, path, sizeof path);
    CHECK_INT(zoo_multi(live->zh, 4, ops, results), ZNONODE);
    CHECK_INT(results[0].err, 0);
    CHECK_INT(results[1].err, 0);
    CHECK_INT(results[2].err, ZNONODE);
    CHECK_INT(results[3].err, ZRUNTIMEINCONSISTENCY);
    CHECK(results[0].value == NULL && results[3].value == NULL && results[1].stat == NULL);
    CHECK_STR(path, "before");
    CHECK_INT(stat.version, 0x55555555);
    CHECK_INT(zoo_exists(live->zh, live_path(live, "a"), 0, NULL), ZNONODE);
    live_close(live);
}

TEST(each_operation_can_be_the_culprit, "C-628 C-622")
{
    live_t *live = live_open();
    zoo_op_t op;
    zoo_op_result_t result;
    probe_t multi = probe("multi");
    zoo_create_op_init(&op, live->root, "", 0, OPEN, 0, NULL, 0);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZNODEEXISTS);
    CHECK_INT(result.err, ZNODEEXISTS);
    zoo_create_op_init(&op, live_path(live, "a/b"), "", 0, OPEN, 0, NULL, 0);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZNONODE);
    zoo_create_op_init(&op, live_path(live, "a"), "", 0, NULL, 0, NULL, 0);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZINVALIDACL);
    zoo_set_op_init(&op, live->root, "", 0, 9, NULL);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZBADVERSION);
    zoo_check_op_init(&op, live->root, 9);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZBADVERSION);
    zoo_check_op_init(&op, live_path(live, "no"), -1);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZNONODE);
    live_node(live, "p", "");
    live_node(live, "p/c", "");
    zoo_delete_op_init(&op, live_path(live, "p"), -1);
    CHECK_INT(zoo_amulti(live->zh, 1, &op, &result, on_void, &multi), ZOK);
    journal_expect("multi: -111", NULL);
    CHECK_INT(result.err, ZNOTEMPTY);
    live_close(live);
}

TEST(created_paths_are_truncated_to_their_buffers, "C-627")
{
    live_t *live = live_open();
    zoo_op_t op;
    zoo_op_result_t result;
    char path[8];
    memset(path, 'x', sizeof path);
    zoo_create_op_init(&op, live_path(live, "a"), "", 0, OPEN, 0, path, 5);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZOK);
    CHECK_BYTES(path, 8, "/c-t\0xxx", 8);
    CHECK_INT(result.valuelen, 5);
    live_close(live);
}

TEST(a_chroot_applies_to_transactions, "C-627 C-279 C-280")
{
    live_t *live = live_open();
    probe_t session = probe("second");
    zhandle_t *zh = live_session(live->root, &session);
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    char path[64];
    zoo_create_op_init(&ops[0], "/a", "", 0, OPEN, 0, path, sizeof path);
    zoo_check_op_init(&ops[1], "/", -1);
    CHECK_INT(zoo_multi(zh, 2, ops, results), ZOK);
    CHECK_STR(path, "/a");
    CHECK_INT(zoo_exists(live->zh, live_path(live, "a"), 0, NULL), ZOK);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(an_empty_transaction_succeeds, "C-624")
{
    live_t *live = live_open();
    zoo_op_result_t result;
    probe_t multi = probe("multi");
    memset(&result, 0x55, sizeof result);
    CHECK_INT(zoo_multi(live->zh, 0, NULL, NULL), ZOK);
    CHECK_INT(zoo_amulti(live->zh, 0, NULL, &result, on_void, &multi), ZOK);
    journal_expect("multi: 0", NULL);
    CHECK_INT(result.err, 0x55555555);
    live_close(live);
}

TEST(unknown_operations_are_unimplemented, "C-621 C-168 T-16")
{
    live_t *live = live_open();
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    probe_t multi = probe("multi");
    static const int types[] = {ZOO_CREATE2_OP, ZOO_CREATE_TTL_OP, ZOO_GETDATA_OP, 0, -1, 99};
    zoo_create_op_init(&ops[0], live_path(live, "a"), "", 0, OPEN, 0, NULL, 0);
    for (int i = 0; i < 6; i++) {
        zoo_create_op_init(&ops[1], live_path(live, "b"), "", 0, OPEN, 0, NULL, 0);
        ops[1].type = types[i];
        CHECK_INT(zoo_multi(live->zh, 2, ops, results), ZUNIMPLEMENTED);
        CHECK_INT(zoo_amulti(live->zh, 2, ops, results, on_void, &multi), ZUNIMPLEMENTED);
    }
    zoo_create2_op_init(&ops[1], live_path(live, "b"), "", 0, OPEN, 0, NULL, 0);
    CHECK_INT(zoo_multi(live->zh, 2, ops, results), ZUNIMPLEMENTED);
    CHECK_INT(zoo_exists(live->zh, live_path(live, "a"), 0, NULL), ZNONODE);
    CHECK_INT(probe_calls(&multi), 0);
    live_close(live);
}

TEST(a_bad_path_in_the_last_operation_is_a_marshalling_error, "C-623 T-16")
{
    live_t *live = live_open();
    zoo_op_t op;
    zoo_op_result_t result;
    probe_t multi = probe("multi");
    zoo_delete_op_init(&op, "bad", -1);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZMARSHALLINGERROR);
    CHECK_INT(zoo_amulti(live->zh, 1, &op, &result, on_void, &multi), ZMARSHALLINGERROR);
    zoo_create_op_init(&op, "/a/", "", 0, OPEN, 0, NULL, 0);
    CHECK_INT(zoo_multi(live->zh, 1, &op, &result), ZMARSHALLINGERROR);
    live_close(live);
}

TEST(a_bad_path_anywhere_is_a_marshalling_error, "C-623 F-25")
{
    NOT_ON_THE_REFERENCE("C-623");
    live_t *live = live_open();
    probe_t session = probe("second");
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    zhandle_t *zh = live_session(live->root, &session);
    zoo_delete_op_init(&ops[0], "/bad/", -1);
    zoo_create_op_init(&ops[1], "/a", "", 0, OPEN, 0, NULL, 0);
    CHECK_INT(zoo_multi(live->zh, 2, ops, results), ZMARSHALLINGERROR);
    CHECK_INT(zoo_multi(zh, 2, ops, results), ZMARSHALLINGERROR);
    zoo_set_op_init(&ops[0], NULL, "", 0, -1, NULL);
    CHECK_INT(zoo_multi(live->zh, 2, ops, results), ZMARSHALLINGERROR);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(a_container_can_be_created_in_a_transaction, "C-631 C-626 C-620 T-18")
{
    NOT_ON_THE_REFERENCE("C-631: it aborts");
    live_t *live = live_open();
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    char path[256];
    zoo_create_op_init(&ops[0], live_path(live, "c"), "", 0, OPEN, ZOO_CONTAINER, path, 256);
    zoo_check_op_init(&ops[1], live_path(live, "c"), 0);
    CHECK_INT(zoo_multi(live->zh, 2, ops, results), ZOK);
    CHECK_INT(results[0].err, ZOK);
    CHECK_STR(path, live_path(live, "c"));
    CHECK_INT(zoo_exists(live->zh, live_path(live, "c"), 0, NULL), ZOK);
    live_close(live);
}

TEST(sixty_operations_fit_into_one_transaction, "C-047 C-048 C-622")
{
    enum { COUNT = 60 };
    live_t *live = live_open();
    static zoo_op_t ops[COUNT];
    static zoo_op_result_t results[COUNT];
    static char paths[COUNT][128];
    for (int i = 0; i < COUNT; i++)
        zoo_create_op_init(&ops[i], live_path(live, "s-"), "x", 1, OPEN, ZOO_SEQUENCE, paths[i],
                           sizeof paths[i]);
    CHECK_INT(zoo_multi(live->zh, COUNT, ops, results), ZOK);
    CHECK_STR(paths[0], live_path(live, "s-0000000000"));
    CHECK_STR(paths[59], live_path(live, "s-0000000059"));
    live_close(live);
}
