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
