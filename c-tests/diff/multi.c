/* Section 9: transactions. */
#define _GNU_SOURCE
#include "diff.h"

enum { MAX_OPS = 8 };

/* A transaction with room for its results. */
typedef struct {
    int count;
    zoo_op_t ops[MAX_OPS];
    zoo_op_result_t results[MAX_OPS];
    char paths[MAX_OPS][40];
    struct Stat stats[MAX_OPS];
} transaction;

static transaction fresh(void)
{
    transaction t;
    memset(&t, 0, sizeof t);
    for (int i = 0; i < MAX_OPS; i++) {
        memset(&t.results[i], 0x11, sizeof t.results[i]);
        memset(t.paths[i], '#', sizeof t.paths[i]);
    }
    return t;
}

static void op_create(transaction *t, const char *path, int mode, int room)
{
    int i = t->count++;
    zoo_create_op_init(&t->ops[i], path, "v", 1, &ZOO_OPEN_ACL_UNSAFE, mode,
                       room > 0 ? t->paths[i] : NULL, room);
}

static void op_set(transaction *t, const char *path, int version)
{
    int i = t->count++;
    zoo_set_op_init(&t->ops[i], path, "w", 1, version, &t->stats[i]);
}

static void op_delete(transaction *t, const char *path)
{
    zoo_delete_op_init(&t->ops[t->count++], path, -1);
}

static void op_check(transaction *t, const char *path, int version)
{
    zoo_check_op_init(&t->ops[t->count++], path, version);
}

/* What the results say; fields that nobody wrote are all 0x11. */
static void tell(const transaction *t)
{
    for (int i = 0; i < t->count; i++) {
        const zoo_op_result_t *r = &t->results[i];
        const void *unset = (const void *)0x1111111111111111;
        say("result %d: err %d value %s length %d stat %s room %s", i,
            r->err == 0x11111111 ? 1111 : r->err,
            r->value == unset ? "unset" : r->value == NULL ? "NULL" : show(r->value, 39),
            r->valuelen == 0x11111111 ? 1111 : r->valuelen,
            (const void *)r->stat == unset ? "unset" : show_stat(r->stat), show(t->paths[i], 39));
    }
}

static void run(zhandle_t *zh, transaction *t, const char *name)
{
    int rc = zoo_amulti(zh, t->count, t->ops, t->results, on_void, name);
    say("%s: %d", name, rc);
    if (rc == ZOK)
        await("%s: ", name);
    tell(t);
}

SCENARIO(real_a_transaction, "C-622 C-625 C-626 C-627")
{
    transaction t = fresh();
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/multi", "v", 0);
    op_create(&t, "/multi/a", 0, 40);
    op_create(&t, "/multi/s-", ZOO_PERSISTENT_SEQUENTIAL, 40);
    op_create(&t, "/multi/e", ZOO_EPHEMERAL, 5);
    op_create(&t, "/multi/quiet", 0, 0);
    op_set(&t, "/multi/a", 0);
    op_check(&t, "/multi", 0);
    op_delete(&t, "/multi/quiet");
    run(zh, &t, "all");
    children(zh, "/multi");
    get(zh, "/multi/a");
    finish(zh);
}

SCENARIO(real_a_transaction_that_fails, "C-627 C-628")
{
    transaction t = fresh(), u = fresh();
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/multif", "v", 0);
    op_create(&t, "/multif/a", 0, 40);
    op_set(&t, "/multif", -1);
    op_check(&t, "/multif", 7);
    op_set(&t, "/multif", -1);
    op_create(&t, "/multif/b", 0, 40);
    run(zh, &t, "check fails");
    op_delete(&u, "/multif/none");
    op_create(&u, "/multif/c", 0, 40);
    run(zh, &u, "delete fails");
    children(zh, "/multif");
    finish(zh);
}

SCENARIO(real_an_empty_transaction, "C-624")
{
    transaction t = fresh();
    zhandle_t *zh = connected(LONG_MS);
    run(zh, &t, "empty");
    finish(zh);
}

SCENARIO(operations_that_a_multi_refuses, "C-620 C-621")
{
    static const int types[] = {15, 21, 3, 4, 0, -1, 14, 99};
    zhandle_t *zh = connected(LONG_MS);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        transaction t = fresh();
        op_create(&t, "/a", 0, 40);
        t.ops[0].type = types[i];
        run(zh, &t, "refused");
    }
    exists(zh, "/");
    finish(zh);
}

