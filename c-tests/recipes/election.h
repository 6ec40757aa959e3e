/*
 * The election of a leader: a lock whose holder leads until it resigns or loses its session.
 *
 * What lock.h says of tokens goes for leaders above all: everything a leader tells others carries its token, and
 * who has heard a higher one does not listen.
 */
#ifndef RECIPE_ELECTION_H
#define RECIPE_ELECTION_H

#include "lock.h"

struct election;

/* Makes a candidacy of this name, not yet entered. */
int election_new(struct election **election, struct recipe_session *session, const char *folder, const char *name,
                 int wait_ms);

/* Waits until this candidate leads. As for lock_acquire(). */
int election_win(struct election *election, int wait_ms, int64_t *token);

/* As for lock_is_held() and lock_guard(). */
int election_is_won(struct election *election);
void election_guard(struct election *election, zoo_op_t *op);

/* Lets the next one lead, without waiting. */
void election_resign(struct election *election);

/*
 * Who leads, as far as the server that is asked knows: its name, to be freed, and its token. ZNONODE: nobody.
 */
int election_leader(struct recipe_session *session, const char *folder, int wait_ms, char **name, int64_t *token);

#endif
