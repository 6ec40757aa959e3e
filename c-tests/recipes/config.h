/*
 * A configuration: one node that a few write and many follow.
 */
#ifndef RECIPE_CONFIG_H
#define RECIPE_CONFIG_H

#include "recipe.h"

/* For config_set(): there shall be no configuration yet. */
enum { CONFIG_NONE = -1 };

/* Reads it. *value, with a NUL behind it, is to be freed. ZNONODE: there is none. */
int config_get(struct recipe_session *session, const char *path, int wait_ms, char **value, int *length,
               int32_t *version);

/*
 * Writes it if it still has this version, CONFIG_NONE for none. ZBADVERSION, ZNODEEXISTS or ZNONODE: somebody was
 * faster; read it again and decide anew. *version becomes the new one with ZOK.
 *
 * If the answer was lost the node itself is looked at. If in that moment somebody else has written too, ZBADVERSION is
 * returned although this value may have been there for a while.
 */
int config_set(struct recipe_session *session, const char *path, const char *value, int length, int32_t *version,
               int wait_ms);

/*
 * Told of the configuration. value is only there during the call, which must not wait; NULL with CONFIG_NONE if there
 * is none.
 */
typedef void config_function(const char *value, int length, int32_t version, void *context);

struct config;

/*
 * Calls the function on the library's thread with the configuration, first soon and then whenever it has changed.
 * Values that follow each other fast may be left out, but never the last one, and it never goes back.
 */
int config_follow(struct config **config, struct recipe_session *session, const char *path,
                  config_function *function, void *context);

/* When it returns, the function is not running and is never called again. Not from the function itself. */
void config_unfollow(struct config *config);

#endif
