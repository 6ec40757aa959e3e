/* Transactions against a scripted server: bytes, odd and broken answers. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#define OPEN &ZOO_OPEN_ACL_UNSAFE

static void put_header(wire_t *body, int type, int done, int err)
{
    put_int(body, type);
    put_bool(body, done);
    put_int(body, err);
}

static void put_error(wire_t *body, int err)
{
    put_header(body, -1, 0, err);
    put_int(body, err);
}

typedef struct {
    zoo_op_t ops[4];
    zoo_op_result_t results[4];
    char path[64];
    struct Stat stat;
    probe_t done;
} multi_t;

/* create, delete, set, check: one of each. */
static multi_t *four_operations(void)
{
    multi_t *multi = (multi_t *)calloc(1, sizeof *multi);
    CHECK(multi != NULL);
    multi->done = probe("multi");
    strcpy(multi->path, "before");
    memset(multi->results, 0x55, sizeof multi->results);
    memset(&multi->stat, 0x55, sizeof multi->stat);
    zoo_create_op_init(&multi->ops[0], "/c", "v", 1, OPEN, ZOO_EPHEMERAL, multi->path, 64);
    zoo_delete_op_init(&multi->ops[1], "/d", 2);
    zoo_set_op_init(&multi->ops[2], "/s", "w", 1, 3, &multi->stat);
    zoo_check_op_init(&multi->ops[3], "/k", 4);
    return multi;
}

static void submit(stage_t *stage, multi_t *multi)
{
    CHECK_INT(zoo_amulti(stage->zh, 4, multi->ops, multi->results, on_void, &multi->done), ZOK);
}

static void put_successes(wire_t *body, int create_type)
{
    struct Stat stat = wire_sample_stat();
    put_header(body, create_type, 0, 0);
    put_string(body, "/c0");
    if (create_type == ZOO_CREATE2_OP)
        put_stat(body, &stat);
    put_header(body, ZOO_DELETE_OP, 0, 0);
    put_header(body, ZOO_SETDATA_OP, 0, 0);
    put_stat(body, &stat);
    put_header(body, ZOO_CHECK_OP, 0, 0);
    put_header(body, -1, 1, -1);
}

static void check_all(const multi_t *multi, int code)
{
    for (int i = 0; i < 4; i++)
        CHECK_INT(multi->results[i].err, code);
}

TEST(a_transaction_is_one_request_of_headers_and_records, "C-622 C-625 C-243")
{
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    wire_t body = {NULL, 0};
    submit(stage, multi);
    CHECK(multi->results[0].value == multi->path);
    CHECK_INT(multi->results[0].valuelen, 64);
    CHECK(multi->results[2].stat == &multi->stat);
    CHECK_INT(multi->results[0].err, 0x55555555);
    put_header(&body, ZOO_CREATE_OP, 0, -1);
    put_string(&body, "/c");
    put_buffer(&body, "v", 1);
    put_int(&body, 1);
    put_int(&body, 31);
    put_string(&body, "world");
    put_string(&body, "anyone");
    put_int(&body, ZOO_EPHEMERAL);
    put_header(&body, ZOO_DELETE_OP, 0, -1);
    put_string(&body, "/d");
    put_int(&body, 2);
    put_header(&body, ZOO_SETDATA_OP, 0, -1);
    put_string(&body, "/s");
    put_buffer(&body, "w", 1);
    put_int(&body, 3);
    put_header(&body, ZOO_CHECK_OP, 0, -1);
    put_string(&body, "/k");
    put_int(&body, 4);
    put_header(&body, -1, 1, -1);
    stage_expect(stage, ZOO_MULTI_OP, &body);
    stage_close(stage);
}

