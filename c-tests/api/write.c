/* set, delete, children and ACL calls against a real server. */
#include "../harness/harness.h"
#include "../harness/live.h"

#include <stdio.h>

TEST(set_replaces_the_data, "C-154 C-237 C-307 C-303")
{
    live_t *live = live_open();
    char value[16];
    int length = sizeof value;
    struct Stat stat;
    const char *node = live_node(live, "n", "one");
    CHECK_INT(zoo_set(live->zh, node, "second", 6, -1), ZOK);
    CHECK_INT(zoo_set2(live->zh, node, "third", 5, 1, &stat), ZOK);
    CHECK_INT(stat.version, 2);
    CHECK_INT(stat.dataLength, 5);
    CHECK_INT(zoo_set2(live->zh, node, "fourth", 6, 2, NULL), ZOK);
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, NULL), ZOK);
    CHECK_BYTES(value, length, "fourth", 6);
    live_close(live);
}

TEST(set_errors_come_back, "C-154 C-155 C-265 C-303")
{
    live_t *live = live_open();
    struct Stat stat;
    const char *node = live_node(live, "n", "one");
    memset(&stat, 0x55, sizeof stat);
    CHECK_INT(zoo_set(live->zh, live_path(live, "no"), "x", 1, -1), ZNONODE);
    CHECK_INT(zoo_set2(live->zh, node, "x", 1, 7, &stat), ZBADVERSION);
    CHECK_INT(zoo_set2(live->zh, "no", "x", 1, 7, &stat), ZBADARGUMENTS);
    CHECK_INT(stat.version, 0x55555555);
    live_close(live);
}

TEST(set_to_null_and_to_nothing, "C-302 C-307")
{
    live_t *live = live_open();
    char value[4];
    int length = 4;
    const char *node = live_node(live, "n", "one");
    CHECK_INT(zoo_set(live->zh, node, NULL, -1, -1), ZOK);
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, NULL), ZOK);
    CHECK_INT(length, -1);
    CHECK_INT(zoo_set(live->zh, node, NULL, 0, -1), ZOK);
    length = 4;
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, NULL), ZOK);
    CHECK_INT(length, 0);
    live_close(live);
}

TEST(asynchronous_set_reports_the_stat, "C-135 C-314")
{
    live_t *live = live_open();
    probe_t set = probe("aset"), missing = probe("missing");
    const char *node = live_node(live, "n", "one");
    CHECK_INT(zoo_aset(live->zh, node, "four", 4, 0, on_stat, &set), ZOK);
    CHECK_INT(zoo_aset(live->zh, node, "four", 4, 0, on_stat, &missing), ZOK);
    journal_expect("aset: 0", "missing: -103", NULL);
    CHECK_INT(set.stat.version, 1);
    CHECK_INT(set.stat.dataLength, 4);
    CHECK(!missing.has_stat);
    live_close(live);
}

TEST(delete_removes_a_node_or_says_why_not, "C-146 C-234 C-303")
{
    live_t *live = live_open();
    const char *node = live_node(live, "n", "one");
    live_node(live, "n/child", "");
    CHECK_INT(zoo_delete(live->zh, node, -1), ZNOTEMPTY);
    CHECK_INT(zoo_delete(live->zh, live_path(live, "n/child"), 3), ZBADVERSION);
    CHECK_INT(zoo_delete(live->zh, live_path(live, "n/child"), 0), ZOK);
    CHECK_INT(zoo_delete(live->zh, node, -1), ZOK);
    CHECK_INT(zoo_delete(live->zh, node, -1), ZNONODE);
    CHECK_INT(zoo_delete(live->zh, "n", -1), ZBADARGUMENTS);
    live_close(live);
}

TEST(asynchronous_delete_completes_with_its_code, "C-127")
{
    live_t *live = live_open();
    probe_t first = probe("first"), second = probe("second");
    const char *node = live_node(live, "n", "one");
    CHECK_INT(zoo_adelete(live->zh, node, -1, on_void, &first), ZOK);
    CHECK_INT(zoo_adelete(live->zh, node, -1, on_void, &second), ZOK);
    journal_expect("first: 0", "second: -101", NULL);
    live_close(live);
}

static int has(const struct String_vector *strings, const char *name)
{
    for (int i = 0; i < strings->count; i++)
        if (strcmp(strings->data[i], name) == 0)
            return 1;
    return 0;
}

