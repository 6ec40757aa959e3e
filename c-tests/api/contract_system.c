/* Names, clocks and descriptors as the test wants them.
 *
 * The program's own clock functions come before the C library's, so they
 * answer the library under test too. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/names.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Seconds by which the wall clock was set forward. */
static _Atomic long wall_offset;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    static int (*_Atomic real)(clockid_t, struct timespec *);
    int (*function)(clockid_t, struct timespec *) = real;
    if (function == NULL) {
        *(void **)&function = function_behind("clock_gettime");
        real = function;
    }
    int rc = function(clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
        now->tv_sec += wall_offset;
    return rc;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec time;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &time);
    now->tv_sec = time.tv_sec;
    now->tv_usec = time.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result)
        *result = now.tv_sec;
    return now.tv_sec;
}

TEST(init_tells_the_resolvers_error_as_an_errno, "C-271")
{
    static const int errors[][2] = {{EAI_NONAME, ENOENT}, {EAI_MEMORY, ENOMEM},
                                    {EAI_AGAIN, EINVAL},  {EAI_FAIL, EINVAL},
                                    {EAI_NODATA, EINVAL}, {EAI_ADDRFAMILY, EINVAL}};
    for (int i = 0; i < 6; i++) {
        name_fails(errors[i][0], 0);
        errno = 0;
        CHECK(zookeeper_init(NAME ":1", NULL, 1000, NULL, NULL, ZOO_NO_LOG_CLIENTENV) == NULL);
        CHECK_INT(errno, errors[i][1]);
    }
}

TEST(a_resolver_that_knows_no_flags_is_asked_without_them, "C-273")
{
    name_fails(EAI_BADFLAGS, 1);
    zhandle_t *zh = zookeeper_init(NAME ":1", NULL, 20000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    CHECK(name_lookups() >= 2);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(every_address_of_a_name_is_tried, "C-273 C-420")
{
    char hosts[64];
    probe_t session = probe("global");
    fake_t *first = fake_start(), *second = fake_beside(first, "127.0.0.2");
    fake_pause(first);
    name_means("127.0.0.1", "127.0.0.2");
    snprintf(hosts, sizeof hosts, NAME ":%d", first->port);
    zoo_deterministic_conn_order(1);
    /* a pause would be a minute long */
    zhandle_t *zh = zookeeper_init(hosts, on_event, 3600000, NULL, &session, 0);
    CHECK(zh != NULL);
    int connection = fake_connect(second);
    journal_expect("global: session connected", NULL);
    CHECK_STR(zoo_get_current_server(zh), second->hosts);
    fake_end_session(zh, connection);
}

TEST(a_list_of_other_addresses_moves_the_session_to_the_first_that_answers, "C-450 C-451 C-453")
{
    char hosts[80];
    probe_t get = probe("get");
    stage_t *stage = stage_open("");
    fake_t *deaf = fake_beside(stage->fake, "127.0.0.2");
    fake_t *other = fake_beside(stage->fake, "127.0.0.3");
    snprintf(hosts, sizeof hosts, "%s,%s", deaf->hosts, other->hosts);
    close(deaf->listener);
    zoo_deterministic_conn_order(1);
    CHECK_INT(zoo_set_servers(stage->zh, hosts), ZOK);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK); /* wakes the original */
    fake_wait_end(stage->connection);
    int connection = fake_accept(other);
    connect_request_t request = fake_read_connect(connection);
    CHECK_INT(request.session_id, 0x1234);
    fake_welcome(connection, &request, &usual_welcome);
    journal_wait("global: session connected");
    CHECK_STR(zoo_get_current_server(stage->zh), other->hosts);
    fake_end_session(stage->zh, connection);
}

TEST(a_name_that_moves_is_followed_at_the_next_attempt, "C-410 C-450")
{
    stage_t *stage = named_stage(3000);
    fake_t *moved = fake_beside(stage->fake, "127.0.0.2");
    name_means("127.0.0.2", NULL);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    int connection = fake_connect(moved);
    journal_wait("global: session connected");
    CHECK_STR(zoo_get_current_server(stage->zh), moved->hosts);
    fake_end_session(stage->zh, connection);
}

TEST(an_outage_of_the_resolver_stops_neither_pings_nor_requests_nor_reconnects, "C-410 F-7")
{
    NOT_ON_THE_REFERENCE("C-410: it stands still");
    stage_t *stage = named_stage(2400);
    name_fails(EAI_AGAIN, 0);
    for (int i = 0; i < 2; i++) { /* pings go on */
        frame_t frame = fake_receive_any(stage->connection);
        CHECK_INT(frame.type, ZOO_PING_OP);
        fake_reply(stage->connection, -2, 0, 0, NULL);
        frame_free(&frame);
    }
    stage_round_trip(stage);
    stage_reconnect(stage); /* at the address known before */
    journal_expect("global: session connecting", "global: session connected", NULL);
    stage_round_trip(stage);
    stage_close(stage);
}

TEST(without_routine_resolution_a_name_is_looked_up_only_to_connect, "C-411 C-410")
{
    stage_t *stage = named_stage(3000);
    fake_t *moved = fake_beside(stage->fake, "127.0.0.2");
    CHECK_INT(zoo_set_servers_resolution_delay(stage->zh, -1), ZOK);
    stage_round_trip(stage);
    stage_round_trip(stage); /* whatever was going on is over */
    int before = name_lookups();
    for (int i = 0; i < 50; i++)
        stage_round_trip(stage);
    CHECK_INT(name_lookups(), before);
    name_means("127.0.0.2", NULL);
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    int connection = fake_connect(moved);
    journal_wait("global: session connected");
    fake_end_session(stage->zh, connection);
}

TEST(setting_the_wall_clock_does_not_touch_the_session, "C-412 C-413 C-414 F-21")
{
    static const long offsets[] = {86400, -86400, 0};
    stage_t *stage = stage_open_with("", 2400, 0);
    for (int i = 0; i < 3; i++) {
        wall_offset = offsets[i];
        frame_t frame = fake_receive_any(stage->connection);
        CHECK_INT(frame.type, ZOO_PING_OP);
        fake_reply(stage->connection, -2, 0, 0, NULL);
        frame_free(&frame);
        stage_round_trip(stage);
    }
    CHECK_INT(journal_count("global: session connecting"), 0);
    wall_offset = -86400; /* timeouts still end */
    char byte;
    while (read(stage->connection, &byte, 1) == 1)
        ;
    journal_wait("global: session connecting");
    stage->connection = fake_connect(stage->fake);
    stage_close(stage);
}

TEST(init_fails_when_the_descriptors_have_run_out, "C-271")
{
    struct rlimit limit, few;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    few = limit;
    few.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    errno = 0;
    zhandle_t *zh = zookeeper_init("127.0.0.1:1", NULL, 1000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    int error = errno;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(zh == NULL);
    CHECK_INT(error, EMFILE);
}
