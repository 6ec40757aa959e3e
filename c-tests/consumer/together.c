/* One program with three libraries in it, which once had names in common (hash, hashtable_...). Linked with all of their
 * archives by the tests, so that a name that two of them define is an error. */
#include <stdio.h>

#include <jansson.h>
#include <seccomp.h>
#include <zookeeper/zookeeper.h>

static int fail(const char *what)
{
    fprintf(stderr, "%s has failed\n", what);
    return 1;
}

int main(int argc, char **argv)
{
    json_error_t error;
    char text[64];
    int length = sizeof text;
    if (argc != 2) {
        fprintf(stderr, "together HOST:PORT\n");
        return 2;
    }
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL || seccomp_rule_add(filter, SCMP_ACT_ERRNO(1), SCMP_SYS(reboot), 0) != 0) {
        return fail("seccomp");
    }
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zhandle_t *zh = zookeeper_init(argv[1], NULL, 10000, NULL, NULL, 0);
    if (zh == NULL) {
        return fail("zookeeper_init");
    }
    if (zoo_create(zh, "/together", "{\"word\": \"hello\"}", 17, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0) != ZOK ||
        zoo_get(zh, "/together", 0, text, &length, NULL) != ZOK) {
        return fail("zookeeper");
    }
    json_t *value = json_loadb(text, (size_t)length, 0, &error);
    const char *word = value ? json_string_value(json_object_get(value, "word")) : NULL;
    if (word == NULL) {
        return fail("jansson");
    }
    printf("%s\n", word);
    json_decref(value);
    seccomp_release(filter);
    return zookeeper_close(zh) == ZOK ? 0 : 1;
}
