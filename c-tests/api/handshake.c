/* The bytes that open, keep alive and close a session. */
#define _GNU_SOURCE
#include "../harness/fake.h"
#include "../harness/harness.h"
#include "../harness/live.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static zhandle_t *connect_to(fake_t *fake, int timeout, const clientid_t *id, int flags,
                             probe_t *session)
{
    zhandle_t *zh = zookeeper_init(fake->hosts, on_event, timeout, id, session, flags);
    CHECK(zh != NULL);
    return zh;
}

TEST(the_first_connect_request_is_45_bytes_for_a_new_session, "C-210 C-211 C-212 C-213 C-200")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    zhandle_t *zh = connect_to(fake, 4321, NULL, 0, &session);
    int connection = fake_accept(fake);
    unsigned char zeros[16] = {0};
    connect_request_t request = fake_read_connect(connection);
    CHECK_INT(request.length, 45);
    CHECK_INT(request.protocol, 0);
    CHECK_INT(request.last_zxid, 0);
    CHECK_INT(request.timeout, 4321);
    CHECK_INT(request.session_id, 0);
    CHECK_INT(request.passwd_length, 16);
    CHECK_BYTES(request.passwd, 16, zeros, 16);
    CHECK_INT(request.read_only, 0);
    EVENTUALLY(zoo_state(zh) == ZOO_ASSOCIATING_STATE);
    fake_welcome(connection, &request, &usual_welcome);
    journal_expect("global: session connected", NULL);
    CHECK_INT(fake_end_session(zh, connection), 1);
    fake_stop(fake);
}

TEST(the_read_only_flag_is_sent, "C-213 C-036")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    zhandle_t *zh = connect_to(fake, 4000, NULL, ZOO_READONLY, &session);
    int connection = fake_accept(fake);
    connect_request_t request = fake_read_connect(connection);
    CHECK_INT(request.read_only, 1);
    fake_welcome(connection, &request, &usual_welcome);
    probe_wait(&session, 1);
    CHECK_INT(fake_end_session(zh, connection), 1);
    fake_stop(fake);
}

TEST(a_given_client_id_is_sent, "C-212 C-284 C-041")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    clientid_t id;
    CHECK_INT(sizeof id, 24);
    id.client_id = 0x0a0b0c0d01020304;
    memcpy(id.passwd, "fedcba9876543210", 16);
    zhandle_t *zh = connect_to(fake, 4000, &id, 0, &session);
    CHECK_INT(zoo_client_id(zh)->client_id, id.client_id);
    id.client_id = 1; /* the handle has its own copy */
    int connection = fake_accept(fake);
    connect_request_t request = fake_read_connect(connection);
    CHECK_INT(request.session_id, 0x0a0b0c0d01020304);
    CHECK_BYTES(request.passwd, 16, "fedcba9876543210", 16);
    welcome_t welcome = usual_welcome;
    welcome.session_id = request.session_id;
    welcome.passwd = "ABCDEFGHIJKLMNOP";
    fake_welcome(connection, &request, &welcome);
    journal_expect("global: session connected", NULL);
    CHECK_INT(zoo_client_id(zh)->client_id, 0x0a0b0c0d01020304);
    CHECK_BYTES(zoo_client_id(zh)->passwd, 16, "ABCDEFGHIJKLMNOP", 16);
    CHECK_INT(fake_end_session(zh, connection), 1);
    fake_stop(fake);
}

TEST(the_negotiated_session_is_visible_and_resumed,
     "C-211 C-212 C-215 C-284 C-439 C-432 C-431 T-08")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global"), get = probe("get");
    zhandle_t *zh = connect_to(fake, 4000, NULL, 0, &session);
    CHECK_INT(zoo_recv_timeout(zh), 4000);
    int connection = fake_accept(fake);
    connect_request_t request = fake_read_connect(connection);
    welcome_t welcome = usual_welcome;
    welcome.timeout = 6000;
    fake_welcome(connection, &request, &welcome);
    probe_wait(&session, 1);
    CHECK_INT(zoo_recv_timeout(zh), 6000);
    CHECK_INT(zoo_client_id(zh)->client_id, 0x1234);
    CHECK_BYTES(zoo_client_id(zh)->passwd, 16, "0123456789abcdef", 16);
    /* an error reply moves the last seen zxid, a watch event doesn't */
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(connection, ZOO_GETDATA_OP);
    fake_reply(connection, frame.xid, 77, ZNONODE, NULL);
    probe_wait(&get, 1);
    fake_event(connection, ZOO_CHANGED_EVENT, 3, "/nobody");
    fake_hang_up(connection);
    connection = fake_accept(fake);
    request = fake_read_connect(connection);
    CHECK_INT(request.last_zxid, 77);
    CHECK_INT(request.timeout, 6000);
    CHECK_INT(request.session_id, 0x1234);
    CHECK_BYTES(request.passwd, 16, "0123456789abcdef", 16);
    fake_welcome(connection, &request, &usual_welcome);
    journal_expect("global: session connected", "get: -101", "global: session connecting",
                   "global: session connected", NULL);
    CHECK_INT(fake_end_session(zh, connection), 1);
    fake_stop(fake);
}

