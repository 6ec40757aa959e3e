/* A test program is a list of TEST() functions; harness.c holds its main().
 *
 * Every test runs in a process of its own, so a crash, a hang or a changed
 * global of one test can't reach another one. A test ends by returning
 * (passed), by a failed CHECK (failed) or by SKIP (skipped).
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*test_function)(void);

/* Adds a test to the program's list; called by TEST before main(). */
void harness_register(const char *name, const char *contract, test_function run);

/* TEST(a_sentence_about_behaviour, "C-305 C-306") { ... } */
#define TEST(name, contract)                                                      \
    static void name(void);                                                       \
    __attribute__((constructor)) static void register_##name(void)                \
    {                                                                             \
        harness_register(#name, contract, name);                                  \
    }                                                                             \
    static void name(void)

/* How long a single wait for a condition may take, in milliseconds. */
#define PATIENCE_MS 10000

/* Ends the test as failed or skipped; callable from any of its threads. */
__attribute__((noreturn, format(printf, 3, 4))) void harness_fail(const char *file, int line,
                                                                 const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void harness_skip(const char *format, ...);

#define FAIL(...) harness_fail(__FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...) harness_skip(__VA_ARGS__)

/* True when the program runs on Debian's original library. */
int on_the_reference(void);

/* For behaviour where the original crashes, hangs or loses something: says
 * why the test doesn't run on it. */
#define NOT_ON_THE_REFERENCE(contract)                                            \
    do {                                                                          \
        if (on_the_reference())                                                   \
            SKIP("the original does otherwise (%s)", contract);                   \
    } while (0)

/* For what ThreadSanitizer itself changes, such as the number of threads. */
#ifdef __SANITIZE_THREAD__
#define NOT_UNDER_THREAD_SANITIZER(reason) SKIP("under ThreadSanitizer: %s", reason)
#else
#define NOT_UNDER_THREAD_SANITIZER(reason) ((void)0)
#endif

/* For what no sanitizer can stand, such as a malloc or pthread_create of the
 * test's own in front of the real one. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define UNDER_A_SANITIZER 1
#else
#define UNDER_A_SANITIZER 0
#endif
#define NOT_UNDER_A_SANITIZER(reason)                                             \
    do {                                                                          \
        if (UNDER_A_SANITIZER)                                                    \
            SKIP("under a sanitizer: %s", reason);                                \
    } while (0)

#define CHECK(condition)                                                          \
    do {                                                                          \
        if (!(condition))                                                         \
            FAIL("%s is false", #condition);                                      \
    } while (0)

#define CHECK_INT(actual, expected)                                               \
    harness_check_int(__FILE__, __LINE__, #actual, (long long)(actual), (long long)(expected))

#define CHECK_STR(actual, expected)                                               \
    harness_check_str(__FILE__, __LINE__, #actual, (actual), (expected))

/* Two byte strings with their lengths. */
#define CHECK_BYTES(actual, actual_length, expected, expected_length)             \
    harness_check_bytes(__FILE__, __LINE__, #actual, (actual), (size_t)(actual_length), \
                        (expected), (size_t)(expected_length))

/* Waits until the condition holds and fails after PATIENCE_MS. For conditions
 * that nobody signals; a probe (probe.h) is waited for without polling. */
#define EVENTUALLY(condition)                                                     \
    do {                                                                          \
        long long until_ = harness_now_ms() + PATIENCE_MS;                        \
        while (!(condition)) {                                                    \
            if (harness_now_ms() > until_)                                        \
                FAIL("%s did not become true in %d ms", #condition, PATIENCE_MS); \
            harness_pause();                                                      \
        }                                                                         \
    } while (0)

void harness_check_int(const char *file, int line, const char *what, long long actual,
                       long long expected);
void harness_check_str(const char *file, int line, const char *what, const char *actual,
                       const char *expected);
void harness_check_bytes(const char *file, int line, const char *what, const void *actual,
                         size_t actual_length, const void *expected, size_t expected_length);

/* Milliseconds on a clock that never goes back. */
long long harness_now_ms(void);
/* The moment between two looks at a condition. */
void harness_pause(void);

/* How many descriptors the process has open. */
int harness_descriptors(void);

/* A thread of the test: pthread_create and pthread_join with their errors
 * turned into failures. */
typedef struct test_thread test_thread;
test_thread *thread_start(void (*run)(void *), void *argument);
void thread_join(test_thread *thread);

#ifdef __cplusplus
}
#endif

#endif
