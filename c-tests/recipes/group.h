/*
 * A group of processes that are alive.
 *
 *   FOLDER/NAME   ephemeral: this member is there; its data is its value
 */
#ifndef RECIPE_GROUP_H
#define RECIPE_GROUP_H

#include "recipe.h"

/*
 * Becomes a member. If an earlier session has the name, for example that of this process before it was restarted,
 * waits for its end. ZOK too if this session is a member already.
 */
int group_join(struct recipe_session *session, const char *folder, const char *name, const char *value, int length,
               int wait_ms);

/* Is no member any more, without waiting. The end of the session does the same. */
void group_leave(struct recipe_session *session, const char *folder, const char *name);

/* Told of the members: names is only there during the call, which must not wait. */
typedef void group_function(const struct String_vector *names, void *context);

struct group;

/*
 * Calls the function on the library's thread with the list, first soon and then whenever it has changed. Changes that
 * follow each other fast may come as one. A lost session is told by the session's own function.
 */
int group_follow(struct group **group, struct recipe_session *session, const char *folder, group_function *function,
                 void *context, int wait_ms);

/* When it returns, the function is not running and is never called again. Not from the function itself. */
void group_unfollow(struct group *group);

#endif
