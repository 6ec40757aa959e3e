/* zookeeper_interest and zookeeper_process beside the library's own threads. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <stdio.h>

/* Declared only for programs that don't define THREADED. */
int zookeeper_interest(zhandle_t *zh, int *fd, int *interest, struct timeval *tv);
int zookeeper_process(zhandle_t *zh, int events);

TEST(an_expired_session_has_no_interests, "C-525 C-526 C-118 C-119")
{
    static const char zeros[16];
    welcome_t over = {1, 0, zeros, 0, 0};
    stage_t *stage = stage_open("");
    int fd = 77, interest = 78;
    struct timeval tv = {79, 80};
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    fake_welcome(stage->connection, &request, &over);
    journal_wait("global: session expired");
    CHECK_INT(zookeeper_interest(stage->zh, &fd, &interest, &tv), ZINVALIDSTATE);
    CHECK_INT(zookeeper_process(stage->zh, ZOOKEEPER_READ), ZINVALIDSTATE);
    stage_close_unconnected(stage);
}

static long milliseconds(const struct timeval *tv)
{
    return tv->tv_sec * 1000 + tv->tv_usec / 1000;
}

TEST(a_connected_handle_wants_to_read, "C-525 C-527 C-026 C-415 C-417")
{
    NOT_ON_THE_REFERENCE("C-527: it races with its own thread");
    stage_t *stage = stage_open("");
    int fd = -1, interest = 0;
    struct timeval tv = {-1, -1};
    CHECK_INT(zookeeper_interest(stage->zh, &fd, &interest, &tv), ZOK);
    CHECK(fd >= 0);
    CHECK_INT(interest, ZOOKEEPER_READ); /* there is nothing to write */
    CHECK(tv.tv_sec >= 0 && tv.tv_usec >= 0 && tv.tv_usec < 1000000);
    CHECK(milliseconds(&tv) <= STAGE_TIMEOUT_MS / 3); /* then a ping is due */
    stage_close(stage);
}

TEST(a_handle_waits_longer_for_an_answer_than_for_its_next_ping, "C-415 C-525 T-11")
{
    NOT_ON_THE_REFERENCE("C-527: it races with its own thread");
    stage_t *stage = stage_open("");
    int fd, interest;
    struct timeval tv;
    CHECK_INT(zoo_adelete(stage->zh, "/a", -1, on_void, &stage->done), ZOK);
    fake_receive_type(stage->connection, ZOO_DELETE_OP);
    CHECK_INT(zookeeper_interest(stage->zh, &fd, &interest, &tv), ZOK);
    CHECK(milliseconds(&tv) > STAGE_TIMEOUT_MS / 3);
    CHECK(milliseconds(&tv) <= STAGE_TIMEOUT_MS * 2 / 3);
    stage_close(stage);
}

static int wants_to_write(zhandle_t *zh)
{
    int fd, interest = 0;
    struct timeval tv;
    CHECK_INT(zookeeper_interest(zh, &fd, &interest, &tv), ZOK);
    CHECK(interest & ZOOKEEPER_READ);
    return (interest & ZOOKEEPER_WRITE) != 0;
}

TEST(a_handle_wants_to_write_while_the_socket_takes_no_more, "C-417 C-525")
{
    NOT_ON_THE_REFERENCE("C-527: it races with its own thread");
    enum { COUNT = 10, SIZE = 2 << 20 };
    stage_t *stage = stage_open("");
    char *data = (char *)calloc(1, SIZE);
    CHECK(data != NULL);
    for (int i = 0; i < COUNT; i++)
        CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, -1, on_stat, &stage->done), ZOK);
    EVENTUALLY(wants_to_write(stage->zh));
    for (int i = 0; i < COUNT; i++)
        frame_free((frame_t[]){fake_receive_type(stage->connection, ZOO_SETDATA_OP)});
    EVENTUALLY(!wants_to_write(stage->zh));
    free(data);
    stage_close(stage);
}

/* In the pause that follows failures, which is a minute long. */
static zhandle_t *pausing_handle(probe_t *get)
{
    char hosts[64];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init(hosts, NULL, 3600000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(zoo_aget(zh, "/a", 0, on_data, get), ZOK);
        probe_wait(get, i + 1);
        wait_for_state(zh, 0);
    }
    return zh;
}

TEST(without_a_socket_there_is_nothing_to_process, "C-526 C-119")
{
    probe_t get = probe("get");
    zhandle_t *zh = pausing_handle(&get);
    CHECK_INT(zookeeper_process(zh, ZOOKEEPER_READ | ZOOKEEPER_WRITE), ZINVALIDSTATE);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(in_the_pause_there_is_a_time_to_wait_and_no_descriptor, "C-525 C-415 C-118 T-11")
{
    NOT_ON_THE_REFERENCE("C-527: it races with its own thread");
    probe_t get = probe("get");
    zhandle_t *zh = pausing_handle(&get);
    int fd = 77, interest = 0;
    struct timeval tv = {0, 0};
    CHECK_INT(zookeeper_interest(zh, &fd, &interest, &tv), ZOK);
    CHECK_INT(fd, -1);
    CHECK(milliseconds(&tv) > 0 && milliseconds(&tv) <= 3600000 / 60);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(a_frame_that_is_not_whole_is_no_message, "C-526 C-119")
{
    NOT_ON_THE_REFERENCE("C-527: it races with its own thread");
    stage_t *stage = stage_open("");
    CHECK_INT(zookeeper_process(stage->zh, ZOOKEEPER_READ), ZNOTHING);
    fake_send(stage->connection, "\0\0\0\x10\xff", 5);
    for (int i = 0; i < 100; i++)
        CHECK_INT(zookeeper_process(stage->zh, ZOOKEEPER_READ), ZNOTHING);
    CHECK_INT(zookeeper_process(stage->zh, ZOOKEEPER_WRITE), ZOK);
    fake_hang_up(stage->connection);
    stage->connection = fake_connect(stage->fake);
    journal_wait("global: session connected");
    stage_close(stage);
}

TEST(processing_beside_the_io_thread_does_no_harm, "C-526 C-527")
{
    NOT_ON_THE_REFERENCE("C-527: it races with its own thread");
    enum { COUNT = 300 };
    live_t *live = live_open();
    probe_t get = probe("get");
    for (int i = 0; i < COUNT; i++) {
        int fd, interest;
        struct timeval tv;
        CHECK_INT(zoo_aget(live->zh, live->root, 0, on_data, &get), ZOK);
        CHECK_INT(zookeeper_interest(live->zh, &fd, &interest, &tv), ZOK);
        int rc = zookeeper_process(live->zh, ZOOKEEPER_READ | ZOOKEEPER_WRITE);
        CHECK(rc == ZOK || rc == ZNOTHING);
    }
    probe_wait(&get, COUNT);
    CHECK(!pthread_equal(get.thread, pthread_self())); /* no callback runs inline */
    CHECK_INT(journal_count("global: session connecting"), 0);
    live_close(live);
}
