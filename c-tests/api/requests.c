/* What each call puts on the wire. */
#include "../harness/fake.h"
#include "../harness/harness.h"
#include "../harness/stage.h"

static void put_open_acl(wire_t *body)
{
    put_int(body, 1);
    put_int(body, 31);
    put_string(body, "world");
    put_string(body, "anyone");
}

static void put_create(wire_t *body, const char *path, const void *data, int length, int flags)
{
    put_string(body, path);
    put_buffer(body, data, length);
    put_open_acl(body);
    put_int(body, flags);
}

#define OPEN &ZOO_OPEN_ACL_UNSAFE

TEST(create_requests_carry_path_data_acl_and_flags, "C-230 C-231 C-232 C-248 C-204")
{
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    wire_t body = {NULL, 0};
    zoo_acreate(zh, "/a", "xyz", 3, OPEN, ZOO_EPHEMERAL_SEQUENTIAL, on_string, &stage->done);
    put_create(&body, "/a", "xyz", 3, 3);
    stage_expect(stage, ZOO_CREATE_OP, &body);
    zoo_acreate2(zh, "/a", NULL, -1, OPEN, 0, on_string_stat, &stage->done);
    put_create(&body, "/a", NULL, -1, 0);
    stage_expect(stage, ZOO_CREATE2_OP, &body);
    zoo_acreate(zh, "/a", NULL, 0, OPEN, ZOO_CONTAINER, on_string, &stage->done);
    put_create(&body, "/a", NULL, 0, 4);
    stage_expect(stage, ZOO_CREATE_CONTAINER_OP, &body);
    zoo_acreate2(zh, "/a", "", 0, OPEN, ZOO_CONTAINER, on_string_stat, &stage->done);
    put_create(&body, "/a", NULL, 0, 4);
    stage_expect(stage, ZOO_CREATE_CONTAINER_OP, &body);
    zoo_acreate(zh, "/a", "", 0, NULL, 0, on_string, &stage->done);
    put_string(&body, "/a");
    put_int(&body, 0);
    put_int(&body, 0);
    put_int(&body, 0);
    stage_expect(stage, ZOO_CREATE_OP, &body);
    stage_close(stage);
}

TEST(ttl_create_requests_carry_the_ttl, "C-233 C-124 C-126")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    zoo_acreate_ttl(stage->zh, "/a", "x", 1, OPEN, ZOO_PERSISTENT_WITH_TTL, 1, on_string,
                    &stage->done);
    put_create(&body, "/a", "x", 1, 5);
    put_long(&body, 1);
    stage_expect(stage, ZOO_CREATE_TTL_OP, &body);
    zoo_acreate2_ttl(stage->zh, "/a", "x", 1, OPEN, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL,
                     0xFFFFFFFFFF, on_string_stat, &stage->done);
    put_create(&body, "/a", "x", 1, 6);
    put_long(&body, 0xFFFFFFFFFF);
    stage_expect(stage, ZOO_CREATE_TTL_OP, &body);
    stage_close(stage);
}

TEST(modes_are_sent_unchecked, "C-277")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    CHECK_INT(zoo_acreate(stage->zh, "/a", "", 0, OPEN, 99, on_string, &stage->done), ZOK);
    put_create(&body, "/a", NULL, 0, 99);
    stage_expect(stage, ZOO_CREATE_OP, &body);
    stage_close(stage);
}

TEST(reads_carry_path_and_watch_flag, "C-235 C-236 C-240 C-242 C-473 C-269")
{
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    static const int types[] = {ZOO_EXISTS_OP, ZOO_GETDATA_OP, ZOO_GETCHILDREN_OP,
                                ZOO_GETCHILDREN2_OP};
    for (int watch = 0; watch < 2; watch++) {
        zoo_aexists(zh, "/p", watch, on_stat, &stage->done);
        zoo_aget(zh, "/p", watch, on_data, &stage->done);
        zoo_aget_children(zh, "/p", watch, on_strings, &stage->done);
        zoo_aget_children2(zh, "/p", watch, on_strings_stat, &stage->done);
        for (int i = 0; i < 4; i++) {
            wire_t body = {NULL, 0};
            put_string(&body, "/p");
            put_bool(&body, watch);
            stage_expect(stage, types[i], &body);
        }
        watcher_fn watcher = watch ? on_event : NULL;
        zoo_awexists(zh, "/p", watcher, &stage->done, on_stat, &stage->done);
        zoo_awget(zh, "/p", watcher, &stage->done, on_data, &stage->done);
        zoo_awget_children(zh, "/p", watcher, &stage->done, on_strings, &stage->done);
        zoo_awget_children2(zh, "/p", watcher, &stage->done, on_strings_stat, &stage->done);
        for (int i = 0; i < 4; i++) {
            wire_t body = {NULL, 0};
            put_string(&body, "/p");
            put_bool(&body, watch);
            stage_expect(stage, types[i], &body);
        }
    }
    stage_close(stage);
}

