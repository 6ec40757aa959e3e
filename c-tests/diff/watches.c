/* Section 5: watches. */
#define _GNU_SOURCE
#include "diff.h"

SCENARIO(real_a_data_watch_fires_once, "C-470 C-475")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/wd", "v");
    get_watching(zh, "/wd", "data");
    quiet_set(other, "/wd", "w");
    await("data: ");
    quiet_set(other, "/wd", "x");
    get(zh, "/wd");
    get_watching(zh, "/wd", "data");
    quiet_delete(other, "/wd");
    await("data: ");
    finish(other);
    finish(zh);
}

SCENARIO(real_an_exists_watch, "C-471 C-475")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    exists_watching(zh, "/we", "exist");
    quiet_create(other, "/we", "v");
    await("exist: ");
    exists_watching(zh, "/we", "exist");
    quiet_set(other, "/we", "w");
    await("exist: ");
    exists_watching(zh, "/we", "exist");
    quiet_delete(other, "/we");
    await("exist: ");
    finish(other);
    finish(zh);
}

SCENARIO(real_a_child_watch, "C-471 C-475")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/wc", "v");
    children_watching(zh, "/wc", "child");
    quiet_set(other, "/wc", "w");
    quiet_create(other, "/wc/a", "v");
    await("child: ");
    children_watching(zh, "/wc", "child");
    quiet_delete(other, "/wc/a");
    await("child: ");
    children_watching(zh, "/wc", "child");
    quiet_delete(other, "/wc");
    await("child: ");
    finish(other);
    finish(zh);
}

