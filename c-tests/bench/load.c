/*
 * load KIND hosts=HOST:PORT [NAME=VALUE]...
 *
 * Puts load on a handle and prints what it took, as "KEY VALUE" lines. Uses nothing but the public API.
 */
#include "load.h"
#include "client.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    load_fn *run;
} kinds[] = {
    {"aget", load_aget},
    {"aexists", load_aexists},
    {"aset", load_aset},
    {"acreate", load_acreate},
    {"amulti", load_amulti},
    {"children", load_children},
    {"get", load_get},
    {"set", load_set},
    {"handles", load_handles},
    {"connect-close", load_connect_close},
    {"storm", load_storm},
    {"reconnect", load_reconnect},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, argv[1]) == 0) {
            options_t options = parse_options(argc - 2, argv + 2);
            client_start();
            kinds[i].run(&options);
            return 0;
        }
    }
    fprintf(stderr, "usage: load KIND hosts=HOST:PORT [NAME=VALUE]...\n");
    return 2;
}
