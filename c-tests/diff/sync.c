/* Synchronous calls: results in the caller's memory (C-265, C-300 to C-310). */
#define _GNU_SOURCE
#include "diff.h"

static struct Stat marked(void)
{
    struct Stat stat;
    memset(&stat, 0x5a, sizeof stat);
    return stat;
}

static const char *stat_or_untouched(const struct Stat *stat)
{
    struct Stat untouched = marked();
    return memcmp(stat, &untouched, sizeof untouched) == 0 ? "untouched" : show_stat(stat);
}

SYNC_SCENARIO(real_sync_create_fills_the_buffer, "C-300 C-301")
{
    zhandle_t *zh = connected(LONG_MS);
    for (int length = -1; length < 16; length++) {
        char buffer[32], path[20];
        struct Stat stat = marked();
        memset(buffer, '#', sizeof buffer);
        snprintf(path, sizeof path, "/sc-%d", length);
        int rc = zoo_create(zh, path, "v", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL,
                            buffer, length);
        say("%d: %d %s", length, rc, show(buffer, sizeof buffer));
        memset(buffer, '#', sizeof buffer);
        rc = zoo_create2(zh, path, "v", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, buffer, length,
                         length % 2 ? &stat : NULL);
        say("%d: %d %s %s", length, rc, show(buffer, sizeof buffer), stat_or_untouched(&stat));
    }
    say("NULL: %d", zoo_create(zh, "/sc-null", "v", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0));
    finish(zh);
}

