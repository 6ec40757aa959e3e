/* Comparisons with a readable reason, descriptors, and threads of a test. */
#include "harness.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>

void harness_check_int(const char *file, int line, const char *what, long long actual,
                       long long expected)
{
    if (actual != expected)
        harness_fail(file, line, "%s is %lld, not %lld", what, actual, expected);
}

void harness_check_str(const char *file, int line, const char *what, const char *actual,
                       const char *expected)
{
    if (actual == NULL)
        harness_fail(file, line, "%s is NULL, not \"%s\"", what, expected);
    if (strcmp(actual, expected) != 0)
        harness_fail(file, line, "%s is \"%s\", not \"%s\"", what, actual, expected);
}

/* The start of a byte string in hexadecimal. */
static const char *hex(const unsigned char *bytes, size_t length, char *text, size_t size)
{
    size_t at = 0;
    for (size_t i = 0; i < length && at + 3 < size; i++)
        at += (size_t)snprintf(text + at, size - at, "%02x", bytes[i]);
    text[at] = '\0';
    return text;
}

void harness_check_bytes(const char *file, int line, const char *what, const void *actual,
                         size_t actual_length, const void *expected, size_t expected_length)
{
    char left[260], right[260];
    if (actual_length == expected_length && memcmp(actual, expected, actual_length) == 0)
        return;
    harness_fail(file, line, "%s has %zu bytes %s, not %zu bytes %s", what, actual_length,
                 hex((const unsigned char *)actual, actual_length, left, sizeof left),
                 expected_length,
                 hex((const unsigned char *)expected, expected_length, right, sizeof right));
}

int harness_descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    int n = 0;
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(list);
    return n;
}

struct test_thread {
    pthread_t id;
    void (*run)(void *);
    void *argument;
};

static void *thread_body(void *argument)
{
    test_thread *thread = (test_thread *)argument;
    thread->run(thread->argument);
    return NULL;
}

test_thread *thread_start(void (*run)(void *), void *argument)
{
    test_thread *thread = (test_thread *)malloc(sizeof *thread);
    CHECK(thread != NULL);
    thread->run = run;
    thread->argument = argument;
    CHECK_INT(pthread_create(&thread->id, NULL, thread_body, thread), 0);
    return thread;
}

void thread_join(test_thread *thread)
{
    CHECK_INT(pthread_join(thread->id, NULL), 0);
    free(thread);
}
