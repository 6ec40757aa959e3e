#define _POSIX_C_SOURCE 200809L

#include "group.h"
#include "nodes.h"
#include "removal.h"

#include <string.h>

struct group {
    struct recipe_follower follower; /* first: the one is found by the other */
    group_function *function;
    void *context;
    char folder[RECIPE_PATH];
};

int group_join(struct recipe_session *session, const char *folder, const char *name, const char *value, int length,
               int wait_ms)
{
    int64_t deadline = recipe_deadline(wait_ms);
    struct recipe_bell *bell = recipe_alloc(session, sizeof *bell);
    char path[RECIPE_PATH];
    int rc = bell == NULL ? ZSYSTEMERROR : node_path(path, folder, name);
    if (rc == ZOK) {
        rc = node_ensure(session, folder, deadline);
    }
    if (rc == ZOK) {
        bell->session = session;
        rc = node_own(bell, path, value, length, deadline);
    }
    return rc;
}

void group_leave(struct recipe_session *session, const char *folder, const char *name)
{
    char path[RECIPE_PATH];
    if (node_path(path, folder, name) == ZOK) {
        remove_own(session, path, NULL);
    }
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

static void on_list(int rc, const struct String_vector *names, const void *data)
{
    struct group *group = (struct group *)data;
    if (recipe_answer_lost(&group->follower, rc)) {
        return;
    }
    if (rc == ZOK && recipe_tell(&group->follower)) {
        group->function(names, group->context);
        recipe_told(&group->follower);
    }
}

/* The answer brings the list and leaves the watch for the next change: none can be missed in between. */
static void ask(struct recipe_follower *follower)
{
    struct group *group = (struct group *)follower;
    zoo_awget_children(recipe_handle(follower->session), group->folder, on_change, follower, on_list, group);
}

int group_follow(struct group **group, struct recipe_session *session, const char *folder, group_function *function,
                 void *context, int wait_ms)
{
    int rc = node_ensure(session, folder, recipe_deadline(wait_ms));
    struct group *made = rc == ZOK ? recipe_alloc(session, sizeof *made) : NULL;
    if (rc == ZOK && made == NULL) {
        rc = ZSYSTEMERROR;
    }
    if (rc == ZOK) {
        made->follower.session = session;
        made->follower.ask = ask;
        made->function = function;
        made->context = context;
        memcpy(made->folder, folder, strlen(folder) + 1);
        *group = made;
        recipe_ask(&made->follower);
    }
    return rc;
}

void group_unfollow(struct group *group)
{
    recipe_stop(&group->follower);
}
