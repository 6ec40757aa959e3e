#define _GNU_SOURCE
#include "stage.h"

#include "harness.h"

#include <stdio.h>

static stage_t *new_stage(const char *chroot, int timeout, int flags)
{
    stage_t *stage = (stage_t *)calloc(1, sizeof *stage);
    char hosts[256];
    CHECK(stage != NULL);
    stage->session = probe("global");
    stage->done = probe("done");
    stage->fake = fake_start();
    snprintf(hosts, sizeof hosts, "%s%s", stage->fake->hosts, chroot);
    stage->zh = zookeeper_init(hosts, on_event, timeout, NULL, &stage->session,
                               flags | ZOO_NO_LOG_CLIENTENV);
    CHECK(stage->zh != NULL);
    return stage;
}

stage_t *stage_open_with(const char *chroot, int timeout, int flags)
{
    stage_t *stage = new_stage(chroot, timeout, flags);
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connected", NULL);
    journal_clear();
    return stage;
}

stage_t *stage_open(const char *chroot)
{
    return stage_open_with(chroot, STAGE_TIMEOUT_MS, 0);
}

stage_t *stage_open_unanswered(int timeout)
{
    stage_t *stage = new_stage("", timeout, 0);
    stage->connection = fake_accept(stage->fake);
    return stage;
}

void stage_close(stage_t *stage)
{
    fake_end_session(stage->zh, stage->connection);
    fake_stop(stage->fake);
    free(stage);
}

void stage_close_unconnected(stage_t *stage)
{
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    fake_stop(stage->fake);
    free(stage);
}

void stage_expire(stage_t *stage)
{
    static const char zeros[16];
    welcome_t over = {1, 0, zeros, 0, 0};
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    CHECK_INT(request.session_id, 0x1234);
    fake_welcome(stage->connection, &request, &over);
    journal_wait("global: session expired");
}

void stage_reconnect(stage_t *stage)
{
    fake_hang_up(stage->connection);
    stage->connection = fake_connect(stage->fake);
}

int stage_expect(stage_t *stage, int type, wire_t *body)
{
    frame_t frame = fake_receive_type(stage->connection, type);
    CHECK_BYTES(frame.bytes + frame.at, frame.length - frame.at, body->bytes, body->length);
    wire_free(body);
    frame_free(&frame);
    return frame.xid;
}

void stage_answer(stage_t *stage, int type, int err, const wire_t *body)
{
    frame_t frame = fake_receive_type(stage->connection, type);
    fake_reply(stage->connection, frame.xid, 1, err, body);
    frame_free(&frame);
}

void stage_round_trip(stage_t *stage)
{
    test_thread *server = fake_answer_one(stage->connection, ZOO_DELETE_OP, ZNONODE, NULL);
    CHECK_INT(zoo_delete(stage->zh, "/a", -1), ZNONODE);
    thread_join(server);
}

void stage_answer_read(stage_t *stage, int type, int err)
{
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0};
    if (type == ZOO_GETDATA_OP)
        put_buffer(&body, "data", 4);
    if (type == ZOO_GETCHILDREN_OP || type == ZOO_GETCHILDREN2_OP) {
        put_int(&body, 1);
        put_string(&body, "child");
    }
    if (type != ZOO_GETCHILDREN_OP)
        put_stat(&body, &stat);
    stage_answer(stage, type, err, err ? NULL : &body);
    wire_free(&body);
}
