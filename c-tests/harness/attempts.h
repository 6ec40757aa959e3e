/* Attempts to connect, and what a stretch of time costs.
 *
 * The program's own connect comes before the C library's, so it counts the
 * attempts of the library under test too. */
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#ifdef __cplusplus
extern "C" {
#endif

/* How often somebody has tried to connect to this IPv4 port. */
int attempts_at(int port);

/* Begins to measure. */
typedef struct {
    long long began;   /* on the clock of harness_now_ms() */
    long long cpu_us;  /* that the process had used by then */
} stretch_t;

stretch_t stretch_begin(void);
/* Waits until it has lasted so long; returns how long it was, in ms. */
long long stretch_end(const stretch_t *stretch, int ms);
/* Percent of one processor that the process has used since it began. */
int stretch_load(const stretch_t *stretch);

#ifdef __cplusplus
}
#endif

#endif
