/*
 * Nodes for the recipes: each function repeats what may be repeated, until the deadline, and gives a sure answer.
 */
#ifndef RECIPE_NODES_H
#define RECIPE_NODES_H

#include "recipe.h"

/* FOLDER/NAME. */
int node_path(char path[RECIPE_PATH], const char *folder, const char *name);

/* The name in a path, behind its last slash. */
const char *node_name(const char *path);

/* Makes sure that this persistent node is there, and all above it. */
int node_ensure(struct recipe_session *session, const char *path, int64_t deadline);

/* Brings the server up to date: what reads find after this was there when it was called, or is newer. */
int node_sync(struct recipe_session *session, const char *path, int64_t deadline);

/*
 * Creates FOLDER/PREFIXnnnnnnnnnn once. The prefix must be nobody else's and new (recipe_label): by it the node is
 * found again when the answer was lost. path is set with ZOK; otherwise the node is not there, or will be removed.
 */
int node_create_sequential(struct recipe_session *session, const char *folder, const char *prefix, const char *value,
                           int length, int64_t deadline, char path[RECIPE_PATH]);

/*
 * Creates an ephemeral node, or finds that this session has it already. While another session has it, waits for
 * the bell, which hears of its end. Unless ZOK is returned the session does not have it, or it will be removed.
 */
int node_own(struct recipe_bell *bell, const char *path, const char *value, int length, int64_t deadline);

/* Deletes a node; ZOK if it is gone, by whomever. */
int node_delete(struct recipe_session *session, const char *path, int64_t deadline);

/* Reads the statistics. With a bell leaves a watch, also on a node that is not there (ZNONODE). */
int node_exists(struct recipe_session *session, const char *path, struct recipe_bell *bell, int64_t deadline,
                struct Stat *stat);

/* Leaves a watch on a node that is there; ZNONODE if it is not, without a watch. */
int node_watch(struct recipe_bell *bell, const char *path, int64_t deadline);

/* Reads all of a node's data into memory of its own, with a NUL behind it; free() it. */
int node_read(struct recipe_session *session, const char *path, int64_t deadline, char **value, int *length,
              struct Stat *stat);

/*
 * Lists the children, in the order of their last ten characters: that of creation for sequential nodes. bell may be
 * NULL. deallocate_String_vector() the list.
 */
int node_children(struct recipe_session *session, const char *path, struct recipe_bell *bell, int64_t deadline,
                  struct String_vector *names);

/* Whether the list has this name. */
int node_is_listed(const struct String_vector *names, const char *name);

#endif
