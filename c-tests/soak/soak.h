/*
 * Many handles that make random calls for a long time, and what they must not leave behind.
 *
 * A slot is a place for one handle after the other. Each slot belongs to one worker thread; completions and watchers
 * run on the library's threads.
 */
#ifndef SOAK_H
#define SOAK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include <zookeeper/zookeeper.h>

enum {
    SESSION_MS = 4000,
    WORKERS = 8,
    WINDOW = 32,      /* most requests of a slot in flight */
    MULTI_OPS = 3,    /* operations of a transaction */
    CREDENTIALS = 2,  /* most of a handle: each one stays as long as it */
    LONGEST = 1000,   /* bytes of a node's data: buffers soon have the size that they need */
    STEADY = 4        /* of so many handles one stays for the whole run, if its session does */
};

enum kind {
    CREATE,
    DELETE,
    EXISTS,
    GET,
    SET,
    CHILDREN,
    GET_ACL,
    SET_ACL,
    SYNC,
    MULTI,
    REMOVE_WATCHES,
    ADD_AUTH,
    CONFIG,
    KINDS
};

/* What has become of the requests of one kind. */
struct tally {
    atomic_long good;
    atomic_long failed; /* refused by the server for a reason */
    atomic_long lost;   /* with the connection, the session or the handle */
};

/* What all slots share. */
struct soak {
    struct tally asynchronous[KINDS];
    struct tally synchronous[KINDS];
    atomic_long events;
    atomic_long opened;
    atomic_long expired;
    atomic_int violations;
    char data[LONGEST]; /* all alike */
};

/* A request in flight. It is used again, but only after its completion has run. */
struct ticket {
    atomic_int pending;
    enum kind kind;
    struct slot *slot;
    struct ticket *next; /* in the slot's list of free ones */
    zoo_op_result_t results[MULTI_OPS];
};

struct slot {
    struct soak *soak;
    int number;
    const char *hosts;
    zhandle_t *zh;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    int connected;
    int over; /* the session has expired */
    atomic_int closing;
    int credentials;
    int outstanding;
    struct ticket *free;
    struct ticket tickets[WINDOW];
};

/* Numbers that a seed repeats. */
struct dice {
    uint64_t state;
};
unsigned dice_below(struct dice *dice, unsigned limit);

/* Says what must not be. */
void violation(struct slot *slot, const char *format, ...) __attribute__((format(printf, 2, 3)));

void slot_init(struct slot *slot, struct soak *soak, int number, const char *hosts);
void slot_open(struct slot *slot);
/* Closes the handle with what is in flight, and checks that all of it was completed. */
void slot_close(struct slot *slot);
/* Waits until it is connected or over, with nothing in flight. 0 if that does not come. */
int slot_settle(struct slot *slot);
int slot_is_over(struct slot *slot);
/* Forgets all watches: how many there are is chance, and would hide small leaks. */
void slot_forget_watches(struct slot *slot);
void slot_destroy(struct slot *slot);

/* A ticket for a request, NULL if too many are in flight. */
struct ticket *ticket_take(struct slot *slot, enum kind kind);
/* The request was not accepted: nothing will come. Checks the code. */
void ticket_refused(struct ticket *ticket, int rc);
/* Its completion runs. Checks that it was awaited, and the code. */
void ticket_completed(struct ticket *ticket, int rc);
/* A synchronous call came back. */
void call_returned(struct slot *slot, enum kind kind, int rc);

/* The watcher of all watches; its context is the slot. */
void on_watch(zhandle_t *zh, int type, int state, const char *path, void *slot);

/* A path that exists or not. */
enum { PATH = 32, NODES = 24, SUBNODES = 4 };
void choose_path(struct dice *dice, char path[PATH]);
int choose_mode(struct dice *dice);
int choose_length(struct dice *dice);
int choose_version(struct dice *dice);
/* Fills a transaction; the paths must stay until it is submitted. */
void choose_ops(struct soak *soak, struct dice *dice, char paths[MULTI_OPS][PATH], zoo_op_t ops[MULTI_OPS]);
/* Whether data and length fit each other and are ours. */
void check_data(struct slot *slot, const char *value, int length, const struct Stat *stat);

/* Makes a random request that is completed later. */
void request_asynchronously(struct slot *slot, struct dice *dice);
/* Makes a random call that waits. */
void request_synchronously(struct slot *slot, struct dice *dice);

/* What the process holds. */
struct reading {
    long resident_kib;
    long heap_kib; /* allocated and not freed */
    long descriptors;
    long threads;
};
/* Returns memory to the system first. */
struct reading reading_take(void);

extern const char *const kind_names[KINDS];

#endif
