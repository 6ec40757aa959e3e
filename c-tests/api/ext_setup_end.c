/* The last event of a handle, and contexts that the program gets back. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <stdio.h>

/* Contexts are probes; their names tell them apart. */
static void on_release(void *context)
{
    char line[100];
    probe_t *self = (probe_t *)context;
    snprintf(line, sizeof line, "release %s", self->name);
    self->thread = pthread_self();
    journal_add(line);
}

static stage_t *releasing_stage(int flags)
{
    struct zoox_config config = config_for(NULL);
    config.flags |= flags;
    config.release = on_release;
    stage_t *stage = stage_open_config(&config);
    probe_wait(&stage->session, 1);
    journal_clear();
    return stage;
}

/* Leaves a data watch by a call that succeeds. */
static void leave_watch(stage_t *stage, const char *path, watcher_fn watcher, probe_t *context)
{
    CHECK_INT(zoo_awget(stage->zh, path, watcher, context, on_data, &stage->done), ZOK);
    int before = probe_calls(&stage->done);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, before + 1);
}

TEST(the_last_event_of_a_handle_comes_when_all_completions_have_run, "F-40")
{
    NEEDS_EXTRAS;
    struct zoox_config config = config_for(NULL);
    config.flags |= ZOOX_CLOSED_EVENT;
    stage_t *stage = stage_open_config(&config);
    probe_t watch = probe("watch"), get = probe("get"), auth = probe("auth");
    probe_wait(&stage->session, 1);
    stage->done.name = NULL;
    leave_watch(stage, "/a", on_event, &watch);
    leave_watch(stage, "/b", on_event, &watch);
    journal_clear();
    CHECK_INT(zoo_aget(stage->zh, "/c", 0, on_data, &get), ZOK);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "u:p", 3, on_void, &auth), ZOK);
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(journal_wait("watch: session state0") >= 2, 1);
    CHECK_INT(journal_wait("global: session state0"), 3);
    CHECK_INT(journal_wait("get: -116") < 2, 1);
    CHECK_INT(journal_wait("auth: -116") < 2, 1);
    CHECK_INT(stage->session.type, ZOO_SESSION_EVENT);
    CHECK_INT(stage->session.state, ZOOX_CLOSED_STATE);
    CHECK_INT(stage->session.state_seen, 0);
    CHECK(stage->session.zh == stage->zh);
    CHECK(pthread_equal(stage->session.thread, pthread_self()));
    journal_clear();
    CHECK_INT(zoo_aget(stage->zh, "/c", 0, on_data, &get), ZBADARGUMENTS);
    CHECK_INT(journal_count("get: -8"), 0);
}

TEST(without_the_flag_there_is_no_last_event, "F-40 C-434")
{
    NEEDS_EXTRAS;
    struct zoox_config config = config_for(NULL);
    stage_t *stage = stage_open_config(&config);
    journal_expect("global: session connected", NULL);
    fake_end_session(stage->zh, stage->connection);
    journal_expect("global: session connected", NULL);
}

static void close_inside(probe_t *self)
{
    self->then = NULL;
    CHECK_INT(zookeeper_close(self->zh), ZOK);
}

TEST(a_handle_closed_from_a_callback_tells_its_end_on_the_completion_thread, "F-40 C-533")
{
    NEEDS_EXTRAS;
    struct zoox_config config = config_for(NULL);
    config.flags |= ZOOX_CLOSED_EVENT;
    config.release = on_release;
    probe_t session = probe("global");
    session.then = close_inside;
    config.watcher = on_event;
    config.context = &session;
    stage_t *stage = stage_open_config(&config);
    CHECK_INT(fake_wait_end(stage->connection), 1);
    fake_hang_up(stage->connection);
    journal_expect("global: session connected", "global: session state0", "release global", NULL);
    CHECK(!pthread_equal(session.thread, pthread_self()));
}

static void call_inside(probe_t *self)
{
    if (self->state != ZOOX_CLOSED_STATE)
        return;
    CHECK_INT(zoo_adelete(self->zh, "/a", -1, NULL, NULL), ZMARSHALLINGERROR);
    CHECK_INT(zoo_delete(self->zh, "/a", -1), ZMARSHALLINGERROR);
    CHECK_INT(zookeeper_close(self->zh), ZOK);
}

TEST(calls_in_the_last_event_are_refused_and_do_not_hang, "F-40 C-262")
{
    NEEDS_EXTRAS;
    struct zoox_config config = config_for(NULL);
    config.flags |= ZOOX_CLOSED_EVENT;
    stage_t *stage = stage_open_config(&config);
    probe_set_then(&stage->session, call_inside);
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(stage->session.state, ZOOX_CLOSED_STATE);
}

TEST(a_handle_that_never_connected_or_is_abandoned_tells_its_end_too, "F-40")
{
    NEEDS_EXTRAS;
    probe_t session = probe("global");
    for (int abandon = 0; abandon <= 1; abandon++) {
        struct zoox_config config = config_for("127.99.99.99:1");
        config.flags |= ZOOX_CLOSED_EVENT;
        config.release = on_release;
        config.watcher = on_event;
        config.context = &session;
        zhandle_t *zh = zoox_init(&config);
        CHECK(zh != NULL);
        CHECK_INT(abandon ? zoox_abandon(zh) : zookeeper_close(zh), ZOK);
        journal_expect("global: session state0", "release global", NULL);
        journal_clear();
    }
}

