#define _POSIX_C_SOURCE 200809L

#include "nodes.h"
#include "removal.h"

#include <stdlib.h>
#include <string.h>

struct removal {
    struct recipe_follower follower; /* first: the one is found by the other */
    enum { SURE, IF_OWN, BY_PREFIX } kind;
    char path[RECIPE_PATH]; /* of the node, or of its folder */
    int has_text;
    char text[RECIPE_PATH]; /* the value or the prefix */
};

static void dispose(struct recipe_follower *follower)
{
    free(follower);
}

static void on_deleted(int rc, const void *data)
{
    struct removal *removal = (struct removal *)data;
    if (!recipe_answer_lost(&removal->follower, rc)) {
        free(removal);
    }
}

static void on_value(int rc, const char *value, int length, const struct Stat *stat, const void *data)
{
    struct removal *removal = (struct removal *)data;
    if (recipe_answer_lost(&removal->follower, rc)) {
        return;
    }
    if (rc == ZOK && stat->ephemeralOwner == recipe_id(removal->follower.session) &&
        (!removal->has_text || (length == (int)strlen(removal->text) &&
                                memcmp(value, removal->text, strlen(removal->text)) == 0))) {
        removal->kind = SURE;
        recipe_ask(&removal->follower);
    } else {
        free(removal);
    }
}

static void on_list(int rc, const struct String_vector *names, const void *data)
{
    struct removal *removal = (struct removal *)data;
    char folder[RECIPE_PATH];
    if (recipe_answer_lost(&removal->follower, rc)) {
        return;
    }
    memcpy(folder, removal->path, sizeof folder);
    for (int32_t i = 0; rc == ZOK && i < names->count && removal->kind != SURE; i++) {
        if (strncmp(names->data[i], removal->text, strlen(removal->text)) == 0 &&
            node_path(removal->path, folder, names->data[i]) == ZOK) {
            removal->kind = SURE;
        }
    }
    if (removal->kind == SURE) {
        recipe_ask(&removal->follower);
    } else {
        free(removal);
    }
}

/* The server knows all that came before; now it can be asked what there is. */
static void on_synced(int rc, const char *path, const void *data)
{
    struct removal *removal = (struct removal *)data;
    zhandle_t *zh = recipe_handle(removal->follower.session);
    (void)path;
    if (recipe_answer_lost(&removal->follower, rc)) {
        return;
    }
    if (rc == ZOK) {
        rc = removal->kind == IF_OWN ? zoo_aget(zh, removal->path, 0, on_value, removal)
                                     : zoo_aget_children(zh, removal->path, 0, on_list, removal);
    }
    if (rc != ZOK) {
        free(removal);
    }
}

static void ask(struct recipe_follower *follower)
{
    struct removal *removal = (struct removal *)follower;
    zhandle_t *zh = recipe_handle(follower->session);
    int rc = removal->kind == SURE ? zoo_adelete(zh, removal->path, -1, on_deleted, removal)
                                   : zoo_async(zh, removal->path, on_synced, removal);
    if (rc != ZOK) {
        free(removal); /* the session is over, and its nodes with it */
    }
}

/* Without memory the node stays until the session ends. */
static void start(struct recipe_session *session, int kind, const char *path, const char *text)
{
    struct removal *removal = calloc(1, sizeof *removal);
    if (removal == NULL || strlen(path) >= RECIPE_PATH || (text != NULL && strlen(text) >= RECIPE_PATH)) {
        free(removal);
        return;
    }
    removal->follower.session = session;
    removal->follower.ask = ask;
    removal->follower.dispose = dispose;
    removal->kind = kind;
    memcpy(removal->path, path, strlen(path) + 1);
    if (text != NULL) {
        removal->has_text = 1;
        memcpy(removal->text, text, strlen(text) + 1);
    }
    recipe_ask(&removal->follower);
}

void remove_node(struct recipe_session *session, const char *path)
{
    start(session, SURE, path, NULL);
}

void remove_own(struct recipe_session *session, const char *path, const char *value)
{
    start(session, IF_OWN, path, value);
}

void remove_prefixed(struct recipe_session *session, const char *folder, const char *prefix)
{
    start(session, BY_PREFIX, folder, prefix);
}
