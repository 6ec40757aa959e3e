/* Faults of the past that must not come back. */
#define _GNU_SOURCE
#include "../harness/attempts.h"
#include "../harness/cluster.h"
#include "../harness/harness.h"

TEST(a_timeout_of_zero_does_not_spin, "F-21")
{
    enum { SHORTEST_PAUSE = 10, STRETCH = 1000 };
    cluster_t *c = cluster(1);
    stretch_t stretch = stretch_begin();
    cluster_begin(c, 0);
    long long attempts = stretch_end(&stretch, STRETCH) / SHORTEST_PAUSE + 2;
    int load = stretch_load(&stretch);
    CHECK(attempts_at(c->fakes[0]->port) <= attempts);
    CHECK(load <= 50);
    CHECK_INT(zookeeper_close(c->zh), ZOK);
}

TEST(failed_attempts_leave_no_descriptors, "F-21")
{
    enum { ATTEMPTS = 100 };
    cluster_t *c = cluster(3);
    fake_pause(c->fakes[0]);
    fake_pause(c->fakes[1]);
    cluster_begin(c, 600);
    int before = 0;
    for (int i = 0; i < ATTEMPTS; i++) {
        int connection = fake_accept(c->fakes[2]);
        if (i == 0)
            before = harness_descriptors();
        else if (harness_descriptors() > before + 2) /* of attempts that are under way */
            FAIL("%d descriptors are open after %d attempts", harness_descriptors(), i);
        fake_hang_up(connection);
    }
    CHECK_INT(zookeeper_close(c->zh), ZOK);
}

TEST(answers_to_pings_may_come_late_and_among_others, "F-21")
{
    stage_t *stage = stage_open_with("", 2400, 0);
    probe_t get = probe("get");
    frame_t ping = fake_receive_any(stage->connection);
    CHECK_INT(ping.type, ZOO_PING_OP);
    for (int i = 0; i < 2; i++)
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    fake_reply(stage->connection, ping.xid, 0, 0, NULL);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    fake_reply(stage->connection, ping.xid, 0, 0, NULL); /* nobody waits for that one */
    stage_round_trip(stage);
    journal_expect("get: 0", "get: 0", NULL); /* and no loss */
    frame_free(&ping);
    stage_close(stage);
}
