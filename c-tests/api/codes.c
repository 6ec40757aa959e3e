/* Every way a call can end: server codes, lost connections, all call forms. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>

#define OPEN &ZOO_OPEN_ACL_UNSAFE

/* One synchronous call each; all outputs are of this type. */
typedef struct {
    zhandle_t *zh;
    int rc;
    char text[8];
    int length;
    struct Stat stat;
    struct String_vector strings;
    struct ACL_vector acl;
} call_t;

static void do_create(call_t *c) { c->rc = zoo_create(c->zh, "/a", "", 0, OPEN, 0, c->text, 8); }
static void do_create_ttl(call_t *c)
{
    c->rc = zoo_create_ttl(c->zh, "/a", "", 0, OPEN, ZOO_PERSISTENT_WITH_TTL, 9, c->text, 8);
}
static void do_create2(call_t *c)
{
    c->rc = zoo_create2(c->zh, "/a", "", 0, OPEN, 0, c->text, 8, &c->stat);
}
static void do_create2_ttl(call_t *c)
{
    c->rc = zoo_create2_ttl(c->zh, "/a", "", 0, OPEN, ZOO_PERSISTENT_WITH_TTL, 9, c->text, 8,
                            &c->stat);
}
static void do_container(call_t *c)
{
    c->rc = zoo_create(c->zh, "/a", "", 0, OPEN, ZOO_CONTAINER, c->text, 8);
}
static void do_delete(call_t *c) { c->rc = zoo_delete(c->zh, "/a", -1); }
static void do_exists(call_t *c) { c->rc = zoo_exists(c->zh, "/a", 1, &c->stat); }
static void do_wexists(call_t *c) { c->rc = zoo_wexists(c->zh, "/a", NULL, NULL, &c->stat); }
static void do_get(call_t *c) { c->rc = zoo_get(c->zh, "/a", 1, c->text, &c->length, &c->stat); }
static void do_wget(call_t *c)
{
    c->rc = zoo_wget(c->zh, "/a", NULL, NULL, c->text, &c->length, &c->stat);
}
static void do_getconfig(call_t *c)
{
    c->rc = zoo_getconfig(c->zh, 0, c->text, &c->length, &c->stat);
}
static void do_reconfig(call_t *c)
{
    c->rc = zoo_reconfig(c->zh, "a", NULL, NULL, -1, c->text, &c->length, &c->stat);
}
static void do_set(call_t *c) { c->rc = zoo_set(c->zh, "/a", "", 0, -1); }
static void do_set2(call_t *c) { c->rc = zoo_set2(c->zh, "/a", "", 0, -1, &c->stat); }
static void do_children(call_t *c) { c->rc = zoo_get_children(c->zh, "/a", 1, &c->strings); }
static void do_children2(call_t *c)
{
    c->rc = zoo_get_children2(c->zh, "/a", 0, &c->strings, &c->stat);
}
static void do_get_acl(call_t *c) { c->rc = zoo_get_acl(c->zh, "/a", &c->acl, &c->stat); }
static void do_set_acl(call_t *c) { c->rc = zoo_set_acl(c->zh, "/a", -1, OPEN); }
static void do_remove_all(call_t *c)
{
    c->rc = zoo_remove_all_watches(c->zh, "/a", ZWATCHTYPE_ANY, 0);
}

typedef struct {
    const char *name;
    void (*run)(call_t *);
    int type;
} form_t;

static const form_t forms[] = {
    {"create", do_create, ZOO_CREATE_OP},
    {"create_ttl", do_create_ttl, ZOO_CREATE_TTL_OP},
    {"create2", do_create2, ZOO_CREATE2_OP},
    {"create2_ttl", do_create2_ttl, ZOO_CREATE_TTL_OP},
    {"container", do_container, ZOO_CREATE_CONTAINER_OP},
    {"delete", do_delete, ZOO_DELETE_OP},
    {"exists", do_exists, ZOO_EXISTS_OP},
    {"wexists", do_wexists, ZOO_EXISTS_OP},
    {"get", do_get, ZOO_GETDATA_OP},
    {"wget", do_wget, ZOO_GETDATA_OP},
    {"getconfig", do_getconfig, ZOO_GETDATA_OP},
    {"reconfig", do_reconfig, ZOO_RECONFIG_OP},
    {"set", do_set, ZOO_SETDATA_OP},
    {"set2", do_set2, ZOO_SETDATA_OP},
    {"get_children", do_children, ZOO_GETCHILDREN_OP},
    {"get_children2", do_children2, ZOO_GETCHILDREN2_OP},
    {"get_acl", do_get_acl, ZOO_GETACL_OP},
    {"set_acl", do_set_acl, ZOO_SETACL_OP},
    {"remove_all_watches", do_remove_all, ZOO_REMOVE_WATCHES},
};
enum { FORMS = sizeof forms / sizeof *forms };

static call_t fresh(stage_t *stage)
{
    call_t call;
    memset(&call, 0x55, sizeof call);
    call.zh = stage->zh;
    call.length = sizeof call.text;
    return call;
}

/* The call failed with this code and wrote to none of its outputs. */
static void check_untouched(const form_t *form, const call_t *call, int code)
{
    call_t expected;
    memset(&expected, 0x55, sizeof expected);
    if (call->rc != code)
        FAIL("%s returned %d, not %d", form->name, call->rc, code);
    if (memcmp(call->text, expected.text, sizeof call->text) || call->length != 8 ||
        memcmp(&call->stat, &expected.stat, sizeof call->stat) ||
        memcmp(&call->strings, &expected.strings, sizeof call->strings) ||
        memcmp(&call->acl, &expected.acl, sizeof call->acl))
        FAIL("%s wrote to an output on error %d", form->name, code);
}

