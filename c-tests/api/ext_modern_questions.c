/* Questions that the C library cannot ask: own ephemeral nodes, descendants, identities. */
#include "../harness/ext.h"
#include "../harness/live.h"

enum { GET_EPHEMERALS_OP = 103 };

static void make_ephemeral(zhandle_t *zh, const char *path)
{
    CHECK_INT(zoo_create(zh, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
}

TEST(own_ephemeral_nodes_are_listed, "S-143")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t session = probe("second"), list = probe("list");
    struct String_vector paths;
    zhandle_t *zh = live_session("", &session);
    const char *one = live_path(live, "e1"), *two = live_path(live, "f2");
    make_ephemeral(live->zh, one);
    make_ephemeral(live->zh, two);
    make_ephemeral(zh, live_path(live, "e3"));
    static const char *const all[] = {NULL, "", "/"};
    for (int i = 0; i < 3; i++) {
        CHECK_INT(zoox_get_ephemerals(live->zh, all[i], &paths), ZOK);
        check_two_names(&paths, one, two);
        deallocate_String_vector(&paths);
    }
    CHECK_INT(zoox_get_ephemerals(live->zh, live_path(live, "e"), &paths), ZOK);
    CHECK_INT(paths.count, 1);
    CHECK_STR(paths.data[0], one);
    deallocate_String_vector(&paths);
    CHECK_INT(zoox_get_ephemerals(zh, live_path(live, "none"), &paths), ZOK);
    CHECK_INT(paths.count, 0);
    deallocate_String_vector(&paths);
    CHECK_INT(zoox_get_ephemerals(zh, NULL, NULL), ZOK);
    CHECK_INT(zoox_aget_ephemerals(live->zh, two, on_strings, &list), ZOK);
    probe_wait(&list, 1);
    CHECK_INT(list.rc, ZOK);
    CHECK_STR(list.strings, two);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(under_a_chroot_only_nodes_below_it_are_listed, "S-143")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t session = probe("second");
    struct String_vector paths;
    const char *chroot = live_node(live, "ch", "");
    zhandle_t *zh = live_session(chroot, &session);
    make_ephemeral(zh, "/e1");
    make_ephemeral(zh, "/e2");
    CHECK_INT(zoox_get_ephemerals(zh, NULL, &paths), ZOK);
    check_two_names(&paths, "/e1", "/e2");
    deallocate_String_vector(&paths);
    CHECK_INT(zoox_get_ephemerals(zh, "/e2", &paths), ZOK);
    CHECK_INT(paths.count, 1);
    CHECK_STR(paths.data[0], "/e2");
    deallocate_String_vector(&paths);
    CHECK_INT(zookeeper_close(zh), ZOK);

    journal_clear();
    stage_t *stage = stage_open("/ch");
    static const char *const sent[] = {NULL, "/ch/", "/", "/ch/", "/a", "/ch/a", "/a/", "/ch/a/"};
    for (int i = 0; i < 8; i += 2) {
        wire_t body = {NULL, 0}, answer = {NULL, 0};
        probe_t list = probe("list");
        CHECK_INT(zoox_aget_ephemerals(stage->zh, sent[i], on_strings, &list), ZOK);
        put_string(&body, sent[i + 1]);
        int xid = stage_expect(stage, GET_EPHEMERALS_OP, &body);
        put_int(&answer, 2);
        put_string(&answer, "/ch/a/e");
        put_string(&answer, "/ch/b");
        fake_reply(stage->connection, xid, 1, 0, &answer);
        wire_free(&answer);
        probe_wait(&list, 1);
        CHECK_STR(list.strings, "/a/e,/b");
    }
    stage_close(stage);
    live_close(live);
}

static void on_number(int rc, int number, const void *data)
{
    probe_t *self = (probe_t *)(uintptr_t)data;
    self->count = number;
    on_void(rc, self);
}

TEST(descendants_are_counted, "S-142")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t session = probe("second"), count = probe("count");
    int number = -7;
    live_family(live);
    CHECK_INT(zoox_get_all_children_number(live->zh, live->root, &number), ZOK);
    CHECK_INT(number, 4);
    CHECK_INT(zoox_get_all_children_number(live->zh, live_path(live, "a"), &number), ZOK);
    CHECK_INT(number, 2);
    CHECK_INT(zoox_get_all_children_number(live->zh, live_path(live, "b"), &number), ZOK);
    CHECK_INT(number, 0);
    number = -7;
    CHECK_INT(zoox_get_all_children_number(live->zh, live_path(live, "no"), &number), ZNONODE);
    CHECK_INT(number, -7);
    CHECK_INT(zoox_get_all_children_number(live->zh, live->root, NULL), ZOK);
    zhandle_t *zh = live_session(live->root, &session);
    CHECK_INT(zoox_aget_all_children_number(zh, "/", on_number, &count), ZOK);
    probe_wait(&count, 1);
    CHECK_INT(count.rc, ZOK);
    CHECK_INT(count.count, 4);
    CHECK_INT(zoox_aget_all_children_number(zh, "/no", on_number, &count), ZOK);
    probe_wait(&count, 2);
    CHECK_INT(count.rc, ZNONODE);
    CHECK_INT(count.count, 0);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

/* True when the identity is among them. */
static int is_among(const struct ClientInfo_vector *identities, const char *scheme,
                    const char *user)
{
    for (int i = 0; i < identities->count; i++)
        if (strcmp(identities->data[i].authScheme, scheme) == 0 &&
            strcmp(identities->data[i].user, user) == 0)
            return 1;
    return 0;
}

static void on_identities(int rc, const struct ClientInfo_vector *identities, const void *data)
{
    probe_t *self = (probe_t *)(uintptr_t)data;
    self->count = identities == NULL ? -1 : is_among(identities, "digest", "bob");
    on_void(rc, self);
}

TEST(the_server_tells_who_the_client_is, "S-108")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t auth = probe("auth"), who = probe("who");
    struct ClientInfo_vector identities;
    CHECK_INT(zoox_who_am_i(live->zh, &identities), ZOK);
    CHECK_INT(identities.count, 1);
    CHECK(is_among(&identities, "ip", "127.0.0.1"));
    deallocate_ClientInfo_vector(&identities);
    CHECK_INT(zoo_add_auth(live->zh, "digest", "bob:secret", 10, on_void, &auth), ZOK);
    probe_wait(&auth, 1);
    CHECK_INT(zoox_who_am_i(live->zh, &identities), ZOK);
    CHECK_INT(identities.count, 2);
    CHECK(is_among(&identities, "ip", "127.0.0.1"));
    CHECK(is_among(&identities, "digest", "bob"));
    deallocate_ClientInfo_vector(&identities);
    CHECK_INT(zoox_who_am_i(live->zh, NULL), ZOK);
    CHECK_INT(zoox_awho_am_i(live->zh, on_identities, &who), ZOK);
    probe_wait(&who, 1);
    CHECK_INT(who.rc, ZOK);
    CHECK_INT(who.count, 1);
    live_close(live);
}

