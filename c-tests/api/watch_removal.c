/* zoo_remove_watches and its three relatives. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#define AS_DECLARED ((void_completion_t *)on_void)

static void watch_data(stage_t *stage, const char *path, watcher_fn fn, probe_t *watch)
{
    int calls = probe_calls(&stage->done);
    CHECK_INT(zoo_awget(stage->zh, path, fn, watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, calls + 1);
}

static void watch_child(stage_t *stage, const char *path, probe_t *watch)
{
    int calls = probe_calls(&stage->done);
    CHECK_INT(zoo_awget_children(stage->zh, path, on_event, watch, on_strings, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETCHILDREN_OP, 0);
    probe_wait(&stage->done, calls + 1);
}

static void watch_exist(stage_t *stage, const char *path, probe_t *watch)
{
    int calls = probe_calls(&stage->done);
    CHECK_INT(zoo_awexists(stage->zh, path, on_event, watch, on_stat, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_EXISTS_OP, ZNONODE);
    probe_wait(&stage->done, calls + 1);
}

/* Removes locally by the synchronous call. */
static int remove_local(stage_t *stage, ZooWatcherType type, watcher_fn fn, probe_t *watch)
{
    return zoo_remove_watches(stage->zh, "/a", type, fn, watch, 1);
}

TEST(an_unknown_watch_is_refused_without_asking_the_server, "C-485 C-486 C-163 F-41")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), other = probe("other"), removed = probe("removed");
    watch_data(stage, "/a", on_event, &watch);
    CHECK_INT(zoo_remove_watches(stage->zh, "/b", ZWATCHTYPE_ANY, on_event, &watch, 0),
              ZNOWATCHER);
    CHECK_INT(zoo_remove_watches(stage->zh, "/a", ZWATCHTYPE_ANY, on_event, &other, 0),
              ZNOWATCHER);
    CHECK_INT(zoo_remove_watches(stage->zh, "/a", ZWATCHTYPE_ANY, on_event_too, &watch, 0),
              ZNOWATCHER);
    CHECK_INT(zoo_remove_watches(stage->zh, "/a", ZWATCHTYPE_CHILD, on_event, &watch, 0),
              ZNOWATCHER);
    CHECK_INT(zoo_aremove_watches(stage->zh, "/a", ZWATCHTYPE_ANY, on_event, &other, 0,
                                  AS_DECLARED, &removed),
              ZNOWATCHER);
    CHECK_INT(probe_calls(&removed), 0);
    stage_close(stage);
}

TEST(unknown_watch_types_match_nothing, "C-486")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch");
    watch_data(stage, "/a", on_event, &watch);
    CHECK_INT(remove_local(stage, (ZooWatcherType)0, on_event, &watch), ZNOWATCHER);
    CHECK_INT(remove_local(stage, (ZooWatcherType)9, on_event, &watch), ZNOWATCHER);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_DATA, on_event, &watch), ZOK);
    stage_close(stage);
}

TEST(a_local_removal_is_done_at_once_and_sends_nothing, "C-487 C-163 F-41")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), other = probe("other");
    watch_data(stage, "/a", on_event, &watch);
    watch_data(stage, "/a", on_event, &other);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_DATA, on_event, &watch), ZOK);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_DATA, on_event, &watch), ZNOWATCHER);
    journal_clear();
    fake_event(stage->connection, ZOO_CHANGED_EVENT, 3, "/a");
    journal_expect("other: changed /a", NULL);
    CHECK_INT(zoo_adelete(stage->zh, "/x", -1, on_void, &stage->done), ZOK);
    stage_answer(stage, ZOO_DELETE_OP, 0, NULL); /* the next thing on the wire */
    probe_wait(&stage->done, 3);
    stage_close(stage);
}

TEST(watch_types_choose_the_tables, "C-486 C-487")
{
    stage_t *stage = stage_open("");
    probe_t data = probe("data"), exist = probe("exist"), child = probe("child");
    watch_data(stage, "/a", on_event, &data);
    watch_exist(stage, "/a", &exist);
    watch_child(stage, "/a", &child);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_DATA, on_event, &child), ZNOWATCHER);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_CHILD, on_event, &exist), ZNOWATCHER);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_DATA, on_event, &exist), ZOK);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_CHILD, on_event, &child), ZOK);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_ANY, on_event, &data), ZOK);
    journal_clear();
    fake_event(stage->connection, ZOO_DELETED_EVENT, 3, "/a");
    watch_data(stage, "/b", on_event, &data);
    CHECK_INT(data.calls + exist.calls + child.calls, 0);
    stage_close(stage);
}

TEST(removing_all_watches_locally_clears_the_path, "C-164 C-487 C-486")
{
    stage_t *stage = stage_open("");
    probe_t one = probe("one"), two = probe("two"), elsewhere = probe("elsewhere");
    watch_data(stage, "/a", on_event, &one);
    watch_child(stage, "/a", &two);
    watch_data(stage, "/b", on_event, &elsewhere);
    CHECK_INT(zoo_remove_all_watches(stage->zh, "/a", ZWATCHTYPE_ANY, 1), ZOK);
    journal_clear();
    fake_event(stage->connection, ZOO_DELETED_EVENT, 3, "/a");
    fake_event(stage->connection, ZOO_DELETED_EVENT, 3, "/b");
    journal_expect("elsewhere: deleted /b", NULL);
    stage_close(stage);
}

TEST(a_local_removal_works_without_a_connection, "C-487 C-485")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch");
    watch_data(stage, "/a", on_event, &watch);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_wait("global: session connecting");
    CHECK_INT(remove_local(stage, ZWATCHTYPE_ANY, on_event, &watch), ZOK);
    stage_close_unconnected(stage);
}

