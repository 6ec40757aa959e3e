/* Which calls register watches, and removals at unusual moments. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <unistd.h>

#define AS_DECLARED ((void_completion_t *)on_void)
#define OPEN &ZOO_OPEN_ACL_UNSAFE

TEST(calls_that_only_write_or_read_acls_register_nothing, "C-472 C-222")
{
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    static const int types[] = {ZOO_CREATE_OP, ZOO_SETDATA_OP, ZOO_GETACL_OP, ZOO_DELETE_OP,
                                ZOO_SYNC_OP};
    CHECK_INT(zoo_acreate(zh, "/a", "", 0, OPEN, 0, on_string, &stage->done), ZOK);
    CHECK_INT(zoo_aset(zh, "/a", "", 0, -1, on_stat, &stage->done), ZOK);
    CHECK_INT(zoo_aget_acl(zh, "/a", on_acl, &stage->done), ZOK);
    CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, &stage->done), ZOK);
    CHECK_INT(zoo_async(zh, "/a", on_string, &stage->done), ZOK);
    for (int i = 0; i < 5; i++) {
        wire_t body = {NULL, 0};
        struct Stat stat = wire_sample_stat();
        if (types[i] == ZOO_GETACL_OP)
            put_int(&body, 0);
        if (types[i] == ZOO_SETDATA_OP || types[i] == ZOO_GETACL_OP)
            put_stat(&body, &stat);
        if (types[i] == ZOO_CREATE_OP || types[i] == ZOO_SYNC_OP)
            put_string(&body, "/a");
        stage_answer(stage, types[i], 0, &body);
        wire_free(&body);
    }
    probe_wait(&stage->done, 5);
    stage_reconnect(stage);
    CHECK_INT(zoo_adelete(zh, "/last", -1, on_void, &stage->done), ZOK);
    fake_receive_type(stage->connection, ZOO_DELETE_OP); /* nothing comes before it */
    stage_close(stage);
}

TEST(a_watch_on_the_configuration_is_a_data_watch_outside_the_chroot, "C-472 C-281 C-280 T-27")
{
    stage_t *stage = stage_open("/ch");
    probe_t watch = probe("watch");
    CHECK_INT(zoo_awgetconfig(stage->zh, on_event, &watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, 1);
    stage_reconnect(stage);
    frame_t frame = fake_receive_type(stage->connection, ZOO_SETWATCHES_OP);
    CHECK_INT(take_long(&frame), 1);
    CHECK_INT(take_int(&frame), 1);
    CHECK_STR(take_string(&frame), "/zookeeper/config");
    CHECK_INT(take_int(&frame), 0);
    CHECK_INT(take_int(&frame), 0);
    take_end(&frame);
    journal_wait("watch: session connected");
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/zookeeper/config");
    journal_wait("watch: changed /zookeeper/config");
    stage_close(stage);
}

static void set_watch(stage_t *stage, probe_t *watch)
{
    int calls = probe_calls(&stage->done);
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, calls + 1);
}

static int gate[2];

static void wait_at_the_gate(probe_t *self)
{
    char byte;
    (void)self;
    CHECK(read(gate[0], &byte, 1) == 1);
}

TEST(a_removal_comes_too_late_for_an_event_that_was_read, "C-478 C-487")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), get = probe("get");
    CHECK(pipe(gate) == 0);
    set_watch(stage, &watch);
    get.then = wait_at_the_gate;
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a");
    test_thread *server = fake_answer_one(stage->connection, ZOO_DELETE_OP, ZNONODE, NULL);
    CHECK_INT(zoo_delete(stage->zh, "/x", -1), ZNONODE); /* so the event was read */
    thread_join(server);
    CHECK_INT(probe_calls(&watch), 0);
    CHECK_INT(zoo_remove_watches(stage->zh, "/a", ZWATCHTYPE_ANY, on_event, &watch, 1),
              ZNOWATCHER);
    CHECK(write(gate[1], "x", 1) == 1);
    journal_wait("watch: changed /a");
    stage_close(stage);
}

TEST(a_removal_checks_path_then_state_then_table, "C-485 C-487 C-260 C-406")
{
    static const char zeros[16];
    welcome_t over = {1, 0, zeros, 0, 0};
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    probe_t watch = probe("watch"), *done = &stage->done;
    set_watch(stage, &watch);
    CHECK_INT(zoo_remove_watches(zh, NULL, ZWATCHTYPE_ANY, on_event, &watch, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_remove_watches(zh, NULL, ZWATCHTYPE_ANY, on_event, &watch, 1), ZBADARGUMENTS);
    CHECK_INT(zoo_remove_all_watches(zh, NULL, ZWATCHTYPE_ANY, 1), ZBADARGUMENTS);
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    fake_welcome(stage->connection, &request, &over);
    journal_wait("global: session expired");
    CHECK_INT(zoo_remove_watches(zh, "bad", ZWATCHTYPE_ANY, on_event, &watch, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_remove_watches(zh, "/a", ZWATCHTYPE_ANY, on_event, &watch, 0), ZINVALIDSTATE);
    CHECK_INT(zoo_remove_watches(zh, "/b", ZWATCHTYPE_ANY, on_event, &watch, 0), ZINVALIDSTATE);
    CHECK_INT(zoo_remove_all_watches(zh, "/a", ZWATCHTYPE_ANY, 0), ZINVALIDSTATE);
    CHECK_INT(zoo_aremove_watches(zh, "/a", ZWATCHTYPE_ANY, on_event, &watch, 0, AS_DECLARED, done),
              ZINVALIDSTATE);
    CHECK_INT(zoo_remove_watches(zh, "/b", ZWATCHTYPE_ANY, on_event, &watch, 1), ZNOWATCHER);
    CHECK_INT(zoo_remove_watches(zh, "/a", ZWATCHTYPE_ANY, on_event, &watch, 1), ZOK);
    CHECK_INT(zoo_remove_watches(zh, "/a", ZWATCHTYPE_ANY, on_event, &watch, 1), ZNOWATCHER);
    stage_close_unconnected(stage);
}