TEST(questions_with_bad_arguments_are_refused, "S-143 S-142 S-108")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    probe_t done = probe("never");
    struct String_vector paths = {7, NULL};
    struct ClientInfo_vector identities = {7, NULL};
    int number = 7;
    CHECK_INT(zoox_get_ephemerals(NULL, "/", &paths), ZBADARGUMENTS);
    CHECK_INT(zoox_get_ephemerals(zh, "a", &paths), ZBADARGUMENTS);
    CHECK_INT(zoox_aget_ephemerals(zh, "a", on_strings, &done), ZBADARGUMENTS);
    CHECK_INT(zoox_get_all_children_number(NULL, "/", &number), ZBADARGUMENTS);
    CHECK_INT(zoox_get_all_children_number(zh, NULL, &number), ZBADARGUMENTS);
    CHECK_INT(zoox_get_all_children_number(zh, "/a/", &number), ZBADARGUMENTS);
    CHECK_INT(zoox_aget_all_children_number(zh, "a", on_number, &done), ZBADARGUMENTS);
    CHECK_INT(zoox_who_am_i(NULL, &identities), ZBADARGUMENTS);
    CHECK_INT(zoox_awho_am_i(NULL, on_identities, &done), ZBADARGUMENTS);
    CHECK_INT(paths.count + identities.count + number, 21);
    CHECK_INT(probe_calls(&done), 0);
    stage_close(stage);
}
