/* Completion queues with a real server. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <stdio.h>

/* A connected handle of the live server with a queue of its own. */
static zhandle_t *queued(zoox_cq_t **cq)
{
    *cq = zoox_cq_create();
    CHECK(*cq != NULL);
    return connect_to_queue(live_hosts(), *cq);
}

static void close_all(live_t *live, zhandle_t *zh, zoox_cq_t *cq)
{
    close_with_queue(zh, cq);
    live_close(live);
}

TEST(every_kind_of_result_comes_from_a_real_server, "G10")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    zoox_cq_t *cq;
    zhandle_t *zh = queued(&cq);
    const char *path = live_path(live, "a");
    CHECK_INT(zoo_acreate(zh, path, "x", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, (void *)1), ZOK);
    CHECK_INT(zoo_aset(zh, path, NULL, -1, 0, NULL, (void *)2), ZOK);
    CHECK_INT(zoo_aget(zh, path, 0, NULL, (void *)3), ZOK);
    CHECK_INT(zoo_aget_acl(zh, path, NULL, (void *)4), ZOK);
    CHECK_INT(zoox_aset_acl(zh, path, 0, &ZOO_READ_ACL_UNSAFE, NULL, (void *)5), ZOK);
    CHECK_INT(zoo_aget_children2(zh, live->root, 0, NULL, (void *)6), ZOK);
    CHECK_INT(zoo_async(zh, path, NULL, (void *)7), ZOK);

    const struct zoox_entry *entry = next_completion(cq, 1);
    CHECK_INT(entry->rc, ZOK);
    CHECK_STR(payload_of(entry), path);
    entry = next_completion(cq, 2);
    CHECK_INT(entry->stat.version, 1);
    entry = next_completion(cq, 3);
    CHECK_INT(entry->payload, ZOOX_DATA);
    /* A server may keep null data or make it empty. */
    CHECK(entry->length <= 0);
    entry = next_completion(cq, 4);
    CHECK_INT(entry->payload, ZOOX_ACL);
    CHECK_INT(entry->count, 1);
    const struct zoox_acl *acl = (const struct zoox_acl *)payload_of(entry);
    CHECK_INT(acl->perms, ZOO_PERM_ALL);
    CHECK_STR(in_entry(entry, acl->scheme), "world");
    CHECK_INT(acl->scheme_length, 5);
    CHECK_STR(in_entry(entry, acl->id), "anyone");
    CHECK_INT(acl->id_length, 6);
    CHECK_INT(next_completion(cq, 5)->stat.aversion, 1);
    entry = next_completion(cq, 6);
    CHECK_INT(entry->count, 1);
    CHECK_STR(payload_of(entry), "a");
    CHECK_INT(entry->stat.numChildren, 1);
    CHECK_STR(payload_of(next_completion(cq, 7)), path);
    close_all(live, zh, cq);
}

TEST(a_failed_transaction_tells_which_operation_failed, "G10 C-628")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    zoox_cq_t *cq;
    zhandle_t *zh = queued(&cq);
    const char *path = live_path(live, "n-");
    zoo_op_t ops[3];
    zoo_create_op_init(&ops[0], path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL,
                       NULL, 0);
    zoo_delete_op_init(&ops[1], live_path(live, "none"), -1);
    zoo_check_op_init(&ops[2], live->root, -1);
    CHECK_INT(zoo_amulti(zh, 3, ops, NULL, NULL, (void *)1), ZOK);
    CHECK_INT(zoo_amulti(zh, 1, ops, NULL, NULL, (void *)2), ZOK);
    CHECK_INT(zoo_amulti(zh, 0, NULL, NULL, NULL, (void *)3), ZOK);
    const struct zoox_entry *entry = next_completion(cq, 1);
    const struct zoox_result *results = (const struct zoox_result *)payload_of(entry);
    CHECK_INT(entry->rc, ZNONODE);
    CHECK_INT(entry->count, 3);
    CHECK_INT(results[0].err, ZOK);
    CHECK_INT(results[0].path, 0);
    CHECK_INT(results[1].err, ZNONODE);
    CHECK_INT(results[2].err, ZRUNTIMEINCONSISTENCY);
    entry = next_completion(cq, 2);
    results = (const struct zoox_result *)payload_of(entry);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(results[0].path_length, strlen(path) + 10);
    CHECK_INT(zoo_exists(zh, in_entry(entry, results[0].path), 0, NULL), ZOK);
    entry = next_completion(cq, 3);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(entry->count, 0);
    close_all(live, zh, cq);
}