SYNC_SCENARIO(real_sync_get_truncates, "C-305")
{
    zhandle_t *zh = connected(LONG_MS);
    char buffer[32];
    zoo_create(zh, "/sg", "0123456789", 10, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    zoo_create(zh, "/sg/null", NULL, -1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    zoo_create(zh, "/sg/empty", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    static const char *const paths[] = {"/sg", "/sg/null", "/sg/empty", "/sg/none", "bad"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        for (int length = -1; length < 13; length += 4) {
            struct Stat stat = marked();
            int n = length;
            memset(buffer, '#', sizeof buffer);
            int rc = zoo_get(zh, paths[i], 0, buffer, &n, &stat);
            say("%s %d: %d length %d %s %s", paths[i], length, rc, n, show(buffer, 16),
                stat_or_untouched(&stat));
        }
    }
    int n = 0;
    say("NULL buffer: %d", zoo_get(zh, "/sg", 0, NULL, &n, NULL));
    say("NULL length: %d", zoo_get(zh, "/sg", 0, buffer, NULL, NULL));
    n = 20;
    say("wget: %d %d", zoo_wget(zh, "/sg", on_event, (void *)"watch", buffer, &n, NULL), n);
    say("set: %d", zoo_set(zh, "/sg", "x", 1, -1));
    await("watch: ");
    finish(zh);
}

SYNC_SCENARIO(real_sync_writes, "C-304 C-307 C-311")
{
    struct Stat stat = marked();
    zhandle_t *zh = connected(LONG_MS);
    say("create: %d", zoo_create(zh, "/sw", "v", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0));
    say("set: %d", zoo_set(zh, "/sw", "w", 1, 0));
    say("set: %d", zoo_set(zh, "/sw", "w", 1, 0));
    say("set2: %d %s", zoo_set2(zh, "/sw", "w", 1, 0, &stat), stat_or_untouched(&stat));
    say("set2: %d", zoo_set2(zh, "/sw", "w", 1, 1, &stat));
    say("%s", stat_or_untouched(&stat));
    say("set2: %d", zoo_set2(zh, "/sw", "w", 1, 2, NULL));
    stat = marked();
    say("exists: %d %s", zoo_exists(zh, "/none", 0, &stat), stat_or_untouched(&stat));
    say("exists: %d", zoo_exists(zh, "/sw", 0, &stat));
    say("%s", stat_or_untouched(&stat));
    say("exists: %d", zoo_exists(zh, "/sw", 0, NULL));
    say("set_acl: %d", zoo_set_acl(zh, "/sw", 0, &ZOO_OPEN_ACL_UNSAFE));
    say("set_acl: %d", zoo_set_acl(zh, "/sw", 0, &ZOO_OPEN_ACL_UNSAFE));
    say("delete: %d", zoo_delete(zh, "/sw", 0));
    say("delete: %d", zoo_delete(zh, "/sw", -1));
    say("delete: %d", zoo_delete(zh, "/sw", -1));
    say("bad: %d %d %d", zoo_delete(zh, "x", -1), zoo_set(zh, "x", "", 0, -1),
        zoo_exists(zh, "x", 0, &stat));
    finish(zh);
}

SYNC_SCENARIO(real_sync_vectors, "C-308 C-309 C-310")
{
    struct String_vector strings = {77, (char **)8};
    struct ACL_vector acl = {77, (struct ACL *)8};
    struct Stat stat = marked();
    zhandle_t *zh = connected(LONG_MS);
    say("none: %d %d %d", zoo_get_children(zh, "/sv", 0, &strings), strings.count,
        strings.data == (char **)8);
    say("none: %d %d %s", zoo_get_children2(zh, "/sv", 0, &strings, &stat), strings.count,
        stat_or_untouched(&stat));
    say("none: %d %d %s", zoo_get_acl(zh, "/sv", &acl, &stat), acl.count, stat_or_untouched(&stat));
    zoo_create(zh, "/sv", "v", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    say("empty: %d", zoo_get_children(zh, "/sv", 0, &strings));
    say("%d", strings.count);
    deallocate_String_vector(&strings);
    zoo_create(zh, "/sv/child", "v", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0);
    say("one: %d", zoo_get_children2(zh, "/sv", 0, &strings, &stat));
    say("%d %s %s", strings.count, strings.data[0], stat_or_untouched(&stat));
    deallocate_String_vector(&strings);
    say("after: %d %d", strings.count, strings.data == NULL);
    say("discarded: %d", zoo_get_children(zh, "/sv", 0, NULL));
    say("acl: %d", zoo_get_acl(zh, "/sv", &acl, &stat));
    say("%d %d %s %s", acl.count, acl.data[0].perms, acl.data[0].id.scheme, acl.data[0].id.id);
    deallocate_ACL_vector(&acl);
    say("after: %d %d", acl.count, acl.data == NULL);
    say("acl: %d", zoo_get_acl(zh, "/sv", NULL, NULL));
    finish(zh);
}

SYNC_SCENARIO(sync_calls_on_a_lost_connection, "C-265 C-442 C-514")
{
    char buffer[8] = "#######";
    int length = 7;
    struct Stat stat = marked();
    struct String_vector strings = {77, NULL};
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on reply any cut 5");
    say("get: %d %d %s %s", zoo_get(zh, "/", 0, buffer, &length, &stat), length, buffer,
        stat_or_untouched(&stat));
    await("global: event type=-1 state=3");
    proxy(1, "on reply any cut 0");
    say("children: %d %d", zoo_get_children(zh, "/", 0, &strings), strings.count);
    await("global: event type=-1 state=3");
    proxy(1, "on reply any reset 3");
    say("create: %d", zoo_create(zh, "/x", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, buffer, 8));
    say("%s", buffer);
    await("global: event type=-1 state=3");
    say("create: %d", zoo_create(zh, "/x", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, buffer, 8));
    finish(zh);
}

SYNC_SCENARIO(sync_calls_that_time_out, "C-413 C-442")
{
    struct Stat stat = marked();
    zhandle_t *zh = connected(SHORT_MS);
    proxy(1, "on reply any hold");
    long long start = now_ms();
    say("exists: %d %s", zoo_exists(zh, "/", 0, &stat), stat_or_untouched(&stat));
    say_time("two thirds", start, SHORT_MS * 6 / 10, SHORT_MS * 95 / 100);
    await("global: event type=-1 state=3");
    say("exists: %d", zoo_exists(zh, "/", 0, &stat));
    finish(zh);
}

static void calls_back(int rc, const struct Stat *stat, const void *data)
{
    char buffer[10];
    int length = 10;
    zhandle_t *zh = (zhandle_t *)data;
    on_stat(rc, stat, "outer");
    note("cb", "inner: %d", zoo_get(zh, "/", 0, buffer, &length, NULL));
    note("cb", "inner: %d", zoo_create(zh, "/inner", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0));
    note("cb", "done");
}

SYNC_SCENARIO(sync_calls_from_a_completion, "C-515")
{
    zhandle_t *zh = connected(LONG_MS);
    say("exists: %d", zoo_aexists(zh, "/", 0, calls_back, zh));
    await("done");
    finish(zh);
}

SYNC_SCENARIO(children_without_a_stat, "C-309")
{
    struct String_vector strings;
    zhandle_t *zh = connected(LONG_MS);
    say("children: %d", zoo_get_children2(zh, "/", 0, &strings, NULL));
    say("%d", strings.count);
    finish(zh);
}

SYNC_SCENARIO(an_impossible_length, "C-305")
{
    char buffer[4] = "###";
    int length = -2;
    zhandle_t *zh = connected(LONG_MS);
    say("get: %d", zoo_get(zh, "/", 0, buffer, &length, NULL));
    say("%d %s", length, buffer);
    finish(zh);
}
