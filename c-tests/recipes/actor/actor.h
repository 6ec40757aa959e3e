/*
 * A process that uses the recipes as it is told, for tests: a command on each line of its input, one line of answer
 * each. What the recipes tell by themselves comes as lines in between.
 */
#ifndef RECIPES_ACTOR_H
#define RECIPES_ACTOR_H

#include "barrier.h"
#include "config.h"
#include "election.h"
#include "group.h"
#include "lock.h"
#include "queue.h"

/* Most words on a line, the command included. */
enum { ACTOR_WORDS = 4 };

struct actor {
    struct recipe_session *session;
    struct lock *lock;
    int64_t token; /* of the lock, or of the leader */
    struct election *election;
    struct queue *queue;
    struct queue_item item;
    struct barrier *barrier;
};

/* Prints a line. */
void actor_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Runs a command. 0 if there is none of this name with so many words. */
int actor_run(struct actor *actor, char *words[ACTOR_WORDS], int count);

/*
 * Writes to a store outside ZooKeeper that checks tokens: a file that several processes share. 1 if it was
 * written, 0 if the store has seen a higher token, -1 if the file is broken.
 */
int store_write(const char *file, int64_t token, const char *value);

#endif
