/* A host name of the test's own.
 *
 * The program's own getaddrinfo comes before the C library's, so it answers the
 * library under test too. Names other than NAME go on to the system's. */
#ifndef NAMES_H
#define NAMES_H

#include "stage.h"

#include <netdb.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NAME "name.of.the.test"

/* NAME stands for these addresses; the second may be NULL. At first it stands
 * for 127.0.0.1. */
void name_means(const char *first, const char *second);
/* Looking it up gives this error, only if flags are asked for if so told; 0
 * ends that. */
void name_fails(int error, int only_flagged);
/* Looking it up takes until name_resumes(). */
void name_hangs(void);
void name_resumes(void);
/* How often it was looked up, and whether a look-up hangs now. */
int name_lookups(void);
int name_is_hanging(void);

/* Connected to the server that NAME stands for; the journal is empty. */
stage_t *named_stage(int timeout);
/* A second server on the same port, at another address of this machine. */
fake_t *fake_beside(const fake_t *fake, const char *ip);

/* The function of this name that the program would have without one of its
 * own. */
void *function_behind(const char *name);

#ifdef __cplusplus
}
#endif

#endif