TEST(thousands_of_results_come_in_order_and_in_few_fetches, "G10")
{
    NEEDS_EXTRAS;
    enum { COUNT = 20000, ROOM = 1 << 16 };
    static _Alignas(8) char buf[ROOM];
    live_t *live = live_open();
    zoox_cq_t *cq;
    zhandle_t *zh = queued(&cq);
    const char *path = live_node(live, "a", "0123456789");
    for (intptr_t i = 0; i < COUNT; i++)
        CHECK_INT(zoo_aget(zh, path, 0, NULL, (void *)i), ZOK);
    intptr_t seen = 0;
    while (seen < COUNT) {
        int count = 0;
        CHECK_INT(zoox_cq_wait(cq, PATIENCE_MS), ZOK);
        int64_t end = zoox_cq_next(cq, buf, sizeof buf, &count);
        CHECK(count > 0 && end <= ROOM);
        for (int64_t at = 0; at < end; count--) {
            const struct zoox_entry *entry = (const struct zoox_entry *)(buf + at);
            CHECK_INT((intptr_t)entry->data, seen);
            CHECK_BYTES(payload_of(entry), entry->length, "0123456789", 10);
            at += entry->size;
            seen++;
        }
        CHECK_INT(count, 0);
    }
    expect_empty(cq);
    close_all(live, zh, cq);
}

TEST(a_node_larger_than_the_buffer_waits_for_a_larger_one, "G10")
{
    NEEDS_EXTRAS;
    enum { LENGTH = 500000 };
    static char data[LENGTH];
    static _Alignas(8) char small[4096];
    live_t *live = live_open();
    zoox_cq_t *cq;
    zhandle_t *zh = queued(&cq);
    memset(data, 'x', sizeof data);
    CHECK_INT(zoo_set(live->zh, live->root, data, LENGTH, -1), ZOK);
    CHECK_INT(zoo_aget(zh, live->root, 0, NULL, (void *)1), ZOK);
    CHECK_INT(zoox_cq_wait(cq, PATIENCE_MS), ZOK);
    int count = -1;
    CHECK(zoox_cq_next(cq, small, sizeof small, &count) > LENGTH);
    CHECK_INT(count, 0);
    const struct zoox_entry *entry = next_completion(cq, 1);
    CHECK_BYTES(payload_of(entry), entry->length, data, LENGTH);
    close_all(live, zh, cq);
}

TEST(each_request_has_one_entry_however_often_the_connection_breaks, "G2 G10 C-264")
{
    NEEDS_EXTRAS;
    enum { ROUNDS = 20, EACH = 200, COUNT = ROUNDS * EACH };
    static unsigned char seen[COUNT];
    static _Alignas(8) char buf[1 << 16];
    live_t *live = live_open();
    zoox_cq_t *cq;
    zhandle_t *zh = queued(&cq);
    for (intptr_t i = 0; i < COUNT; i++) {
        CHECK_INT(zoo_aexists(zh, live->root, 0, NULL, (void *)i), ZOK);
        if (i % EACH == EACH / 2)
            zoox_drop_connection(zh);
    }
    CHECK_INT(zookeeper_close(zh), ZOK);
    int64_t end;
    while ((end = zoox_cq_next(cq, buf, sizeof buf, NULL)) > 0) {
        for (int64_t at = 0; at < end;) {
            const struct zoox_entry *entry = (const struct zoox_entry *)(buf + at);
            if (entry->kind == ZOOX_COMPLETION)
                seen[(intptr_t)entry->data]++;
            at += entry->size;
        }
    }
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(seen[i], 1);
    CHECK_INT(zoox_cq_destroy(cq), ZOK);
    live_close(live);
}
