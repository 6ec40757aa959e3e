/* Asking a checker of memory what is lost. */
#ifndef LEAKS_H
#define LEAKS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Has LeakSanitizer or memcheck report what is lost by now; nothing without
 * them. Done at the end of each test that passes, and not whenever a process
 * ends: a child of fork has lost what only its parent's threads knew. */
void harness_check_leaks(void);
/* For a test that loses memory of the library on purpose: it is not done then. */
void harness_lose_memory(const char *reason);

#ifdef __cplusplus
}
#endif

#endif
