/* Log messages of one handle: function with context and level, level, repeats. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <stdio.h>
#include <zookeeper/zookeeper_log.h>

enum { MAX_MESSAGES = 512 };

/* What one handle has logged. */
typedef struct {
    pthread_mutex_t lock;
    int count;
    struct {
        ZooLogLevel level;
        char *text;
    } messages[MAX_MESSAGES];
} log_t;

static log_t logs[2] = {{.lock = PTHREAD_MUTEX_INITIALIZER}, {.lock = PTHREAD_MUTEX_INITIALIZER}};

static void keep(void *context, ZooLogLevel level, const char *message)
{
    log_t *log = (log_t *)context;
    pthread_mutex_lock(&log->lock);
    if (log->count < MAX_MESSAGES) {
        log->messages[log->count].level = level;
        log->messages[log->count].text = strdup(message);
        log->count++;
    }
    pthread_mutex_unlock(&log->lock);
}

/* How many messages contain the text; the level of the last of them. */
static int logged(log_t *log, const char *text, ZooLogLevel *level)
{
    int count = 0;
    pthread_mutex_lock(&log->lock);
    for (int i = 0; i < log->count; i++)
        if (strstr(log->messages[i].text, text) != NULL) {
            count++;
            if (level != NULL)
                *level = log->messages[i].level;
        }
    pthread_mutex_unlock(&log->lock);
    return count;
}

/* How many messages of one text there are at most. */
static int most_of_a_kind(log_t *log)
{
    int most = 0;
    pthread_mutex_lock(&log->lock);
    for (int i = 0; i < log->count; i++) {
        int same = 0;
        for (int j = 0; j < log->count; j++)
            same += strcmp(log->messages[i].text, log->messages[j].text) == 0;
        most = same > most ? same : most;
    }
    pthread_mutex_unlock(&log->lock);
    return most;
}

static struct zoox_config logging_config(const char *hosts, log_t *log)
{
    struct zoox_config config = config_for(hosts);
    config.log = keep;
    config.log_context = log;
    return config;
}

static int lines;

static void count_line(const char *line)
{
    __atomic_add_fetch(&lines, *line != '\0', __ATOMIC_SEQ_CST);
}

TEST(each_handle_has_a_log_function_with_context_and_level, "F-59")
{
    NEEDS_EXTRAS;
    char hosts[2][40];
    zhandle_t *handles[2];
    for (int i = 0; i < 2; i++) {
        snprintf(hosts[i], sizeof hosts[i], "127.0.0.1:%d", dead_port());
        struct zoox_config config = logging_config(hosts[i], &logs[i]);
        config.flags = 0;
        handles[i] = zoox_init(&config);
        CHECK(handles[i] != NULL);
    }
    for (int i = 0; i < 2; i++) {
        ZooLogLevel level = ZOO_LOG_LEVEL_DEBUG;
        CHECK_INT(logged(&logs[i], "Client environment:", NULL), 8);
        CHECK_INT(logged(&logs[i], "Initiating", &level), 1);
        CHECK_INT(level, ZOO_LOG_LEVEL_INFO);
        CHECK(logged(&logs[i], hosts[i], NULL) > 0);
        CHECK_INT(logged(&logs[i], hosts[1 - i], NULL), 0);
        EVENTUALLY(logged(&logs[i], "refused", &level) > 0);
        CHECK_INT(level, ZOO_LOG_LEVEL_ERROR);
        EVENTUALLY(logged(&logs[i], "pausing", &level) > 0);
        CHECK_INT(level, ZOO_LOG_LEVEL_WARN);
        CHECK_INT(zookeeper_close(handles[i]), ZOK);
    }
    /* The message alone. */
    CHECK_INT(logged(&logs[0], "ZOO_", NULL), 0);
    CHECK_BYTES(logs[0].messages[0].text, 18, "Client environment", 18);
}

