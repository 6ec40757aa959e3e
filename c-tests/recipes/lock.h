/*
 * A lock among processes.
 *
 *   FOLDER/LABEL-nnnnnnnnnn   ephemeral: who holds the lock (the lowest number) and who waits for it, in order
 *
 * Each waiter watches only the one before it, so a release wakes one process, however many wait.
 *
 * No lock of a distributed system can promise that its holder knows in time that it has lost it: a process may be
 * paused between looking at the clock and writing. So each holder gets a token that is higher than those of all
 * holders before (the zxid that created its node). What the lock protects shall
 *   - remember the highest token it has seen and refuse lower ones, or
 *   - be in ZooKeeper, and changed by transactions with lock_guard().
 */
#ifndef RECIPE_LOCK_H
#define RECIPE_LOCK_H

#include "recipe.h"

struct lock;

/* Makes a lock, for one thread at a time. The folder and those above it are created if they are not there. */
int lock_new(struct lock **lock, struct recipe_session *session, const char *folder, int wait_ms);

/*
 * Waits for the lock, which the caller must not hold. holder is a text for people and may be read by all. *token, if
 * not NULL, is set with ZOK. Unless ZOK is returned, the caller does not wait for the lock any more.
 */
int lock_acquire(struct lock *lock, const char *holder, int wait_ms, int64_t *token);

/*
 * Whether it is held as far as this process knows: acquired, and the session has not been found lost. A hint
 * that saves useless work, not a permission: see above.
 */
int lock_is_held(struct lock *lock);

/*
 * Fills an operation to be the first of a transaction, which then fails with ZNONODE unless the lock is held at the
 * moment of its execution. The lock must have been acquired; valid until it is released.
 */
void lock_guard(struct lock *lock, zoo_op_t *op);

/* Gives the lock back, without waiting. What this session asks later is executed after the release. */
void lock_release(struct lock *lock);

#endif
