/* Watches on a real server: who is called, for what, how often. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"

#include <stdio.h>

/* "NAME: EVENT PATH", as the journal writes it. */
static const char *line(const char *name, const char *event, const char *path)
{
    char *text = NULL;
    CHECK(asprintf(&text, "%s: %s %s", name, event, path) > 0);
    return text;
}

static void get_with(live_t *live, const char *path, probe_t *watch)
{
    int length = 0;
    CHECK_INT(zoo_wget(live->zh, path, on_event, watch, NULL, &length, NULL), ZOK);
}

TEST(a_data_watch_fires_once_on_a_change, "C-150 C-470 C-471 C-475 C-476")
{
    live_t *live = live_open();
    probe_t watch = probe("data");
    const char *node = live_node(live, "n", "");
    get_with(live, node, &watch);
    CHECK_INT(zoo_set(live->zh, node, "1", 1, -1), ZOK);
    probe_wait(&watch, 1);
    CHECK_INT(zoo_set(live->zh, node, "2", 1, -1), ZOK);
    CHECK_INT(zoo_exists(live->zh, node, 0, NULL), ZOK);
    journal_expect(line("data", "changed", node), NULL);
    CHECK_INT(watch.type, ZOO_CHANGED_EVENT);
    CHECK_INT(watch.state, ZOO_CONNECTED_STATE);
    CHECK(watch.zh == live->zh);
    live_close(live);
}

TEST(an_exists_watch_on_a_missing_node_waits_for_its_creation, "C-148 C-471 C-475 T-22")
{
    live_t *live = live_open();
    probe_t watch = probe("exists");
    const char *node = live_path(live, "n");
    CHECK_INT(zoo_wexists(live->zh, node, on_event, &watch, NULL), ZNONODE);
    live_node(live, "n", "");
    journal_expect(line("exists", "created", node), NULL);
    live_close(live);
}

TEST(an_exists_watch_on_a_node_sees_change_and_deletion, "C-471 C-475")
{
    live_t *live = live_open();
    probe_t watch = probe("exists");
    const char *node = live_node(live, "n", "");
    CHECK_INT(zoo_wexists(live->zh, node, on_event, &watch, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, node, "1", 1, -1), ZOK);
    probe_wait(&watch, 1);
    CHECK_INT(zoo_wexists(live->zh, node, on_event, &watch, NULL), ZOK);
    CHECK_INT(zoo_delete(live->zh, node, -1), ZOK);
    journal_expect(line("exists", "changed", node), line("exists", "deleted", node), NULL);
    live_close(live);
}

TEST(a_child_watch_sees_children_come_and_go, "C-157 C-159 C-471 C-475")
{
    live_t *live = live_open();
    probe_t watch = probe("child"), watch2 = probe("child2");
    const char *node = live_node(live, "n", "");
    struct String_vector children;
    struct Stat stat;
    CHECK_INT(zoo_wget_children(live->zh, node, on_event, &watch, NULL), ZOK);
    live_node(live, "n/c", "");
    probe_wait(&watch, 1);
    CHECK_INT(zoo_wget_children2(live->zh, node, on_event, &watch2, &children, &stat), ZOK);
    deallocate_String_vector(&children);
    CHECK_INT(zoo_set(live->zh, live_path(live, "n/c"), "x", 1, -1), ZOK); /* no child event */
    CHECK_INT(zoo_delete(live->zh, live_path(live, "n/c"), -1), ZOK);
    journal_expect(line("child", "child", node), line("child2", "child", node), NULL);
    live_close(live);
}

TEST(a_deletion_fires_child_and_data_watches, "C-475 C-477")
{
    live_t *live = live_open();
    probe_t data = probe("data"), child = probe("child");
    const char *node = live_node(live, "n", "");
    get_with(live, node, &data);
    CHECK_INT(zoo_wget_children(live->zh, node, on_event, &child, NULL), ZOK);
    CHECK_INT(zoo_delete(live->zh, node, -1), ZOK);
    journal_expect(line("child", "deleted", node), line("data", "deleted", node), NULL);
    live_close(live);
}

