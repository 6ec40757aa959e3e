/* Section 3.2: which paths are valid, and what a chroot does to them. */
#define _GNU_SOURCE
#include "diff.h"

static const char *const odd_paths[] = {
    "", "/", "a", "//", "/a/", "/a//b", "/.", "/..", "/a/.", "/a/..", "/a/./b", "/a/../b",
    "/.f", "/f.", "/..f", "/f..", "/f/..f", "/...", "/a\x01", "/a\x1e", "/a\x1f", "/a\x7f",
    "/\xc3\xa4", "/\xff", "/a b", "/\t"};

SCENARIO(odd_paths_in_reads, "C-260 C-275 C-277")
{
    zhandle_t *zh = connected(LONG_MS);
    for (size_t i = 0; i < sizeof odd_paths / sizeof *odd_paths; i++) {
        const char *path = odd_paths[i];
        int rc[9] = {zoo_aget(zh, path, 0, on_data, "get"),
                     zoo_aexists(zh, path, 0, on_stat, "exists"),
                     zoo_aget_children(zh, path, 0, on_strings, "children"),
                     zoo_aget_children2(zh, path, 0, on_strings_stat, "children2"),
                     zoo_aget_acl(zh, path, on_acl, "acl"),
                     zoo_async(zh, path, on_string, "sync"),
                     zoo_adelete(zh, path, 99, on_void, "delete"),
                     zoo_aset(zh, path, "", 0, 99, on_stat, "set"),
                     zoo_aset_acl(zh, path, 99, &ZOO_OPEN_ACL_UNSAFE, on_void, "set_acl")};
        say("%s: %d %d %d %d %d %d %d %d %d", show(path, (int)strlen(path)), rc[0], rc[1], rc[2],
            rc[3], rc[4], rc[5], rc[6], rc[7], rc[8]);
        if (rc[8] == ZOK)
            await("set_acl: ");
    }
    say("NULL: %d %d %d", zoo_aget(zh, NULL, 0, on_data, "get"),
        zoo_adelete(zh, NULL, 0, on_void, "delete"), zoo_async(zh, NULL, on_string, "sync"));
    finish(zh);
}

SCENARIO(odd_paths_in_creates, "C-276 C-277")
{
    zhandle_t *zh = connected(LONG_MS);
    for (int mode = 0; mode < 5; mode++) {
        for (size_t i = 0; i < sizeof odd_paths / sizeof *odd_paths; i++) {
            const char *path = odd_paths[i];
            int rc = zoo_acreate(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, mode, on_string, "create");
            say("%s in mode %d: %d", show(path, (int)strlen(path)), mode, rc);
            if (rc == ZOK)
                await("create: ");
        }
    }
    say("mode 6: %d", zoo_acreate_ttl(zh, "/a/", "", 0, &ZOO_OPEN_ACL_UNSAFE, 6, 1, on_string, "6"));
    await("6: ");
    say("mode 5: %d", zoo_acreate_ttl(zh, "/a/", "", 0, &ZOO_OPEN_ACL_UNSAFE, 5, 1, on_string, "5"));
    finish(zh);
}

SCENARIO(real_chroot, "C-278 C-279 C-280")
{
    char host[100];
    zhandle_t *root = connected(LONG_MS), *zh;
    create(root, "/ch", "top", 0);
    finish(root);
    snprintf(host, sizeof host, "%s/ch", hosts(1));
    zh = open_session(host, LONG_MS);
    await("global: event type=-1 state=3");
    create(zh, "/a", "v", 0);
    create2(zh, "/a2", "v", 0);
    create(zh, "/s-", "v", ZOO_PERSISTENT_SEQUENTIAL);
    get(zh, "/");
    get(zh, "/a");
    children(zh, "/");
    sync_path(zh, "/a");
    sync_path(zh, "/");
    get_watching(zh, "/a", "watch");
    set(zh, "/a", "w", -1);
    await("watch: ");
    exists_watching(zh, "/new", "watch");
    create(zh, "/new", "w", 0);
    await("watch: ");
    children_watching(zh, "/", "watch");
    create(zh, "/newer", "w", 0);
    await("watch: ");
    finish(zh);
}

SCENARIO(chroot_oddities, "C-279 C-281")
{
    char host[100];
    zhandle_t *root = connected(LONG_MS), *zh;
    create(root, "/ch", "top", 0);
    create(root, "/chrel", "relative", 0);
    finish(root);
    snprintf(host, sizeof host, "%s/ch", hosts(1));
    zh = open_session(host, LONG_MS);
    await("global: event type=-1 state=3");
    get(zh, "x");
    get(zh, "");
    get(zh, "rel");
    get(zh, "/a/");
    sync_path(zh, "rel");
    say("getconfig: %d", zoo_agetconfig(zh, 0, on_data, "getconfig"));
    await("getconfig: ");
    finish(zh);
    snprintf(host, sizeof host, "%s/", hosts(1));
    zh = open_session(host, LONG_MS);
    await("global: event type=-1 state=3");
    get(zh, "/ch");
    finish(zh);
    snprintf(host, sizeof host, "%s/nowhere/at/all", hosts(1));
    zh = open_session(host, LONG_MS);
    await("global: event type=-1 state=3");
    get(zh, "/ch");
    create(zh, "/x", "v", 0);
    finish(zh);
}

SYNC_SCENARIO(sync_getconfig_under_a_chroot, "C-281")
{
    char host[100], buffer[200];
    int length = sizeof buffer;
    struct Stat stat;
    zhandle_t *zh = connected(LONG_MS);
    say("getconfig: %d", zoo_getconfig(zh, 0, buffer, &length, &stat));
    finish(zh);
    snprintf(host, sizeof host, "%s/ch", hosts(1));
    zh = open_session(host, LONG_MS);
    await("global: event type=-1 state=3");
    say("getconfig: %d", zoo_getconfig(zh, 0, buffer, &length, &stat));
    finish(zh);
}
