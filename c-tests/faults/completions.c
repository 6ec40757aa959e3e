/* Each kind of request: its completion with data, with an error, and with a
 * reply that ends too early. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>

#define CHROOT "/ch"
#define ACLS &ZOO_OPEN_ACL_UNSAFE
#define AS_DECLARED ((void_completion_t *)on_void)

/* What a completion shall have got. */
enum { VOID = 0, PATH = 1, STAT = 2, DATA = 4, NAMES = 8, ACL_ENTRIES = 16, RESULTS = 32 };

typedef struct {
    const char *name;
    int type; /* of the request on the wire */
    int gets;
    int (*submit)(zhandle_t *zh, probe_t *done);
} kind_t;

static int create(zhandle_t *zh, probe_t *done)
{
    return zoo_acreate(zh, "/a", "x", 1, ACLS, 0, on_string, done);
}

static int create_container(zhandle_t *zh, probe_t *done)
{
    return zoo_acreate(zh, "/a", "x", 1, ACLS, ZOO_CONTAINER, on_string, done);
}

static int create_ttl(zhandle_t *zh, probe_t *done)
{
    return zoo_acreate_ttl(zh, "/a", "x", 1, ACLS, ZOO_PERSISTENT_WITH_TTL, 9, on_string, done);
}

static int create2(zhandle_t *zh, probe_t *done)
{
    return zoo_acreate2(zh, "/a", "x", 1, ACLS, 0, on_string_stat, done);
}

static int create2_ttl(zhandle_t *zh, probe_t *done)
{
    return zoo_acreate2_ttl(zh, "/a", "x", 1, ACLS, ZOO_PERSISTENT_WITH_TTL, 9, on_string_stat,
                            done);
}

static int delete(zhandle_t *zh, probe_t *done)
{
    return zoo_adelete(zh, "/a", -1, on_void, done);
}

static int exists(zhandle_t *zh, probe_t *done)
{
    return zoo_aexists(zh, "/a", 0, on_stat, done);
}

static int get(zhandle_t *zh, probe_t *done)
{
    return zoo_aget(zh, "/a", 0, on_data, done);
}

static int get_config(zhandle_t *zh, probe_t *done)
{
    return zoo_agetconfig(zh, 0, on_data, done);
}

static int reconfig(zhandle_t *zh, probe_t *done)
{
    return zoo_areconfig(zh, "j", "l", NULL, -1, on_data, done);
}

static int set(zhandle_t *zh, probe_t *done)
{
    return zoo_aset(zh, "/a", "x", 1, -1, on_stat, done);
}

static int get_children(zhandle_t *zh, probe_t *done)
{
    return zoo_aget_children(zh, "/a", 0, on_strings, done);
}

static int get_children2(zhandle_t *zh, probe_t *done)
{
    return zoo_aget_children2(zh, "/a", 0, on_strings_stat, done);
}

static int synchronise(zhandle_t *zh, probe_t *done)
{
    return zoo_async(zh, "/a", on_string, done);
}

static int get_acl(zhandle_t *zh, probe_t *done)
{
    return zoo_aget_acl(zh, "/a", on_acl, done);
}

static int set_acl(zhandle_t *zh, probe_t *done)
{
    return zoo_aset_acl(zh, "/a", -1, ACLS, on_void, done);
}

static int remove_watches(zhandle_t *zh, probe_t *done)
{
    return zoo_aremove_watches(zh, "/a", ZWATCHTYPE_ANY, NULL, NULL, 0, AS_DECLARED, done);
}

static int remove_all_watches(zhandle_t *zh, probe_t *done)
{
    return zoo_aremove_all_watches(zh, "/a", ZWATCHTYPE_ANY, 0, AS_DECLARED, done);
}

static struct {
    zoo_op_result_t results[4];
    char path[16];
    struct Stat stat;
} transaction;

static int multi(zhandle_t *zh, probe_t *done)
{
    zoo_op_t ops[4];
    memset(&transaction, 0, sizeof transaction);
    zoo_create_op_init(&ops[0], "/a", "x", 1, ACLS, 0, transaction.path, sizeof transaction.path);
    zoo_set_op_init(&ops[1], "/b", "x", 1, -1, &transaction.stat);
    zoo_check_op_init(&ops[2], "/c", -1);
    zoo_delete_op_init(&ops[3], "/d", -1);
    return zoo_amulti(zh, 4, ops, transaction.results, on_void, done);
}

