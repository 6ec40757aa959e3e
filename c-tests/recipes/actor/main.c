/*
 * recipes HOSTS SESSION_TIMEOUT_MS
 *
 * Opens a session, says "open RC", does what its input says, and closes the session at its end.
 */
#define _POSIX_C_SOURCE 200809L

#include "actor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONNECT_LIMIT_MS = 20000, LINE = 1024 };

void actor_say(const char *format, ...)
{
    char line[4 * LINE];
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line - 1) {
        length = snprintf(line, sizeof line - 1, "too long");
    }
    line[length++] = '\n';
    /* One write, so that lines of several threads do not mix. */
    if (write(STDOUT_FILENO, line, (size_t)length) != length) {
        _exit(1);
    }
}

static void on_state(enum recipe_state state, void *context)
{
    static const char *const names[] = {"connected", "suspended", "lost"};
    (void)context;
    actor_say("state %s", names[state]);
}

int main(int argc, char **argv)
{
    struct actor actor = {NULL, NULL, 0, NULL, NULL, {"", NULL, 0, 0}, NULL};
    char line[LINE];
    int rc;
    if (argc != 3) {
        fprintf(stderr, "usage: recipes HOSTS SESSION_TIMEOUT_MS\n");
        return 2;
    }
    zoo_set_debug_level(0); /* connections are broken on purpose */
    rc = recipe_open(&actor.session, argv[1], atoi(argv[2]), CONNECT_LIMIT_MS, on_state, NULL);
    actor_say("open %d", rc);
    if (rc != ZOK) {
        return 1;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *words[ACTOR_WORDS] = {NULL};
        char *rest = NULL;
        int count = 0;
        for (char *word = strtok_r(line, " \n", &rest); word != NULL && count < ACTOR_WORDS;
             word = strtok_r(NULL, " \n", &rest)) {
            words[count++] = word;
        }
        if (count == 0 || !actor_run(&actor, words, count)) {
            actor_say("what?");
            break;
        }
    }
    free(actor.item.value);
    recipe_close(actor.session);
    return 0;
}