SCENARIO(all_lists_hear_of_a_deletion, "C-475 C-477")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", "data one");
    get_watching(zh, "/w", "data two");
    exists_watching(zh, "/w", "exist one");
    exists_watching(zh, "/w", "exist two");
    children_watching(zh, "/w", "child one");
    children_watching(zh, "/w", "child two");
    quiet_delete(other, "/w");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(equal_pairs_are_one_watch, "C-470 C-477")
{
    static char same[] = "same";
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", same);
    get_watching(zh, "/w", same);
    exists_watching(zh, "/w", same);
    children_watching(zh, "/w", same);
    say("too: %d", zoo_awget(zh, "/w", on_event_too, same, on_data, "too"));
    await("too: ");
    quiet_delete(other, "/w");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(a_change_fires_exist_and_data_watches, "C-475 C-477")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", "data");
    exists_watching(zh, "/w", "exist");
    children_watching(zh, "/w", "child");
    quiet_set(other, "/w", "w");
    sync_path(zh, "/");
    quiet_create(other, "/w/a", "v");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(the_global_watcher_by_flag, "C-269 C-473 C-476")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", "own");
    quiet_set(other, "/w", "w");
    await("own: ");
    say("get: %d", zoo_aget(zh, "/w", 1, on_data, "get"));
    await("get: ");
    quiet_set(other, "/w", "x");
    await("global: event type=3");
    say("exists: %d", zoo_aexists(zh, "/none", 1, on_stat, "exists"));
    await("exists: ");
    say("children: %d", zoo_aget_children(zh, "/w", 7, on_strings, "children"));
    await("children: ");
    quiet_create(other, "/none", "v");
    quiet_create(other, "/w/a", "v");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(another_global_watcher, "C-269 C-285")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    say("get: %d", zoo_aget(zh, "/w", 1, on_data, "get"));
    await("get: ");
    zoo_set_context(zh, (void *)"later");
    zoo_set_watcher(zh, on_event_too);
    say("exists: %d", zoo_aexists(zh, "/w", 1, on_stat, "exists"));
    await("exists: ");
    zoo_set_watcher(zh, NULL);
    say("exists: %d", zoo_aexists(zh, "/w", 1, on_stat, "exists"));
    await("exists: ");
    quiet_set(other, "/w", "w");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(failed_reads_leave_no_watch, "C-471")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    get_watching(zh, "/w", "data");
    children_watching(zh, "/w", "child");
    proxy(1, "on reply Exists err -102");
    exists_watching(zh, "/w", "exist");
    quiet_create(other, "/w", "v");
    quiet_set(other, "/w", "v");
    quiet_create(other, "/w/a", "v");
    sync_path(zh, "/");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(lost_reads_leave_no_watch, "C-441")
{
    zhandle_t *zh = connected(3000), *other = other_session();
    quiet_create(other, "/w", "v");
    proxy(1, "on reply GetData cut 7");
    get_watching(zh, "/w", "data");
    await("global: event type=-1 state=3");
    quiet_set(other, "/w", "w");
    exists(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(session_events_reach_each_watcher_once, "C-480")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/a", "v");
    quiet_create(other, "/b", "v");
    get_watching(zh, "/a", "own");
    get_watching(zh, "/b", "own");
    exists_watching(zh, "/none", "own");
    children_watching(zh, "/a", "own");
    say("get: %d", zoo_aget(zh, "/a", 1, on_data, "get"));
    await("get: ");
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    finish(other);
    finish(zh);
}

SCENARIO(tables_hear_of_sessions_in_order, "C-480")
{
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", "data");
    exists_watching(zh, "/none", "exist");
    children_watching(zh, "/w", "child");
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    proxy(1, "on response session 99");
    proxy(1, "cut");
    await("global: event type=-1 state=-112");
    finish(other);
    finish(zh);
}

SCENARIO(what_happened_in_the_meantime, "C-222 C-431 C-481")
{
    zhandle_t *zh = connected(3000), *other = other_session();
    quiet_create(other, "/changed", "v");
    quiet_create(other, "/deleted", "v");
    quiet_create(other, "/grown", "v");
    quiet_create(other, "/same", "v");
    get_watching(zh, "/changed", "~changed");
    get_watching(zh, "/deleted", "~deleted");
    children_watching(zh, "/grown", "~grown");
    exists_watching(zh, "/created", "~created");
    exists_watching(zh, "/missing", "~missing");
    get_watching(zh, "/same", "~same");
    children_watching(zh, "/same", "~same children");
    proxy(1, "refuse on");
    proxy(1, "cut");
    await("global: event type=-1 state=1");
    quiet_set(other, "/changed", "w");
    quiet_delete(other, "/deleted");
    quiet_create(other, "/grown/a", "v");
    quiet_create(other, "/created", "v");
    proxy(1, "refuse off");
    await("~changed: event type=3");
    await("~deleted: event type=2");
    await("~grown: event type=4");
    await("~created: event type=1");
    quiet_set(other, "/same", "w");
    await("~same: event type=3");
    finish(other);
    finish(zh);
}

SCENARIO(many_watches_come_back, "C-222")
{
    zhandle_t *zh = connected(LONG_MS);
    for (int i = 0; i < 100; i++) {
        char path[20];
        snprintf(path, sizeof path, "/many-%d", i);
        watch_exists(zh, path, "exist");
    }
    for (int i = 0; i < 20; i++)
        watch_children(zh, i % 2 ? "/" : "/zookeeper", "child");
    sync_path(zh, "/");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(watches_under_a_chroot_come_back, "C-222 C-280")
{
    char host[100];
    zhandle_t *zh, *other = other_session();
    quiet_create(other, "/ch", "v");
    snprintf(host, sizeof host, "%s/ch", hosts(1));
    zh = open_session(host, LONG_MS);
    await("global: event type=-1 state=3");
    get_watching(zh, "/", "~root");
    exists_watching(zh, "/none", "~exist");
    say("config: %d", zoo_awgetconfig(zh, on_event, (void *)"~config", on_data, "config"));
    await("config: ");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    quiet_set(other, "/ch", "w");
    quiet_create(other, "/ch/none", "w");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(an_event_comes_before_later_replies, "C-513")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/w", "v", 0);
    watch_get(zh, "/w", "watch");
    send_set(zh, "/w", "w", -1);
    send_get(zh, "/w");
    watch_get(zh, "/w", "watch");
    send_delete(zh, "/w", -1);
    send_exists(zh, "/w");
    await("exists /w: ");
    sync_path(zh, "/");
    finish(zh);
}

static void calls_from_watcher(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    on_event(zh, type, state, path, context);
    if (type == 3) {
        zoo_awget(zh, path, calls_from_watcher, context, on_data, "inner get");
        zoo_aexists(zh, "/none", 0, on_stat, "inner exists");
    }
}

SCENARIO(calls_from_a_watcher, "C-511 C-478")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/w", "v", 0);
    say("get: %d", zoo_awget(zh, "/w", calls_from_watcher, (void *)"watch", on_data, "get"));
    await("get: ");
    set(zh, "/w", "w", -1);
    await("inner exists: ");
    set(zh, "/w", "x", -1);
    await("inner exists: ");
    delete_node(zh, "/w", -1);
    finish(zh);
}

/* Removal. The asynchronous calls take the completion itself, cast (C-489). */
static int remove_watches(zhandle_t *zh, const char *path, ZooWatcherType type, watcher_fn fn,
                          const char *context, const char *name)
{
    void_completion_t completion = on_void;
    int rc = zoo_aremove_watches(zh, path, type, fn, (void *)context, 0,
                                 (void_completion_t *)(uintptr_t)completion, name);
    say("%s: %d", name, rc);
    if (rc == ZOK)
        await("%s: ", name);
    return rc;
}

SCENARIO(removal_by_the_server, "C-245 C-485 C-486 C-488 C-489")
{
    static char one[] = "one", two[] = "two";
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", one);
    get_watching(zh, "/w", two);
    children_watching(zh, "/w", one);
    remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event, "other", "unknown context");
    remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event_too, one, "unknown function");
    remove_watches(zh, "/none", ZWATCHTYPE_ANY, on_event, one, "unknown path");
    remove_watches(zh, "/w", ZWATCHTYPE_CHILD, on_event, two, "wrong type");
    remove_watches(zh, "/w", (ZooWatcherType)9, on_event, one, "no such type");
    remove_watches(zh, "w", ZWATCHTYPE_ANY, on_event, one, "bad path");
    remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event, one, "data one");
    remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event, one, "data one again");
    quiet_set(other, "/w", "w");
    await("two: ");
    quiet_create(other, "/w/a", "v");
    await("one: ");
    remove_watches(zh, "/none", ZWATCHTYPE_ANY, NULL, NULL, "nothing there");
    get_watching(zh, "/w", one);
    remove_watches(zh, "/w", ZWATCHTYPE_ANY, NULL, NULL, "all of it");
    quiet_set(other, "/w", "w");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SCENARIO(removal_of_all, "C-246 C-485 C-488")
{
    static char one[] = "one", two[] = "two";
    void_completion_t completion = on_void;
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", one);
    exists_watching(zh, "/w", two);
    children_watching(zh, "/w", two);
    for (int type = 1; type <= 3; type++) {
        char *name = (char *)malloc(20);
        snprintf(name, 20, "all of type %d", type);
        int rc = zoo_aremove_all_watches(zh, "/w", (ZooWatcherType)type, 0,
                                         (void_completion_t *)(uintptr_t)completion, name);
        say("%s: %d", name, rc);
        if (rc == ZOK)
            await("%s: ", name);
    }
    quiet_set(other, "/w", "w");
    quiet_create(other, "/w/a", "w");
    sync_path(zh, "/");
    finish(other);
    finish(zh);
}

