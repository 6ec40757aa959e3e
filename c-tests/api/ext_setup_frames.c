/* How long frames of a server may be. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <stdio.h>
#include <unistd.h>

/* Sends a length word and waits for the end of the connection that follows. */
static void check_length_ends_connection(stage_t *stage, int32_t length)
{
    wire_t bytes = {NULL, 0};
    put_int(&bytes, length);
    journal_clear();
    fake_send(stage->connection, bytes.bytes, bytes.length);
    wire_free(&bytes);
    fake_wait_end(stage->connection);
    close(stage->connection);
    stage->connection = fake_connect(stage->fake);
    journal_expect("global: session connecting", "global: session connected", NULL);
}

TEST(impossible_lengths_end_the_connection_at_once, "F-48 C-203")
{
    NEEDS_EXTRAS;
    /* The session timeout is far longer than anyone waits here. */
    static const int32_t lengths[] = {-1, 0, 0x7fffffff, (int32_t)0x80000000, 257 << 20};
    struct zoox_config config = config_for(NULL);
    config.recv_timeout = 600000;
    stage_t *stage = stage_open_config(&config);
    probe_wait(&stage->session, 1);
    for (int i = 0; i < 5; i++)
        check_length_ends_connection(stage, lengths[i]);
    fake_end_session(stage->zh, stage->connection);
}

TEST(a_handle_may_have_a_frame_limit_of_its_own, "F-48")
{
    NEEDS_EXTRAS;
    enum { LIMIT = 1000, HEADER = 16, REST = 4 + 68 };
    struct zoox_config config = config_for(NULL);
    config.recv_timeout = 600000;
    config.max_frame = LIMIT;
    stage_t *stage = stage_open_config(&config);
    probe_wait(&stage->session, 1);
    static char data[LIMIT];
    struct Stat stat = wire_sample_stat();
    for (int more = 0; more <= 1; more++) {
        wire_t body = {NULL, 0};
        int length = LIMIT - HEADER - REST + more;
        put_buffer(&body, data, length);
        put_stat(&body, &stat);
        char *value = NULL;
        test_thread *server = fake_answer_one(stage->connection, ZOO_GETDATA_OP, 0, &body);
        int rc = zoox_get(stage->zh, "/a", 0, &value, NULL, NULL);
        CHECK_INT(rc, more ? ZCONNECTIONLOSS : ZOK);
        thread_join(server);
        wire_free(&body);
        free(value);
    }
    close(stage->connection);
    stage->connection = fake_connect(stage->fake);
    probe_wait(&stage->session, 3);
    check_length_ends_connection(stage, LIMIT + 1);
    fake_end_session(stage->zh, stage->connection);
}

/* Bytes of memory that this process has asked for. */
static long long address_space(void)
{
    long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL);
    CHECK_INT(fscanf(file, "%lld", &pages), 1);
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

TEST(a_length_that_is_allowed_takes_no_memory_before_its_bytes_come, "F-48")
{
    NEEDS_EXTRAS;
    NOT_UNDER_THREAD_SANITIZER("it has an address space of its own");
    enum { CLAIMED = 0x7ffffff0 };
    struct zoox_config config = config_for(NULL);
    config.max_frame = 0x7fffffff;
    stage_t *stage = stage_open_config(&config);
    probe_wait(&stage->session, 1);
    long long before = address_space();
    wire_t bytes = {NULL, 0};
    static char some[100000];
    put_int(&bytes, CLAIMED);
    put_bytes(&bytes, some, sizeof some);
    fake_send(stage->connection, bytes.bytes, bytes.length);
    wire_free(&bytes);
    /* A ping of the client would say that it has read all; the loss says so as well. */
    close(stage->connection);
    stage->connection = fake_connect(stage->fake);
    probe_wait(&stage->session, 3);
    long long more = address_space() - before;
    if (more > 256 << 20)
        FAIL("%lld bytes more", more);
    fake_end_session(stage->zh, stage->connection);
}