TEST(a_removal_by_the_server_takes_the_watch_on_success_only, "C-488 C-165 C-163 C-489 T-20")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), removed = probe("removed");
    watch_data(stage, "/a", on_event, &watch);
    journal_clear();
    CHECK_INT(zoo_aremove_watches(stage->zh, "/a", ZWATCHTYPE_DATA, on_event, &watch, 0,
                                  AS_DECLARED, &removed),
              ZOK);
    stage_answer(stage, ZOO_CHECK_WATCHES, ZNOWATCHER, NULL);
    journal_expect("removed: -121", NULL);
    CHECK_INT(zoo_aremove_watches(stage->zh, "/a", ZWATCHTYPE_DATA, on_event, &watch, 0,
                                  AS_DECLARED, &removed),
              ZOK);
    stage_answer(stage, ZOO_CHECK_WATCHES, ZOK, NULL);
    journal_expect("removed: -121", "removed: 0", NULL);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_ANY, on_event, &watch), ZNOWATCHER);
    stage_close(stage);
}

TEST(removal_of_all_watches_by_the_server_clears_the_path, "C-488 C-166 C-246")
{
    stage_t *stage = stage_open("");
    probe_t one = probe("one"), two = probe("two"), removed = probe("removed");
    watch_data(stage, "/a", on_event, &one);
    watch_data(stage, "/a", on_event_too, &two);
    CHECK_INT(zoo_aremove_all_watches(stage->zh, "/a", ZWATCHTYPE_ANY, 0, AS_DECLARED, &removed),
              ZOK);
    stage_answer(stage, ZOO_REMOVE_WATCHES, ZOK, NULL);
    probe_wait(&removed, 1);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_ANY, on_event, &one), ZNOWATCHER);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_ANY, on_event_too, &two), ZNOWATCHER);
    stage_close(stage);
}

TEST(a_lost_removal_keeps_the_watch, "C-488 C-442")
{
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), removed = probe("removed");
    watch_data(stage, "/a", on_event, &watch);
    CHECK_INT(zoo_aremove_watches(stage->zh, "/a", ZWATCHTYPE_DATA, on_event, &watch, 0,
                                  AS_DECLARED, &removed),
              ZOK);
    fake_receive_type(stage->connection, ZOO_CHECK_WATCHES);
    stage_reconnect(stage);
    probe_wait(&removed, 1);
    CHECK_INT(removed.rc, ZCONNECTIONLOSS);
    fake_receive_type(stage->connection, ZOO_SETWATCHES_OP);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_ANY, on_event, &watch), ZOK);
    stage_close(stage);
}

TEST(without_a_watcher_the_server_decides, "C-486 C-245 T-21")
{
    live_t *live = live_open();
    probe_t removed = probe("removed");
    CHECK_INT(zoo_remove_watches(live->zh, live->root, ZWATCHTYPE_ANY, NULL, NULL, 0),
              ZNOWATCHER);
    CHECK_INT(zoo_remove_all_watches(live->zh, live->root, ZWATCHTYPE_ANY, 0), ZNOWATCHER);
    CHECK_INT(zoo_aremove_all_watches(live->zh, live->root, ZWATCHTYPE_ANY, 0, AS_DECLARED,
                                      &removed),
              ZOK);
    journal_expect("removed: -121", NULL);
    live_close(live);
}

TEST(the_live_server_confirms_a_removal, "C-163 C-164 C-488")
{
    live_t *live = live_open();
    probe_t watch = probe("watch");
    int length = 0;
    zhandle_t *zh = live->zh;
    CHECK_INT(zoo_wget(zh, live->root, on_event, &watch, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_remove_watches(zh, live->root, ZWATCHTYPE_DATA, on_event, &watch, 0), ZOK);
    CHECK_INT(zoo_remove_watches(zh, live->root, ZWATCHTYPE_DATA, on_event, &watch, 0),
              ZNOWATCHER);
    CHECK_INT(zoo_set(zh, live->root, "x", 1, -1), ZOK);
    CHECK_INT(zoo_wget(zh, live->root, on_event, &watch, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_wget_children(zh, live->root, on_event, &watch, NULL), ZOK);
    CHECK_INT(zoo_remove_all_watches(zh, live->root, ZWATCHTYPE_ANY, 0), ZOK);
    CHECK_INT(zoo_set(zh, live->root, "y", 1, -1), ZOK);
    live_node(live, "c", "");
    CHECK_INT(zoo_exists(zh, live->root, 0, NULL), ZOK);
    CHECK_INT(probe_calls(&watch), 0);
    live_close(live);
}

static int ignored;
static void ignore(int rc, const void *data)
{
    ignored += rc == ZOK && data == NULL;
    journal_add("ignored");
}

TEST(an_asynchronous_local_removal_completes, "C-490 C-489 C-264 T-20 F-30")
{
    NOT_ON_THE_REFERENCE("C-490");
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch"), removed = probe("removed");
    watch_data(stage, "/a", on_event, &watch);
    CHECK_INT(zoo_aremove_watches(stage->zh, "/a", ZWATCHTYPE_DATA, on_event, &watch, 1,
                                  AS_DECLARED, &removed),
              ZOK);
    probe_wait(&removed, 1);
    CHECK_INT(removed.rc, ZOK);
    CHECK_INT(remove_local(stage, ZWATCHTYPE_DATA, on_event, &watch), ZNOWATCHER);
    CHECK_INT(zoo_aremove_all_watches(stage->zh, "/a", ZWATCHTYPE_ANY, 1,
                                      (void_completion_t *)ignore, NULL),
              ZOK); /* NULL data is not written to */
    journal_wait("ignored");
    CHECK_INT(ignored, 1);
    stage_close(stage);
}
