/* Watch tables as a scripted server sees them: order, session events and
 * registration again after a reconnect. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>

/* Sets a watch by each kind of read; rc is what the server answers. */
static void watch_data(stage_t *stage, const char *path, watcher_fn fn, probe_t *watch)
{
    CHECK_INT(zoo_awget(stage->zh, path, fn, watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
}

static void watch_exist(stage_t *stage, const char *path, int rc, probe_t *watch)
{
    CHECK_INT(zoo_awexists(stage->zh, path, on_event, watch, on_stat, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_EXISTS_OP, rc);
}

static void watch_child(stage_t *stage, const char *path, probe_t *watch)
{
    CHECK_INT(zoo_awget_children(stage->zh, path, on_event, watch, on_strings, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETCHILDREN_OP, 0);
}

/* All answers were taken; only events are in the journal from now on. */
static void settle(stage_t *stage, int reads)
{
    probe_wait(&stage->done, reads);
    journal_clear();
}

TEST(a_deletion_calls_child_then_exist_then_data_watchers, "C-475 C-477 T-04")
{
    stage_t *stage = stage_open("");
    probe_t data = probe("data"), exist = probe("exist"), child = probe("child");
    probe_t data2 = probe("data2");
    watch_data(stage, "/a", on_event, &data);
    watch_data(stage, "/a", on_event, &data2);
    watch_exist(stage, "/a", ZNONODE, &exist);
    watch_child(stage, "/a", &child);
    settle(stage, 4);
    fake_event(stage->connection, ZOO_DELETED_EVENT, 3, "/a");
    journal_expect("child: deleted /a", "exist: deleted /a", "data: deleted /a",
                   "data2: deleted /a", NULL);
    fake_event(stage->connection, ZOO_DELETED_EVENT, 3, "/a"); /* nobody is left */
    fake_event(stage->connection, ZOO_CREATED_EVENT, 3, "/a");
    CHECK_INT(zoo_adelete(stage->zh, "/x", -1, on_void, &stage->done), ZOK);
    stage_answer(stage, ZOO_DELETE_OP, 0, NULL);
    probe_wait(&stage->done, 5);
    CHECK_INT(data.calls + data2.calls + exist.calls + child.calls, 4);
    stage_close(stage);
}

TEST(created_and_changed_take_data_and_exist_watches_only, "C-475 T-04")
{
    for (int type = ZOO_CREATED_EVENT; type <= ZOO_CHANGED_EVENT; type += 2) {
        stage_t *stage = stage_open("");
        probe_t data = probe("data"), exist = probe("exist"), child = probe("child");
        watch_data(stage, "/a", on_event, &data);
        watch_exist(stage, "/a", ZNONODE, &exist);
        watch_child(stage, "/a", &child);
        settle(stage, 3);
        fake_event(stage->connection, type, 3, "/a");
        fake_event(stage->connection, ZOO_CHILD_EVENT, 3, "/a");
        probe_wait(&child, 1);
        CHECK_INT(data.calls, 1);
        CHECK_INT(exist.calls, 1);
        CHECK_INT(data.type, type);
        CHECK_INT(child.type, ZOO_CHILD_EVENT);
        stage_close(stage);
        journal_clear();
    }
}

TEST(other_events_call_nobody_and_take_nothing, "C-475 C-031")
{
    stage_t *stage = stage_open("");
    probe_t data = probe("data");
    watch_data(stage, "/a", on_event, &data);
    settle(stage, 1);
    fake_event(stage->connection, ZOO_NOTWATCHING_EVENT, 3, "/a");
    fake_event(stage->connection, 77, 3, "/a");
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/b");
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a");
    journal_expect("data: changed /a", NULL);
    stage_close(stage);
}

TEST(the_state_of_a_node_event_is_the_packets, "C-476")
{
    stage_t *stage = stage_open("");
    probe_t data = probe("data");
    watch_data(stage, "/a", on_event, &data);
    settle(stage, 1);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 5, "/a");
    journal_expect("data: changed /a (readonly)", NULL);
    stage_close(stage);
}

TEST(event_paths_lose_the_chroot, "C-280 C-476 C-470 F-41")
{
    stage_t *stage = stage_open("/ch");
    probe_t data = probe("data"), root = probe("root");
    watch_data(stage, "/a", on_event, &data);
    watch_child(stage, "/", &root);
    settle(stage, 2);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/ch/a");
    fake_event(stage->connection, ZOO_CHILD_EVENT, 3, "/ch");
    journal_expect("data: changed /a", "root: child /", NULL);
    stage_close(stage);
}

TEST(session_events_go_once_to_each_pair_and_last_to_the_global_watcher, "C-430 C-480 T-01 T-02")
{
    stage_t *stage = stage_open("");
    probe_t one = probe("one"), two = probe("two");
    watch_data(stage, "/a", on_event, &one);
    watch_data(stage, "/b", on_event, &one);
    watch_exist(stage, "/c", ZNONODE, &one);
    watch_child(stage, "/d", &one);
    watch_child(stage, "/a", &two);
    watch_data(stage, "/e", on_event, &stage->session);
    settle(stage, 6);
    fake_hang_up(stage->connection);
    journal_wait("global: session connecting");
    CHECK_INT(one.calls, 1);
    CHECK_INT(two.calls, 1);
    CHECK_INT(journal_count("one: session connecting"), 1);
    CHECK_INT(journal_count("two: session connecting"), 1);
    CHECK_INT(journal_count("global: session connecting"), 1);
    CHECK(journal_wait("global: session connecting") == 2); /* the last of three */
    stage->connection = fake_connect(stage->fake);
    CHECK(journal_wait("global: session connected") == 5);
    CHECK_INT(journal_count("one: session connected"), 1);
    frame_free((frame_t[]){fake_receive_type(stage->connection, ZOO_SETWATCHES_OP)});
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a"); /* still registered */
    journal_wait("one: changed /a");
    stage_close(stage);
}

static int takes_path(frame_t *frame, const char *path)
{
    char *text = take_string(frame);
    int equal = text && strcmp(text, path) == 0;
    free(text);
    return equal;
}

TEST(a_reconnect_registers_all_watches_again_by_server_path, "C-222 C-481 C-431 C-439")
{
    stage_t *stage = stage_open("/ch");
    probe_t watch = probe("watch"), early = probe("early");
    watch_data(stage, "/a", on_event, &watch);
    watch_exist(stage, "/b", ZNONODE, &watch);
    watch_exist(stage, "/d", 0, &watch); /* an existing node: the data list */
    watch_child(stage, "/c", &watch);
    settle(stage, 4);
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    journal_wait("global: session connecting");
    CHECK_INT(request.last_zxid, 1);
    CHECK_INT(zoo_adelete(stage->zh, "/x", -1, on_void, &early), ZOK);
    fake_welcome(stage->connection, &request, &usual_welcome);
    frame_t frame = fake_receive(stage->connection);
    CHECK_INT(frame.xid, -8);
    CHECK_INT(frame.type, ZOO_SETWATCHES_OP);
    CHECK_INT(take_long(&frame), 1);
    CHECK_INT(take_int(&frame), 2);
    char *first = take_string(&frame), *second = take_string(&frame);
    CHECK((!strcmp(first, "/ch/a") && !strcmp(second, "/ch/d")) ||
          (!strcmp(first, "/ch/d") && !strcmp(second, "/ch/a")));
    CHECK_INT(take_int(&frame), 1);
    CHECK(takes_path(&frame, "/ch/b"));
    CHECK_INT(take_int(&frame), 1);
    CHECK(takes_path(&frame, "/ch/c"));
    take_end(&frame);
    fake_reply(stage->connection, -8, 0, 0, NULL);
    stage_answer(stage, ZOO_DELETE_OP, 0, NULL); /* queued requests come after it */
    probe_wait(&early, 1);
    stage_close(stage);
}

TEST(an_error_reply_to_set_watches_is_ignored, "C-222")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), get = probe("get");
    watch_data(stage, "/a", on_event, &watch);
    settle(stage, 1);
    stage_reconnect(stage);
    fake_receive_type(stage->connection, ZOO_SETWATCHES_OP);
    fake_reply(stage->connection, -8, 99, ZMARSHALLINGERROR, NULL);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZOK);
    stage_close(stage);
}

