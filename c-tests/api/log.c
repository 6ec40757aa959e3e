/* Levels, destinations and lines of the log. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <unistd.h>
#include <zookeeper/zookeeper_log.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char collected[65536]; /* lines, each with '\n' behind it */

static void collect(const char *message)
{
    pthread_mutex_lock(&lock);
    if (strlen(collected) + strlen(message) + 2 < sizeof collected) {
        strcat(collected, message);
        strcat(collected, "\n");
    }
    pthread_mutex_unlock(&lock);
}

static int found(const char *text)
{
    pthread_mutex_lock(&lock);
    int found = strstr(collected, text) != NULL;
    pthread_mutex_unlock(&lock);
    return found;
}

static void check_match(const char *line, const char *pattern)
{
    regex_t compiled;
    CHECK_INT(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&compiled, line, 0, NULL, 0) != 0)
        FAIL("the line \"%s\" doesn't match", line);
    regfree(&compiled);
}

#define LINE_HEAD "^[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{3}:"

TEST(a_line_has_time_process_thread_level_and_place, "C-602 C-603 C-178 C-604 T-24")
{
    char pattern[256];
    static const char *const names[] = {"", "ZOO_ERROR", "ZOO_WARN", "ZOO_INFO", "ZOO_DEBUG"};
    for (int level = 1; level <= 4; level++) {
        collected[0] = '\0';
        log_message(collect, (ZooLogLevel)level, 42, "some_function", "%s is %d, %c %.2f", "this", 7,
                    'x', 1.5);
        snprintf(pattern, sizeof pattern,
                 LINE_HEAD "%d\\(0x%lx\\):%s@some_function@42: this is 7, x 1\\.50\n$",
                 (int)getpid(), (unsigned long)pthread_self(), names[level]);
        check_match(collected, pattern);
    }
}

TEST(log_message_filters_no_level, "C-603")
{
    zoo_set_debug_level((ZooLogLevel)0);
    log_message(collect, ZOO_LOG_LEVEL_DEBUG, 1, "f", "still here");
    CHECK(found("still here"));
}

TEST(a_long_line_is_cut, "C-602")
{
    char *text = (char *)malloc(10001);
    memset(text, 'y', 10000);
    text[10000] = '\0';
    log_message(collect, ZOO_LOG_LEVEL_INFO, 1, "f", "%s", text);
    CHECK(strlen(collected) <= 4096);
    CHECK(strlen(collected) > 3000);
    CHECK(found("f@1: yyy"));
    free(text);
}

TEST(many_arguments_of_all_kinds_are_formatted, "C-603 C-178 T-24")
{
    log_message(collect, ZOO_LOG_LEVEL_INFO, 1, "f", "%d %u %ld %llx %s %c %f %g %zu %5d|%-5d|%p %d %s",
                -1, 2u, 3L, 0xabcdefULL, "five", '6', 7.0, 8.5, (size_t)9, 10, 11, NULL, 12, "end");
    CHECK(found("-1 2 3 abcdef five 6 7.000000 8.5 9    10|11   |(nil) 12 end"));
}

TEST(debug_levels_are_clamped, "C-600 C-173 C-032")
{
    static const int levels[][2] = {{0, 0}, {1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 4}, {99, 4}, {-1, 4}};
    for (int i = 0; i < 8; i++) {
        zoo_set_debug_level((ZooLogLevel)levels[i][0]);
        CHECK_INT(logLevel, levels[i][1]);
    }
}

TEST(the_programs_macros_share_the_level, "C-088 C-009 C-600 T-23")
{
    zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
    LOG_INFO(collect, "info %d", 1);
    LOG_WARN(collect, "warn %d", 2);
    LOG_ERROR(collect, "error %d", 3);
    LOG_DEBUG(collect, "debug %d", 4);
    CHECK(!found("info 1") && found("warn 2") && found("error 3") && !found("debug 4"));
    logLevel = ZOO_LOG_LEVEL_DEBUG;
    LOG_DEBUG(collect, "debug %d", 5);
    CHECK(found("debug 5"));
    CHECK(LOGSTREAM == NULL);
}

static size_t file_size(FILE *stream)
{
    fflush(stream);
    return (size_t)lseek(fileno(stream), 0, SEEK_END);
}

TEST(the_stream_is_stderr_until_it_is_set, "C-601 C-174 C-175")
{
    FILE *stream = tmpfile();
    char text[512] = "";
    CHECK(zoo_get_log_stream() == stderr);
    zoo_set_log_stream(stream);
    CHECK(zoo_get_log_stream() == stream);
    log_message(NULL, ZOO_LOG_LEVEL_INFO, 9, "f", "to the stream");
    /* flushed at once: another descriptor sees it */
    ssize_t length = pread(fileno(stream), text, sizeof text - 1, 0);
    CHECK(length > 0);
    check_match(text, LINE_HEAD "[0-9]+\\(0x[0-9a-f]+\\):ZOO_INFO@f@9: to the stream\n$");
    zoo_set_log_stream(NULL);
    CHECK(zoo_get_log_stream() == stderr);
    log_message(collect, ZOO_LOG_LEVEL_INFO, 9, "f", "to the callback");
    CHECK_INT(file_size(stream), length);
}

