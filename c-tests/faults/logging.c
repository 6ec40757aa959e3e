/* How much a handle logs. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdio.h>
#include <zookeeper/zookeeper_log.h>

enum { FIRST = 10, LAST = 40 };

static _Atomic int lines;
static _Atomic long long first_at, last_at;

static void count(const char *message)
{
    (void)message;
    int n = ++lines;
    if (n == FIRST)
        first_at = harness_now_ms();
    if (n == LAST)
        last_at = harness_now_ms();
}

/* With a pause after each pass over two servers, as long as the session timeout's sixtieth, these
 * lines take a second: a flood would have them within moments. A slow machine only takes longer. */
TEST(an_ensemble_that_is_away_does_not_flood_the_log, "F-58")
{
    char hosts[64];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d,127.0.0.1:%d", dead_port(), dead_port());
    zhandle_t *zh = zookeeper_init2(hosts, NULL, 6000, NULL, NULL, ZOO_NO_LOG_CLIENTENV, count);
    CHECK(zh != NULL);
    EVENTUALLY(lines >= LAST);
    CHECK(last_at - first_at >= 300);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

static _Atomic int shown[5];

static void count_by_level(const char *message)
{
    static const char *const names[] = {"", ":ZOO_ERROR@", ":ZOO_WARN@", ":ZOO_INFO@",
                                        ":ZOO_DEBUG@"};
    for (int level = 1; level <= 4; level++)
        shown[level] += strstr(message, names[level]) != NULL;
}

/* Opens a session and closes it; what was said is counted by level. */
static void one_session(int level, int flags)
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    memset((void *)shown, 0, sizeof shown);
    zoo_set_debug_level((ZooLogLevel)level);
    zhandle_t *zh = zookeeper_init2(fake->hosts, on_event, 20000, NULL, &session, flags,
                                    count_by_level);
    CHECK(zh != NULL);
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    fake_end_session(zh, connection);
    fake_stop(fake);
}

TEST(a_session_without_trouble_says_at_each_level_what_it_always_said, "F-58")
{
    one_session(ZOO_LOG_LEVEL_INFO, 0);
    CHECK(shown[ZOO_LOG_LEVEL_INFO] >= 10 && shown[ZOO_LOG_LEVEL_INFO] <= 13);
    CHECK_INT(shown[ZOO_LOG_LEVEL_ERROR] + shown[ZOO_LOG_LEVEL_WARN] + shown[ZOO_LOG_LEVEL_DEBUG],
              0);
    one_session(ZOO_LOG_LEVEL_INFO, ZOO_NO_LOG_CLIENTENV);
    CHECK(shown[ZOO_LOG_LEVEL_INFO] >= 2 && shown[ZOO_LOG_LEVEL_INFO] <= 5);
    one_session(ZOO_LOG_LEVEL_WARN, 0);
    for (int level = 1; level <= 4; level++)
        CHECK_INT(shown[level], 0);
}