TEST(the_last_event_of_a_handle_goes_to_its_queue, "F-40 G7")
{
    NEEDS_EXTRAS;
    struct zoox_config config = config_for(NULL);
    config.flags |= ZOOX_CLOSED_EVENT;
    config.queue = zoox_cq_create();
    stage_t *stage = stage_open_config(&config);
    expect_session_event(config.queue, ZOO_CONNECTED_STATE);
    fake_end_session(stage->zh, stage->connection);
    expect_session_event(config.queue, ZOOX_CLOSED_STATE);
    expect_empty(config.queue);
    CHECK_INT(zoox_cq_destroy(config.queue), ZOK);
}

TEST(a_watch_that_has_fired_gives_its_context_back, "F-40")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(0);
    probe_t watch = probe("watch");
    leave_watch(stage, "/a", on_event, &watch);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    journal_expect("done: 0", "watch: changed /a", "release watch", NULL);
    CHECK(!pthread_equal(watch.thread, pthread_self()));
    fake_end_session(stage->zh, stage->connection);
    journal_expect("done: 0", "watch: changed /a", "release watch", "release global", NULL);
}

TEST(a_call_that_leaves_no_watch_gives_the_context_back_after_its_completion, "F-40")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(0);
    probe_t watch = probe("watch"), get = probe("get");
    for (int i = 0; i < 100; i++) {
        CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &get), ZOK);
        stage_answer_read(stage, ZOO_GETDATA_OP, ZNONODE);
        journal_expect("get: -101", "release watch", NULL);
        journal_clear();
    }
    /* The same for a call that waits, and for those that are refused. */
    test_thread *server = fake_answer_one(stage->connection, ZOO_GETDATA_OP, ZNONODE, NULL);
    int length = 0;
    CHECK_INT(zoo_wget(stage->zh, "/a", on_event, &watch, NULL, &length, NULL), ZNONODE);
    thread_join(server);
    journal_expect("release watch", NULL);
    CHECK_INT(zoo_wget(stage->zh, "bad", on_event, &watch, NULL, &length, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_wget(stage->zh, "/a", on_event, &watch, NULL, NULL, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_awexists(stage->zh, "bad", on_event, &watch, on_stat, &get), ZBADARGUMENTS);
    journal_expect("release watch", "release watch", "release watch", "release watch", NULL);
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(journal_count("release watch"), 4);
}

TEST(a_lost_connection_gives_back_what_its_requests_had_taken, "F-40 C-441")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(0);
    probe_t watch = probe("watch"), get = probe("get");
    CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    frame_free(&frame);
    stage_reconnect(stage);
    journal_wait("release watch");
    CHECK(journal_wait("get: -4") < journal_wait("release watch"));
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(journal_count("release watch"), 1);
}

TEST(each_call_that_was_given_a_context_gives_it_back_once, "F-40 C-470")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(0);
    probe_t watch = probe("watch");
    stage->done.name = NULL;
    leave_watch(stage, "/a", on_event, &watch);
    CHECK_INT(journal_count("release watch"), 0);
    leave_watch(stage, "/a", on_event, &watch); /* the same watch */
    journal_expect("release watch", NULL);
    leave_watch(stage, "/a", on_event_too, &watch);
    leave_watch(stage, "/b", on_event, &watch);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    EVENTUALLY(journal_count("release watch") == 3);
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(journal_count("release watch"), 4);
    CHECK_INT(journal_count("release global"), 1);
}

TEST(a_watch_on_a_missing_node_keeps_its_context, "F-40 C-471")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(0);
    probe_t watch = probe("watch");
    test_thread *server = fake_answer_one(stage->connection, ZOO_EXISTS_OP, ZNONODE, NULL);
    CHECK_INT(zoo_wexists(stage->zh, "/a", on_event, &watch, NULL), ZNONODE);
    thread_join(server);
    CHECK_INT(journal_count("release watch"), 0);
    fake_event(stage->connection, ZOO_CREATED_EVENT, ZOO_CONNECTED_STATE, "/a");
    journal_expect("watch: created /a", "release watch", NULL);
    fake_end_session(stage->zh, stage->connection);
}

TEST(a_removed_watch_gives_its_context_back, "F-40 C-487 C-488")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(0);
    probe_t watches[] = {probe("0"), probe("1")};
    stage->done.name = NULL;
    for (int local = 0; local <= 1; local++) {
        leave_watch(stage, "/a", on_event, &watches[local]);
        test_thread *server =
            local ? NULL : fake_answer_one(stage->connection, ZOO_CHECK_WATCHES, 0, NULL);
        CHECK_INT(zoo_remove_watches(stage->zh, "/a", ZWATCHTYPE_DATA, on_event, &watches[local],
                                     local),
                  ZOK);
        if (server)
            thread_join(server);
        journal_wait(local ? "release 1" : "release 0");
    }
    fake_end_session(stage->zh, stage->connection);
    journal_expect("release 0", "release 1", "release global", NULL);
}