TEST(watch_one_without_a_global_watcher_still_asks_for_a_watch, "C-473 C-270 C-285")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    CHECK(zoo_set_watcher(stage->zh, NULL) == on_event);
    zoo_aget(stage->zh, "/p", 1, on_data, &stage->done);
    put_string(&body, "/p");
    put_bool(&body, 1);
    stage_expect(stage, ZOO_GETDATA_OP, &body);
    stage_close(stage);
}

TEST(set_delete_and_sync_carry_path_and_version, "C-234 C-237 C-241 C-303 C-248")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    zoo_aset(stage->zh, "/p", "data", 4, 9, on_stat, &stage->done);
    put_string(&body, "/p");
    put_buffer(&body, "data", 4);
    put_int(&body, 9);
    stage_expect(stage, ZOO_SETDATA_OP, &body);
    zoo_aset(stage->zh, "/p", NULL, -1, -1, on_stat, &stage->done);
    put_string(&body, "/p");
    put_int(&body, -1);
    put_int(&body, -1);
    stage_expect(stage, ZOO_SETDATA_OP, &body);
    zoo_adelete(stage->zh, "/p", -5, on_void, &stage->done);
    put_string(&body, "/p");
    put_int(&body, -5);
    stage_expect(stage, ZOO_DELETE_OP, &body);
    zoo_async(stage->zh, "/p", on_string, &stage->done);
    put_string(&body, "/p");
    stage_expect(stage, ZOO_SYNC_OP, &body);
    stage_close(stage);
}

TEST(acl_requests_carry_entries_and_version, "C-238 C-239 C-025")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    zoo_aget_acl(stage->zh, "/p", on_acl, &stage->done);
    put_string(&body, "/p");
    stage_expect(stage, ZOO_GETACL_OP, &body);
    zoo_aset_acl(stage->zh, "/p", 4, &ZOO_CREATOR_ALL_ACL, on_void, &stage->done);
    put_string(&body, "/p");
    put_int(&body, 1);
    put_int(&body, 31);
    put_string(&body, "auth");
    put_string(&body, "");
    put_int(&body, 4);
    stage_expect(stage, ZOO_SETACL_OP, &body);
    stage_close(stage);
}

TEST(reconfig_writes_missing_lists_as_null, "C-244 C-313 C-134")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    zoo_areconfig(stage->zh, "server.1=h:1:2;3", NULL, NULL, -1, on_data, &stage->done);
    put_string(&body, "server.1=h:1:2;3");
    put_string(&body, NULL);
    put_string(&body, NULL);
    put_long(&body, -1);
    stage_expect(stage, ZOO_RECONFIG_OP, &body);
    zoo_areconfig(stage->zh, NULL, "5", "m", 0x1122334455, on_data, &stage->done);
    put_string(&body, NULL);
    put_string(&body, "5");
    put_string(&body, "m");
    put_long(&body, 0x1122334455);
    stage_expect(stage, ZOO_RECONFIG_OP, &body);
    stage_close(stage);
}