TEST(a_container_is_sent_with_its_own_type, "C-622 C-621 C-620")
{
    stage_t *stage = stage_open("");
    zoo_op_t op;
    zoo_op_result_t result;
    wire_t body = {NULL, 0};
    zoo_create_op_init(&op, "/c", "", 0, OPEN, ZOO_CONTAINER, NULL, 0);
    CHECK_INT(zoo_amulti(stage->zh, 1, &op, &result, on_void, &stage->done), ZOK);
    put_header(&body, ZOO_CREATE_CONTAINER_OP, 0, -1);
    put_string(&body, "/c");
    put_buffer(&body, "", 0);
    put_int(&body, 1);
    put_int(&body, 31);
    put_string(&body, "world");
    put_string(&body, "anyone");
    put_int(&body, ZOO_CONTAINER);
    put_header(&body, -1, 1, -1);
    stage_expect(stage, ZOO_MULTI_OP, &body);
    stage_close(stage);
}

TEST(an_empty_transaction_is_its_end_mark, "C-624 C-622")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    CHECK_INT(zoo_amulti(stage->zh, 0, NULL, NULL, on_void, &stage->done), ZOK);
    put_header(&body, -1, 1, -1);
    stage_expect(stage, ZOO_MULTI_OP, &body);
    stage_close(stage);
}

TEST(results_are_filled_from_the_reply, "C-626 C-627 C-632")
{
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0};
    submit(stage, multi);
    put_successes(&body, ZOO_CREATE_OP);
    stage_answer(stage, ZOO_MULTI_OP, 0, &body);
    journal_expect("multi: 0", NULL);
    check_all(multi, 0);
    CHECK_STR(multi->path, "/c0");
    check_stat(&multi->stat, &stat);
    stage_close(stage);
}

TEST(a_create_may_be_answered_with_path_and_stat, "C-626 C-631")
{
    NOT_ON_THE_REFERENCE("C-631: it aborts");
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    wire_t body = {NULL, 0};
    submit(stage, multi);
    put_successes(&body, ZOO_CREATE2_OP);
    stage_answer(stage, ZOO_MULTI_OP, 0, &body);
    journal_expect("multi: 0", NULL);
    check_all(multi, 0);
    CHECK_STR(multi->path, "/c0");
    stage_close(stage);
}

TEST(the_first_real_error_is_the_transactions_code, "C-628 C-627 T-17")
{
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    wire_t body = {NULL, 0};
    submit(stage, multi);
    put_error(&body, 0);
    put_error(&body, ZRUNTIMEINCONSISTENCY);
    put_error(&body, ZBADVERSION);
    put_error(&body, ZNONODE);
    put_header(&body, -1, 1, -1);
    stage_answer(stage, ZOO_MULTI_OP, 0, &body);
    journal_expect("multi: -103", NULL);
    CHECK_INT(multi->results[0].err, 0);
    CHECK_INT(multi->results[1].err, ZRUNTIMEINCONSISTENCY);
    CHECK_INT(multi->results[2].err, ZBADVERSION);
    CHECK_INT(multi->results[3].err, ZNONODE);
    CHECK(multi->results[0].value == NULL && multi->results[2].stat == NULL);
    CHECK_STR(multi->path, "before");
    CHECK_INT(multi->stat.version, 0x55555555);
    stage_close(stage);
}

TEST(an_error_of_the_whole_request_reaches_every_result, "C-629 C-530 F-27")
{
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    submit(stage, multi);
    stage_answer(stage, ZOO_MULTI_OP, ZSESSIONMOVED, NULL);
    journal_expect("multi: -118", NULL);
    check_all(multi, ZSESSIONMOVED);
    CHECK(multi->results[0].value == NULL && multi->results[2].stat == NULL);
    stage_close(stage);
}

TEST(a_lost_transaction_reaches_every_result, "C-629 C-442 F-28")
{
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    submit(stage, multi);
    fake_receive_type(stage->connection, ZOO_MULTI_OP);
    stage_reconnect(stage);
    journal_wait("multi: -4");
    check_all(multi, ZCONNECTIONLOSS);
    CHECK(multi->results[0].value == NULL && multi->results[2].stat == NULL);
    stage_close(stage);
}