TEST(a_watch_that_stays_keeps_its_context_until_it_is_removed, "F-40")
{
    NEEDS_EXTRAS;
    enum { ADD_WATCH = 106 };
    stage_t *stage = releasing_stage(0);
    probe_t watch = probe("watch");
    wire_t body = {NULL, 0};
    put_int(&body, 0);
    test_thread *server = fake_answer_one(stage->connection, ADD_WATCH, 0, &body);
    CHECK_INT(zoox_add_watch(stage->zh, "/a", ZOOX_WATCH_PERSISTENT, on_event, &watch), ZOK);
    thread_join(server);
    wire_free(&body);
    for (int i = 1; i <= 2; i++) {
        fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
        probe_wait(&watch, i);
    }
    CHECK_INT(journal_count("release watch"), 0);
    CHECK_INT(zoox_add_watch(stage->zh, "/a", 99, on_event, &watch), ZBADARGUMENTS);
    CHECK_INT(zoox_aadd_watch(stage->zh, "/a", 99, on_event, &watch, on_void, &stage->done),
              ZBADARGUMENTS);
    EVENTUALLY(journal_count("release watch") == 2);
    CHECK_INT(zoo_remove_watches(stage->zh, "/a", (ZooWatcherType)ZOOX_WATCHTYPE_PERSISTENT,
                                 on_event, &watch, 1),
              ZOK);
    EVENTUALLY(journal_count("release watch") == 3);
    CHECK_INT(probe_calls(&watch), 3); /* the removal */
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(journal_count("release watch"), 3);
}

TEST(watches_that_end_with_their_connection_give_their_contexts_back, "F-40")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(ZOOX_NO_SET_WATCHES);
    probe_t watch = probe("watch");
    stage->done.name = NULL;
    leave_watch(stage, "/a", on_event, &watch);
    stage_reconnect(stage);
    journal_wait("release watch");
    CHECK(journal_wait("watch: session connected") < journal_wait("release watch"));
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(journal_count("release watch"), 1);
}

TEST(at_the_end_all_contexts_come_back_behind_the_last_events, "F-40")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(ZOOX_CLOSED_EVENT);
    probe_t watch = probe("watch"), get = probe("get");
    stage->done.name = NULL;
    leave_watch(stage, "/a", on_event, &watch);
    leave_watch(stage, "/b", on_event, &watch);
    CHECK_INT(zoo_awget(stage->zh, "/c", on_event, &watch, on_data, &get), ZOK);
    fake_end_session(stage->zh, stage->connection);
    journal_expect("get: -116", "watch: session state0", "global: session state0",
                   "release watch", "release watch", "release watch", "release global", NULL);
}

TEST(a_replaced_context_comes_back_when_no_watch_has_it, "F-40 C-285")
{
    NEEDS_EXTRAS;
    stage_t *stage = releasing_stage(0);
    probe_t second = probe("second"), third = probe("third");
    CHECK_INT(zoo_aget(stage->zh, "/a", 1, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, 1);
    zoo_set_context(stage->zh, &second);
    zoo_set_context(stage->zh, &third);
    CHECK(zoo_get_context(stage->zh) == &third);
    journal_expect("done: 0", "release second", NULL);
    fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, "/a");
    journal_expect("done: 0", "release second", "global: changed /a", "release global", NULL);
    fake_end_session(stage->zh, stage->connection);
    journal_expect("done: 0", "release second", "global: changed /a", "release global",
                   "release third", NULL);
}

TEST(an_init_that_fails_takes_no_context, "F-40")
{
    NEEDS_EXTRAS;
    probe_t session = probe("global");
    struct zoox_config config = config_for("127.0.0.1");
    config.release = on_release;
    config.context = &session;
    CHECK(zoox_init(&config) == NULL);
    config.hosts = "127.0.0.1 :1"; /* fails later */
    CHECK(zoox_init(&config) == NULL);
    CHECK_INT(journal_count("release global"), 0);
}

static void on_owned(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh, (void)type, (void)state, (void)path;
    ++*(int *)context;
}

TEST(contexts_may_be_memory_that_free_takes_back, "F-40")
{
    NEEDS_EXTRAS;
    struct zoox_config config = config_for(NULL);
    config.flags |= ZOOX_CLOSED_EVENT;
    config.release = free;
    config.watcher = on_owned;
    config.context = calloc(1, sizeof(int));
    stage_t *stage = stage_open_config(&config);
    for (int i = 0; i < 50; i++) {
        char path[8];
        snprintf(path, sizeof path, "/%d", i);
        leave_watch(stage, path, on_owned, (probe_t *)calloc(1, sizeof(int)));
        if (i % 2)
            fake_event(stage->connection, ZOO_CHANGED_EVENT, ZOO_CONNECTED_STATE, path);
    }
    stage_reconnect(stage);
    fake_end_session(stage->zh, stage->connection);
}