TEST(an_equal_pair_is_called_once_per_event, "C-470 C-477 T-04")
{
    live_t *live = live_open();
    probe_t watch = probe("watch");
    const char *node = live_node(live, "n", "");
    get_with(live, node, &watch);
    get_with(live, node, &watch);
    CHECK_INT(zoo_wexists(live->zh, node, on_event, &watch, NULL), ZOK);
    CHECK_INT(zoo_wget_children(live->zh, node, on_event, &watch, NULL), ZOK);
    CHECK_INT(zoo_delete(live->zh, node, -1), ZOK);
    CHECK_INT(zoo_exists(live->zh, node, 0, NULL), ZNONODE);
    journal_expect(line("watch", "deleted", node), NULL);
    live_close(live);
}

TEST(pairs_differ_by_function_or_context, "C-470 C-477")
{
    live_t *live = live_open();
    probe_t one = probe("one"), two = probe("two");
    const char *node = live_node(live, "n", "");
    int length = 0;
    get_with(live, node, &one);
    get_with(live, node, &two);
    CHECK_INT(zoo_wget(live->zh, node, on_event_too, &one, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, node, "1", 1, -1), ZOK);
    journal_expect(line("one", "changed", node), line("two", "changed", node),
                   line("one", "changed", node), NULL);
    live_close(live);
}

TEST(node_events_reach_the_global_watcher_only_through_watch_one,
     "C-269 C-476 C-147 C-149 C-156 T-03")
{
    live_t *live = live_open();
    probe_t watch = probe("data");
    const char *node = live_node(live, "n", "");
    int length = 0;
    get_with(live, node, &watch);
    CHECK_INT(zoo_set(live->zh, node, "1", 1, -1), ZOK);
    journal_expect(line("data", "changed", node), NULL);
    journal_clear();
    CHECK_INT(zoo_get(live->zh, node, 1, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, node, "2", 1, -1), ZOK);
    journal_expect(line("global", "changed", node), NULL);
    journal_clear();
    CHECK_INT(zoo_exists(live->zh, node, 1, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, node, "3", 1, -1), ZOK);
    journal_expect(line("global", "changed", node), NULL);
    journal_clear();
    CHECK_INT(zoo_get_children(live->zh, node, 1, NULL), ZOK);
    live_node(live, "n/c", "");
    journal_expect(line("global", "child", node), NULL);
    live_close(live);
}

TEST(watch_one_uses_the_watcher_of_the_moment_of_the_call, "C-269 C-285")
{
    live_t *live = live_open();
    probe_t other = probe("other");
    const char *node = live_node(live, "n", "");
    int length = 0;
    CHECK_INT(zoo_get(live->zh, node, 1, NULL, &length, NULL), ZOK);
    zoo_set_context(live->zh, &other);
    CHECK_INT(zoo_set(live->zh, node, "1", 1, -1), ZOK);
    journal_expect(line("global", "changed", node), NULL);
    CHECK_INT(zoo_get(live->zh, node, 1, NULL, &length, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, node, "2", 1, -1), ZOK);
    probe_wait(&other, 1);
    CHECK_INT(zoo_get(live->zh, node, 1, NULL, &length, NULL), ZOK);
    zoo_set_watcher(live->zh, NULL); /* too late for the watch just set */
    CHECK_INT(zoo_set(live->zh, node, "3", 1, -1), ZOK);
    probe_wait(&other, 2);
    live_close(live);
}

TEST(a_failed_read_leaves_no_watch, "C-471")
{
    live_t *live = live_open();
    probe_t watch = probe("watch"), exists = probe("exists");
    const char *node = live_path(live, "n");
    int length = 0;
    CHECK_INT(zoo_wget(live->zh, node, on_event, &watch, NULL, &length, NULL), ZNONODE);
    CHECK_INT(zoo_wget_children(live->zh, node, on_event, &watch, NULL), ZNONODE);
    CHECK_INT(zoo_wexists(live->zh, node, on_event, &exists, NULL), ZNONODE);
    live_node(live, "n", "");
    journal_expect(line("exists", "created", node), NULL);
    live_close(live);
}

