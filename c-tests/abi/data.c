/* The exported data: values, and that program and library have the same logLevel. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zookeeper_log.h>

extern const int ZOO_SSL_CONNECTING_STATE;

static int failures;

static void expect(int holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "not so: %s\n", what);
        failures++;
    }
}

#define EXPECT(condition) expect(condition, #condition)

static void expect_id(const struct Id *id, const char *scheme, const char *name)
{
    expect(strcmp(id->scheme, scheme) == 0, scheme);
    expect(strcmp(id->id, name) == 0, name);
}

static void expect_acl(const struct ACL_vector *acl, int perms, const char *scheme,
                       const char *name)
{
    EXPECT(acl->count == 1);
    EXPECT(acl->data[0].perms == perms);
    expect_id(&acl->data[0].id, scheme, name);
}

static int messages;

static void count_message(const char *message)
{
    (void)message;
    messages++;
}

/* What the macros of the header do, in the program. */
static void expect_logging(ZooLogLevel level)
{
    messages = 0;
    LOG_ERROR(count_message, "an error: %d", 1);
    LOG_WARN(count_message, "a warning: %s", "text");
    LOG_INFO(count_message, "a message");
    EXPECT(messages == (int)(level < ZOO_LOG_LEVEL_INFO ? level : ZOO_LOG_LEVEL_INFO));
    messages = 0;
    LOG_DEBUG(count_message, "a detail");
    EXPECT(messages == (level == ZOO_LOG_LEVEL_DEBUG));
}

static int environment_messages;

static void count_environment(const char *message)
{
    environment_messages += strstr(message, "Client environment") != NULL;
}

/* What the library itself logs: making a handle logs the environment, at the level INFO. */
static void expect_environment(int logged)
{
    environment_messages = 0;
    /* Nobody listens there, which is of no matter here. */
    zhandle_t *zh = zookeeper_init2("127.0.0.1:1", NULL, 10000, NULL, NULL, 0, count_environment);
    EXPECT(zh != NULL);
    EXPECT((environment_messages > 0) == logged);
    EXPECT(zookeeper_close(zh) == ZOK);
}

int main(void)
{
    EXPECT(ZOO_PERM_READ == 1);
    EXPECT(ZOO_PERM_WRITE == 2);
    EXPECT(ZOO_PERM_CREATE == 4);
    EXPECT(ZOO_PERM_DELETE == 8);
    EXPECT(ZOO_PERM_ADMIN == 16);
    EXPECT(ZOO_PERM_ALL == 31);

    EXPECT(ZOOKEEPER_WRITE == 1);
    EXPECT(ZOOKEEPER_READ == 2);

    EXPECT(ZOO_PERSISTENT == 0);
    EXPECT(ZOO_EPHEMERAL == 1);
    EXPECT(ZOO_PERSISTENT_SEQUENTIAL == 2);
    EXPECT(ZOO_EPHEMERAL_SEQUENTIAL == 3);
    EXPECT(ZOO_CONTAINER == 4);
    EXPECT(ZOO_PERSISTENT_WITH_TTL == 5);
    EXPECT(ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL == 6);
    EXPECT(ZOO_SEQUENCE == 2);

    EXPECT(ZOO_EXPIRED_SESSION_STATE == -112);
    EXPECT(ZOO_AUTH_FAILED_STATE == -113);
    EXPECT(ZOO_CONNECTING_STATE == 1);
    EXPECT(ZOO_ASSOCIATING_STATE == 2);
    EXPECT(ZOO_CONNECTED_STATE == 3);
    EXPECT(ZOO_READONLY_STATE == 5);
    EXPECT(ZOO_SSL_CONNECTING_STATE == 7);
    EXPECT(ZOO_NOTCONNECTED_STATE == 999);

    EXPECT(ZOO_CREATED_EVENT == 1);
    EXPECT(ZOO_DELETED_EVENT == 2);
    EXPECT(ZOO_CHANGED_EVENT == 3);
    EXPECT(ZOO_CHILD_EVENT == 4);
    EXPECT(ZOO_SESSION_EVENT == -1);
    EXPECT(ZOO_NOTWATCHING_EVENT == -2);

    expect_id(&ZOO_ANYONE_ID_UNSAFE, "world", "anyone");
    expect_id(&ZOO_AUTH_IDS, "auth", "");
    expect_acl(&ZOO_OPEN_ACL_UNSAFE, ZOO_PERM_ALL, "world", "anyone");
    expect_acl(&ZOO_READ_ACL_UNSAFE, ZOO_PERM_READ, "world", "anyone");
    expect_acl(&ZOO_CREATOR_ALL_ACL, ZOO_PERM_ALL, "auth", "");

    /* They are writable, as in the C library. */
    ZOO_ANYONE_ID_UNSAFE = ZOO_AUTH_IDS;
    expect_id(&ZOO_ANYONE_ID_UNSAFE, "auth", "");

    EXPECT(logLevel == ZOO_LOG_LEVEL_INFO);
    for (int level = ZOO_LOG_LEVEL_ERROR; level <= ZOO_LOG_LEVEL_DEBUG; level++) {
        zoo_set_debug_level((ZooLogLevel)level);
        EXPECT(logLevel == (ZooLogLevel)level);
        expect_logging((ZooLogLevel)level);
    }

    /* What the program writes, the library reads. */
    logLevel = ZOO_LOG_LEVEL_ERROR;
    expect_logging(ZOO_LOG_LEVEL_ERROR);
    expect_environment(0);
    logLevel = ZOO_LOG_LEVEL_INFO;
    expect_environment(1);

    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