static const int server_codes[] = {
    ZSYSTEMERROR,   ZRUNTIMEINCONSISTENCY, ZMARSHALLINGERROR, ZUNIMPLEMENTED,
    ZBADARGUMENTS,  ZNEWCONFIGNOQUORUM,    ZRECONFIGINPROGRESS, ZAPIERROR,
    ZNONODE,        ZNOAUTH,               ZBADVERSION,       ZNOCHILDRENFOREPHEMERALS,
    ZNODEEXISTS,    ZNOTEMPTY,             ZSESSIONEXPIRED,   ZINVALIDACL,
    ZAUTHFAILED,    ZSESSIONMOVED,         ZNOTREADONLY,      ZEPHEMERALONLOCALSESSION,
    ZNOWATCHER,     ZRECONFIGDISABLED,     ZSESSIONCLOSEDREQUIRESASLAUTH, ZTHROTTLEDOP};
enum { CODES = sizeof server_codes / sizeof *server_codes };

TEST(server_codes_reach_synchronous_callers_unchanged,
     "C-265 C-204 C-033 C-230 C-231 C-232 C-233 T-07")
{
    stage_t *stage = stage_open("");
    for (int f = 0; f < FORMS; f++) {
        for (int i = f % 5; i < CODES; i += 5) {
            call_t call = fresh(stage);
            test_thread *server =
                fake_answer_one(stage->connection, forms[f].type, server_codes[i], NULL);
            forms[f].run(&call);
            thread_join(server);
            check_untouched(&forms[f], &call, server_codes[i]);
        }
    }
    stage_close(stage);
}

TEST(server_codes_reach_completions_unchanged, "C-314 C-204 C-033")
{
    stage_t *stage = stage_open("");
    for (int i = 0; i < CODES; i++) {
        probe_t get = probe("get");
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
        stage_answer(stage, ZOO_GETDATA_OP, server_codes[i], NULL);
        probe_wait(&get, 1);
        CHECK_INT(get.rc, server_codes[i]);
        CHECK(get.value == NULL && !get.has_stat && get.value_length == 0);
    }
    CHECK_INT(zoo_state(stage->zh), ZOO_CONNECTED_STATE); /* even for "session expired" */
    stage_close(stage);
}

typedef struct {
    stage_t *stage;
    int type;
} loss_t;

static void hang_up_on(void *argument)
{
    loss_t *loss = (loss_t *)argument;
    frame_t frame = fake_receive(loss->stage->connection);
    while (frame.type == ZOO_SETWATCHES_OP)
        frame = fake_receive(loss->stage->connection);
    CHECK_INT(frame.type, loss->type);
    stage_reconnect(loss->stage);
}

TEST(every_synchronous_call_reports_a_lost_connection, "C-265 C-442 C-432")
{
    stage_t *stage = stage_open("");
    for (int f = 0; f < FORMS; f++) {
        loss_t loss = {stage, forms[f].type};
        call_t call = fresh(stage);
        test_thread *server = thread_start(hang_up_on, &loss);
        forms[f].run(&call);
        thread_join(server);
        check_untouched(&forms[f], &call, ZCONNECTIONLOSS);
        EVENTUALLY(zoo_state(stage->zh) == ZOO_CONNECTED_STATE);
    }
    stage_close(stage);
}

static void run_in_thread(void *argument)
{
    call_t *call = (call_t *)argument;
    do_exists(call);
}

TEST(a_synchronous_call_waits_for_the_connection, "C-261 C-265")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    call_t call = fresh(stage);
    connect_request_t request = fake_read_connect(stage->connection);
    test_thread *caller = thread_start(run_in_thread, &call);
    fake_welcome(stage->connection, &request, &usual_welcome);
    stage_answer_read(stage, ZOO_EXISTS_OP, 0);
    thread_join(caller);
    CHECK_INT(call.rc, ZOK);
    struct Stat sample = wire_sample_stat();
    check_stat(&call.stat, &sample);
    stage_close(stage);
}

TEST(rounds_of_requests_and_losses_complete_each_request_once, "C-264 C-432 C-440 C-442")
{
    enum { ROUNDS = 30, COUNT = 20 };
    stage_t *stage = stage_open("");
    static probe_t probes[ROUNDS][COUNT];
    for (int round = 0; round < ROUNDS; round++) {
        int answered = round * 7 % (COUNT + 1);
        for (int i = 0; i < COUNT; i++) {
            probes[round][i] = probe(NULL);
            CHECK_INT(zoo_adelete(stage->zh, "/a", i, on_void, &probes[round][i]), ZOK);
        }
        for (int i = 0; i < answered; i++)
            stage_answer(stage, ZOO_DELETE_OP, i % 2 ? ZNONODE : ZOK, NULL);
        for (int i = answered; i < COUNT; i++) /* unread bytes would make it a reset */
            frame_free((frame_t[]){fake_receive_type(stage->connection, ZOO_DELETE_OP)});
        stage_reconnect(stage);
        for (int i = 0; i < COUNT; i++) {
            probe_wait(&probes[round][i], 1);
            CHECK_INT(probes[round][i].rc,
                      i >= answered ? ZCONNECTIONLOSS : i % 2 ? ZNONODE : ZOK);
        }
        EVENTUALLY(zoo_state(stage->zh) == ZOO_CONNECTED_STATE);
    }
    stage_close(stage);
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < COUNT; i++)
            CHECK_INT(probes[round][i].calls, 1);
}