SYNC_SCENARIO(synchronous_removal, "C-485 C-486 C-487 C-488")
{
    static char one[] = "one";
    zhandle_t *zh = connected(LONG_MS), *other = other_session();
    quiet_create(other, "/w", "v");
    get_watching(zh, "/w", one);
    say("%d", zoo_remove_watches(zh, "/w", ZWATCHTYPE_CHILD, on_event, one, 1));
    say("%d", zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event, one, 1));
    say("%d", zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, on_event, one, 1));
    quiet_set(other, "/w", "w");
    sync_path(zh, "/");
    get_watching(zh, "/w", one);
    say("%d", zoo_remove_watches(zh, "/w", ZWATCHTYPE_ANY, on_event, one, 0));
    say("%d", zoo_remove_all_watches(zh, "/w", ZWATCHTYPE_ANY, 0));
    get_watching(zh, "/w", one);
    say("%d", zoo_remove_all_watches(zh, "/w", ZWATCHTYPE_ANY, 0));
    get_watching(zh, "/w", one);
    say("%d", zoo_remove_all_watches(zh, "/w", ZWATCHTYPE_ANY, 1));
    say("%d %d", zoo_remove_watches(zh, NULL, ZWATCHTYPE_ANY, on_event, one, 1),
        zoo_remove_watches(NULL, "/w", ZWATCHTYPE_ANY, on_event, one, 1));
    get_watching(zh, "/w", one);
    proxy(1, "on reply any cut 0");
    say("%d", zoo_remove_watches(zh, "/w", ZWATCHTYPE_ANY, on_event, one, 0));
    await("global: event type=-1 state=3");
    quiet_set(other, "/w", "w");
    await("one: event type=3");
    finish(other);
    finish(zh);
}
