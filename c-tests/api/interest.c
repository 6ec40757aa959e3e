/* zookeeper_interest and zookeeper_process beside the library's own threads. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

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

TEST(a_connected_handle_wants_to_read, "C-525 C-527 C-026")
{
    NOT_ON_THE_REFERENCE("C-527: it races with its own thread");
    stage_t *stage = stage_open("");
    int fd = -1, interest = 0;
    struct timeval tv = {-1, -1};
    CHECK_INT(zookeeper_interest(stage->zh, &fd, &interest, &tv), ZOK);
    CHECK(fd >= 0);
    CHECK(interest & ZOOKEEPER_READ);
    CHECK(tv.tv_sec >= 0 && tv.tv_sec <= 20 && tv.tv_usec >= 0 && tv.tv_usec < 1000000);
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