TEST(a_server_may_omit_the_read_only_byte, "C-214 T-31 F-21")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global"), get = probe("get");
    zhandle_t *zh = connect_to(fake, 4000, NULL, 0, &session);
    int connection = fake_accept(fake);
    connect_request_t request = fake_read_connect(connection);
    welcome_t welcome = usual_welcome;
    welcome.without_read_only = 1;
    fake_welcome(connection, &request, &welcome);
    probe_wait(&session, 1);
    CHECK_INT(zoo_state(zh), ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_type(connection, ZOO_GETDATA_OP);
    fake_reply(connection, frame.xid, 1, ZNONODE, NULL);
    probe_wait(&get, 1);
    CHECK_INT(fake_end_session(zh, connection), 1);
    fake_stop(fake);
}

TEST(the_handshake_may_come_one_byte_at_a_time, "C-214 C-200")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    zhandle_t *zh = connect_to(fake, 4000, NULL, 0, &session);
    int connection = fake_accept(fake);
    connect_request_t request = fake_read_connect(connection);
    wire_t body = {NULL, 0}, whole = {NULL, 0};
    put_int(&body, 0);
    put_int(&body, request.timeout);
    put_long(&body, 0x1234);
    put_buffer(&body, "0123456789abcdef", 16);
    put_bool(&body, 0);
    put_buffer(&whole, body.bytes, (int32_t)body.length);
    for (size_t i = 0; i < whole.length; i++)
        fake_send(connection, whole.bytes + i, 1);
    journal_expect("global: session connected", NULL);
    CHECK_INT(fake_end_session(zh, connection), 1);
    fake_stop(fake);
}

TEST(an_idle_client_pings, "C-220 C-414 C-206")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    zhandle_t *zh = connect_to(fake, 600, NULL, 0, &session);
    int connection = fake_connect(fake);
    for (int i = 0; i < 3; i++) {
        frame_t frame = fake_receive_any(connection);
        CHECK_INT(frame.length, 8);
        CHECK_INT(frame.xid, -2);
        CHECK_INT(frame.type, ZOO_PING_OP);
        fake_reply(connection, -2, 0, 0, NULL);
        frame_free(&frame);
    }
    fake_reply(connection, -2, 0, 0, NULL); /* one that nobody asked for */
    CHECK_INT(fake_end_session(zh, connection), 1);
    CHECK_INT(journal_count("global: session connecting"), 0);
    fake_stop(fake);
}

TEST(no_ping_is_sent_while_a_request_is_outstanding, "C-414 C-413 C-442 T-11")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global"), get = probe("get");
    zhandle_t *zh = connect_to(fake, 900, NULL, 0, &session);
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    CHECK_INT(zoo_aget(zh, "/a", 0, on_data, &get), ZOK);
    frame_t frame = fake_receive_any(connection);
    while (frame.type == ZOO_PING_OP) /* one may have been on its way */
        frame = fake_receive_any(connection);
    CHECK_INT(frame.type, ZOO_GETDATA_OP);
    /* the client gives up without another word */
    CHECK_INT(read(connection, &frame, 1), 0);
    fake_hang_up(connection);
    fake_stop(fake);
    journal_expect("global: session connected", "global: session connecting", "get: -7", NULL);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(a_close_request_ends_the_session, "C-224 C-530 C-111")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    zhandle_t *zh = connect_to(fake, 4000, NULL, 0, &session);
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    CHECK_INT(fake_end_session(zh, connection), 1);
    journal_expect("global: session connected", NULL); /* nobody is told of the close */
    fake_stop(fake);
}

/* Opens a session in another process that dies without closing it. */
static clientid_t abandoned_session(const char *node)
{
    clientid_t id;
    int ends[2], status;
    pid_t child;
    CHECK(pipe(ends) == 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        probe_t session = probe("child");
        zhandle_t *zh = live_session("", &session);
        id = *zoo_client_id(zh);
        CHECK_INT(zoo_create(zh, node, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
        CHECK(write(ends[1], &id, sizeof id) == sizeof id);
        _exit(0);
    }
    CHECK(read(ends[0], &id, sizeof id) == sizeof id);
    CHECK(waitpid(child, &status, 0) == child);
    return id;
}

TEST(the_live_server_resumes_a_session_by_its_id, "C-211 C-212 C-215 C-100 C-284")
{
    char node[64];
    probe_t session = probe("second");
    live_hosts();
    snprintf(node, sizeof node, "/c-test-resumed-%d", (int)getpid());
    clientid_t id = abandoned_session(node);
    zhandle_t *zh = zookeeper_init(live_hosts(), on_event, 20000, &id, &session, 0);
    CHECK(zh != NULL);
    probe_wait(&session, 1);
    CHECK_INT(session.state, ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_client_id(zh)->client_id, id.client_id);
    CHECK(zoo_recv_timeout(zh) > 0 && zoo_recv_timeout(zh) <= 20000);
    CHECK_INT(zoo_exists(zh, node, 0, NULL), ZOK);
    CHECK_INT(zookeeper_close(zh), ZOK); /* ends the session, so the node goes */
    zh = live_session("", &session);
    CHECK_INT(zoo_exists(zh, node, 0, NULL), ZNONODE);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(the_live_server_knows_no_session_with_a_wrong_password, "C-215 C-436")
{
    char node[64];
    probe_t session = probe("second");
    live_hosts();
    snprintf(node, sizeof node, "/c-test-password-%d", (int)getpid());
    clientid_t id = abandoned_session(node);
    memset(id.passwd, 'x', sizeof id.passwd);
    zhandle_t *zh = zookeeper_init(live_hosts(), on_event, 20000, &id, &session, 0);
    CHECK(zh != NULL);
    journal_expect("second: session expired", NULL);
    CHECK_INT(zookeeper_close(zh), ZOK);
}
