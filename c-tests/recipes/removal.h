/*
 * Deleting nodes without waiting: if the connection is lost, it goes on when there is one, until the node is gone or
 * the session ends. So a function that gives up in time leaves nothing behind that would block others.
 */
#ifndef RECIPE_REMOVAL_H
#define RECIPE_REMOVAL_H

#include "recipe.h"

/* Deletes a node. */
void remove_node(struct recipe_session *session, const char *path);

/* Deletes a node only if it is an ephemeral one of this session and has this value; NULL for any. */
void remove_own(struct recipe_session *session, const char *path, const char *value);

/* Deletes the child whose name begins with this prefix, if there is one. */
void remove_prefixed(struct recipe_session *session, const char *folder, const char *prefix);

#endif
