/*
 * A double barrier: a number of processes begin something together, and leave it together.
 *
 *   FOLDER/in/LABEL   ephemeral: this one has entered and not left
 *   FOLDER/open       there were enough; stays until all have left
 *
 * One folder serves one round: for the next, all name another one. A process whose session ends counts as not
 * having entered, or as having left.
 */
#ifndef RECIPE_BARRIER_H
#define RECIPE_BARRIER_H

#include "recipe.h"

struct barrier;

/* Makes a barrier for that many participants, of which this is one, for one thread at a time. */
int barrier_new(struct barrier **barrier, struct recipe_session *session, const char *folder, int participants,
                int wait_ms);

/* Waits until all have entered. Unless ZOK is returned, this one has not. */
int barrier_enter(struct barrier *barrier, int wait_ms);

/*
 * Waits until all have left; the last one removes the folder. With ZOPERATIONTIMEOUT one may leave again.
 */
int barrier_leave(struct barrier *barrier, int wait_ms);

#endif
