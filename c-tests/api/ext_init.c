/* Handles made from a structure. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <stdio.h>

TEST(a_config_makes_a_handle_like_the_arguments_do, "G11 C-270")
{
    NEEDS_EXTRAS;
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    struct zoox_config config = config_for(fake->hosts);
    config.watcher = on_event;
    config.context = &session;
    config.recv_timeout = 12345;
    clientid_t resumed = {0x77, "0123456789abcde"};
    config.client_id = &resumed;
    config.flags |= ZOO_READONLY;
    zhandle_t *zh = zoox_init(&config);
    CHECK(zh != NULL);
    memset(&config, 0xff, sizeof config);
    int connection = fake_accept(fake);
    connect_request_t request = fake_read_connect(connection);
    CHECK_INT(request.timeout, 12345);
    CHECK_INT(request.session_id, 0x77);
    CHECK_BYTES(request.passwd, 16, "0123456789abcde", 16);
    CHECK_INT(request.read_only, 1);
    CHECK(zoo_get_context(zh) == &session);
    welcome_t welcome = usual_welcome;
    welcome.session_id = 0x77;
    fake_welcome(connection, &request, &welcome);
    journal_expect("global: session connected", NULL);
    fake_end_session(zh, connection);
}

static char logged[4096];

static void on_log(const char *message)
{
    if (strstr(message, "Initiating") != NULL)
        snprintf(logged, sizeof logged, "%s", message);
}

TEST(a_config_may_have_a_log_callback, "G11 C-604")
{
    NEEDS_EXTRAS;
    struct zoox_config config = config_for("127.0.0.1:1");
    config.log_callback = on_log;
    zhandle_t *zh = zoox_init(&config);
    CHECK(zh != NULL);
    CHECK(strstr(logged, "host=127.0.0.1:1 ") != NULL);
    CHECK(zoo_get_log_callback(zh) == on_log);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

static void check_refused(const struct zoox_config *config)
{
    errno = 0;
    CHECK(zoox_init(config) == NULL);
    CHECK_INT(errno, EINVAL);
}

TEST(a_config_that_asks_for_more_than_there_is_is_refused, "G11")
{
    NEEDS_EXTRAS;
    check_refused(NULL);
    struct zoox_config config = config_for("127.0.0.1:1");
    config.size = 0;
    check_refused(&config);
    config.size = sizeof config - 1;
    check_refused(&config);
    config = config_for("127.0.0.1:1");
    config.flags = 1 << 30;
    check_refused(&config);
    config = config_for("127.0.0.1:1");
    config.tls = &config;
    check_refused(&config);
    config = config_for("127.0.0.1:1");
    config.sasl = &config;
    check_refused(&config);
    config = config_for(NULL);
    check_refused(&config);
    config = config_for("127.0.0.1:1");
    config.queue = zoox_cq_create();
    CHECK_INT(zoox_cq_destroy(config.queue), ZOK);
    check_refused(&config);
}

TEST(a_config_of_a_later_version_may_have_more_members_as_long_as_they_are_zero, "G11")
{
    NEEDS_EXTRAS;
    struct {
        struct zoox_config known;
        int later[4];
    } config;
    memset(&config, 0, sizeof config);
    config.known = config_for("127.0.0.1:1");
    config.known.size = sizeof config;
    zhandle_t *zh = zoox_init(&config.known);
    CHECK(zh != NULL);
    CHECK_INT(zookeeper_close(zh), ZOK);
    config.later[3] = 1;
    check_refused(&config.known);
}

TEST(one_handle_may_keep_the_order_of_its_hosts, "G11 C-291")
{
    NEEDS_EXTRAS;
    enum { COUNT = 6, ROUNDS = 8 };
    fake_t *fakes[COUNT];
    char hosts[40 * COUNT] = "";
    for (int i = 0; i < COUNT; i++) {
        fakes[i] = fake_start();
        strcat(strcat(hosts, i ? "," : ""), fakes[i]->hosts);
    }
    /* By chance all rounds would begin with the first server once in 6^8 runs. */
    for (int round = 0; round < ROUNDS; round++) {
        struct zoox_config config = config_for(hosts);
        config.flags |= ZOOX_KEEP_HOST_ORDER;
        zhandle_t *zh = zoox_init(&config);
        CHECK(zh != NULL);
        int connection = fake_connect(fakes[0]);
        fake_end_session(zh, connection);
    }
}

static void leave_a_watch_and_reconnect(stage_t *stage)
{
    CHECK_INT(zoo_aget(stage->zh, "/a", 1, NULL, NULL), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    /* The reply has been handled when the answer to a later request has. */
    CHECK_INT(zoo_aget(stage->zh, "/b", 0, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, ZNONODE);
    probe_wait(&stage->done, 1);
    stage_reconnect(stage);
    probe_wait(&stage->session, 3);
    CHECK_INT(zoo_aget(stage->zh, "/c", 0, NULL, NULL), ZOK);
}

TEST(watches_are_set_again_unless_the_handle_does_not_want_it, "G11 C-222")
{
    NEEDS_EXTRAS;
    enum { SET_WATCHES = 101 };
    for (int wanted = 0; wanted <= 1; wanted++) {
        struct zoox_config config = config_for(NULL);
        config.flags |= wanted ? 0 : ZOOX_NO_SET_WATCHES;
        stage_t *stage = stage_open_config(&config);
        probe_wait(&stage->session, 1);
        leave_a_watch_and_reconnect(stage);
        frame_t first = fake_receive_any(stage->connection);
        CHECK_INT(first.type, wanted ? SET_WATCHES : ZOO_GETDATA_OP);
        fake_end_session(stage->zh, stage->connection);
    }
}
