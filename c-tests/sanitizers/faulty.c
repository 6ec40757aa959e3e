/* Makes one fault, which the checkers of memory have to see; otherwise what
 * they do not report would mean nothing. */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zookeeper/zookeeper.h>

#include "../harness/leaks.h"

/* Writes behind a block that the library has made. */
static void overflow_in_the_program(void)
{
    struct String_vector strings;
    allocate_String_vector(&strings, 4);
    *(char *volatile *)&strings.data[4] = NULL;
    deallocate_String_vector(&strings);
}

/* Lets the library read behind a block that we have made: 24 bytes of 8. */
static void overflow_in_the_library(void)
{
    clientid_t *volatile session = (clientid_t *)malloc(8);
    zhandle_t *zh;
    memset(session, 0, 8);
    zh = zookeeper_init("127.0.0.1:1", NULL, 30000, session, NULL, ZOO_NO_LOG_CLIENTENV);
    zookeeper_close(zh);
    free(session);
}

/* Loses a block that the library has made. */
static void leak_of_the_library(void)
{
    struct String_vector strings;
    allocate_String_vector(&strings, 4);
    memset(&strings, 0, sizeof strings);
}

static void *write_into(void *buffer)
{
    *(volatile char *)buffer = 'x';
    return NULL;
}

/* Gives the library a value that another thread may be writing. */
static void race_with_the_library(void)
{
    static char value[8];
    pthread_t writer;
    zhandle_t *zh = zookeeper_init("127.0.0.1:1", NULL, 30000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    pthread_create(&writer, NULL, write_into, value);
    zoo_aset(zh, "/a", value, sizeof value, -1, NULL, NULL);
    pthread_join(writer, NULL);
    zookeeper_close(zh);
}

static void undefined_behaviour(void)
{
    volatile int most = INT_MAX;
    most = most + 1;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*make)(void);
    } faults[] = {
        {"overflow-in-the-program", overflow_in_the_program},
        {"overflow-in-the-library", overflow_in_the_library},
        {"leak-of-the-library", leak_of_the_library},
        {"race-with-the-library", race_with_the_library},
        {"undefined-behaviour", undefined_behaviour},
    };
    for (size_t i = 0; argc == 2 && i < sizeof faults / sizeof *faults; i++) {
        if (strcmp(argv[1], faults[i].name) == 0) {
            faults[i].make();
            harness_check_leaks();
            return 0;
        }
    }
    fprintf(stderr, "no such fault\n");
    return 2;
}
