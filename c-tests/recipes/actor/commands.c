#define _POSIX_C_SOURCE 200809L

#include "actor.h"
#include "nodes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Long enough that only what hangs is ended by it. */
enum { LIMIT_MS = 60000 };

static void join(const struct String_vector *names, char *text, size_t room)
{
    size_t used = 0;
    text[0] = '\0';
    for (int32_t i = 0; i < names->count && used < room; i++) {
        used += (size_t)snprintf(text + used, room - used, "%s%s", i == 0 ? "" : ",", names->data[i]);
    }
}

/* ------------------------------------------------------------------------------------------------ lock and leader */

static void do_lock(struct actor *actor, char **words)
{
    actor_say("lock %d", lock_new(&actor->lock, actor->session, words[1], LIMIT_MS));
}

static void do_acquire(struct actor *actor, char **words)
{
    int rc = lock_acquire(actor->lock, words[1], atoi(words[2]), &actor->token);
    actor_say("acquire %d %" PRId64, rc, actor->token);
}

static void do_held(struct actor *actor, char **words)
{
    (void)words;
    actor_say("held %d", lock_is_held(actor->lock));
}

static void do_release(struct actor *actor, char **words)
{
    (void)words;
    lock_release(actor->lock);
    actor_say("release 0");
}

static void do_store(struct actor *actor, char **words)
{
    int written = store_write(words[1], actor->token, words[2]);
    actor_say("store %s", written > 0 ? "ok" : written == 0 ? "stale" : "broken");
}

/* Sets a node in a transaction with a guard. */
static int set_guarded(struct actor *actor, zoo_op_t *ops, const char *path, const char *value)
{
    struct recipe_attempt attempt = recipe_attempt(actor->session, recipe_deadline(LIMIT_MS));
    zoo_op_result_t results[2];
    int rc;
    zoo_set_op_init(&ops[1], path, value, (int)strlen(value), -1, NULL);
    do {
        rc = zoo_multi(recipe_handle(actor->session), 2, ops, results);
    } while (recipe_retry(&attempt, &rc));
    return rc;
}

static void do_guarded(struct actor *actor, char **words)
{
    zoo_op_t ops[2];
    lock_guard(actor->lock, &ops[0]);
    actor_say("guarded %d", set_guarded(actor, ops, words[1], words[2]));
}

static void do_candidate(struct actor *actor, char **words)
{
    actor_say("candidate %d", election_new(&actor->election, actor->session, words[1], words[2], LIMIT_MS));
}

static void do_win(struct actor *actor, char **words)
{
    int rc = election_win(actor->election, atoi(words[1]), &actor->token);
    actor_say("win %d %" PRId64, rc, actor->token);
}

static void do_decree(struct actor *actor, char **words)
{
    zoo_op_t ops[2];
    election_guard(actor->election, &ops[0]);
    actor_say("decree %d", set_guarded(actor, ops, words[1], words[2]));
}

static void do_resign(struct actor *actor, char **words)
{
    (void)words;
    election_resign(actor->election);
    actor_say("resign 0");
}

static void do_leader(struct actor *actor, char **words)
{
    char *name = NULL;
    int64_t token = 0;
    int rc = election_leader(actor->session, words[1], LIMIT_MS, &name, &token);
    actor_say("leader %d %" PRId64 " %s", rc, token, name == NULL ? "-" : name);
    free(name);
}

/* ---------------------------------------------------------------------------------------------------------- queue */

static void do_queue(struct actor *actor, char **words)
{
    actor_say("queue %d", queue_open(&actor->queue, actor->session, words[1], LIMIT_MS));
}

static void do_fill(struct actor *actor, char **words)
{
    int rc = ZOK;
    for (int i = atoi(words[1]); i < atoi(words[2]) && rc == ZOK; i++) {
        char value[16];
        int length = snprintf(value, sizeof value, "%d", i);
        rc = queue_put(actor->queue, value, length, LIMIT_MS);
    }
    actor_say("fill %d", rc);
}

static void do_put(struct actor *actor, char **words)
{
    actor_say("put %d", queue_put(actor->queue, words[1], (int)strlen(words[1]), LIMIT_MS));
}

static void do_take(struct actor *actor, char **words)
{
    int rc = queue_take(actor->queue, atoi(words[1]), &actor->item);
    actor_say("take %d %s %" PRId64, rc, rc == ZOK ? actor->item.value : "-", actor->item.token);
}

/* The item's effect is a node named by its value: the transaction fails if there is one already. */
static int finish(struct actor *actor, const char *results)
{
    char path[RECIPE_PATH];
    zoo_op_t effect;
    int rc = node_path(path, results, actor->item.value);
    if (rc == ZOK) {
        zoo_create_op_init(&effect, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, NULL, 0);
        rc = queue_done(actor->queue, &actor->item, &effect, 1, LIMIT_MS);
    }
    return rc;
}

static void do_done(struct actor *actor, char **words)
{
    actor_say("done %d", finish(actor, words[1]));
}

static void do_return(struct actor *actor, char **words)
{
    (void)words;
    queue_return(actor->queue, &actor->item);
    actor_say("return 0");
}

