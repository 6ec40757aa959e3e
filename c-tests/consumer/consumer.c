/* The smallest useful program: writes a node and reads it back. Built against an installed copy by the tests. */
#include <stdio.h>
#include <string.h>

#include <zookeeper/zookeeper.h>

static int fail(const char *what, int rc)
{
    fprintf(stderr, "%s: %s\n", what, zerror(rc));
    return 1;
}

int main(int argc, char **argv)
{
    char text[64];
    int length = sizeof text;
    if (argc != 2) {
        fprintf(stderr, "consumer HOST:PORT\n");
        return 2;
    }
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zhandle_t *zh = zookeeper_init(argv[1], NULL, 10000, NULL, NULL, 0);
    if (zh == NULL) {
        perror("zookeeper_init");
        return 1;
    }
    /* A synchronous call waits for the connection by itself. */
    int rc = zoo_create(zh, "/consumer", "hello", 5, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0);
    if (rc != ZOK) {
        return fail("zoo_create", rc);
    }
    rc = zoo_get(zh, "/consumer", 0, text, &length, NULL);
    if (rc != ZOK) {
        return fail("zoo_get", rc);
    }
    printf("%.*s\n", length, text);
    return zookeeper_close(zh) == ZOK && length == 5 && memcmp(text, "hello", 5) == 0 ? 0 : 1;
}
