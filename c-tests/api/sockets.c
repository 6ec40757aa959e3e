/* The client's sockets and descriptors, and frames of unusual size. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

/* The descriptor of the client's socket, found by the server's port. */
static int client_socket(const fake_t *fake)
{
    for (int fd = 0; fd < 256; fd++) {
        struct sockaddr_in peer;
        socklen_t length = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
            peer.sin_family == AF_INET && ntohs(peer.sin_port) == fake->port)
            return fd;
    }
    FAIL("there is no socket to port %d", fake->port);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof value;
    CHECK(getsockopt(fd, level, name, &value, &length) == 0);
    return value;
}

TEST(the_socket_is_non_blocking_and_sends_at_once, "C-418")
{
    stage_t *stage = stage_open("");
    int fd = client_socket(stage->fake);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    CHECK(option(fd, IPPROTO_TCP, TCP_NODELAY) != 0);
    CHECK_INT(option(fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    stage_close(stage);
}

TEST(programs_started_by_the_process_inherit_nothing, "C-418 F-54")
{
    NOT_ON_THE_REFERENCE("C-418");
    int before[256];
    for (int fd = 0; fd < 256; fd++)
        before[fd] = fcntl(fd, F_GETFD);
    stage_t *stage = stage_open("");
    CHECK(fcntl(client_socket(stage->fake), F_GETFD) & FD_CLOEXEC);
    for (int fd = 0; fd < 256; fd++) {
        int now = fcntl(fd, F_GETFD);
        if (before[fd] < 0 && now >= 0 && !(now & FD_CLOEXEC))
            FAIL("descriptor %d would be inherited", fd);
    }
    stage_close(stage);
}

TEST(a_closed_handle_leaves_no_descriptors, "C-530 C-537 C-538 F-21")
{
    probe_t first = probe(NULL);
    zhandle_t *zh = live_session("", &first);
    CHECK_INT(zookeeper_close(zh), ZOK);
    int before = harness_descriptors();
    for (int i = 0; i < 20; i++) {
        probe_t session = probe(NULL);
        zh = live_session("", &session);
        CHECK_INT(zookeeper_close(zh), ZOK);
    }
    CHECK_INT(harness_descriptors(), before);
}

TEST(failed_inits_leave_no_descriptors, "C-271")
{
    CHECK(zookeeper_init("127.0.0.1", NULL, 1000, NULL, NULL, 0) == NULL);
    int before = harness_descriptors();
    for (int i = 0; i < 20; i++) {
        CHECK(zookeeper_init("127.0.0.1", NULL, 1000, NULL, NULL, 0) == NULL);
        CHECK(zookeeper_init("127.0.0.1:1/bad/", NULL, 1000, NULL, NULL, 0) == NULL);
    }
    CHECK_INT(harness_descriptors(), before);
}

TEST(a_reply_may_be_larger_than_any_buffer, "C-203 C-305 C-306")
{
    enum { SIZE = 6 << 20 };
    stage_t *stage = stage_open("");
    struct Stat stat = wire_sample_stat();
    wire_t body = {NULL, 0};
    char *data = (char *)malloc(SIZE), *value = (char *)malloc(SIZE);
    int length = SIZE;
    CHECK(data != NULL && value != NULL);
    for (int i = 0; i < SIZE; i++)
        data[i] = (char)(i * 31);
    put_buffer(&body, data, SIZE);
    put_stat(&body, &stat);
    test_thread *server = fake_answer_one(stage->connection, ZOO_GETDATA_OP, 0, &body);
    CHECK_INT(zoo_get(stage->zh, "/a", 0, value, &length, NULL), ZOK);
    thread_join(server);
    CHECK_INT(length, SIZE);
    CHECK(memcmp(data, value, SIZE) == 0);
    stage_close(stage);
}

TEST(a_request_may_be_larger_than_any_buffer, "C-203 C-200")
{
    enum { SIZE = 6 << 20 };
    stage_t *stage = stage_open("");
    char *data = (char *)malloc(SIZE);
    const unsigned char *seen;
    CHECK(data != NULL);
    for (int i = 0; i < SIZE; i++)
        data[i] = (char)(i * 31);
    CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, -1, on_stat, &stage->done), ZOK);
    frame_t frame = fake_receive_type(stage->connection, ZOO_SETDATA_OP);
    free(take_string(&frame));
    CHECK_INT(take_buffer(&frame, &seen), SIZE);
    CHECK(memcmp(data, seen, SIZE) == 0);
    frame_free(&frame);
    stage_close(stage);
}

TEST(a_credential_never_cuts_into_a_half_sent_request, "C-518 C-562 F-35")
{
    NOT_ON_THE_REFERENCE("C-518");
    enum { SIZE = 5 << 20 };
    stage_t *stage = stage_open("");
    char *data = (char *)calloc(1, SIZE);
    probe_t auth = probe("auth");
    int seen[2] = {0, 0};
    char byte;
    CHECK(data != NULL);
    CHECK_INT(zoo_aset(stage->zh, "/a", data, SIZE, -1, on_stat, &stage->done), ZOK);
    CHECK_INT(zoo_adelete(stage->zh, "/b", -1, on_void, &stage->done), ZOK);
    /* its first byte is here, the rest waits for room in the socket */
    CHECK(recv(stage->connection, &byte, 1, MSG_PEEK | MSG_WAITALL) == 1);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    CHECK_INT(fake_receive_type(stage->connection, ZOO_SETDATA_OP).length, SIZE + 8 + 4 + 2 + 4 + 4);
    for (int i = 0; i < 2; i++) {
        frame_t frame = fake_receive(stage->connection);
        seen[0] += frame.type == ZOO_SETAUTH_OP;
        seen[1] += frame.type == ZOO_DELETE_OP;
        frame_free(&frame);
    }
    CHECK(seen[0] == 1 && seen[1] == 1);
    stage_close(stage);
}

static void ask_again(probe_t *self)
{
    static probe_t later;
    later = probe("later");
    CHECK_INT(zoo_aexists((zhandle_t *)self->then_data, "/a", 0, on_stat, &later), ZOK);
}

TEST(an_auth_completion_may_make_requests, "C-512 C-535")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    auth.then = ask_again;
    auth.then_data = stage->zh;
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    stage_answer_read(stage, ZOO_EXISTS_OP, 0);
    journal_expect("auth: 0", "later: 0", NULL);
    stage_close(stage);
}

static int late_code;
static void ask_too_late(probe_t *self)
{
    static probe_t never;
    never = probe("never");
    late_code = zoo_aexists((zhandle_t *)self->then_data, "/a", 0, on_stat, &never);
}

TEST(an_auth_completion_at_loss_or_close_holds_no_lock, "C-535 C-565 C-530 C-262")
{
    NOT_ON_THE_REFERENCE("C-535: it deadlocks");
    stage_t *stage = stage_open("");
    probe_t lost = probe("lost"), closed = probe("closed");
    lost.then = ask_again;
    lost.then_data = closed.then_data = stage->zh;
    closed.then = ask_too_late;
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, on_void, &lost), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    stage_reconnect(stage);
    probe_wait(&lost, 1);
    CHECK_INT(lost.rc, ZCONNECTIONLOSS);
    EVENTUALLY(zoo_state(stage->zh) == ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "c:d", 3, on_void, &closed), ZOK);
    fake_end_session(stage->zh, stage->connection);
    CHECK_INT(closed.calls, 1);
    CHECK_INT(closed.rc, ZCLOSING);
    CHECK_INT(late_code, ZMARSHALLINGERROR);
}