static const kind_t kinds[] = {
    {"create", ZOO_CREATE_OP, PATH, create},
    {"create of a container", ZOO_CREATE_CONTAINER_OP, PATH, create_container},
    {"create with ttl", ZOO_CREATE_TTL_OP, PATH, create_ttl},
    {"create2", ZOO_CREATE2_OP, PATH | STAT, create2},
    {"create2 with ttl", ZOO_CREATE_TTL_OP, PATH | STAT, create2_ttl},
    {"delete", ZOO_DELETE_OP, VOID, delete},
    {"exists", ZOO_EXISTS_OP, STAT, exists},
    {"get", ZOO_GETDATA_OP, DATA | STAT, get},
    {"getconfig", ZOO_GETDATA_OP, DATA | STAT, get_config},
    {"reconfig", ZOO_RECONFIG_OP, DATA | STAT, reconfig},
    {"set", ZOO_SETDATA_OP, STAT, set},
    {"get_children", ZOO_GETCHILDREN_OP, NAMES, get_children},
    {"get_children2", ZOO_GETCHILDREN2_OP, NAMES | STAT, get_children2},
    {"sync", ZOO_SYNC_OP, PATH, synchronise},
    {"get_acl", ZOO_GETACL_OP, ACL_ENTRIES | STAT, get_acl},
    {"set_acl", ZOO_SETACL_OP, VOID, set_acl},
    {"remove_watches", ZOO_CHECK_WATCHES, VOID, remove_watches},
    {"remove_all_watches", ZOO_REMOVE_WATCHES, VOID, remove_all_watches},
    {"multi", ZOO_MULTI_OP, RESULTS, multi},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void put_multi_header(wire_t *out, int type, int done)
{
    put_int(out, type);
    put_bool(out, done);
    put_int(out, done ? -1 : 0);
}

/* What a server answers, as far as the completion gets it. */
static wire_t answer_to(const kind_t *kind)
{
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0};
    if (kind->gets & PATH)
        put_string(&body, CHROOT "/a");
    if (kind->gets & DATA)
        put_buffer(&body, "data", 4);
    if (kind->gets & NAMES) {
        put_int(&body, 2);
        put_string(&body, "one");
        put_string(&body, "two");
    }
    if (kind->gets & ACL_ENTRIES) {
        put_int(&body, 1);
        put_int(&body, 31);
        put_string(&body, "world");
        put_string(&body, "anyone");
    }
    if (kind->gets & STAT)
        put_stat(&body, &stat);
    if (kind->gets & RESULTS) {
        put_multi_header(&body, ZOO_CREATE_OP, 0);
        put_string(&body, CHROOT "/a");
        put_multi_header(&body, ZOO_SETDATA_OP, 0);
        put_stat(&body, &stat);
        put_multi_header(&body, ZOO_CHECK_OP, 0);
        put_multi_header(&body, ZOO_DELETE_OP, 0);
        put_multi_header(&body, -1, 1);
    }
    return body;
}

static void check_data(const kind_t *kind, probe_t *done)
{
    struct Stat stat = wire_sample_stat();
    CHECK_INT(done->rc, ZOK);
    if (kind->gets & PATH)
        CHECK_STR(done->value, "/a");
    if (kind->gets & DATA)
        CHECK_BYTES(done->value, done->value_length, "data", 4);
    if (kind->gets & NAMES)
        CHECK_STR(done->strings, "one,two");
    if (kind->gets & ACL_ENTRIES)
        CHECK_STR(done->value, "world:anyone:31");
    CHECK_INT(done->has_stat, (kind->gets & STAT) != 0);
    if (kind->gets & STAT)
        check_stat(&done->stat, &stat);
    if (kind->gets & RESULTS) {
        CHECK_STR(transaction.path, "/a");
        check_stat(&transaction.stat, &stat);
    }
}

static void check_error(const kind_t *kind, probe_t *done, int rc)
{
    CHECK_INT(done->rc, rc);
    CHECK(done->value == NULL && done->strings == NULL && !done->has_stat);
    if (kind->gets & (NAMES | ACL_ENTRIES))
        CHECK_INT(done->count, -1);
    for (int i = 0; i < 4 && kind->gets & RESULTS; i++)
        CHECK_INT(transaction.results[i].err, rc);
}

/* Submits a request and has it answered; the body may be NULL. */
static void ask(stage_t *stage, const kind_t *kind, probe_t *done, int err, const wire_t *body)
{
    *done = probe(NULL);
    if (kind->submit(stage->zh, done) != ZOK)
        FAIL("%s was refused", kind->name);
    stage_answer(stage, kind->type, err, body);
    probe_wait(done, 1);
}

TEST(every_kind_of_completion_comes_once_with_data_and_once_with_an_error, "F-41, F-42")
{
    stage_t *stage = stage_open(CHROOT);
    static probe_t done[KINDS][2];
    for (int i = 0; i < KINDS; i++) {
        wire_t body = answer_to(&kinds[i]);
        ask(stage, &kinds[i], &done[i][0], 0, &body);
        check_data(&kinds[i], &done[i][0]);
        ask(stage, &kinds[i], &done[i][1], ZNOAUTH, NULL);
        check_error(&kinds[i], &done[i][1], ZNOAUTH);
        wire_free(&body);
    }
    CHECK_INT(probe_calls(&stage->session), 1);
    stage_close(stage);
    for (int i = 0; i < KINDS; i++)
        CHECK_INT(done[i][0].calls + done[i][1].calls, 2);
}

#ifdef __SANITIZE_THREAD__
enum { STEP = 17 };
#else
enum { STEP = 1 };
#endif

/* A body that ends after so many bytes, in a frame that says so. */
static void answer_cut(stage_t *stage, const kind_t *kind, const wire_t *body, size_t length)
{
    probe_t done;
    wire_t cut = *body;
    cut.length = length;
    ask(stage, kind, &done, 0, &cut);
    if (done.rc != ZMARSHALLINGERROR && done.rc != ZCONNECTIONLOSS)
        FAIL("%s with %zu of %zu bytes gives %d", kind->name, length, body->length, done.rc);
    check_error(kind, &done, done.rc);
    stage_reconnect(stage);
    journal_clear();
    CHECK_INT(probe_calls(&done), 1);
}

TEST(a_success_without_a_body_is_never_told_as_one, "F-47")
{
    stage_t *stage = stage_open("");
    for (int i = 0; i < KINDS; i++) {
        wire_t body = answer_to(&kinds[i]);
        if (kinds[i].gets != VOID)
            answer_cut(stage, &kinds[i], &body, 0);
        wire_free(&body);
    }
    stage_close(stage);
}

TEST(a_reply_that_ends_at_any_byte_is_never_told_as_a_success, "F-46, F-47")
{
    stage_t *stage = stage_open("");
    for (int i = 0; i < KINDS; i++) {
        wire_t body = answer_to(&kinds[i]);
        for (size_t length = 1; length < body.length && kinds[i].gets != VOID; length += STEP)
            answer_cut(stage, &kinds[i], &body, length);
        wire_free(&body);
    }
    stage_close(stage);
}