TEST(a_handle_logs_to_its_callback_and_else_to_the_stream, "C-601 C-604 C-176 C-177 C-101 F-59")
{
    FILE *stream = tmpfile();
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    zoo_set_log_stream(stream);
    zhandle_t *zh = zookeeper_init2(fake->hosts, on_event, 20000, NULL, &session, 0, collect);
    CHECK(zh != NULL);
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    CHECK_INT(file_size(stream), 0);
    CHECK(zoo_get_log_callback(zh) == collect);
    CHECK(LOGCALLBACK(zh) == collect);
    zoo_set_log_callback(zh, NULL);
    CHECK(zoo_get_log_callback(zh) == NULL);
    fake_hang_up(connection); /* an ERROR or at least INFO line follows */
    connection = fake_connect(fake);
    probe_wait(&session, 3);
    fake_end_session(zh, connection);
    CHECK(file_size(stream) > 0);
}

TEST(init_describes_the_client_and_the_connection, "C-605 C-602")
{
    static const char *const keys[] = {"zookeeper.version=zookeeper C client ", "host.name=",
                                       "os.name=Linux", "os.arch=", "os.version=", "user.name=",
                                       "user.home=", "user.dir="};
    char text[128], *line = collected, *rest = NULL;
    clientid_t id = {0x7b, "secret-password"};
    int n = 0;
    snprintf(text, sizeof text, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init2(text, NULL, 7777, &id, NULL, 0, collect);
    CHECK(zh != NULL);
    zookeeper_close(zh);
    check_match(collected, LINE_HEAD "[0-9]+\\(0x[0-9a-f]+\\):ZOO_INFO@[^@]+@[0-9]+: Client environment:");
    CHECK(!found("secret-password"));
    CHECK(found(text) && found("sessionTimeout=7777") && found("0x7b"));
    for (line = strtok_r(collected, "\n", &rest); line && n < 8; line = strtok_r(NULL, "\n", &rest)) {
        snprintf(text, sizeof text, "Client environment:%s", keys[n++]);
        CHECK(strstr(line, text) != NULL);
    }
    CHECK_INT(n, 8);
}

TEST(the_environment_can_be_left_out, "C-605 C-036 F-58")
{
    char hosts[64];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init2(hosts, NULL, 7777, NULL, NULL, ZOO_NO_LOG_CLIENTENV, collect);
    CHECK(zh != NULL);
    zookeeper_close(zh);
    CHECK(!found("Client environment"));
    CHECK(found(hosts));
}

TEST(a_failing_init_has_logged_already, "C-605")
{
    CHECK(zookeeper_init2("no-port", NULL, 1000, NULL, NULL, 0, collect) == NULL);
    CHECK(found("Client environment") && found("no-port"));
}

TEST(level_zero_is_silence, "C-600 F-58")
{
    char hosts[64];
    zoo_set_debug_level((ZooLogLevel)0);
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init2(hosts, NULL, 600, NULL, NULL, 0, collect);
    CHECK(zh != NULL);
    CHECK_INT(zoo_exists(zh, "/a", 0, NULL), ZCONNECTIONLOSS);
    zookeeper_close(zh);
    CHECK_STR(collected, "");
}

TEST(a_refused_connection_is_an_error_line_that_names_the_server, "C-606")
{
    char hosts[64];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zhandle_t *zh = zookeeper_init2(hosts, NULL, 600, NULL, NULL, 0, collect);
    CHECK(zh != NULL);
    CHECK_INT(zoo_exists(zh, "/a", 0, NULL), ZCONNECTIONLOSS);
    zookeeper_close(zh);
    CHECK(found(":ZOO_ERROR@"));
    CHECK(found(hosts));
    CHECK(!found(":ZOO_INFO@"));
}

static _Atomic pthread_t established_by, initiated_by;

static void note_thread(const char *message)
{
    if (strstr(message, "Client environment:user.dir"))
        initiated_by = pthread_self();
    if (strstr(message, "0x1234") && established_by == 0)
        established_by = pthread_self();
}

TEST(each_line_is_logged_by_the_thread_that_has_something_to_say, "C-604 C-512 C-606")
{
    fake_t *fake = fake_start();
    probe_t session = probe("global");
    zhandle_t *zh = zookeeper_init2(fake->hosts, on_event, 20000, NULL, &session, 0, note_thread);
    CHECK(zh != NULL);
    CHECK(pthread_equal(initiated_by, pthread_self()));
    int connection = fake_connect(fake);
    probe_wait(&session, 1);
    EVENTUALLY(established_by != 0);
    CHECK(!pthread_equal(established_by, pthread_self()));
    CHECK(!pthread_equal(established_by, session.thread)); /* so it is the IO thread */
    fake_end_session(zh, connection);
    fake_stop(fake);
}

TEST(requests_that_succeed_log_nothing, "C-606 F-58")
{
    stage_t *stage = stage_open("");
    /* the thread that answers has by then logged the session's begin */
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, 1);
    zoo_set_log_callback(stage->zh, collect);
    CHECK_INT(zoo_aget(stage->zh, "/a", 0, on_data, &stage->done), ZOK);
    stage_answer_read(stage, ZOO_GETDATA_OP, 0);
    probe_wait(&stage->done, 2);
    CHECK_STR(collected, "");
    stage_close(stage);
}

TEST(secrets_stay_out_of_the_log, "C-607")
{
    stage_t *stage = stage_open("");
    probe_t auth = probe("auth");
    zoo_set_debug_level(ZOO_LOG_LEVEL_DEBUG);
    zoo_set_log_callback(stage->zh, collect);
    CHECK_INT(zoo_add_auth(stage->zh, "digest", "me:topsecret", 12, on_void, &auth), ZOK);
    fake_receive_type(stage->connection, ZOO_SETAUTH_OP);
    fake_reply(stage->connection, -4, 0, 0, NULL);
    probe_wait(&auth, 1);
    stage_reconnect(stage);
    journal_wait("global: session connected");
    stage_close(stage);
    CHECK(!found("topsecret"));
    CHECK(!found("0123456789abcdef")); /* the session's password */
}
