/* Bytes that servers may send and arguments that programs may reuse. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>

TEST(a_null_vector_is_an_empty_one, "C-201")
{
    stage_t *stage = stage_open("");
    probe_t children = probe("children");
    wire_t body = {NULL, 0};
    put_int(&body, -1);
    CHECK_INT(zoo_aget_children(stage->zh, "/a", 0, on_strings, &children), ZOK);
    stage_answer(stage, ZOO_GETCHILDREN_OP, 0, &body);
    probe_wait(&children, 1);
    CHECK_INT(children.rc, ZOK);
    CHECK(children.count <= 0);
    stage_close(stage);
}

TEST(strings_need_not_be_text, "C-201 C-308 T-26")
{
    stage_t *stage = stage_open("");
    struct String_vector names = {0, NULL};
    wire_t body = {NULL, 0};
    put_int(&body, 2);
    put_string(&body, "\xff\xfe\x80");
    put_string(&body, "");
    test_thread *server = fake_answer_one(stage->connection, ZOO_GETCHILDREN_OP, 0, &body);
    CHECK_INT(zoo_get_children(stage->zh, "/\xff", 0, &names), ZOK);
    thread_join(server);
    CHECK_INT(names.count, 2);
    CHECK_STR(names.data[0], "\xff\xfe\x80");
    CHECK_STR(names.data[1], "");
    free(names.data[0]); /* each is malloc's, and so is the array */
    free(names.data[1]);
    free(names.data);
    stage_close(stage);
}

TEST(arguments_are_free_again_when_the_call_returns, "C-266")
{
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    char path[] = "/a", data[] = "data", scheme[] = "world", id[] = "anyone";
    struct ACL entry = {31, {scheme, id}};
    struct ACL_vector acl = {1, &entry};
    wire_t body = {NULL, 0};
    connect_request_t request = fake_read_connect(stage->connection);
    CHECK_INT(zoo_acreate(stage->zh, path, data, 4, &acl, 0, on_string, &stage->done), ZOK);
    CHECK_INT(zoo_aset(stage->zh, path, data, 4, 7, on_stat, &stage->done), ZOK);
    memset(path, '#', 2); /* before anything was sent */
    memset(data, '#', 4);
    memset(scheme, '#', 5);
    memset(id, '#', 6);
    memset(&entry, 0, sizeof entry);
    fake_welcome(stage->connection, &request, &usual_welcome);
    put_string(&body, "/a");
    put_buffer(&body, "data", 4);
    put_int(&body, 1);
    put_int(&body, 31);
    put_string(&body, "world");
    put_string(&body, "anyone");
    put_int(&body, 0);
    stage_expect(stage, ZOO_CREATE_OP, &body);
    put_string(&body, "/a");
    put_buffer(&body, "data", 4);
    put_int(&body, 7);
    stage_expect(stage, ZOO_SETDATA_OP, &body);
    stage_close(stage);
}

TEST(a_reconfiguration_hands_out_the_new_configuration, "C-134 C-153 C-244 C-313 C-305")
{
    stage_t *stage = stage_open("/ch");
    struct Stat stat, sample = wire_sample_stat();
    probe_t again = probe("areconfig");
    wire_t body = {NULL, 0};
    char value[8];
    int length = 4;
    put_buffer(&body, "server.1", 8);
    put_stat(&body, &sample);
    memset(value, '#', sizeof value);
    test_thread *server = fake_answer_one(stage->connection, ZOO_RECONFIG_OP, 0, &body);
    CHECK_INT(zoo_reconfig(stage->zh, NULL, NULL, "server.1", -1, value, &length, &stat), ZOK);
    thread_join(server);
    CHECK_INT(length, 4);
    CHECK_BYTES(value, 5, "serv#", 5);
    check_stat(&stat, &sample);
    CHECK_INT(zoo_areconfig(stage->zh, NULL, "1", NULL, 5, on_data, &again), ZOK);
    stage_answer(stage, ZOO_RECONFIG_OP, 0, &body);
    probe_wait(&again, 1);
    CHECK_BYTES(again.value, again.value_length, "server.1", 8);
    check_stat(&again.stat, &sample);
    stage_close(stage);
}
