/* What two threads for each handle cost at least. */
#ifndef FLOOR_THREADS_H
#define FLOOR_THREADS_H

/* Starts both: the IO thread runs receive and wakes the completion thread, which wakes the caller.
 * Returns when that has happened. */
void threads_open(void (*receive)(void));

/* Tells both to end, and does not wait. */
void threads_end(void);

/* Waits until both are gone. */
void threads_join(void);

#endif
