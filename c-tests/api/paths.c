/* Which paths are accepted, and how a chroot changes them. */
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/stage.h"

#include <stdio.h>

static zhandle_t *unconnected(const char *chroot)
{
    char hosts[128];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d%s", dead_port(), chroot);
    zhandle_t *zh = zookeeper_init(hosts, NULL, 20000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    return zh;
}

/* Whether the path passes the check of an ordinary call (mode < 0) or of a
 * create with this mode. */
static int accepted(zhandle_t *zh, const char *path, int mode, probe_t *done)
{
    int rc = mode < 0 ? zoo_adelete(zh, path, -1, on_void, done)
                      : zoo_acreate(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, mode, on_string, done);
    if (rc != ZOK)
        CHECK_INT(rc, ZBADARGUMENTS);
    return rc == ZOK;
}

static const char *const valid[] = {"/",       "/a",        "/a/b/c", "/.f",     "/f.",  "/..f",
                                    "/f/..f",  "/...",      "/a b",   "/\x1f",   "/a\x7f",
                                    "/\xc3\xa4", "/\xff\xfe", "/a/.../b"};
static const char *const invalid[] = {"",      "a",     "a/b",   "/a/",    "//",    "/a//b", "/.",
                                      "/..",   "/a/.",  "/a/..", "/./a",   "/../a", "/a/./b",
                                      "/a/../b", "/a\x01", "/\x1e", "/a\nb", "/a/b/"};
static const char *const suffixed[] = {"/a/", "/a/.", "/a/..", "/.", "/.."};
static const char *const never[] = {"//", "/a//", "/./a", "/../a", "/a/./b", "/a\x01", "a"};

enum { VALID = sizeof valid / sizeof *valid, INVALID = sizeof invalid / sizeof *invalid };
enum { SUFFIXED = sizeof suffixed / sizeof *suffixed, NEVER = sizeof never / sizeof *never };

TEST(valid_paths_are_accepted, "C-275 T-28")
{
    probe_t done = probe("done");
    zhandle_t *zh = unconnected("");
    for (int i = 0; i < VALID; i++)
        if (!accepted(zh, valid[i], -1, &done) || !accepted(zh, valid[i], 0, &done))
            FAIL("path %s was refused", valid[i]);
    zookeeper_close(zh);
}

TEST(invalid_paths_are_bad_arguments, "C-275 C-260")
{
    probe_t done = probe("done");
    zhandle_t *zh = unconnected("");
    for (int i = 0; i < INVALID; i++)
        if (accepted(zh, invalid[i], -1, &done) || accepted(zh, invalid[i], 0, &done) ||
            accepted(zh, invalid[i], ZOO_EPHEMERAL, &done))
            FAIL("path %s was accepted", invalid[i]);
    CHECK(!accepted(zh, NULL, -1, &done));
    zookeeper_close(zh);
    CHECK_INT(probe_calls(&done), 0); /* a refused call never completes */
}

TEST(sequential_modes_relax_the_last_component, "C-276 C-277 T-28")
{
    static const int modes[] = {2, 3};
    probe_t done = probe("done");
    zhandle_t *zh = unconnected("");
    for (int m = 0; m < 2; m++) {
        for (int i = 0; i < SUFFIXED; i++)
            if (!accepted(zh, suffixed[i], modes[m], &done))
                FAIL("path %s was refused in mode %d", suffixed[i], modes[m]);
        for (int i = 0; i < NEVER; i++)
            if (accepted(zh, never[i], modes[m], &done))
                FAIL("path %s was accepted in mode %d", never[i], modes[m]);
    }
    for (int i = 0; i < SUFFIXED; i++) {
        CHECK_INT(zoo_acreate_ttl(zh, suffixed[i], "", 0, &ZOO_OPEN_ACL_UNSAFE,
                                  ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 9, on_string, &done),
                  ZOK);
        CHECK(!accepted(zh, suffixed[i], ZOO_CONTAINER, &done));
    }
    zookeeper_close(zh);
}

TEST(every_call_refuses_a_bad_path, "C-260 C-275")
{
    probe_t done = probe("done");
    zhandle_t *zh = unconnected("");
    struct Stat stat;
    struct ACL_vector acl;
    struct String_vector strings;
    char value[4];
    int length = 4;
    const char *bad = "bad";
    void_completion_t *as_declared = (void_completion_t *)on_void;
    CHECK_INT(zoo_aexists(zh, bad, 0, on_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awexists(zh, bad, NULL, NULL, on_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget(zh, bad, 0, on_data, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awget(zh, bad, NULL, NULL, on_data, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aset(zh, bad, "", 0, -1, on_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget_children(zh, bad, 0, on_strings, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awget_children(zh, bad, NULL, NULL, on_strings, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget_children2(zh, bad, 0, on_strings_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_awget_children2(zh, bad, NULL, NULL, on_strings_stat, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_async(zh, bad, on_string, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aget_acl(zh, bad, on_acl, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_aset_acl(zh, bad, -1, &ZOO_OPEN_ACL_UNSAFE, on_void, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_acreate2(zh, bad, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string_stat, &done),
              ZBADARGUMENTS);
    CHECK_INT(zoo_aremove_watches(zh, bad, ZWATCHTYPE_ANY, NULL, NULL, 0, as_declared, &done),
              ZBADARGUMENTS);
    CHECK_INT(zoo_aremove_all_watches(zh, bad, ZWATCHTYPE_ANY, 0, as_declared, &done),
              ZBADARGUMENTS);
    CHECK_INT(zoo_create(zh, bad, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create2(zh, bad, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0, &stat),
              ZBADARGUMENTS);
    CHECK_INT(zoo_delete(zh, bad, -1), ZBADARGUMENTS);
    CHECK_INT(zoo_exists(zh, bad, 0, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_wexists(zh, bad, NULL, NULL, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_get(zh, bad, 0, value, &length, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_wget(zh, bad, NULL, NULL, value, &length, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_set(zh, bad, "", 0, -1), ZBADARGUMENTS);
    CHECK_INT(zoo_set2(zh, bad, "", 0, -1, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_get_children(zh, bad, 0, &strings), ZBADARGUMENTS);
    CHECK_INT(zoo_wget_children(zh, bad, NULL, NULL, &strings), ZBADARGUMENTS);
    CHECK_INT(zoo_get_children2(zh, bad, 0, &strings, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_wget_children2(zh, bad, NULL, NULL, &strings, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_get_acl(zh, bad, &acl, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_set_acl(zh, bad, -1, &ZOO_OPEN_ACL_UNSAFE), ZBADARGUMENTS);
    CHECK_INT(zoo_remove_watches(zh, bad, ZWATCHTYPE_ANY, NULL, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_remove_all_watches(zh, bad, ZWATCHTYPE_ANY, 0), ZBADARGUMENTS);
    zookeeper_close(zh);
}

TEST(with_a_chroot_the_concatenation_is_checked, "C-279 T-27")
{
    stage_t *stage = stage_open("/ch");
    wire_t body = {NULL, 0};
    static const char *const paths[][2] = {
        {"", "/ch"}, {"x", "/ch"}, {"/", "/ch"}, {"rel", "/chrel"}, {"/a", "/ch/a"}};
    for (int i = 0; i < 5; i++) {
        CHECK_INT(zoo_async(stage->zh, paths[i][0], on_string, &stage->done), ZOK);
        put_string(&body, paths[i][1]);
        stage_expect(stage, ZOO_SYNC_OP, &body);
    }
    CHECK_INT(zoo_async(stage->zh, "/a/", on_string, &stage->done), ZBADARGUMENTS);
    CHECK_INT(zoo_async(stage->zh, "//a", on_string, &stage->done), ZBADARGUMENTS);
    stage_close(stage);
}

TEST(a_missing_path_with_a_chroot_is_a_bad_argument, "C-279")
{
    NOT_ON_THE_REFERENCE("C-279");
    probe_t done = probe("done");
    zhandle_t *zh = unconnected("/ch");
    CHECK_INT(zoo_adelete(zh, NULL, -1, on_void, &done), ZBADARGUMENTS);
    CHECK_INT(zoo_get_children(zh, NULL, 0, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_create(zh, NULL, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZBADARGUMENTS);
    zookeeper_close(zh);
}

TEST(replies_lose_the_chroot, "C-280 F-41")
{
    stage_t *stage = stage_open("/ch");
    probe_t create = probe("create");
    static const char *const paths[][2] = {{"/ch/a", "/a"},
                                           {"/ch", "/"},
                                           {"/other/a", "/other/a"},
                                           {"/chx", "x"}}; /* a bytewise prefix */
    for (int i = 0; i < 4; i++) {
        wire_t body = {NULL, 0};
        put_string(&body, paths[i][0]);
        zoo_acreate(stage->zh, "/a", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, &create);
        stage_answer(stage, ZOO_CREATE_OP, 0, &body);
        probe_wait(&create, i + 1);
        CHECK_STR(create.value, paths[i][1]);
        wire_free(&body);
    }
    stage_close(stage);
}

TEST(a_chroot_hides_the_rest_of_the_tree, "C-278 C-279 C-280")
{
    live_t *live = live_open();
    probe_t session = probe("second"), watch = probe("watch");
    char path[128], value[8];
    int length = sizeof value;
    struct String_vector children;
    zhandle_t *zh = live_session(live->root, &session);
    CHECK_INT(zoo_create(zh, "/a", "v", 1, &ZOO_OPEN_ACL_UNSAFE, 0, path, sizeof path), ZOK);
    CHECK_STR(path, "/a");
    CHECK_INT(zoo_create(zh, "/s-", "v", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, path, 128), ZOK);
    CHECK_STR(path, "/s-0000000001");
    CHECK_INT(zoo_get(live->zh, live_path(live, "a"), 0, value, &length, NULL), ZOK);
    CHECK_INT(zoo_get_children(zh, "/", 0, &children), ZOK);
    CHECK_INT(children.count, 2);
    deallocate_String_vector(&children);
    CHECK_INT(zoo_wget(zh, "/a", on_event, &watch, value, &length, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, live_path(live, "a"), "", 0, -1), ZOK);
    journal_wait("watch: changed /a");
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(the_synchronous_configuration_call_prepends_the_chroot, "C-281 T-27")
{
    live_t *live = live_open();
    probe_t session = probe("second"), get = probe("get");
    char value[1024];
    int length = sizeof value;
    zhandle_t *zh = live_session(live->root, &session);
    CHECK_INT(zoo_getconfig(zh, 0, value, &length, NULL), ZNONODE);
    CHECK_INT(zoo_agetconfig(zh, 0, on_data, &get), ZOK);
    probe_wait(&get, 1);
    CHECK_INT(get.rc, ZOK);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(a_missing_chroot_node_makes_every_call_fail, "C-278")
{
    live_t *live = live_open();
    probe_t session = probe("second");
    zhandle_t *zh = live_session(live_path(live, "no"), &session);
    CHECK_INT(zoo_create(zh, "/a", "v", 1, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZNONODE);
    CHECK_INT(zoo_exists(zh, "/", 0, NULL), ZNONODE);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}