/* Takes and does items up to the first whose value begins with the last word, which is done too. */
static void do_consume(struct actor *actor, char **words)
{
    int count = 0;
    int last = 0;
    int rc = ZOK;
    while (rc == ZOK && !last) {
        rc = queue_take(actor->queue, LIMIT_MS, &actor->item);
        if (rc == ZOK) {
            actor_say("took %s", actor->item.value);
            last = strncmp(actor->item.value, words[2], strlen(words[2])) == 0;
            rc = finish(actor, words[1]);
            count++;
        }
    }
    actor_say("consume %d %d", rc, count);
}

/* ------------------------------------------------------------------------------------- barrier, group, configuration */

static void do_barrier(struct actor *actor, char **words)
{
    actor_say("barrier %d", barrier_new(&actor->barrier, actor->session, words[1], atoi(words[2]), LIMIT_MS));
}

static void do_enter(struct actor *actor, char **words)
{
    actor_say("enter %d", barrier_enter(actor->barrier, atoi(words[1])));
}

static void do_leave(struct actor *actor, char **words)
{
    actor_say("leave %d", barrier_leave(actor->barrier, atoi(words[1])));
}

static void do_join(struct actor *actor, char **words)
{
    actor_say("join %d", group_join(actor->session, words[1], words[2], "", 0, LIMIT_MS));
}

static void do_quit(struct actor *actor, char **words)
{
    group_leave(actor->session, words[1], words[2]);
    actor_say("quit 0");
}

static void on_members(const struct String_vector *names, void *context)
{
    char text[1024];
    (void)context;
    join(names, text, sizeof text);
    actor_say("members %d %s", names->count, text);
}

static void do_follow(struct actor *actor, char **words)
{
    struct group *group;
    actor_say("follow %d", group_follow(&group, actor->session, words[1], on_members, NULL, LIMIT_MS));
}

static void on_value(const char *value, int length, int32_t version, void *context)
{
    (void)context;
    actor_say("value %d %.*s", version, length, value == NULL ? "" : value);
}

static void do_config(struct actor *actor, char **words)
{
    struct config *config;
    actor_say("config %d", config_follow(&config, actor->session, words[1], on_value, NULL));
}

static void do_set(struct actor *actor, char **words)
{
    char *before;
    int length;
    int32_t version = CONFIG_NONE;
    int rc = config_get(actor->session, words[1], LIMIT_MS, &before, &length, &version);
    if (rc == ZOK) {
        free(before);
    }
    if (rc == ZOK || rc == ZNONODE) {
        rc = config_set(actor->session, words[1], words[2], (int)strlen(words[2]), &version, LIMIT_MS);
    }
    actor_say("set %d %d", rc, version);
}

/* ---------------------------------------------------------------------------------------------------------- looking */

static void do_make(struct actor *actor, char **words)
{
    actor_say("make %d", node_ensure(actor->session, words[1], recipe_deadline(LIMIT_MS)));
}

static void do_list(struct actor *actor, char **words)
{
    char text[2048] = "";
    int32_t count = 0;
    struct String_vector names;
    int rc = node_children(actor->session, words[1], NULL, recipe_deadline(LIMIT_MS), &names);
    if (rc == ZOK) {
        count = names.count;
        join(&names, text, sizeof text);
        deallocate_String_vector(&names);
    }
    actor_say("list %d %d %s", rc, count, text);
}

static void do_read(struct actor *actor, char **words)
{
    char *value = NULL;
    int length;
    struct Stat stat;
    int rc = node_read(actor->session, words[1], recipe_deadline(LIMIT_MS), &value, &length, &stat);
    actor_say("read %d %s", rc, value == NULL ? "" : value);
    free(value);
}

int actor_run(struct actor *actor, char *words[ACTOR_WORDS], int count)
{
    static const struct {
        const char *name;
        int words;
        void (*run)(struct actor *actor, char **words);
    } commands[] = {
        {"lock", 2, do_lock},
        {"acquire", 3, do_acquire},
        {"held", 1, do_held},
        {"release", 1, do_release},
        {"store", 3, do_store},
        {"guarded", 3, do_guarded},
        {"candidate", 3, do_candidate},
        {"win", 2, do_win},
        {"decree", 3, do_decree},
        {"resign", 1, do_resign},
        {"leader", 2, do_leader},
        {"queue", 2, do_queue},
        {"put", 2, do_put},
        {"fill", 3, do_fill},
        {"take", 2, do_take},
        {"done", 2, do_done},
        {"return", 1, do_return},
        {"consume", 3, do_consume},
        {"barrier", 3, do_barrier},
        {"enter", 2, do_enter},
        {"leave", 2, do_leave},
        {"join", 3, do_join},
        {"quit", 3, do_quit},
        {"follow", 2, do_follow},
        {"config", 2, do_config},
        {"set", 3, do_set},
        {"make", 2, do_make},
        {"list", 2, do_list},
        {"read", 2, do_read},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(words[0], commands[i].name) == 0 && count == commands[i].words) {
            commands[i].run(actor, words);
            return 1;
        }
    }
    return 0;
}
