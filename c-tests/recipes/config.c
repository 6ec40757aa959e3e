#define _POSIX_C_SOURCE 200809L

#include "config.h"
#include "nodes.h"

#include <stdlib.h>
#include <string.h>

struct config {
    struct recipe_follower follower; /* first: the one is found by the other */
    config_function *function;
    void *context;
    int64_t told; /* the zxid of what was told last; -1 before, 0 for none */
    char path[RECIPE_PATH];
};

int config_get(struct recipe_session *session, const char *path, int wait_ms, char **value, int *length,
               int32_t *version)
{
    struct Stat stat;
    int rc = node_read(session, path, recipe_deadline(wait_ms), value, length, &stat);
    if (rc == ZOK) {
        *version = stat.version;
    }
    return rc;
}

/* After a lost answer: has it been written? */
static int is_written(struct recipe_session *session, const char *path, const char *value, int length,
                      int32_t version, int64_t deadline)
{
    struct Stat stat;
    char *found;
    int found_length;
    int written;
    if (node_read(session, path, deadline, &found, &found_length, &stat) != ZOK) {
        return 0;
    }
    written = stat.version == version && found_length == length && memcmp(found, value, (size_t)length) == 0;
    free(found);
    return written;
}

int config_set(struct recipe_session *session, const char *path, const char *value, int length, int32_t *version,
               int wait_ms)
{
    int64_t deadline = recipe_deadline(wait_ms);
    struct recipe_attempt attempt = recipe_attempt(session, deadline);
    int rc;
    do {
        if (*version == CONFIG_NONE) {
            rc = zoo_create(recipe_handle(session), path, value, length, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL,
                            0);
        } else {
            rc = zoo_set(recipe_handle(session), path, value, length, *version);
        }
    } while (recipe_retry(&attempt, &rc));
    if (attempt.in_doubt && (rc == ZBADVERSION || rc == ZNODEEXISTS) &&
        is_written(session, path, value, length, *version + 1, deadline)) {
        rc = ZOK;
    }
    if (rc == ZOK) {
        *version += 1; /* CONFIG_NONE becomes 0, a new node's version */
    }
    return rc;
}

static void on_change(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh;
    (void)state;
    (void)path;
    if (type != ZOO_SESSION_EVENT) {
        recipe_ask(context);
    }
}

static void tell(struct config *config, int64_t zxid, const char *value, int length, int32_t version)
{
    /* After a reconnection the same may come again. */
    if (config->told != zxid && recipe_tell(&config->follower)) {
        config->told = zxid;
        config->function(value, length, version, config->context);
        recipe_told(&config->follower);
    }
}

static void on_existence(int rc, const struct Stat *stat, const void *data)
{
    struct config *config = (struct config *)data;
    (void)stat;
    if (recipe_answer_lost(&config->follower, rc)) {
        return;
    }
    if (rc == ZOK) {
        recipe_ask(&config->follower); /* it has just been created */
    } else if (rc == ZNONODE) {
        tell(config, 0, NULL, 0, CONFIG_NONE);
    }
}

static void on_value(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    struct config *config = (struct config *)data;
    if (recipe_answer_lost(&config->follower, rc)) {
        return;
    }
    if (rc == ZOK) {
        tell(config, stat->mzxid, length < 0 ? "" : value, length < 0 ? 0 : length, stat->version);
    } else if (rc == ZNONODE) {
        /* A read leaves no watch on a node that is not there. */
        zoo_awexists(recipe_handle(config->follower.session), config->path, on_change, config, on_existence, config);
    }
}

static void ask(struct recipe_follower *follower)
{
    struct config *config = (struct config *)follower;
    zoo_awget(recipe_handle(follower->session), config->path, on_change, follower, on_value, config);
}

int config_follow(struct config **config, struct recipe_session *session, const char *path,
                  config_function *function, void *context)
{
    struct config *made = strlen(path) < RECIPE_PATH ? recipe_alloc(session, sizeof *made) : NULL;
    if (made == NULL) {
        return strlen(path) < RECIPE_PATH ? ZSYSTEMERROR : ZBADARGUMENTS;
    }
    made->follower.session = session;
    made->follower.ask = ask;
    made->function = function;
    made->context = context;
    made->told = -1;
    memcpy(made->path, path, strlen(path) + 1);
    *config = made;
    recipe_ask(&made->follower);
    return ZOK;
}

void config_unfollow(struct config *config)
{
    recipe_stop(&config->follower);
}