TEST(a_message_is_not_cut, "F-59")
{
    NEEDS_EXTRAS;
    static char hosts[40000];
    for (int i = 0; i < 1000; i++)
        sprintf(hosts + strlen(hosts), "127.99.1.1:%d,", 10000 + i);
    strcat(hosts, "127.99.1.1:9999/the/last");
    struct zoox_config config = logging_config(hosts, &logs[0]);
    zhandle_t *zh = zoox_init(&config);
    CHECK(zh != NULL);
    CHECK_INT(logged(&logs[0], "9999/the/last", NULL), 1);
    CHECK(strlen(logs[0].messages[0].text) > 10000);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(the_plain_callback_stays_for_what_the_program_logs, "F-59")
{
    NEEDS_EXTRAS;
    struct zoox_config config = logging_config("127.99.1.1:1", &logs[0]);
    config.log_callback = count_line;
    zhandle_t *zh = zoox_init(&config);
    CHECK(zh != NULL);
    CHECK(zoo_get_log_callback(zh) == count_line);
    CHECK_INT(logged(&logs[0], "Initiating", NULL), 1);
    EVENTUALLY(logged(&logs[0], "refused", NULL) > 0);
    CHECK_INT(__atomic_load_n(&lines, __ATOMIC_SEQ_CST), 0);
    LOG_ERROR(LOGCALLBACK(zh), "from the program");
    CHECK_INT(__atomic_load_n(&lines, __ATOMIC_SEQ_CST), 1);
    CHECK_INT(logged(&logs[0], "from the program", NULL), 0);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(a_handle_may_log_less_or_more_than_the_process, "F-58 F-59")
{
    NEEDS_EXTRAS;
    static const int levels[] = {ZOOX_LOG_NOTHING, ZOO_LOG_LEVEL_DEBUG};
    zhandle_t *handles[2];
    for (int i = 0; i < 2; i++) {
        struct zoox_config config = logging_config("127.99.1.1:1", &logs[i]);
        config.log_level = levels[i];
        handles[i] = zoox_init(&config);
        CHECK(handles[i] != NULL);
    }
    EVENTUALLY(logged(&logs[1], "connecting to 127.99.1.1:1", NULL) > 0);
    EVENTUALLY(zoox_connect_attempts(handles[0]) > 0);
    CHECK_INT(logs[0].count, 0);
    for (int i = 0; i < 2; i++)
        CHECK_INT(zookeeper_close(handles[i]), ZOK);
    CHECK_INT(logs[0].count, 0);
}

TEST(the_level_of_a_handle_can_be_changed_any_time, "F-58")
{
    NEEDS_EXTRAS;
    struct zoox_config config = logging_config("127.99.1.1:1", &logs[0]);
    config.log_level = ZOO_LOG_LEVEL_ERROR;
    config.recv_timeout = 600;
    zhandle_t *zh = zoox_init(&config);
    CHECK(zh != NULL);
    EVENTUALLY(logged(&logs[0], "refused", NULL) > 2);
    CHECK_INT(logged(&logs[0], "pausing", NULL), 0);
    CHECK_INT(zoox_set_log_level(zh, ZOO_LOG_LEVEL_WARN), ZOK);
    EVENTUALLY(logged(&logs[0], "pausing", NULL) > 0);
    CHECK_INT(zoox_set_log_level(zh, 5), ZBADARGUMENTS);
    CHECK_INT(zoox_set_log_level(zh, -2), ZBADARGUMENTS);
    CHECK_INT(zoox_set_log_level(NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(a_handle_may_hold_back_what_it_has_just_logged, "F-58")
{
    NEEDS_EXTRAS;
    zhandle_t *handles[2];
    for (int i = 0; i < 2; i++) {
        struct zoox_config config = logging_config("127.99.1.1:1", &logs[i]);
        config.recv_timeout = 600;
        config.flags |= i ? ZOOX_LIMIT_LOG_REPEATS : 0;
        handles[i] = zoox_init(&config);
        CHECK(handles[i] != NULL);
    }
    for (int i = 0; i < 2; i++)
        EVENTUALLY(zoox_connect_attempts(handles[i]) > 20);
    CHECK(most_of_a_kind(&logs[0]) > 10);
    CHECK_INT(most_of_a_kind(&logs[1]), 1);
    CHECK(logged(&logs[1], "refused", NULL) > 0);
    for (int i = 0; i < 2; i++)
        CHECK_INT(zookeeper_close(handles[i]), ZOK);
}
