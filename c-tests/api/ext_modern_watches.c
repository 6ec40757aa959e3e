/* Watches that stay: persistent and persistent recursive ones. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <stdio.h>

#define AS_DECLARED ((void_completion_t *)on_void)
#define PERSISTENT ((ZooWatcherType)ZOOX_WATCHTYPE_PERSISTENT)
#define RECURSIVE ((ZooWatcherType)ZOOX_WATCHTYPE_PERSISTENT_RECURSIVE)

enum { ADD_WATCH_OP = 106, SET_WATCHES2_OP = 105 };

/* "NAME: EVENT PATH", as the journal writes it. */
static const char *line(const char *name, const char *event, const char *path)
{
    char *text = NULL;
    CHECK(asprintf(&text, "%s: %s %s", name, event, path) > 0);
    return text;
}

static void watch_persistent(zhandle_t *zh, const char *path, probe_t *watch)
{
    CHECK_INT(zoox_add_watch(zh, path, ZOOX_WATCH_PERSISTENT, on_event, watch), ZOK);
}

static void watch_recursive(zhandle_t *zh, const char *path, probe_t *watch)
{
    CHECK_INT(zoox_add_watch(zh, path, ZOOX_WATCH_PERSISTENT_RECURSIVE, on_event, watch), ZOK);
}

static void touch(live_t *live, const char *path)
{
    CHECK_INT(zoo_set(live->zh, path, "x", 1, -1), ZOK);
}

TEST(a_persistent_watch_tells_every_change_of_its_node_and_its_children, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t watch = probe("w");
    const char *node = live_path(live, "n");
    watch_persistent(live->zh, node, &watch); /* the node need not exist */
    for (int i = 0; i < 2; i++) {
        live_node(live, "n", "");
        touch(live, node);
        touch(live, node);
        const char *child = live_node(live, "n/c", "");
        touch(live, child);
        CHECK_INT(zoo_delete(live->zh, child, -1), ZOK);
        CHECK_INT(zoo_delete(live->zh, node, -1), ZOK);
        journal_expect(line("w", "created", node), line("w", "changed", node),
                       line("w", "changed", node), line("w", "child", node),
                       line("w", "child", node), line("w", "deleted", node), NULL);
        journal_clear();
    }
    live_close(live);
}

TEST(a_recursive_watch_tells_every_change_of_its_node_and_of_all_below_it, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t watch = probe("w");
    const char *node = live_path(live, "n"), *child = live_path(live, "n/c"),
               *leaf = live_path(live, "n/c/l");
    watch_recursive(live->zh, node, &watch);
    for (int i = 0; i < 2; i++) {
        live_node(live, "n", "");
        live_node(live, "n/c", "");
        live_node(live, "n/c/l", "");
        live_node(live, "nn", ""); /* not below it */
        touch(live, leaf);
        CHECK_INT(zoo_delete(live->zh, leaf, -1), ZOK);
        CHECK_INT(zoo_delete(live->zh, child, -1), ZOK);
        CHECK_INT(zoo_delete(live->zh, node, -1), ZOK);
        CHECK_INT(zoo_delete(live->zh, live_path(live, "nn"), -1), ZOK);
        journal_expect(line("w", "created", node), line("w", "created", child),
                       line("w", "created", leaf), line("w", "changed", leaf),
                       line("w", "deleted", leaf), line("w", "deleted", child),
                       line("w", "deleted", node), NULL);
        journal_clear();
    }
    live_close(live);
}

TEST(a_watcher_in_several_tables_is_called_once_per_event, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t watch = probe("w");
    int length = 0;
    const char *node = live_node(live, "n", "");
    watch_persistent(live->zh, node, &watch);
    watch_persistent(live->zh, node, &watch);
    watch_recursive(live->zh, node, &watch);
    watch_recursive(live->zh, live->root, &watch); /* the one that older servers don't replace */
    CHECK_INT(zoo_wget(live->zh, node, on_event, &watch, NULL, &length, NULL), ZOK);
    touch(live, node);
    touch(live, node);
    journal_expect(line("w", "changed", node), line("w", "changed", node), NULL);
    live_close(live);
}