TEST(removals_use_two_different_request_types, "C-245 C-246 C-165 C-166 T-21")
{
    stage_t *stage = stage_open("");
    wire_t body = {NULL, 0};
    probe_t get = probe("get");
    zoo_awget(stage->zh, "/p", on_event, &stage->done, on_data, &get);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    struct Stat stat = wire_sample_stat();
    put_buffer(&body, "x", 1);
    put_stat(&body, &stat);
    fake_reply(stage->connection, frame.xid, 1, 0, &body);
    wire_free(&body);
    probe_wait(&get, 1);
    CHECK_INT(zoo_aremove_watches(stage->zh, "/p", ZWATCHTYPE_DATA, on_event, &stage->done, 0,
                                  (void_completion_t *)on_void, &stage->done),
              ZOK);
    put_string(&body, "/p");
    put_int(&body, 2);
    stage_expect(stage, ZOO_CHECK_WATCHES, &body);
    CHECK_INT(zoo_aremove_watches(stage->zh, "/p", ZWATCHTYPE_ANY, NULL, NULL, 0,
                                  (void_completion_t *)on_void, &stage->done),
              ZOK);
    put_string(&body, "/p");
    put_int(&body, 3);
    stage_expect(stage, ZOO_CHECK_WATCHES, &body);
    CHECK_INT(zoo_aremove_all_watches(stage->zh, "/p", ZWATCHTYPE_ANY, 0,
                                      (void_completion_t *)on_void, &stage->done),
              ZOK);
    put_string(&body, "/p");
    put_int(&body, 3);
    stage_expect(stage, ZOO_REMOVE_WATCHES, &body);
    stage_close(stage);
}

TEST(the_chroot_is_put_in_front_of_every_path, "C-278 C-279 C-281")
{
    stage_t *stage = stage_open("/ch/root");
    wire_t body = {NULL, 0};
    zoo_adelete(stage->zh, "/p", 1, on_void, &stage->done);
    put_string(&body, "/ch/root/p");
    put_int(&body, 1);
    stage_expect(stage, ZOO_DELETE_OP, &body);
    zoo_adelete(stage->zh, "/", 1, on_void, &stage->done);
    put_string(&body, "/ch/root");
    put_int(&body, 1);
    stage_expect(stage, ZOO_DELETE_OP, &body);
    zoo_agetconfig(stage->zh, 1, on_data, &stage->done);
    put_string(&body, "/zookeeper/config");
    put_bool(&body, 1);
    stage_expect(stage, ZOO_GETDATA_OP, &body);
    stage_close(stage);
}

TEST(xids_grow_by_one_and_are_shared_by_all_handles, "C-205")
{
    stage_t *one = stage_open(""), *two = stage_open("");
    wire_t body = {NULL, 0};
    zoo_adelete(one->zh, "/p", 1, on_void, &one->done);
    int first = fake_receive_type(one->connection, ZOO_DELETE_OP).xid;
    zoo_adelete(two->zh, "/p", 1, on_void, &two->done);
    int second = fake_receive_type(two->connection, ZOO_DELETE_OP).xid;
    CHECK(first > 0);
    CHECK_INT(second, first + 1);
    wire_free(&body);
    stage_close(one);
    stage_close(two);
}

TEST(a_refused_call_uses_up_an_xid, "C-205")
{
    stage_t *stage = stage_open("");
    zoo_adelete(stage->zh, "/p", 1, on_void, &stage->done);
    CHECK_INT(zoo_adelete(stage->zh, "bad", 1, on_void, &stage->done), ZBADARGUMENTS);
    zoo_adelete(stage->zh, "/p", 1, on_void, &stage->done);
    int first = fake_receive_type(stage->connection, ZOO_DELETE_OP).xid;
    CHECK_INT(fake_receive_type(stage->connection, ZOO_DELETE_OP).xid, first + 2);
    stage_close(stage);
}

TEST(every_call_leaves_in_call_order, "C-513")
{
    stage_t *stage = stage_open("");
    int last = 0;
    for (int i = 0; i < 500; i++)
        CHECK_INT(zoo_adelete(stage->zh, "/p", i, on_void, &stage->done), ZOK);
    for (int i = 0; i < 500; i++) {
        frame_t frame = fake_receive_type(stage->connection, ZOO_DELETE_OP);
        CHECK(last == 0 || frame.xid == last + 1);
        last = frame.xid;
        free(take_string(&frame));
        CHECK_INT(take_int(&frame), i);
        take_end(&frame);
        fake_reply(stage->connection, frame.xid, i + 1, i % 2 ? ZNONODE : ZOK, NULL);
        frame_free(&frame);
    }
    probe_wait(&stage->done, 500);
    stage_close(stage);
}
