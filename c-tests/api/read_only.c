/* Sessions with read-only servers and the search for a read/write one. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static const welcome_t read_only_welcome = {0, 0x7777, "read-only-server", 1, 0};

/* A handle whose server only reads; its journal is empty. */
static stage_t *read_only_stage(void)
{
    stage_t *stage = (stage_t *)calloc(1, sizeof *stage);
    CHECK(stage != NULL);
    stage->session = probe("global");
    stage->done = probe("done");
    stage->fake = fake_start();
    stage->zh = zookeeper_init(stage->fake->hosts, on_event, 20000, NULL, &stage->session,
                               ZOO_READONLY);
    CHECK(stage->zh != NULL);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    CHECK_INT(request.read_only, 1);
    fake_welcome(stage->connection, &request, &read_only_welcome);
    journal_expect("global: session readonly", NULL);
    journal_clear();
    return stage;
}

/* Takes the client's next probe, which is the raw word "isro". */
static int take_probe(stage_t *stage)
{
    char word[4];
    int connection = fake_accept(stage->fake);
    CHECK(recv(connection, word, 4, MSG_WAITALL) == 4);
    CHECK_BYTES(word, 4, "isro", 4);
    return connection;
}

TEST(a_read_only_session_has_its_own_state, "C-405 C-287 C-213 C-443 T-33")
{
    stage_t *stage = read_only_stage();
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    CHECK_INT(zoo_state(stage->zh), ZOO_READONLY_STATE);
    CHECK_INT(is_unrecoverable(stage->zh), ZOK);
    CHECK(zookeeper_get_connected_host(stage->zh, (struct sockaddr *)&address, &length) == NULL);
    CHECK_INT(zoo_client_id(stage->zh)->client_id, 0x7777);
    stage_close(stage);
}

TEST(reads_and_writes_are_sent_to_a_read_only_server, "C-445 C-405")
{
    stage_t *stage = read_only_stage();
    probe_t get = probe("get"), set = probe("set");
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    CHECK_INT(zoo_aset(stage->zh, "/a", "", 0, -1, on_stat, &set), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    stage_answer(stage, ZOO_SETDATA_OP, ZNOTREADONLY, NULL);
    journal_expect("get: 0", "set: -119", NULL);
    stage_close(stage);
}

TEST(a_read_write_server_is_looked_for_and_taken, "C-226 C-443 C-445 C-212 C-432 T-32 T-33")
{
    stage_t *stage = read_only_stage();
    int prober = take_probe(stage);
    fake_send(prober, "ro", 2);
    fake_hang_up(prober);
    prober = take_probe(stage);
    fake_send(prober, "rw", 2);
    fake_hang_up(prober);
    int connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(connection);
    CHECK_INT(request.session_id, 0); /* not the read-only server's */
    CHECK_BYTES(request.passwd, 16, "read-only-server", 16);
    CHECK_INT(request.read_only, 1);
    CHECK_INT(fake_wait_end(stage->connection), 0);
    fake_hang_up(stage->connection);
    stage->connection = connection;
    fake_welcome(connection, &request, &usual_welcome);
    journal_expect("global: session connecting", "global: session connected", NULL);
    CHECK_INT(zoo_state(stage->zh), ZOO_CONNECTED_STATE);
    CHECK_INT(zoo_client_id(stage->zh)->client_id, 0x1234);
    stage_close(stage);
}

TEST(anything_but_rw_is_no_read_write_server, "C-226 C-443")
{
    NOT_ON_THE_REFERENCE("C-444: a peer that says nothing blocks it");
    stage_t *stage = read_only_stage();
    static const char *const answers[] = {"rwx", "null", "", "r"};
    probe_t get = probe("get");
    for (int i = 0; i < 4; i++) {
        int prober = take_probe(stage);
        fake_send(prober, answers[i], strlen(answers[i]));
        fake_hang_up(prober);
    }
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("get: 0", NULL);
    stage_close(stage);
}

TEST(a_silent_probe_peer_blocks_neither_requests_nor_close, "C-444 C-443 F-15")
{
    NOT_ON_THE_REFERENCE("C-444");
    stage_t *stage = read_only_stage();
    probe_t get = probe("get");
    int prober = take_probe(stage); /* and never answers */
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    journal_expect("get: 0", NULL);
    stage_close(stage);
    fake_hang_up(prober);
}

TEST(requests_lost_by_the_move_are_connection_loss, "C-444 C-432")
{
    NOT_ON_THE_REFERENCE("C-444: it completes them with rc 0");
    stage_t *stage = read_only_stage();
    probe_t get = probe("get");
    int prober = take_probe(stage);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &get), ZOK);
    fake_receive_type(stage->connection, ZOO_GETDATA_OP);
    fake_send(prober, "rw", 2);
    fake_hang_up(prober);
    journal_expect("global: session connecting", "get: -4", NULL);
    fake_hang_up(stage->connection);
    stage->connection = fake_connect(stage->fake);
    journal_wait("global: session connected");
    stage_close(stage);
}

TEST(a_read_write_session_survives_a_visit_to_a_read_only_server, "C-212 C-445")
{
    stage_t *stage = stage_open_with("", 20000, ZOO_READONLY);
    fake_hang_up(stage->connection);
    stage->connection = fake_accept(stage->fake);
    connect_request_t request = fake_read_connect(stage->connection);
    CHECK_INT(request.session_id, 0x1234);
    welcome_t welcome = usual_welcome;
    welcome.read_only = 1;
    fake_welcome(stage->connection, &request, &welcome);
    journal_expect("global: session connecting", "global: session readonly", NULL);
    fake_hang_up(stage->connection);
    for (;;) { /* a probe may be on its way */
        char word[4];
        stage->connection = fake_accept(stage->fake);
        CHECK(recv(stage->connection, word, 4, MSG_PEEK | MSG_WAITALL) == 4);
        if (memcmp(word, "isro", 4) != 0)
            break;
        fake_hang_up(stage->connection);
    }
    request = fake_read_connect(stage->connection);
    CHECK_INT(request.session_id, 0x1234);
    fake_welcome(stage->connection, &request, &usual_welcome);
    journal_wait("global: session connected");
    stage_close(stage);
}