TEST(after_a_reconnect_watches_are_set_again_and_stay, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t watch = probe("w"), deep = probe("deep"), once = probe("once");
    int length = 0;
    const char *node = live_node(live, "n", ""), *other = live_node(live, "o", "");
    const char *top = live_node(live, "t", "");
    watch_persistent(live->zh, node, &watch);
    watch_recursive(live->zh, top, &deep);
    CHECK_INT(zoo_wget(live->zh, other, on_event, &once, NULL, &length, NULL), ZOK);
    for (int i = 1; i <= 2; i++) {
        CHECK_INT(zoox_drop_connection(live->zh), ZOK);
        probe_wait(&watch, 2 * i);
        probe_wait(&deep, 2 * i);
        probe_wait(&live->session, 1 + 2 * i);
        CHECK_INT(journal_count("w: session connecting"), i);
        CHECK_INT(journal_count("w: session connected"), i);
    }
    journal_clear();
    for (int i = 0; i < 2; i++) {
        touch(live, node);
        CHECK_INT(zoo_delete(live->zh, live_node(live, "n/c", ""), -1), ZOK);
        touch(live, top);
        CHECK_INT(zoo_delete(live->zh, live_node(live, "t/c", ""), -1), ZOK);
        touch(live, other);
    }
    const char *child = live_path(live, "t/c");
    journal_expect(line("w", "changed", node), line("w", "child", node),
                   line("w", "child", node), line("deep", "changed", top),
                   line("deep", "created", child), line("deep", "deleted", child),
                   line("once", "changed", other), line("w", "changed", node),
                   line("w", "child", node), line("w", "child", node),
                   line("deep", "changed", top), line("deep", "created", child),
                   line("deep", "deleted", child), NULL);
    live_close(live);
}

TEST(thousands_of_persistent_watches_survive_a_reconnect, "S-144 F-39")
{
    NEEDS_EXTRAS;
    enum { COUNT = 12000 };
    live_t *live = live_open();
    probe_t watch = probe("w"), added = probe(NULL);
    char path[200];
    /* In all more than a server takes in one packet. */
    for (int i = 0; i < COUNT; i++) {
        snprintf(path, sizeof path, "%s/%0100d", live->root, i);
        CHECK_INT(zoox_aadd_watch(live->zh, path, i % 2, on_event, &watch, on_void, &added), ZOK);
    }
    probe_wait(&added, COUNT);
    CHECK_INT(zoox_drop_connection(live->zh), ZOK);
    journal_expect("w: session connecting", "global: session connecting",
                   "w: session connected", "global: session connected", NULL);
    journal_clear();
    for (int i = 0; i < COUNT; i += COUNT - 1) {
        snprintf(path, sizeof path, "%0100d", i);
        const char *node = live_node(live, path, "");
        journal_expect(line("w", "created", node), NULL);
        journal_clear();
    }
    live_close(live);
}

