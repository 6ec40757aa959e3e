/* What a handle says about itself. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <stddef.h>

static struct zoox_stats stats_of(zhandle_t *zh)
{
    struct zoox_stats stats;
    memset(&stats, 0x55, sizeof stats);
    stats.size = sizeof stats;
    CHECK_INT(zoox_get_stats(zh, &stats), ZOK);
    CHECK_INT(stats.size, sizeof stats);
    CHECK_INT(stats.requests, stats.replies + stats.lost + stats.outstanding + stats.to_send);
    return stats;
}

TEST(what_goes_in_and_out_is_counted, "")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    probe_t watch = probe("w");
    struct zoox_stats before = stats_of(zh);
    CHECK_INT(before.connects, 1);
    CHECK_INT(before.reconnects, 0);
    CHECK_INT(before.requests, 0);
    CHECK_INT(before.bytes_out, 4 + 45);
    CHECK_INT(before.bytes_in, 4 + 37);
    CHECK_INT(before.latency_count, 0);
    CHECK_INT(zoo_awexists(zh, "/a", on_event, &watch, on_stat, &stage->done), ZOK);
    CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, &stage->done), ZOK);
    frame_t exists = fake_receive_type(stage->connection, ZOO_EXISTS_OP);
    frame_t gone = fake_receive_type(stage->connection, ZOO_DELETE_OP);
    struct zoox_stats sent = stats_of(zh);
    CHECK_INT(sent.requests, 2);
    CHECK_INT(sent.outstanding, 2);
    CHECK_INT(sent.replies, 0);
    CHECK_INT(sent.bytes_out - before.bytes_out, 8 + exists.length + gone.length);
    fake_reply(stage->connection, exists.xid, 1, ZNONODE, NULL);
    fake_reply(stage->connection, gone.xid, 1, ZNONODE, NULL);
    fake_event(stage->connection, ZOO_CREATED_EVENT, 3, "/a");
    probe_wait(&watch, 1);
    struct zoox_stats after = stats_of(zh);
    CHECK_INT(after.replies, 2);
    CHECK_INT(after.events, 1);
    CHECK_INT(after.outstanding, 0);
    CHECK_INT(after.lost, 0);
    CHECK_INT(after.bytes_in - sent.bytes_in, 2 * (4 + 16) + 4 + 16 + 8 + 4 + 2);
    stage_close(stage);
}

TEST(lost_requests_and_reconnects_are_counted, "")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    for (int i = 0; i < 3; i++)
        CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, &stage->done), ZOK);
    stage_answer(stage, ZOO_DELETE_OP, 0, NULL);
    fake_receive_type(stage->connection, ZOO_DELETE_OP);
    fake_receive_type(stage->connection, ZOO_DELETE_OP);
    probe_wait(&stage->done, 1);
    stage_reconnect(stage);
    probe_wait(&stage->done, 3);
    EVENTUALLY(zoo_state(zh) == ZOO_CONNECTED_STATE);
    struct zoox_stats stats = stats_of(zh);
    CHECK_INT(stats.connects, 2);
    CHECK_INT(stats.reconnects, 1);
    CHECK_INT(stats.requests, 3);
    CHECK_INT(stats.replies, 1);
    CHECK_INT(stats.lost, 2);
    stage_close(stage);
}

TEST(requests_without_a_connection_wait_and_fail_with_the_attempt, "")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    for (int i = 0; i < 5; i++)
        CHECK_INT(zoo_adelete(stage->zh, "/a", -1, on_void, &stage->done), ZOK);
    struct zoox_stats stats = stats_of(stage->zh);
    CHECK_INT(stats.to_send, 5);
    CHECK_INT(stats.outstanding, 0);
    CHECK_INT(stats.requests, 5);
    fake_hang_up(stage->connection);
    probe_wait(&stage->done, 5);
    stats = stats_of(stage->zh);
    CHECK_INT(stats.to_send, 0);
    CHECK_INT(stats.lost, 5);
    CHECK_INT(stats.connects, 0);
    EVENTUALLY(stats_of(stage->zh).failed_attempts >= 1);
    stage_close_unconnected(stage);
}

TEST(requests_that_wait_for_a_session_are_to_be_sent_until_it_is_on, "")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    zhandle_t *zh = stage->zh;
    CHECK_INT(zoox_set_queue_until_connected(zh, 1), ZOK);
    CHECK_INT(zoox_measure_latency(zh, 1), ZOK);
    CHECK_INT(zoox_set_retry_delay(zh, 1), ZOK);
    for (int i = 0; i < 5; i++)
        CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, &stage->done), ZOK);
    fake_hang_up(stage->connection);
    EVENTUALLY(stats_of(zh).failed_attempts >= 1);
    struct zoox_stats stats = stats_of(zh);
    CHECK_INT(stats.to_send, 5);
    CHECK_INT(stats.lost, 0);
    stage->connection = fake_connect(stage->fake);
    for (int i = 0; i < 5; i++)
        stage_answer(stage, ZOO_DELETE_OP, 0, NULL);
    probe_wait(&stage->done, 5);
    stats = stats_of(zh);
    CHECK_INT(stats.replies, 5);
    CHECK_INT(stats.to_send + stats.outstanding + stats.lost, 0);
    CHECK_INT(stats.latency_count, 5);
    stage_close(stage);
}

static void wait_inside(probe_t *self)
{
    probe_wait((probe_t *)self->then_data, 1);
}

TEST(results_that_wait_for_the_completion_thread_are_counted, "")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t blocked = probe("blocked"), go = probe("go"), rest = probe(NULL);
    blocked.then = wait_inside;
    blocked.then_data = &go;
    CHECK_INT(zoo_async(live->zh, "/", on_string, &blocked), ZOK);
    probe_wait(&blocked, 1);
    for (int i = 0; i < 100; i++)
        CHECK_INT(zoo_async(live->zh, "/", on_string, &rest), ZOK);
    EVENTUALLY(stats_of(live->zh).replies >= 101);
    CHECK(stats_of(live->zh).to_deliver >= 100);
    on_void(0, &go);
    probe_wait(&rest, 100);
    EVENTUALLY(stats_of(live->zh).to_deliver == 0);
    live_close(live);
}

TEST(pings_are_counted, "")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open_with("", 600, 0);
    frame_t frame = fake_receive_any(stage->connection);
    CHECK_INT(frame.type, ZOO_PING_OP);
    struct zoox_stats stats = stats_of(stage->zh);
    CHECK_INT(stats.pings, 1);
    CHECK_INT(stats.requests, 0);
    fake_reply(stage->connection, frame.xid, 0, 0, NULL);
    stage_close(stage);
}

TEST(times_of_requests_are_measured_when_asked_for, "")
{
    NEEDS_EXTRAS;
    enum { COUNT = 500 };
    live_t *live = live_open();
    zhandle_t *zh = live->zh;
    probe_t done = probe(NULL);
    CHECK_INT(zoo_exists(zh, "/", 0, NULL), ZOK);
    CHECK_INT(stats_of(zh).latency_count, 0);
    CHECK_INT(zoox_measure_latency(zh, 1), ZOK);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_aexists(zh, "/", 0, on_stat, &done), ZOK);
    probe_wait(&done, COUNT);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_exists(zh, "/", 0, NULL), ZOK);
    struct zoox_stats stats = stats_of(zh);
    CHECK_INT(stats.latency_count, 2 * COUNT);
    CHECK(stats.latency_p50 <= stats.latency_p90);
    CHECK(stats.latency_p90 <= stats.latency_p99);
    CHECK(stats.latency_p99 <= stats.latency_p999);
    CHECK(stats.latency_p999 <= stats.latency_max);
    CHECK(stats.latency_max > 0);
    CHECK_INT(zoox_measure_latency(zh, 1), ZOK);
    CHECK_INT(stats_of(zh).latency_count, 0);
    CHECK_INT(zoo_exists(zh, "/", 0, NULL), ZOK);
    CHECK_INT(stats_of(zh).latency_count, 1);
    CHECK_INT(zoox_measure_latency(zh, 0), ZOK);
    CHECK_INT(zoo_exists(zh, "/", 0, NULL), ZOK);
    stats = stats_of(zh);
    CHECK_INT(stats.latency_count, 0);
    CHECK_INT(stats.latency_max, 0);
    live_close(live);
}

TEST(a_measured_time_is_that_of_the_answer, "")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    CHECK_INT(zoo_adelete(zh, "/before", -1, on_void, &stage->done), ZOK);
    frame_t before = fake_receive_type(stage->connection, ZOO_DELETE_OP);
    CHECK_INT(zoox_measure_latency(zh, 1), ZOK);
    CHECK_INT(zoo_adelete(zh, "/a", -1, on_void, &stage->done), ZOK);
    frame_t gone = fake_receive_type(stage->connection, ZOO_DELETE_OP);
    long long since = harness_now_ms();
    EVENTUALLY(harness_now_ms() >= since + 5);
    fake_reply(stage->connection, before.xid, 1, 0, NULL);
    fake_reply(stage->connection, gone.xid, 1, 0, NULL);
    probe_wait(&stage->done, 2);
    struct zoox_stats stats = stats_of(zh);
    CHECK_INT(stats.latency_count, 1);
    CHECK(stats.latency_p50 >= 4000);
    stage_close(stage);
}

TEST(older_and_newer_programs_get_the_figures_they_know, "")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    struct {
        struct zoox_stats stats;
        char more[64];
    } room;
    memset(&room, 0x55, sizeof room);
    room.stats.size = sizeof room;
    CHECK_INT(zoox_get_stats(stage->zh, &room.stats), ZOK);
    CHECK_INT(room.stats.size, sizeof room.stats);
    CHECK_INT(room.more[0], 0x55);
    memset(&room, 0x55, sizeof room);
    room.stats.size = offsetof(struct zoox_stats, events);
    CHECK_INT(zoox_get_stats(stage->zh, &room.stats), ZOK);
    CHECK_INT(room.stats.size, offsetof(struct zoox_stats, events));
    CHECK_INT(room.stats.lost, 0);
    CHECK_INT(room.stats.events, 0x5555555555555555LL);
    room.stats.size = sizeof(size_t);
    CHECK_INT(zoox_get_stats(stage->zh, &room.stats), ZBADARGUMENTS);
    CHECK_INT(zoox_get_stats(stage->zh, NULL), ZBADARGUMENTS);
    room.stats.size = sizeof room.stats;
    CHECK_INT(zoox_get_stats(NULL, &room.stats), ZBADARGUMENTS);
    CHECK_INT(zoox_measure_latency(NULL, 1), ZBADARGUMENTS);
    stage_close(stage);
}
