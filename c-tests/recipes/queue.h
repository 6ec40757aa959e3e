/*
 * A queue of work, first in, first out.
 *
 *   FOLDER/items/item-nnnnnnnnnn   what has been put and is not done
 *   FOLDER/claims/item-nnnnnnnnnn  ephemeral: somebody has taken this one
 *   FOLDER/puts/LABEL              ephemeral: its version counts what one producer has put
 *
 * What is promised:
 *   - An item is put exactly once, also if the answer is lost: item and count change in one step, so a repetition
 *     fails. Only if queue_put() itself fails with ZSESSIONEXPIRED or ZCONNECTIONLOSS it may or may not have been put.
 *   - An item is taken by one consumer at a time. If the consumer's session ends, it is taken by another one: it
 *     is *begun* at least once.
 *   - An item is *done* exactly once, by the one who has it, together with changes in ZooKeeper that go with it. For
 *     effects elsewhere there is the token: that of a later taker is higher.
 *   - Items are taken in the order in which they were put; one that comes back is the first again. With several
 *     consumers nothing is said of the order in which they are done.
 *
 * Each queue_take() lists the queue, and all idle consumers look when an item comes: made for thousands of items and
 * tens of consumers, not for millions.
 */
#ifndef RECIPE_QUEUE_H
#define RECIPE_QUEUE_H

#include "recipe.h"

struct queue;

/* An item that was taken. */
struct queue_item {
    char name[32];
    char *value; /* with a NUL behind it; freed by queue_done() and queue_return() */
    int length;
    int64_t token; /* higher than that of whoever took the item before */
};

/* Opens a queue, for one thread at a time. */
int queue_open(struct queue **queue, struct recipe_session *session, const char *folder, int wait_ms);

int queue_put(struct queue *queue, const char *value, int length, int wait_ms);

/* Waits for an item and takes it. */
int queue_take(struct queue *queue, int wait_ms, struct queue_item *item);

/*
 * Says that the item is done. The effects are executed in the same transaction: all of it happens, or nothing. With
 * ZSESSIONEXPIRED the item has gone or will go to somebody else; the code of an effect that failed: the item is
 * still ours. QUEUE_EFFECTS at most.
 */
enum { QUEUE_EFFECTS = 8 };
int queue_done(struct queue *queue, struct queue_item *item, const zoo_op_t *effects, int count, int wait_ms);

/* Puts the item back where it was, without waiting. */
void queue_return(struct queue *queue, struct queue_item *item);

#endif