TEST(the_chroot_is_taken_off_the_paths_of_events, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t session = probe("second"), watch = probe("w"), below = probe("below");
    zhandle_t *zh = live_session(live->root, &session);
    watch_recursive(zh, "/", &watch);
    watch_persistent(zh, "/n", &below);
    journal_clear();
    live_node(live, "n", "");
    probe_wait(&below, 1);
    CHECK_INT(zoo_set(zh, "/", "x", 1, -1), ZOK);
    journal_expect("below: created /n", "w: created /n", "w: changed /", NULL);
    journal_clear();
    CHECK_INT(zoo_remove_all_watches(zh, "/n", ZWATCHTYPE_ANY, 0), ZOK);
    CHECK_INT(zoo_remove_watches(zh, "/", ZWATCHTYPE_ANY, on_event, &watch, 1), ZOK);
    journal_expect("below: event7 /n", "w: event7 /", NULL);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(a_removed_watch_hears_so_and_nothing_more, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t watch = probe("w"), other = probe("o"), removed = probe("removed");
    const char *node = live_node(live, "n", "");
    zhandle_t *zh = live->zh;
    watch_persistent(zh, node, &watch);
    watch_persistent(zh, node, &other);
    CHECK_INT(zoo_remove_watches(zh, node, ZWATCHTYPE_ANY, on_event, &watch, 0), ZOK);
    touch(live, node);
    journal_expect(line("w", "event7", node), line("o", "changed", node), NULL);
    CHECK_INT(zoo_remove_watches(zh, node, ZWATCHTYPE_ANY, on_event, &watch, 0), ZNOWATCHER);
    journal_clear();
    CHECK_INT(zoo_aremove_watches(zh, node, ZWATCHTYPE_ANY, on_event, &other, 0, AS_DECLARED,
                                  &removed),
              ZOK);
    journal_expect(line("o", "event7", node), "removed: 0", NULL);
    touch(live, node);
    /* With the last one the server has forgotten too. */
    CHECK_INT(zoo_remove_all_watches(zh, node, ZWATCHTYPE_ANY, 0), ZNOWATCHER);
    journal_expect(line("o", "event7", node), "removed: 0", NULL);
    live_close(live);
}

TEST(the_types_of_watches_that_stay_choose_among_them, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t watch = probe("w"), deep = probe("deep");
    const char *node = live_node(live, "n", "");
    zhandle_t *zh = live->zh;
    CHECK_INT(zoo_remove_all_watches(zh, node, PERSISTENT, 0), ZNOWATCHER);
    CHECK_INT(zoo_remove_watches(zh, node, RECURSIVE, on_event, &deep, 0), ZNOWATCHER);
    watch_persistent(zh, node, &watch);
    watch_recursive(zh, node, &deep);
    CHECK_INT(zoo_remove_watches(zh, node, PERSISTENT, on_event, &deep, 0), ZNOWATCHER);
    CHECK_INT(zoo_remove_watches(zh, node, ZWATCHTYPE_DATA, on_event, &deep, 0), ZNOWATCHER);
    /* Servers know these types from version 3.9 on. */
    int expected = on_java() ? ZMARSHALLINGERROR : ZOK;
    CHECK_INT(zoo_remove_watches(zh, node, RECURSIVE, on_event, &deep, 0), expected);
    CHECK_INT(zoo_remove_watches(zh, node, RECURSIVE, on_event, &deep, 1),
              on_java() ? ZOK : ZNOWATCHER);
    journal_expect(line("deep", "event7", node), NULL);
    journal_clear();
    touch(live, node);
    journal_expect(line("w", "changed", node), NULL);
    journal_clear();
    CHECK_INT(zoo_remove_all_watches(zh, node, PERSISTENT, 1), ZOK);
    journal_expect(line("w", "event7", node), NULL);
    live_close(live);
}

TEST(bad_arguments_leave_no_watch, "S-144")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t watch = probe("w"), added = probe("added");
    zhandle_t *zh = stage->zh;
    CHECK_INT(zoox_add_watch(NULL, "/a", 0, on_event, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_add_watch(zh, NULL, 0, on_event, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_add_watch(zh, "a", 0, on_event, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_add_watch(zh, "/a/", 1, on_event, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_add_watch(zh, "/a", 2, on_event, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_add_watch(zh, "/a", -1, on_event, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_add_watch(zh, "/a", 0, NULL, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_aadd_watch(zh, "/a", 0, NULL, &watch, on_void, &added), ZBADARGUMENTS);
    CHECK_INT(zoox_aadd_watch(zh, "/a", 2, on_event, &watch, on_void, &added), ZBADARGUMENTS);
    CHECK_INT(zoox_aadd_watch(zh, "", 0, on_event, &watch, on_void, &added), ZBADARGUMENTS);
    CHECK_INT(zoox_aadd_watch(NULL, "/a", 0, on_event, &watch, on_void, &added), ZBADARGUMENTS);
    CHECK_INT(probe_calls(&added), 0);
    stage_close(stage);
}

/* Adds a watch to the stage, which answers. */
static void add_on_stage(stage_t *stage, const char *path, int mode, probe_t *watch)
{
    int calls = probe_calls(&stage->done);
    wire_t body = {NULL, 0}, answer = {NULL, 0};
    CHECK_INT(zoox_aadd_watch(stage->zh, path, mode, on_event, watch, on_void, &stage->done),
              ZOK);
    put_string(&body, path);
    put_int(&body, mode);
    int xid = stage_expect(stage, ADD_WATCH_OP, &body);
    put_int(&answer, 0);
    fake_reply(stage->connection, xid, 5, 0, &answer);
    wire_free(&answer);
    probe_wait(&stage->done, calls + 1);
    CHECK_INT(stage->done.rc, ZOK);
}

TEST(on_the_wire_watches_are_added_and_set_again_as_servers_know_them, "S-144")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t watch = probe("w");
    add_on_stage(stage, "/p", ZOOX_WATCH_PERSISTENT, &watch);
    add_on_stage(stage, "/r", ZOOX_WATCH_PERSISTENT_RECURSIVE, &watch);
    CHECK_INT(zoo_awget(stage->zh, "/d", on_event, &watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, 3);
    stage_reconnect(stage);
    wire_t body = {NULL, 0};
    put_long(&body, 1);
    put_int(&body, 1);
    put_string(&body, "/d");
    put_int(&body, 0);
    put_int(&body, 0);
    put_int(&body, 1);
    put_string(&body, "/p");
    put_int(&body, 1);
    put_string(&body, "/r");
    CHECK_INT(stage_expect(stage, SET_WATCHES2_OP, &body), -8);
    /* The last of a path is removed at the server too, and then the packet is the old one. */
    CHECK_INT(zoo_aremove_watches(stage->zh, "/p", ZWATCHTYPE_ANY, on_event, &watch, 0,
                                  AS_DECLARED, &stage->done),
              ZOK);
    stage_answer(stage, ZOO_REMOVE_WATCHES, 0, NULL);
    CHECK_INT(zoo_aremove_watches(stage->zh, "/r", RECURSIVE, on_event, &watch, 0, AS_DECLARED,
                                  &stage->done),
              ZOK);
    stage_answer(stage, ZOO_REMOVE_WATCHES, 0, NULL);
    probe_wait(&stage->done, 5);
    stage_reconnect(stage);
    fake_receive_type(stage->connection, ZOO_SETWATCHES_OP);
    stage_close(stage);
}

TEST(a_watch_that_the_server_refuses_or_loses_is_not_set, "S-144")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t watch = probe("w"), added = probe("added");
    zhandle_t *zh = stage->zh;
    CHECK_INT(zoox_aadd_watch(zh, "/a", 0, on_event, &watch, on_void, &added), ZOK);
    stage_answer(stage, ADD_WATCH_OP, ZUNIMPLEMENTED, NULL);
    probe_wait(&added, 1);
    CHECK_INT(added.rc, ZUNIMPLEMENTED);
    CHECK_INT(zoox_aadd_watch(zh, "/a", 0, on_event, &watch, on_void, &added), ZOK);
    fake_receive_type(stage->connection, ADD_WATCH_OP);
    stage_reconnect(stage);
    probe_wait(&added, 2);
    CHECK_INT(added.rc, ZCONNECTIONLOSS);
    CHECK_INT(zoo_remove_watches(zh, "/a", ZWATCHTYPE_ANY, on_event, &watch, 1), ZNOWATCHER);
    CHECK_INT(probe_calls(&watch), 0);
    stage_close(stage);
}

TEST(an_answer_without_its_body_is_an_error, "S-144 F-47")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    probe_t watch = probe("w"), added = probe("added");
    CHECK_INT(zoox_aadd_watch(stage->zh, "/a", 0, on_event, &watch, on_void, &added), ZOK);
    stage_answer(stage, ADD_WATCH_OP, 0, NULL);
    probe_wait(&added, 1);
    CHECK_INT(added.rc, ZMARSHALLINGERROR);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    stage->connection = fake_connect(stage->fake);
    CHECK_INT(probe_calls(&watch), 0);
    stage_close(stage);
}

static void remove_inside(probe_t *self)
{
    if (self->type == ZOO_CHANGED_EVENT)
        CHECK_INT(zoo_remove_watches(self->zh, (const char *)self->then_data, ZWATCHTYPE_ANY,
                                     on_event, self, 0),
                  ZOK);
}

TEST(a_watcher_may_remove_itself, "S-144")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t watch = probe("w");
    const char *node = live_node(live, "n", "");
    watch.then = remove_inside;
    watch.then_data = (void *)(uintptr_t)node;
    watch_persistent(live->zh, node, &watch);
    touch(live, node);
    probe_wait(&watch, 2);
    touch(live, node);
    CHECK_INT(zoo_exists(live->zh, node, 0, NULL), ZOK);
    journal_expect(line("w", "changed", node), line("w", "event7", node), NULL);
    live_close(live);
}

static const struct zoox_entry *next_event(zoox_cq_t *cq, int type, const char *path)
{
    const struct zoox_entry *entry = next_entry(cq);
    CHECK_INT(entry->kind, ZOOX_EVENT);
    CHECK_INT(entry->type, type);
    CHECK_STR(payload_of(entry), path);
    CHECK_INT((intptr_t)entry->data, 42);
    return entry;
}

TEST(events_of_watches_that_stay_come_through_a_queue, "S-144 G10")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    zoox_cq_t *cq = zoox_cq_create();
    zhandle_t *zh = connect_to_queue(live_hosts(), cq);
    const char *node = live_node(live, "n", "");
    CHECK_INT(zoox_aadd_watch(zh, node, 0, on_event, (void *)42, NULL, (void *)1), ZOK);
    CHECK_INT(next_completion(cq, 1)->rc, ZOK);
    touch(live, node);
    next_event(cq, ZOO_CHANGED_EVENT, node);
    touch(live, node);
    next_event(cq, ZOO_CHANGED_EVENT, node);
    CHECK_INT(zoo_remove_watches(zh, node, ZWATCHTYPE_ANY, on_event, (void *)42, 1), ZOK);
    next_event(cq, ZOOX_PERSISTENT_WATCH_REMOVED_EVENT, node);
    expect_empty(cq);
    close_with_queue(zh, cq);
    live_close(live);
}