SCENARIO(a_bad_path_in_a_multi, "C-623")
{
    transaction t = fresh(), u = fresh();
    zhandle_t *zh = connected(LONG_MS);
    op_check(&t, "/", -1);
    op_create(&t, "bad", 0, 40);
    run(zh, &t, "bad path");
    op_create(&u, "/s-/", ZOO_PERSISTENT_SEQUENTIAL, 40);
    run(zh, &u, "sequential");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(a_multi_under_a_chroot, "C-279 C-280 C-627")
{
    char host[100];
    transaction t = fresh();
    zhandle_t *root = connected(LONG_MS), *zh;
    create(root, "/ch", "top", 0);
    finish(root);
    snprintf(host, sizeof host, "%s/ch", hosts(1));
    zh = open_session(host, LONG_MS);
    await("global: event type=-1 state=3");
    op_create(&t, "/a", 0, 40);
    op_set(&t, "/a", 0);
    op_check(&t, "/", -1);
    run(zh, &t, "chroot");
    finish(zh);
}

SCENARIO(a_multi_that_fails_as_a_whole, "C-629")
{
    static const int codes[] = {-4, -101, -118, -5};
    zhandle_t *zh = connected(LONG_MS);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        transaction t = fresh();
        op_create(&t, "/a", 0, 40);
        op_set(&t, "/", -1);
        op_delete(&t, "/none");
        proxy(1, "on reply Multi err %d", codes[i]);
        run(zh, &t, "whole");
    }
    finish(zh);
}

SCENARIO(a_multi_that_is_lost, "C-629")
{
    transaction t = fresh();
    zhandle_t *zh = connected(3000);
    op_create(&t, "/a", 0, 40);
    op_set(&t, "/", -1);
    proxy(1, "on reply Multi cut 10");
    run(zh, &t, "lost");
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(a_multi_after_expiry, "C-623")
{
    transaction t = fresh();
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on response session 5");
    proxy(1, "cut");
    await("global: event type=-1 state=-112");
    op_create(&t, "/a", 0, 40);
    run(zh, &t, "expired");
    finish(zh);
}

SCENARIO(a_container_in_a_multi, "C-626 C-631 Q-017")
{
    transaction t = fresh();
    zhandle_t *zh = connected(LONG_MS);
    op_create(&t, "/c", ZOO_CONTAINER, 40);
    op_create(&t, "/a", 0, 40);
    run(zh, &t, "container");
    finish(zh);
}

static void run_sync(zhandle_t *zh, transaction *t, const char *name)
{
    int rc = zoo_multi(zh, t->count, t->ops, t->results);
    say("%s: %d", name, rc);
    tell(t);
}

SYNC_SCENARIO(real_synchronous_transactions, "C-627 C-628 C-630")
{
    transaction t = fresh(), u = fresh(), empty = fresh();
    zhandle_t *zh = connected(LONG_MS);
    op_create(&t, "/ms", 0, 40);
    op_set(&t, "/ms", 0);
    op_check(&t, "/ms", 1);
    run_sync(zh, &t, "success");
    op_set(&u, "/ms", -1);
    op_create(&u, "/ms", 0, 40);
    op_delete(&u, "/ms");
    run_sync(zh, &u, "failure");
    run_sync(zh, &empty, "empty");
    finish(zh);
}

SYNC_SCENARIO(a_synchronous_transaction_that_is_lost, "C-630")
{
    transaction t = fresh();
    zhandle_t *zh = connected(3000);
    op_create(&t, "/a", 0, 40);
    op_set(&t, "/", -1);
    proxy(1, "on reply Multi cut 3");
    run_sync(zh, &t, "lost");
    await("global: event type=-1 state=3");
    finish(zh);
}

SYNC_SCENARIO(a_synchronous_transaction_that_fails_as_a_whole, "C-630")
{
    transaction t = fresh();
    zhandle_t *zh = connected(3000);
    op_create(&t, "/a", 0, 40);
    op_set(&t, "/", -1);
    proxy(1, "on reply Multi err -118");
    run_sync(zh, &t, "whole");
    finish(zh);
}

SCENARIO(more_results_than_operations, "C-632")
{
    transaction t = fresh();
    zhandle_t *zh = connected(3000);
    op_check(&t, "/", -1);
    /* Two check results and the end. */
    proxy(1, "on reply Multi reply-body 0000000d00000000000000000d0000000000ffffffff01ffffffff");
    run(zh, &t, "more");
    finish(zh);
}

SCENARIO(operations_in_memory, "C-047 C-620")
{
    zoo_op_t op;
    static const int modes[] = {0, 1, 2, 3, 4, 5, 6};
    void zoo_create2_op_init(zoo_op_t *op, const char *path, const char *value, int valuelen,
                             const struct ACL_vector *acl, int mode, char *path_buffer,
                             int path_buffer_len);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        memset(&op, 0x22, sizeof op);
        zoo_create_op_init(&op, NULL, NULL, 7, NULL, modes[i], NULL, 9);
        say("create %d: %s", modes[i], show((const char *)&op, sizeof op));
        memset(&op, 0x22, sizeof op);
        zoo_create2_op_init(&op, NULL, NULL, 7, NULL, modes[i], NULL, 9);
        say("create2 %d: %s", modes[i], show((const char *)&op, sizeof op));
    }
    memset(&op, 0x22, sizeof op);
    zoo_set_op_init(&op, NULL, NULL, 3, 4, NULL);
    say("set: %s", show((const char *)&op, sizeof op));
    memset(&op, 0x22, sizeof op);
    zoo_delete_op_init(&op, NULL, 4);
    say("delete: %s", show((const char *)&op, sizeof op));
    memset(&op, 0x22, sizeof op);
    zoo_check_op_init(&op, NULL, 4);
    say("check: %s", show((const char *)&op, sizeof op));
}
