/* zoo_add_auth: packets, order, completions, failure. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <stdio.h>
#include <unistd.h>

int zoo_lock_auth(zhandle_t *zh);
int zoo_unlock_auth(zhandle_t *zh);

static int add(stage_t *stage, const char *scheme, const char *cert, probe_t *done)
{
    return zoo_add_auth(stage->zh, scheme, cert, cert ? (int)strlen(cert) : 0, on_void, done);
}

static void expect_auth(stage_t *stage, const char *scheme, const char *cert)
{
    wire_t body = {NULL, 0};
    put_int(&body, 0);
    put_string(&body, scheme);
    put_buffer(&body, cert, (int32_t)strlen(cert));
    CHECK_INT(stage_expect(stage, ZOO_SETAUTH_OP, &body), -4);
}

TEST(a_credential_is_sent_and_confirmed, "C-221 C-560 C-562 C-564 C-172 C-206")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    CHECK_INT(add(stage, "digest", "me:secret", &auth), ZOK);
    expect_auth(stage, "digest", "me:secret");
    fake_reply(stage->connection, -4, 0, 0, NULL);
    journal_expect("auth: 0", NULL);
    stage_close(stage);
}

TEST(a_missing_credential_is_sent_with_length_zero, "C-221 C-561")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    CHECK_INT(zoo_add_auth(stage->zh, "ip", NULL, 0, on_void, &auth), ZOK);
    expect_auth(stage, "ip", "");
    CHECK_INT(zoo_add_auth(stage->zh, "ip", "abc", 0, on_void, &auth), ZOK);
    expect_auth(stage, "ip", "");
    stage_close(stage);
}

TEST(the_credential_is_copied_by_its_length, "C-561 C-266")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    char scheme[] = "custom", cert[] = "longer than told";
    CHECK_INT(zoo_add_auth(stage->zh, scheme, cert, 6, on_void, &auth), ZOK);
    memset(scheme, '#', sizeof scheme - 1);
    memset(cert, '#', sizeof cert - 1);
    expect_auth(stage, "custom", "longer");
    stage_reconnect(stage);
    expect_auth(stage, "custom", "longer");
    stage_close(stage);
}

TEST(a_completion_is_optional_and_a_scheme_is_not, "C-560 C-564 C-267")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    CHECK_INT(zoo_add_auth(stage->zh, NULL, "x", 1, on_void, &auth), ZBADARGUMENTS);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "a:b", 3, NULL, NULL), ZOK);
    expect_auth(stage, "digest", "a:b");
    fake_reply(stage->connection, -4, 0, 0, NULL);
    CHECK_INT(add(stage, "digest", "c:d", &auth), ZOK);
    expect_auth(stage, "digest", "c:d");
    fake_reply(stage->connection, -4, 0, 0, NULL);
    journal_expect("auth: 0", NULL);
    stage_close(stage);
}

TEST(credentials_given_before_the_connection_go_first_and_in_reverse, "C-431 C-560 C-562 C-563")
{
    /* the server is known to be reached only after both calls: the listener
     * accepts, but the handshake waits for the test */
    stage_t *stage = stage_open_unanswered(STAGE_TIMEOUT_MS);
    probe_t one = probe("one"), two = probe("two"), get = probe("get");
    connect_request_t request = fake_read_connect(stage->connection);
    wait_for_state(stage->zh, ZOO_ASSOCIATING_STATE);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(add(stage, "a", "1", &one), ZOK);
    CHECK_INT(add(stage, "b", "2", &two), ZOK);
    fake_welcome(stage->connection, &request, &usual_welcome);
    expect_auth(stage, "b", "2");
    expect_auth(stage, "a", "1");
    frame_t frame = fake_receive(stage->connection);
    while (frame.type == ZOO_SETAUTH_OP) /* the original sends both twice */
        frame = fake_receive(stage->connection);
    CHECK_INT(frame.type, ZOO_GETDATA_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    CHECK(journal_wait("one: 0") < journal_wait("two: 0"));
    journal_wait("global: session connected"); /* on another thread, at its own pace */
    stage_close(stage);
}

