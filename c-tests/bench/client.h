/* Handles and nodes for the load programs. */
#ifndef CLIENT_H
#define CLIENT_H

#include <zookeeper/zookeeper.h>

/* A number that threads wait for. */
typedef struct latch latch_t;

latch_t *latch_new(void);
void latch_add(latch_t *latch, int amount);
/* Waits until the number is at least target; ends the program when that takes too long. */
void latch_wait(latch_t *latch, int target);

/* Counts each time a handle becomes connected. */
extern latch_t *connected;

/* Has to be called first. */
void client_start(void);

/* Starts connecting. */
zhandle_t *handle_new(const char *hosts);
/* Returns a connected handle. */
zhandle_t *handle_open(const char *hosts);

/* Ends the program unless rc is ZOK. */
void check(const char *what, int rc);

/* Makes sure that there is a node with a value of so many bytes. */
void node_create(zhandle_t *zh, const char *path, int size);
/* The same for parent/0, parent/1 and so on, many at a time. */
void nodes_create(zhandle_t *zh, const char *parent, int count);

#endif
