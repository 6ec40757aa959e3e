/* Transactions that are wrong, refused or lost. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <malloc.h>
#include <stdio.h>

#define OPEN &ZOO_OPEN_ACL_UNSAFE

enum { OPS = 4 };

typedef struct {
    zoo_op_t ops[OPS];
    zoo_op_result_t results[OPS];
    char path[64];
    struct Stat stat;
    probe_t done;
} multi_t;

static void init_op(multi_t *multi, int at, int kind, const char *path)
{
    zoo_op_t *op = &multi->ops[at];
    switch (kind) {
    case 0:
        zoo_create_op_init(op, path, "v", 1, OPEN, 0, multi->path, sizeof multi->path);
        break;
    case 1:
        zoo_delete_op_init(op, path, -1);
        break;
    case 2:
        zoo_set_op_init(op, path, "w", 1, -1, &multi->stat);
        break;
    default:
        zoo_check_op_init(op, path, 0);
    }
}

/* One operation of each kind, the first one being of this kind. */
static multi_t *multi_from(int kind)
{
    multi_t *multi = (multi_t *)calloc(1, sizeof *multi);
    CHECK(multi != NULL);
    multi->done = probe(NULL);
    memset(multi->results, 0x55, sizeof multi->results);
    for (int i = 0; i < OPS; i++)
        init_op(multi, i, (kind + i) % 4, "/a");
    return multi;
}

static void check_all(const multi_t *multi, int code)
{
    for (int i = 0; i < OPS; i++)
        CHECK_INT(multi->results[i].err, code);
}

static void try_bad_paths(const char *chroot)
{
    static const char *const bad[] = {"/a/", "//", "/a//b", "/./a", "/a/.."};
    stage_t *stage = stage_open(chroot);
    for (int at = 0; at < OPS; at++)
        for (int kind = 0; kind < 4; kind++)
            for (int i = 0; i < 5; i++) {
                multi_t *multi = multi_from(kind);
                init_op(multi, at, (kind + at) % 4, bad[i]);
                CHECK_INT(zoo_multi(stage->zh, OPS, multi->ops, multi->results),
                          ZMARSHALLINGERROR);
                CHECK_INT(zoo_amulti(stage->zh, OPS, multi->ops, multi->results, on_void,
                                     &multi->done),
                          ZMARSHALLINGERROR);
                CHECK_INT(multi->done.calls, 0);
                free(multi);
            }
    stage_round_trip(stage);
    stage_close(stage);
}

TEST(a_bad_path_at_any_place_is_refused, "F-25")
{
    try_bad_paths("");
}

TEST(a_bad_path_at_any_place_is_refused_under_a_chroot, "F-26")
{
    try_bad_paths("/app");
}

static const int codes[] = {ZSYSTEMERROR,
                            ZRUNTIMEINCONSISTENCY,
                            ZDATAINCONSISTENCY,
                            ZCONNECTIONLOSS,
                            ZMARSHALLINGERROR,
                            ZUNIMPLEMENTED,
                            ZOPERATIONTIMEOUT,
                            ZBADARGUMENTS,
                            ZINVALIDSTATE,
                            ZNONODE,
                            ZNOAUTH,
                            ZBADVERSION,
                            ZNOCHILDRENFOREPHEMERALS,
                            ZNODEEXISTS,
                            ZNOTEMPTY,
                            ZSESSIONEXPIRED,
                            ZINVALIDCALLBACK,
                            ZINVALIDACL,
                            ZAUTHFAILED,
                            ZCLOSING,
                            ZNOTHING,
                            ZSESSIONMOVED,
                            ZNOTREADONLY,
                            ZEPHEMERALONLOCALSESSION,
                            ZNOWATCHER,
                            -125 /* a quota */,
                            -127 /* throttled */,
                            -999 /* unknown */};
enum { CODES = sizeof codes / sizeof *codes };

static void try_codes(const char *chroot, int synchronous)
{
    stage_t *stage = stage_open(chroot);
    for (int i = 0; i < CODES; i++) {
        multi_t *multi = multi_from(0);
        if (synchronous) {
            test_thread *server =
                fake_answer_one(stage->connection, ZOO_MULTI_OP, codes[i], NULL);
            CHECK_INT(zoo_multi(stage->zh, OPS, multi->ops, multi->results), codes[i]);
            thread_join(server);
        } else {
            CHECK_INT(zoo_amulti(stage->zh, OPS, multi->ops, multi->results, on_void,
                                 &multi->done),
                      ZOK);
            stage_answer(stage, ZOO_MULTI_OP, codes[i], NULL);
            probe_wait(&multi->done, 1);
            CHECK_INT(multi->done.rc, codes[i]);
        }
        check_all(multi, codes[i]);
        free(multi);
    }
    stage_close(stage);
}

TEST(a_refusal_of_the_whole_is_passed_on, "F-27")
{
    try_codes("", 1);
}

TEST(a_refusal_of_the_whole_is_passed_on_under_a_chroot, "F-27")
{
    try_codes("/app", 1);
}

TEST(a_refusal_of_the_whole_is_passed_on_to_completions, "F-27")
{
    try_codes("", 0);
    try_codes("/app", 0);
}

static void hang_up_on_multi(void *argument)
{
    stage_t *stage = (stage_t *)argument;
    frame_t frame = fake_receive_type(stage->connection, ZOO_MULTI_OP);
    frame_free(&frame);
    stage_reconnect(stage);
}

static void lose_one(stage_t *stage)
{
    multi_t *multi = multi_from(0);
    test_thread *server = thread_start(hang_up_on_multi, stage);
    CHECK_INT(zoo_multi(stage->zh, OPS, multi->ops, multi->results), ZCONNECTIONLOSS);
    thread_join(server);
    check_all(multi, ZCONNECTIONLOSS);
    free(multi);
}

TEST(a_lost_transaction_says_so_in_every_result, "F-28")
{
    stage_t *stage = stage_open("");
    lose_one(stage);
    stage_close(stage);
}

/* Bytes that the process has allocated. */
static long long allocated(void)
{
    struct mallinfo2 info = mallinfo2();
    return (long long)(info.uordblks + info.hblkhd);
}

TEST(lost_transactions_leave_no_memory_behind, "F-28")
{
    enum { ROUNDS = 60, TOLERATED = 8192 }; /* a leak would be several times that */
    stage_t *stage = stage_open_with("", 3000, 0);
    long long before = 0;
    for (int i = 0; i < ROUNDS; i++) {
        multi_t *multi = multi_from(0);
        test_thread *server = thread_start(hang_up_on_multi, stage);
        CHECK_INT(zoo_multi(stage->zh, OPS, multi->ops, multi->results), ZCONNECTIONLOSS);
        thread_join(server);
        free(multi);
        journal_wait("global: session connected");
        journal_clear();
        stage_round_trip(stage);
        if (i == ROUNDS / 10)
            before = allocated();
    }
    long long more = allocated() - before;
    if (more > TOLERATED)
        FAIL("%d lost transactions have left %lld bytes", ROUNDS, more);
    stage_close(stage);
}
