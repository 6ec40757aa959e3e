/* One scene, played many times in child processes, so that crashes and hangs
 * are counted instead of ending the test. */
#ifndef ROUNDS_H
#define ROUNDS_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    long rounds;   /* played to their end */
    long calls;    /* accepted by the library */
    long missing;  /* of them: never completed */
    long repeated; /* of them: completed more than once */
    long broken;   /* promises of the scene's own that were not kept */
    long crashes;
    long hangs;
} tally_t;

/* Ends a wait that a hanging library would never end; the parent kills us. */
#define AWAIT(condition)                                                          \
    do {                                                                          \
        while (!(condition))                                                      \
            harness_pause();                                                      \
    } while (0)

/* Plays the scene so often, or as often as it takes to close ZK_CLOSES handles
 * if that is set, of which it closes `closes` each time; prints the tally.
 * `set_up` runs once in each child; several rounds share one. */
tally_t rounds_play(const char *name, int rounds, int closes, void (*set_up)(void),
                    void (*scene)(tally_t *tally));
/* Fails the test unless every round was as it should be. */
void rounds_check(const tally_t *tally);

/* Adds up how often each of `count` calls was completed. */
void tally_calls(tally_t *tally, const int *completed, int count);

#ifdef __cplusplus
}
#endif

#endif