TEST(one_reply_confirms_all_pending_credentials, "C-564 T-09")
{
    stage_t *stage = stage_open("");
    probe_t one = probe("one"), two = probe("two");
    CHECK_INT(add(stage, "a", "1", &one), ZOK);
    expect_auth(stage, "a", "1");
    CHECK_INT(add(stage, "b", "2", &two), ZOK);
    expect_auth(stage, "b", "2");
    fake_reply(stage->connection, -4, 0, 0, NULL);
    journal_expect("one: 0", "two: 0", NULL);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    stage_close(stage);
    CHECK_INT(one.calls + two.calls, 2);
}

TEST(a_reconnect_resends_all_credentials_last_added_first, "C-563 C-561 C-564 C-431 T-09 T-36 F-37")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth"), watch = probe("watch"), early = probe("early");
    CHECK_INT(add(stage, "a", "1", &auth), ZOK);
    CHECK_INT(add(stage, "b", "2", &auth), ZOK);
    CHECK_INT(add(stage, "a", "1", &auth), ZOK);
    for (int i = 0; i < 3; i++) {
        fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
        fake_reply(stage->connection, -4, 0, 0, NULL);
    }
    probe_wait(&auth, 3);
    CHECK_INT(zoo_awget(stage->zh, "/w", on_event, &watch, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, 1);
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    CHECK_INT(zoo_adelete(stage->zh, "/x", -1, on_void, &early), ZOK);
    fake_welcome(stage->connection, &request, &usual_welcome);
    expect_auth(stage, "a", "1");
    expect_auth(stage, "b", "2");
    expect_auth(stage, "a", "1");
    fake_receive_type(stage->connection, ZOO_SETWATCHES_OP);
    fake_receive_type(stage->connection, ZOO_DELETE_OP);
    stage_close(stage);
    CHECK_INT(auth.calls, 3); /* resends call nothing */
}

TEST(a_refused_credential_ends_the_session, "C-437 C-566 C-406 C-442")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth"), get = probe("get");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    CHECK_INT(add(stage, "digest", "me:wrong", &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, ZAUTHFAILED, NULL);
    journal_wait("global: session auth-failed");
    journal_wait("get: -115");
    journal_wait("auth: -115");
    CHECK_INT(zoo_state(stage->zh), ZOO_AUTH_FAILED_STATE);
    CHECK_INT(is_unrecoverable(stage->zh), ZINVALIDSTATE);
    CHECK_INT(add(stage, "digest", "me:right", &auth), ZINVALIDSTATE);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZINVALIDSTATE);
    CHECK_INT(zoo_exists(stage->zh, "/a", 0, NULL), ZINVALIDSTATE);
    journal_expect("auth: -115", "global: session auth-failed", "get: -115", NULL);
    stage_close_unconnected(stage);
}

static void close_inside(probe_t *self)
{
    CHECK_INT(zookeeper_close((zhandle_t *)self->then_data), ZOK);
    journal_add("close returned");
}

/* Where the original tells requests that the handle closes, ours tells what ended the session. */
TEST(a_credentials_completion_may_close_and_every_request_is_still_completed,
     "C-437 C-533 C-534 F-51")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth"), get = probe(NULL);
    auth.then = close_inside;
    auth.then_data = stage->zh;
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    CHECK_INT(add(stage, "digest", "me:wrong", &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, ZAUTHFAILED, NULL);
    journal_wait("close returned");
    probe_wait(&get, 1);
    CHECK(get.rc == ZAUTHFAILED || get.rc == ZCLOSING);
    CHECK_INT(auth.rc, ZAUTHFAILED);
    fake_hang_up(stage->connection);
}

