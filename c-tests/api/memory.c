/* What handles keep in memory. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <malloc.h>
#include <string.h>

enum { SET_DATA_OP = 5, GET_DATA_OP = 4, BURST = 1000, VALUE = 1024 };

static const char value[VALUE];

/* Writes and reads a node, many times at once. */
static void burst(stage_t *stage)
{
    wire_t stat = {0}, data = {0};
    struct Stat sample = wire_sample_stat();
    put_stat(&stat, &sample);
    put_buffer(&data, value, VALUE);
    put_stat(&data, &sample);
    probe_t done = probe(NULL);
    for (int i = 0; i < BURST; i++) {
        CHECK_INT(zoo_aset(stage->zh, "/a", value, VALUE, -1, on_stat, &done), ZOK);
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &done), ZOK);
    }
    for (int i = 0; i < BURST; i++) {
        stage_answer(stage, SET_DATA_OP, ZOK, &stat);
        stage_answer(stage, GET_DATA_OP, ZOK, &data);
    }
    probe_wait(&done, 2 * BURST);
    CHECK_INT(done.rc, ZOK);
    wire_free(&stat);
    wire_free(&data);
}

static size_t in_use(void)
{
    return mallinfo2().uordblks;
}

TEST(a_quiet_handle_gives_back_what_a_burst_took, "C-414")
{
    NOT_UNDER_A_SANITIZER("it has an allocator of its own");
    enum { PING = 11, ALLOWED_BYTES = 24 * 1024 };
    stage_t *stage = stage_open_with("", 3000, 0);
    stage_round_trip(stage);
    size_t before = in_use();
    burst(stage);
    for (;;) {
        frame_t ping = fake_receive_any(stage->connection);
        CHECK_INT(ping.type, PING);
        size_t now = in_use();
        fake_reply(stage->connection, ping.xid, 0, ZOK, NULL);
        frame_free(&ping);
        if (now < before + ALLOWED_BYTES)
            break;
    }
    stage_close(stage);
}
