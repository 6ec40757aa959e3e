/* Calls without a handle, a completion or another pointer. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <netinet/in.h>

/* Declared only for programs that don't define THREADED. */
int zookeeper_interest(zhandle_t *zh, int *fd, int *interest, struct timeval *tv);
int zookeeper_process(zhandle_t *zh, int events);

#define OPEN &ZOO_OPEN_ACL_UNSAFE

TEST(asynchronous_calls_without_a_handle_are_bad_arguments, "C-268 C-264")
{
    probe_t done = probe("done");
    void_completion_t *as_declared = (void_completion_t *)on_void;
    CHECK_INT(zoo_acreate(NULL, "/a", "", 0, OPEN, 0, on_string, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_acreate_ttl(NULL, "/a", "", 0, OPEN, 5, 1, on_string, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_acreate2(NULL, "/a", "", 0, OPEN, 0, on_string_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_acreate2_ttl(NULL, "/a", "", 0, OPEN, 5, 1, on_string_stat, &done),
              ZBADARGUMENTS);
    CHECK_INT(zoo_adelete(NULL, "/a", -1, on_void, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awexists(NULL, "/a", NULL, NULL, on_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awget(NULL, "/a", NULL, NULL, on_data, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aset(NULL, "/a", "", 0, -1, on_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awget_children(NULL, "/a", NULL, NULL, on_strings, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awget_children2(NULL, "/a", NULL, NULL, on_strings_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_async(NULL, "/a", on_string, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget_acl(NULL, "/a", on_acl, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aset_acl(NULL, "/a", -1, OPEN, on_void, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_areconfig(NULL, "a", NULL, NULL, -1, on_data, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aremove_watches(NULL, "/a", ZWATCHTYPE_ANY, NULL, NULL, 0, as_declared, &done),
              ZBADARGUMENTS);
    CHECK_INT(zoo_aremove_all_watches(NULL, "/a", ZWATCHTYPE_ANY, 0, as_declared, &done),
              ZBADARGUMENTS);
    CHECK_INT(zoo_add_auth(NULL, "digest", "a:b", 3, on_void, &done), ZBADARGUMENTS);
    CHECK_INT(probe_calls(&done), 0);
}

TEST(synchronous_calls_without_a_handle_are_bad_arguments, "C-268")
{
    struct Stat stat;
    struct String_vector strings;
    char value[4];
    int length = 4;
    CHECK_INT(zoo_create(NULL, "/a", "", 0, OPEN, 0, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create2(NULL, "/a", "", 0, OPEN, 0, NULL, 0, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_delete(NULL, "/a", -1), ZBADARGUMENTS);
    CHECK_INT(zoo_set(NULL, "/a", "", 0, -1), ZBADARGUMENTS);
    CHECK_INT(zoo_set2(NULL, "/a", "", 0, -1, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_wexists(NULL, "/a", NULL, NULL, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_wget(NULL, "/a", NULL, NULL, value, &length, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_wget_children(NULL, "/a", NULL, NULL, &strings), ZBADARGUMENTS);
    CHECK_INT(zoo_wget_children2(NULL, "/a", NULL, NULL, &strings, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_get_acl(NULL, "/a", NULL, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_set_acl(NULL, "/a", -1, OPEN), ZBADARGUMENTS);
    CHECK_INT(zoo_remove_watches(NULL, "/a", ZWATCHTYPE_ANY, NULL, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_remove_all_watches(NULL, "/a", ZWATCHTYPE_ANY, 0), ZBADARGUMENTS);
}

TEST(handle_calls_without_a_handle_do_no_harm, "C-268 C-282 C-289 C-525 C-526")
{
    int fd = 77, interest = 78;
    struct timeval tv = {79, 80};
    CHECK_INT(zookeeper_close(NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_state(NULL), 0);
    zoo_set_context(NULL, &fd);
    zoo_set_log_callback(NULL, NULL);
    CHECK(zoo_get_log_callback(NULL) == NULL);
    CHECK_INT(zookeeper_interest(NULL, &fd, &interest, &tv), ZBADARGUMENTS);
    CHECK_INT(zookeeper_process(NULL, 3), ZBADARGUMENTS);
    CHECK_INT(fd, 77);
}

TEST(calls_where_the_original_crashes_are_bad_arguments, "C-268")
{
    NOT_ON_THE_REFERENCE("C-268");
    probe_t done = probe("done");
    struct Stat stat;
    char value[4];
    int length = 4;
    zoo_op_t op;
    zoo_op_result_t result;
    zoo_delete_op_init(&op, "/a", -1);
    CHECK_INT(zoo_aexists(NULL, "/a", 1, on_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget(NULL, "/a", 1, on_data, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget_children(NULL, "/a", 1, on_strings, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget_children2(NULL, "/a", 1, on_strings_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_agetconfig(NULL, 1, on_data, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_exists(NULL, "/a", 1, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_get(NULL, "/a", 1, value, &length, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_getconfig(NULL, 1, value, &length, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_get_children(NULL, "/a", 1, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_get_children2(NULL, "/a", 1, NULL, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_multi(NULL, 1, &op, &result), ZBADARGUMENTS);
    CHECK_INT(zoo_amulti(NULL, 1, &op, &result, on_void, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_set_servers(NULL, "127.0.0.1:1"), ZBADARGUMENTS);
    CHECK_INT(is_unrecoverable(NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_recv_timeout(NULL), 0);
    CHECK(zoo_get_context(NULL) == NULL);
    CHECK(zoo_client_id(NULL) == NULL);
    CHECK(zoo_set_watcher(NULL, on_event) == NULL);
    CHECK(zoo_get_current_server(NULL) == NULL);
    zoo_cycle_next_server(NULL);
}

TEST(missing_completions_are_dropped, "C-267")
{
    NOT_ON_THE_REFERENCE("C-267");
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    probe_t last = probe("last");
    CHECK_INT(zoo_aget(zh, "/a", 0, NULL, NULL), ZOK);
    CHECK_INT(zoo_adelete(zh, "/a", -1, NULL, NULL), ZOK);
    CHECK_INT(zoo_aget_children2(zh, "/a", 0, NULL, NULL), ZOK);
    CHECK_INT(zoo_adelete(zh, "/b", -1, on_void, &last), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    stage_answer(stage, ZOO_DELETE_OP, 0, NULL);
    stage_answer_read(stage, ZOO_GETCHILDREN2_OP, 0);
    stage_answer(stage, ZOO_DELETE_OP, 0, NULL);
    journal_expect("last: 0", NULL);
    stage_close(stage);
}

TEST(interest_needs_all_its_outputs, "C-525")
{
    stage_t *stage = stage_open("");
    int fd, interest;
    struct timeval tv;
    CHECK_INT(zookeeper_interest(stage->zh, NULL, &interest, &tv), ZBADARGUMENTS);
    CHECK_INT(zookeeper_interest(stage->zh, &fd, NULL, &tv), ZBADARGUMENTS);
    CHECK_INT(zookeeper_interest(stage->zh, &fd, &interest, NULL), ZBADARGUMENTS);
    stage_close(stage);
}

TEST(lists_of_servers_must_be_given, "C-448 C-107")
{
    stage_t *stage = stage_open("");
    CHECK_INT(zoo_set_servers(stage->zh, NULL), ZBADARGUMENTS);
    stage_close(stage);
}
