/* Who drives the handles: the library's threads, or a loop of the program. */
#ifndef DRIVER_H
#define DRIVER_H

enum driver { THREADS, SELECT, POLL, EPOLL };
extern enum driver driver;

/* "select", "poll" or "epoll". */
void driver_choose(const char *name);

#endif