TEST(children_are_listed_by_bare_name, "C-156 C-157 C-240 C-308 C-011 T-26")
{
    live_t *live = live_open();
    struct String_vector children = {77, NULL};
    CHECK_INT(zoo_get_children(live->zh, live->root, 0, &children), ZOK);
    CHECK_INT(children.count, 0);
    CHECK_INT(deallocate_String_vector(&children), 0);
    live_node(live, "a", "");
    live_node(live, "b", "");
    CHECK_INT(zoo_get_children(live->zh, live->root, 0, &children), ZOK);
    CHECK_INT(children.count, 2);
    CHECK(has(&children, "a") && has(&children, "b"));
    deallocate_String_vector(&children);
    CHECK_INT(zoo_wget_children(live->zh, live->root, NULL, NULL, &children), ZOK);
    CHECK_INT(children.count, 2);
    free(children.data[0]); /* plain malloc memory */
    free(children.data[1]);
    free(children.data);
    CHECK_INT(zoo_get_children(live->zh, live->root, 0, NULL), ZOK);
    live_close(live);
}

TEST(children_with_stat_come_together, "C-158 C-159 C-242 C-309")
{
    live_t *live = live_open();
    struct String_vector children = {0, NULL};
    struct Stat stat;
    live_node(live, "a", "");
    CHECK_INT(zoo_get_children2(live->zh, live->root, 0, &children, &stat), ZOK);
    CHECK_INT(children.count, 1);
    CHECK_STR(children.data[0], "a");
    CHECK_INT(stat.numChildren, 1);
    deallocate_String_vector(&children);
    CHECK_INT(zoo_wget_children2(live->zh, live->root, NULL, NULL, &children, &stat), ZOK);
    CHECK_INT(children.count, 1);
    deallocate_String_vector(&children);
    CHECK_INT(zoo_get_children2(live->zh, live->root, 0, NULL, &stat), ZOK);
    live_close(live);
}

TEST(children_with_stat_accept_a_missing_stat, "C-309 F-31")
{
    NOT_ON_THE_REFERENCE("C-309");
    live_t *live = live_open();
    struct String_vector children = {0, NULL};
    live_node(live, "a", "");
    CHECK_INT(zoo_get_children2(live->zh, live->root, 0, &children, NULL), ZOK);
    CHECK_INT(children.count, 1);
    deallocate_String_vector(&children);
    live_close(live);
}

TEST(failed_children_calls_leave_the_outputs_untouched, "C-265 C-308 C-309")
{
    live_t *live = live_open();
    struct String_vector children = {7, NULL};
    struct Stat stat;
    stat.numChildren = 99;
    CHECK_INT(zoo_get_children(live->zh, live_path(live, "no"), 0, &children), ZNONODE);
    CHECK_INT(zoo_get_children2(live->zh, live_path(live, "no"), 0, &children, &stat), ZNONODE);
    CHECK_INT(zoo_wget_children(live->zh, "", NULL, NULL, &children), ZBADARGUMENTS);
    CHECK_INT(children.count, 7);
    CHECK_INT(stat.numChildren, 99);
    live_close(live);
}

TEST(asynchronous_children_calls_report_names_and_stat, "C-136 C-137 C-314")
{
    live_t *live = live_open();
    probe_t one = probe("aget_children"), two = probe("awget_children");
    probe_t three = probe("aget_children2"), four = probe("awget_children2"), none = probe("none");
    live_node(live, "a", "");
    CHECK_INT(zoo_aget_children(live->zh, live->root, 0, on_strings, &one), ZOK);
    CHECK_INT(zoo_awget_children(live->zh, live->root, NULL, NULL, on_strings, &two), ZOK);
    CHECK_INT(zoo_aget_children2(live->zh, live->root, 0, on_strings_stat, &three), ZOK);
    CHECK_INT(zoo_awget_children2(live->zh, live->root, NULL, NULL, on_strings_stat, &four), ZOK);
    CHECK_INT(zoo_aget_children2(live->zh, live_path(live, "no"), 0, on_strings_stat, &none), ZOK);
    journal_expect("aget_children: 0", "awget_children: 0", "aget_children2: 0",
                   "awget_children2: 0", "none: -101", NULL);
    CHECK_STR(one.strings, "a");
    CHECK_STR(two.strings, "a");
    CHECK_STR(three.strings, "a");
    CHECK_STR(four.strings, "a");
    CHECK_INT(three.stat.numChildren, 1);
    CHECK_INT(four.stat.numChildren, 1);
    CHECK(none.strings == NULL);
    CHECK(!none.has_stat);
    live_close(live);
}