TEST(a_credential_refused_on_a_resend_ends_the_session_too, "C-566 C-437")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    CHECK_INT(add(stage, "digest", "me:once", &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    probe_wait(&auth, 1);
    stage_reconnect(stage);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, ZAUTHFAILED, NULL);
    journal_wait("global: session auth-failed");
    CHECK_INT(probe_calls(&auth), 1);
    stage_close_unconnected(stage);
}

TEST(a_lost_connection_completes_pending_credentials_and_keeps_them, "C-565 C-563")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    CHECK_INT(add(stage, "digest", "me:secret", &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    stage_reconnect(stage);
    probe_wait(&auth, 1);
    CHECK_INT(auth.rc, ZCONNECTIONLOSS);
    expect_auth(stage, "digest", "me:secret");
    fake_reply(stage->connection, -4, 0, 0, NULL);
    stage_close(stage);
    CHECK_INT(auth.calls, 1);
}

TEST(a_credential_added_between_two_attempts_goes_with_the_next_connection, "C-560 C-563 F-18")
{
    NOT_ON_THE_REFERENCE("C-560");
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth"), get = probe("get");
    fake_pause(stage->fake);
    fake_hang_up(stage->connection);
    journal_wait("global: session connecting");
    /* state 0 comes with the end of each attempt, and calls are made of all */
    for (int i = 0; i < 20; i++) {
        CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
        probe_wait(&get, i + 1);
        char credential[16];
        int length = snprintf(credential, sizeof credential, "me:%d", i);
        CHECK_INT(zoo_add_auth(stage->zh, "digest", credential, length, on_void, &auth), ZOK);
    }
    fake_resume(stage->fake);
    stage->connection = fake_connect(stage->fake);
    for (int i = 19; i >= 0; i--) {
        char credential[16];
        snprintf(credential, sizeof credential, "me:%d", i);
        expect_auth(stage, "digest", credential);
    }
    fake_reply(stage->connection, -4, 0, 0, NULL);
    probe_wait(&auth, 20);
    stage_close(stage);
    CHECK_INT(auth.calls, 20);
}

TEST(the_accidental_lock_functions_return_zero, "C-181 C-005")
{
    stage_t *stage = stage_open("");
    CHECK_INT(zoo_lock_auth(stage->zh), 0);
    CHECK_INT(zoo_unlock_auth(stage->zh), 0);
    stage_close(stage);
}

TEST(a_digest_credential_opens_nodes_of_its_creator, "C-172 C-025 C-560")
{
    live_t *live = live_open();
    probe_t session = probe("second"), auth = probe("auth");
    zhandle_t *zh = live_session("", &session);
    char user[64];
    const char *node = live_path(live, "private");
    int length = 0;
    snprintf(user, sizeof user, "user%d:secret", (int)getpid());
    CHECK_INT(zoo_create(live->zh, node, "", 0, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0), ZINVALIDACL);
    CHECK_INT(zoo_add_auth(live->zh, "digest", user, (int)strlen(user), on_void, &auth), ZOK);
    probe_wait(&auth, 1);
    CHECK_INT(auth.rc, ZOK);
    CHECK_INT(zoo_create(live->zh, node, "x", 1, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0), ZOK);
    CHECK_INT(zoo_get(zh, node, 0, NULL, &length, NULL), ZNOAUTH);
    CHECK_INT(zoo_add_auth(zh, "digest", user, (int)strlen(user), on_void, &auth), ZOK);
    CHECK_INT(zoo_get(zh, node, 0, NULL, &length, NULL), ZOK); /* auth went out first */
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(an_unknown_scheme_is_refused_by_the_live_server, "C-437 C-172")
{
    probe_t session = probe("global"), auth = probe("auth");
    zhandle_t *zh = live_session("", &session);
    CHECK_INT(zoo_add_auth(zh, "no-such-scheme", "x", 1, on_void, &auth), ZOK);
    journal_wait("global: session auth-failed");
    probe_wait(&auth, 1);
    CHECK_INT(auth.rc, ZAUTHFAILED);
    CHECK_INT(zookeeper_close(zh), ZOK);
}