TEST(asynchronous_reads_set_watches_too, "C-129 C-131 C-136 C-137 C-471")
{
    live_t *live = live_open();
    probe_t done = probe("done");
    probe_t data = probe("data"), exist = probe("exist"), child = probe("child");
    probe_t child2 = probe("child2");
    const char *node = live_node(live, "n", "");
    const char *other = live_node(live, "m", "");
    CHECK_INT(zoo_awget(live->zh, node, on_event, &data, on_data, &done), ZOK);
    CHECK_INT(zoo_awexists(live->zh, other, on_event, &exist, on_stat, &done), ZOK);
    CHECK_INT(zoo_awget_children(live->zh, node, on_event, &child, on_strings, &done), ZOK);
    CHECK_INT(zoo_awget_children2(live->zh, node, on_event, &child2, on_strings_stat, &done), ZOK);
    probe_wait(&done, 4);
    journal_clear();
    CHECK_INT(zoo_set(live->zh, node, "1", 1, -1), ZOK);
    CHECK_INT(zoo_set(live->zh, other, "1", 1, -1), ZOK);
    live_node(live, "n/c", "");
    journal_expect(line("data", "changed", node), line("exist", "changed", other),
                   line("child", "child", node), line("child2", "child", node), NULL);
    live_close(live);
}

TEST(a_change_by_another_session_is_seen, "C-475 C-476")
{
    live_t *live = live_open();
    probe_t session = probe("second"), watch = probe("data");
    zhandle_t *zh = live_session("", &session);
    const char *node = live_node(live, "n", "");
    journal_clear();
    get_with(live, node, &watch);
    CHECK_INT(zoo_delete(zh, node, -1), ZOK);
    journal_expect(line("data", "deleted", node), NULL);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(the_end_of_a_session_deletes_its_ephemeral_nodes, "C-530 C-475 F-50")
{
    live_t *live = live_open();
    probe_t session = probe("second"), watch = probe("data");
    zhandle_t *zh = live_session("", &session);
    const char *node = live_path(live, "e");
    journal_clear();
    CHECK_INT(zoo_create(zh, node, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
    get_with(live, node, &watch);
    CHECK_INT(zookeeper_close(zh), ZOK);
    journal_expect(line("data", "deleted", node), NULL);
    live_close(live);
}

TEST(a_watch_event_comes_before_the_result_that_shows_its_cause, "C-513 C-511")
{
    live_t *live = live_open();
    probe_t watch = probe("data"), set = probe("set"), get = probe("get");
    const char *node = live_node(live, "n", "");
    get_with(live, node, &watch);
    CHECK_INT(zoo_aset(live->zh, node, "1", 1, -1, on_stat, &set), ZOK);
    CHECK_INT(zoo_aget(live->zh, node, 0, on_data, &get), ZOK);
    journal_expect(line("data", "changed", node), "set: 0", "get: 0", NULL);
    live_close(live);
}

TEST(watches_on_nodes_of_a_multi_fire, "C-472 C-475")
{
    live_t *live = live_open();
    probe_t exists = probe("exists"), child = probe("child");
    const char *node = live_path(live, "n");
    zoo_op_t ops[2];
    zoo_op_result_t results[2];
    CHECK_INT(zoo_wexists(live->zh, node, on_event, &exists, NULL), ZNONODE);
    CHECK_INT(zoo_wget_children(live->zh, live->root, on_event, &child, NULL), ZOK);
    zoo_create_op_init(&ops[0], node, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    zoo_set_op_init(&ops[1], node, "x", 1, -1, NULL);
    CHECK_INT(zoo_multi(live->zh, 2, ops, results), ZOK);
    journal_expect(line("exists", "created", node), line("child", "child", live->root), NULL);
    live_close(live);
}

/* Sets its own watch again and lets the next change happen. */
static void watch_again(probe_t *self)
{
    live_t *live = (live_t *)self->then_data;
    int length = 0;
    if (self->type == ZOO_CHANGED_EVENT && self->calls < 20) {
        CHECK_INT(zoo_wget(live->zh, live->root, on_event, self, NULL, &length, NULL), ZOK);
        CHECK_INT(zoo_set(live->zh, live->root, "x", 1, -1), ZOK);
    }
}

TEST(a_watcher_may_set_its_watch_again, "C-515 C-478 C-475")
{
    live_t *live = live_open();
    probe_t watch = probe("watch");
    watch.then = watch_again;
    watch.then_data = live;
    get_with(live, live->root, &watch);
    CHECK_INT(zoo_set(live->zh, live->root, "x", 1, -1), ZOK);
    probe_wait(&watch, 20);
    live_close(live);
    CHECK_INT(watch.calls, 20);
}