TEST(a_transaction_outstanding_at_close_reaches_every_result, "C-629 C-530")
{
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    submit(stage, multi);
    fake_receive_type(stage->connection, ZOO_MULTI_OP);
    fake_end_session(stage->zh, stage->connection);
    if (multi->done.calls == 0 && on_the_reference())
        SKIP("the original lost the completion this time (C-534)");
    CHECK_INT(multi->done.rc, ZCLOSING);
    check_all(multi, ZCLOSING);
    CHECK(multi->results[0].value == NULL && multi->results[2].stat == NULL);
}

TEST(a_synchronous_transaction_reports_an_error_of_the_whole_request, "C-630 T-18 F-27")
{
    NOT_ON_THE_REFERENCE("C-630: it aborts");
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    struct test_thread *server =
        fake_answer_one(stage->connection, ZOO_MULTI_OP, ZSESSIONMOVED, NULL);
    CHECK_INT(zoo_multi(stage->zh, 4, multi->ops, multi->results), ZSESSIONMOVED);
    thread_join(server);
    check_all(multi, ZSESSIONMOVED);
    stage_close(stage);
}

static void hang_up_on_multi(void *argument)
{
    stage_t *stage = (stage_t *)argument;
    fake_receive_type(stage->connection, ZOO_MULTI_OP);
    fake_hang_up(stage->connection);
}

TEST(a_lost_synchronous_transaction_returns_the_code, "C-630 C-265 F-28")
{
    NOT_ON_THE_REFERENCE("C-630: it leaves the results as they were");
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    struct test_thread *server = thread_start(hang_up_on_multi, stage);
    CHECK_INT(zoo_multi(stage->zh, 4, multi->ops, multi->results), ZCONNECTIONLOSS);
    thread_join(server);
    CHECK_STR(multi->path, "before");
    check_all(multi, ZCONNECTIONLOSS);
    stage->connection = fake_connect(stage->fake);
    stage_close(stage);
}

TEST(more_results_than_operations_are_a_marshalling_error, "C-632")
{
    NOT_ON_THE_REFERENCE("C-632: it aborts");
    stage_t *stage = stage_open("");
    multi_t *multi = four_operations();
    wire_t body = {NULL, 0};
    submit(stage, multi);
    for (int i = 0; i < 7; i++)
        put_error(&body, 0);
    put_header(&body, -1, 1, -1);
    stage_answer(stage, ZOO_MULTI_OP, 0, &body);
    journal_expect("multi: -5", NULL);
    stage_close(stage);
}

TEST(a_truncated_transaction_reply_is_a_marshalling_error, "C-315 C-632")
{
    NOT_ON_THE_REFERENCE("C-315");
    wire_t whole = {NULL, 0};
    int rounds = 0;
    put_successes(&whole, ZOO_CREATE_OP);
    for (size_t length = 0; length < whole.length - 9; length += 13) {
        stage_t *stage = stage_open("");
        multi_t *multi = four_operations();
        wire_t part = {whole.bytes, length};
        submit(stage, multi);
        stage_answer(stage, ZOO_MULTI_OP, 0, &part);
        probe_wait(&multi->done, 1);
        CHECK_INT(multi->done.rc, ZMARSHALLINGERROR);
        stage_close(stage);
        CHECK_INT(multi->done.calls, 1);
        journal_clear();
        rounds++;
    }
    CHECK(rounds > 5);
}

TEST(an_empty_transaction_on_an_expired_session_is_refused, "C-624")
{
    NOT_ON_THE_REFERENCE("C-624: it hangs");
    static const char zeros[16];
    welcome_t over = {1, 0, zeros, 0, 0};
    stage_t *stage = stage_open("");
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    fake_welcome(stage->connection, &request, &over);
    journal_wait("global: session expired");
    CHECK_INT(zoo_multi(stage->zh, 0, NULL, NULL), ZINVALIDSTATE);
    stage_close_unconnected(stage);
}