TEST(no_watches_no_registration, "C-222")
{
    stage_t *stage = stage_open("");
    probe_t get = probe("get");
    stage_reconnect(stage);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0); /* the first thing that comes */
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZOK);
    stage_close(stage);
}

TEST(watches_of_lost_requests_are_dropped, "C-441 C-471 T-22")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), get = probe("get");
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    stage_reconnect(stage);
    journal_wait("get: -4");
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0); /* no SetWatches before it */
    probe_wait(&get, 2);
    CHECK_INT(probe_calls(&watch), 0);
    stage_close(stage);
}

TEST(a_fired_watch_is_not_registered_again, "C-475 C-481")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), get = probe("get");
    watch_data(stage, "/a", on_event, &watch);
    settle(stage, 1);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a");
    probe_wait(&watch, 1);
    stage_reconnect(stage);
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&get, 1);
    stage_close(stage);
}

TEST(many_watches_are_registered_in_several_packets, "C-223 T-36 F-39")
{
    NOT_ON_THE_REFERENCE("C-223");
    enum { COUNT = 1500, LIMIT = 128 * 1024, SLACK = 4096 };
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch");
    int packets = 0, paths = 0;
    char *seen = (char *)calloc(COUNT, 1);
    for (int i = 0; i < COUNT; i++) {
        char path[256];
        snprintf(path, sizeof path, "/%0200d/%d", 0, i);
        watch_data(stage, path, on_event, &watch);
    }
    settle(stage, COUNT);
    stage_reconnect(stage);
    while (paths < COUNT) {
        frame_t frame = fake_receive_type(stage->connection, ZOO_SETWATCHES_OP);
        CHECK_INT(frame.xid, -8);
        CHECK(frame.length <= LIMIT + SLACK);
        CHECK_INT(take_long(&frame), 1);
        int count = take_int(&frame);
        for (int i = 0; i < count; i++) {
            char *path = take_string(&frame);
            int index = atoi(strrchr(path, '/') + 1);
            CHECK(index >= 0 && index < COUNT && !seen[index]);
            seen[index] = 1;
            free(path);
        }
        CHECK_INT(take_int(&frame), 0);
        CHECK_INT(take_int(&frame), 0);
        take_end(&frame);
        fake_reply(stage->connection, -8, 0, 0, NULL);
        frame_free(&frame);
        paths += count;
        packets++;
    }
    CHECK_INT(paths, COUNT);
    CHECK(packets >= 2);
    free(seen);
    stage_close(stage);
}

TEST(the_watchers_of_an_event_are_those_of_the_moment_it_arrived, "C-478")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), get = probe("get");
    watch_data(stage, "/a", on_event, &watch);
    settle(stage, 1);
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a");
    wire_t body = {NULL, 0};
    struct Stat stat = wire_sample_stat();
    put_buffer(&body, "x", 1);
    put_stat(&body, &stat);
    fake_reply(stage->connection, frame.xid, 1, 0, &body);
    journal_expect("watch: changed /a", "get: 0", NULL);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a"); /* set again by that get */
    journal_expect("watch: changed /a", "get: 0", "watch: changed /a", NULL);
    stage_close(stage);
}
