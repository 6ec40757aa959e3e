/* Servers known by name, and a resolver that is slow or fails. */
#define _GNU_SOURCE
#include "../harness/attempts.h"
#include "../harness/cluster.h"
#include "../harness/harness.h"
#include "../harness/names.h"

#include <stdatomic.h>

static void expect_pings(stage_t *stage, int n)
{
    for (int i = 0; i < n; i++) {
        frame_t frame = fake_receive_any(stage->connection);
        CHECK_INT(frame.type, ZOO_PING_OP);
        fake_reply(stage->connection, frame.xid, 0, 0, NULL);
        frame_free(&frame);
    }
}

TEST(a_list_that_does_not_resolve_leaves_the_session_alone, "F-4")
{
    stage_t *stage = stage_open_with("", 2400, 0);
    name_fails(EAI_AGAIN, 0);
    CHECK_INT(zoo_set_servers(stage->zh, NAME ":1"), ZSYSTEMERROR);
    expect_pings(stage, 2);
    stage_round_trip(stage);
    stage_reconnect(stage);
    journal_expect("global: session connecting", "global: session connected", NULL);
    stage_close(stage);
}

TEST(calls_look_up_no_names, "F-6")
{
    stage_t *stage = named_stage(20000);
    int before = name_lookups();
    for (int i = 0; i < 50; i++)
        stage_round_trip(stage);
    CHECK_INT(name_lookups(), before);
    for (int i = 0; i < 5; i++)
        stage_reconnect(stage);
    journal_wait("global: session connected");
    CHECK(name_lookups() <= before + 5);
    stage_close(stage);
}

TEST(an_outage_of_the_resolver_longer_than_the_session_ends_nothing, "F-7")
{
    enum { TIMEOUT = 1200, STRETCH = 3 * TIMEOUT };
    stage_t *stage = named_stage(TIMEOUT);
    long long end = harness_now_ms() + STRETCH;
    name_fails(EAI_AGAIN, 0);
    while (harness_now_ms() < end)
        expect_pings(stage, 1);
    stage_round_trip(stage);
    journal_expect(NULL, NULL); /* no event */
    stage_close(stage);
}

TEST(server_and_resolver_down_together_cost_little, "F-8")
{
    enum { TIMEOUT = 600, SHORTEST_PAUSE = TIMEOUT / 60, STRETCH = 2000 };
    stage_t *stage = named_stage(TIMEOUT);
    int before = name_lookups(), tried = attempts_at(stage->fake->port);
    name_fails(EAI_AGAIN, 0);
    stretch_t stretch = stretch_begin();
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    long long ms = stretch_end(&stretch, STRETCH);
    int load = stretch_load(&stretch), lookups = name_lookups() - before;
    if (lookups > ms / 100 + 2)
        FAIL("the name was looked up %d times in %lld ms", lookups, ms);
    CHECK(attempts_at(stage->fake->port) - tried <= ms / SHORTEST_PAUSE + 2);
    if (load > 25)
        FAIL("waiting took %d %% of a processor", load);
    fake_resume(stage->fake);
    stage->connection = fake_connect(stage->fake);
    journal_wait("global: session connected");
    stage_close(stage);
}

static atomic_int is_closed;

/* Ends the look-up when the handle was closed, or when that takes too long. */
static void resume(void *argument)
{
    long long patience = harness_now_ms() + 3000;
    (void)argument;
    while (!is_closed && harness_now_ms() < patience)
        harness_pause();
    if (!is_closed)
        name_resumes();
}

TEST(closing_does_not_wait_for_the_resolver, "F-10")
{
    stage_t *stage = named_stage(20000);
    name_hangs();
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    EVENTUALLY(name_is_hanging());
    test_thread *helper = thread_start(resume, NULL);
    CHECK_INT(zookeeper_close(stage->zh), ZOK);
    is_closed = 1;
    if (!name_is_hanging())
        FAIL("the close has waited for the resolver");
    name_resumes();
    thread_join(helper);
    EVENTUALLY(!name_is_hanging());
}

TEST(the_programs_random_numbers_are_left_alone, "F-16")
{
    enum { NUMBERS = 5, RECONNECTIONS = 3 };
    long integers[NUMBERS], drawn[NUMBERS];
    cluster_t *c = cluster(3);
    srandom(42);
    srand48(42);
    for (int i = 0; i < NUMBERS; i++) {
        integers[i] = random();
        drawn[i] = lrand48();
    }
    srandom(42);
    srand48(42);
    cluster_begin(c, 20000);
    int connection = fake_connect(c->fakes[cluster_visited(c)]);
    for (int i = 0; i < RECONNECTIONS; i++) {
        fake_hang_up(connection);
        connection = fake_connect(c->fakes[cluster_visited(c)]);
    }
    fake_end_session(c->zh, connection);
    for (int i = 0; i < NUMBERS; i++) {
        CHECK_INT(random(), integers[i]);
        CHECK_INT(lrand48(), drawn[i]);
    }
}