TEST(an_acl_is_read_and_replaced, "C-160 C-161 C-238 C-239 C-310 C-311 C-024")
{
    live_t *live = live_open();
    struct ACL_vector acl = {0, NULL};
    struct Stat stat;
    const char *node = live_node(live, "n", "x");
    CHECK_INT(zoo_get_acl(live->zh, node, &acl, &stat), ZOK);
    CHECK_INT(acl.count, 1);
    CHECK_INT(acl.data[0].perms, ZOO_PERM_ALL);
    CHECK_STR(acl.data[0].id.scheme, "world");
    CHECK_STR(acl.data[0].id.id, "anyone");
    CHECK_INT(stat.dataLength, 1);
    CHECK_INT(deallocate_ACL_vector(&acl), 0);
    CHECK_INT(zoo_set_acl(live->zh, node, 0, &ZOO_READ_ACL_UNSAFE), ZOK);
    CHECK_INT(zoo_get_acl(live->zh, node, &acl, &stat), ZOK);
    CHECK_INT(acl.data[0].perms, ZOO_PERM_READ);
    CHECK_INT(stat.aversion, 1);
    deallocate_ACL_vector(&acl);
    CHECK_INT(zoo_get_acl(live->zh, node, NULL, NULL), ZOK);
    CHECK_INT(zoo_set(live->zh, node, "y", 1, -1), ZNOAUTH);
    live_close(live);
}

TEST(acl_errors_come_back, "C-160 C-161 C-310 C-265")
{
    live_t *live = live_open();
    struct ACL_vector acl = {7, NULL}, none = {0, NULL};
    const char *node = live_node(live, "n", "x");
    CHECK_INT(zoo_get_acl(live->zh, live_path(live, "no"), &acl, NULL), ZNONODE);
    CHECK_INT(acl.count, 7);
    CHECK_INT(zoo_set_acl(live->zh, live_path(live, "no"), -1, &ZOO_OPEN_ACL_UNSAFE), ZNONODE);
    CHECK_INT(zoo_set_acl(live->zh, node, 5, &ZOO_OPEN_ACL_UNSAFE), ZBADVERSION);
    CHECK_INT(zoo_set_acl(live->zh, node, -1, &none), ZINVALIDACL);
    CHECK_INT(zoo_set_acl(live->zh, "n", -1, &ZOO_OPEN_ACL_UNSAFE), ZBADARGUMENTS);
    CHECK_INT(zoo_get_acl(live->zh, "n", &acl, NULL), ZBADARGUMENTS);
    live_close(live);
}

TEST(set_acl_without_an_acl_is_a_bad_argument, "C-311")
{
    NOT_ON_THE_REFERENCE("C-311");
    live_t *live = live_open();
    probe_t set = probe("aset_acl");
    CHECK_INT(zoo_set_acl(live->zh, live->root, -1, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_aset_acl(live->zh, live->root, -1, NULL, on_void, &set), ZBADARGUMENTS);
    live_close(live);
}

TEST(asynchronous_acl_calls_report_entries_and_stat, "C-139 C-140 C-314")
{
    live_t *live = live_open();
    probe_t get = probe("aget_acl"), set = probe("aset_acl"), none = probe("none");
    probe_t bad = probe("bad");
    const char *node = live_node(live, "n", "x");
    CHECK_INT(zoo_aget_acl(live->zh, node, on_acl, &get), ZOK);
    CHECK_INT(zoo_aset_acl(live->zh, node, -1, &ZOO_OPEN_ACL_UNSAFE, on_void, &set), ZOK);
    CHECK_INT(zoo_aset_acl(live->zh, node, 9, &ZOO_OPEN_ACL_UNSAFE, on_void, &bad), ZOK);
    CHECK_INT(zoo_aget_acl(live->zh, live_path(live, "no"), on_acl, &none), ZOK);
    journal_expect("aget_acl: 0", "aset_acl: 0", "bad: -103", "none: -101", NULL);
    CHECK_STR(get.value, "world:anyone:31");
    CHECK_INT(get.stat.dataLength, 1);
    CHECK_INT(none.count, -1);
    CHECK(!none.has_stat);
    live_close(live);
}

TEST(reconfiguration_is_refused_by_a_standalone_server, "C-134 C-153 C-244 C-313")
{
    live_t *live = live_open();
    char value[64];
    int length = sizeof value;
    struct Stat stat;
    probe_t again = probe("areconfig");
    int rc = zoo_reconfig(live->zh, "server.9=127.0.0.1:1:2;3", NULL, NULL, -1, value, &length,
                          &stat);
    CHECK(rc == ZRECONFIGDISABLED || rc == ZUNIMPLEMENTED || rc == ZNOAUTH);
    CHECK_INT(length, 64);
    CHECK_INT(zoo_areconfig(live->zh, NULL, "9", NULL, -1, on_data, &again), ZOK);
    probe_wait(&again, 1);
    CHECK_INT(again.rc, rc);
    CHECK(again.value == NULL);
    live_close(live);
}
