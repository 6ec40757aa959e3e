/* The create family against a real server. */
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/wire.h"

#include <stdio.h>

#define OPEN &ZOO_OPEN_ACL_UNSAFE

TEST(create_reports_the_path_and_stores_the_data, "C-142 C-230 C-300")
{
    live_t *live = live_open();
    char path[256], value[16];
    int length = sizeof value;
    const char *node = live_path(live, "node");
    CHECK_INT(zoo_create(live->zh, node, "hello", 5, OPEN, 0, path, sizeof path), ZOK);
    CHECK_STR(path, node);
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, NULL), ZOK);
    CHECK_BYTES(value, length, "hello", 5);
    live_close(live);
}

TEST(create_truncates_the_path_to_the_buffer, "C-300 F-32")
{
    live_t *live = live_open();
    char path[8];
    memset(path, 'x', sizeof path);
    CHECK_INT(zoo_create(live->zh, live_path(live, "a"), "", 0, OPEN, 0, path, 5), ZOK);
    CHECK_BYTES(path, 8, "/c-t\0xxx", 8);
    memset(path, 'x', sizeof path);
    CHECK_INT(zoo_create(live->zh, live_path(live, "b"), "", 0, OPEN, 0, path, 1), ZOK);
    CHECK_BYTES(path, 3, "\0xx", 3);
    memset(path, 'x', sizeof path);
    CHECK_INT(zoo_create(live->zh, live_path(live, "c"), "", 0, OPEN, 0, path, 0), ZOK);
    CHECK_INT(path[0], 'x');
    CHECK_INT(zoo_create(live->zh, live_path(live, "d"), "", 0, OPEN, 0, NULL, 0), ZOK);
    live_close(live);
}

TEST(create_errors_leave_the_path_buffer_untouched, "C-142 C-265 C-300")
{
    live_t *live = live_open();
    char path[8] = "before";
    const char *node = live_node(live, "node", "");
    struct Stat stat;
    memset(&stat, 0x55, sizeof stat);
    CHECK_INT(zoo_create(live->zh, node, "", 0, OPEN, 0, path, sizeof path), ZNODEEXISTS);
    CHECK_INT(zoo_create(live->zh, live_path(live, "no/child"), "", 0, OPEN, 0, path, 8), ZNONODE);
    CHECK_INT(zoo_create2(live->zh, node, "", 0, OPEN, 0, path, 8, &stat), ZNODEEXISTS);
    CHECK_STR(path, "before");
    CHECK_INT(stat.czxid, 0x5555555555555555);
    live_close(live);
}

TEST(create_under_an_ephemeral_node_is_refused, "C-142 C-027")
{
    live_t *live = live_open();
    const char *node = live_path(live, "e");
    struct Stat stat;
    CHECK_INT(zoo_create2(live->zh, node, "", 0, OPEN, ZOO_EPHEMERAL, NULL, 0, &stat), ZOK);
    CHECK_INT(stat.ephemeralOwner, zoo_client_id(live->zh)->client_id);
    CHECK_INT(zoo_create(live->zh, live_path(live, "e/c"), "", 0, OPEN, 0, NULL, 0),
              ZNOCHILDRENFOREPHEMERALS);
    live_close(live);
}

TEST(an_empty_or_missing_acl_is_invalid, "C-248 C-142")
{
    live_t *live = live_open();
    struct ACL_vector none = {0, NULL};
    CHECK_INT(zoo_create(live->zh, live_path(live, "a"), "", 0, NULL, 0, NULL, 0), ZINVALIDACL);
    CHECK_INT(zoo_create(live->zh, live_path(live, "a"), "", 0, &none, 0, NULL, 0), ZINVALIDACL);
    live_close(live);
}

TEST(sequential_nodes_get_growing_suffixes, "C-027 C-028 C-276 C-300")
{
    live_t *live = live_open();
    char first[256], second[256];
    const char *node = live_path(live, "s-");
    size_t length = strlen(node);
    struct Stat stat;
    CHECK_INT(zoo_create(live->zh, node, "", 0, OPEN, ZOO_SEQUENCE, first, 256), ZOK);
    CHECK_INT(zoo_create(live->zh, node, "", 0, OPEN, ZOO_SEQUENCE | ZOO_EPHEMERAL, second, 256),
              ZOK);
    CHECK_INT(strncmp(first, node, length), 0);
    CHECK_STR(first + length, "0000000000");
    CHECK_STR(second + length, "0000000001");
    CHECK_INT(zoo_exists(live->zh, second, 0, &stat), ZOK);
    CHECK_INT(stat.ephemeralOwner, zoo_client_id(live->zh)->client_id);
    live_close(live);
}

TEST(a_sequential_path_may_end_with_a_slash, "C-276")
{
    live_t *live = live_open();
    char path[256];
    const char *parent = live_path(live, "");
    CHECK_INT(zoo_create(live->zh, parent, "", 0, OPEN, 0, path, 256), ZBADARGUMENTS);
    CHECK_INT(zoo_create(live->zh, parent, "", 0, OPEN, ZOO_PERSISTENT_SEQUENTIAL, path, 256), ZOK);
    CHECK_STR(path + strlen(parent), "0000000000");
    live_close(live);
}

TEST(create_without_data_stores_null_or_nothing, "C-302 C-248 C-305")
{
    live_t *live = live_open();
    char value[4];
    int length = 4;
    CHECK_INT(zoo_create(live->zh, live_path(live, "n"), NULL, -1, OPEN, 0, NULL, 0), ZOK);
    CHECK_INT(zoo_get(live->zh, live_path(live, "n"), 0, value, &length, NULL), ZOK);
    CHECK_INT(length, -1);
    CHECK_INT(zoo_create(live->zh, live_path(live, "v"), "ignored", -1, OPEN, 0, NULL, 0), ZOK);
    length = 4;
    CHECK_INT(zoo_get(live->zh, live_path(live, "v"), 0, value, &length, NULL), ZOK);
    CHECK_INT(length, -1);
    CHECK_INT(zoo_create(live->zh, live_path(live, "e"), NULL, 0, OPEN, 0, NULL, 0), ZOK);
    length = 4;
    CHECK_INT(zoo_get(live->zh, live_path(live, "e"), 0, value, &length, NULL), ZOK);
    CHECK_INT(length, 0);
    live_close(live);
}

TEST(create_with_an_impossible_length_is_a_bad_argument, "C-302")
{
    NOT_ON_THE_REFERENCE("C-302");
    live_t *live = live_open();
    const char *node = live_path(live, "n");
    CHECK_INT(zoo_create(live->zh, node, "x", -2, OPEN, 0, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create(live->zh, node, NULL, 1, OPEN, 0, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_set(live->zh, live->root, "x", -2, -1), ZBADARGUMENTS);
    CHECK_INT(zoo_set(live->zh, live->root, NULL, 1, -1), ZBADARGUMENTS);
    CHECK_INT(zoo_exists(live->zh, node, 0, NULL), ZNONODE);
    live_close(live);
}

TEST(create2_fills_the_stat, "C-144 C-231 C-301")
{
    live_t *live = live_open();
    char path[256];
    struct Stat stat, seen;
    const char *node = live_path(live, "n");
    CHECK_INT(zoo_create2(live->zh, node, "abc", 3, OPEN, 0, path, sizeof path, &stat), ZOK);
    CHECK_STR(path, node);
    CHECK_INT(stat.dataLength, 3);
    CHECK_INT(zoo_exists(live->zh, node, 0, &seen), ZOK);
    check_stat(&stat, &seen);
    CHECK_INT(zoo_create2(live->zh, live_path(live, "m"), "", 0, OPEN, 0, NULL, 0, NULL), ZOK);
    live_close(live);
}

TEST(container_nodes_are_created_by_both_calls, "C-232 C-027")
{
    live_t *live = live_open();
    char path[256];
    struct Stat stat;
    const char *node = live_path(live, "c");
    CHECK_INT(zoo_create(live->zh, node, "x", 1, OPEN, ZOO_CONTAINER, path, 256), ZOK);
    CHECK_STR(path, node);
    CHECK_INT(zoo_exists(live->zh, node, 0, &stat), ZOK);
    CHECK_INT(stat.ephemeralOwner, 0); /* servers hide the mark of a container */
    node = live_path(live, "d");
    CHECK_INT(zoo_create2(live->zh, node, "x", 1, OPEN, ZOO_CONTAINER, path, 256, &stat), ZOK);
    CHECK_STR(path, node);
    CHECK_INT(stat.ephemeralOwner, 0); /* servers hide the mark of a container */
    live_close(live);
}

TEST(ttl_nodes_are_created_by_both_calls, "C-143 C-145 C-233 C-286")
{
    live_t *live = live_open();
    char path[256];
    struct Stat stat;
    const char *node = live_path(live, "t");
    CHECK_INT(zoo_create_ttl(live->zh, node, "x", 1, OPEN, ZOO_PERSISTENT_WITH_TTL, 90000, path,
                             256),
              ZOK);
    CHECK_STR(path, node);
    CHECK_INT(zoo_exists(live->zh, node, 0, &stat), ZOK);
    CHECK_INT(stat.ephemeralOwner, 0);
    CHECK_INT(zoo_create2_ttl(live->zh, live_path(live, "u-"), "x", 1, OPEN,
                              ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 0xFFFFFFFFFF, path, 256, &stat),
              ZOK);
    CHECK_STR(path, live_path(live, "u-0000000001"));
    CHECK_INT(stat.ephemeralOwner, 0);
    live_close(live);
}

TEST(ttl_and_mode_must_agree, "C-286 T-29")
{
    live_t *live = live_open();
    const int ttl = ZOO_PERSISTENT_WITH_TTL, both = ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL;
    const char *node = live_path(live, "t");
    zhandle_t *zh = live->zh;
    CHECK_INT(zoo_create(zh, node, "", 0, OPEN, ttl, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create(zh, node, "", 0, OPEN, both, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create2(zh, node, "", 0, OPEN, ttl, NULL, 0, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_create_ttl(zh, node, "", 0, OPEN, ttl, 0, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create_ttl(zh, node, "", 0, OPEN, ttl, -1, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create_ttl(zh, node, "", 0, OPEN, both, 0x10000000000, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create_ttl(zh, node, "", 0, OPEN, 0, 0, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create2_ttl(zh, node, "", 0, OPEN, ZOO_EPHEMERAL, 1, NULL, 0, NULL),
              ZBADARGUMENTS);
    CHECK_INT(zoo_create_ttl(NULL, NULL, "", 0, OPEN, 0, 5, NULL, 0), ZBADARGUMENTS);
    CHECK_INT(zoo_create_ttl(zh, node, "", 0, OPEN, 0, -1, NULL, 0), ZOK);
    CHECK_INT(zoo_create2_ttl(zh, live_path(live, "e"), "", 0, OPEN, ZOO_EPHEMERAL, -7, NULL, 0,
                              NULL),
              ZOK);
    live_close(live);
}

TEST(asynchronous_creates_report_path_and_stat, "C-123 C-124 C-125 C-126 C-266 F-42")
{
    live_t *live = live_open();
    probe_t plain = probe("acreate"), ttl = probe("acreate_ttl");
    probe_t two = probe("acreate2"), two_ttl = probe("acreate2_ttl");
    char path[256];
    snprintf(path, sizeof path, "%s/a", live->root);
    CHECK_INT(zoo_acreate(live->zh, path, "v", 1, OPEN, 0, on_string, &plain), ZOK);
    memset(path, '#', 20); /* the caller's memory is free again at once */
    CHECK_INT(zoo_acreate_ttl(live->zh, live_path(live, "b"), "v", 1, OPEN,
                              ZOO_PERSISTENT_WITH_TTL, 60000, on_string, &ttl),
              ZOK);
    CHECK_INT(zoo_acreate2(live->zh, live_path(live, "c"), "value", 5, OPEN, 0, on_string_stat,
                           &two),
              ZOK);
    CHECK_INT(zoo_acreate2_ttl(live->zh, live_path(live, "d"), "v", 1, OPEN,
                               ZOO_PERSISTENT_WITH_TTL, 60000, on_string_stat, &two_ttl),
              ZOK);
    journal_expect("acreate: 0", "acreate_ttl: 0", "acreate2: 0", "acreate2_ttl: 0", NULL);
    CHECK_STR(plain.value, live_path(live, "a"));
    CHECK_STR(ttl.value, live_path(live, "b"));
    CHECK_STR(two.value, live_path(live, "c"));
    CHECK_INT(two.stat.dataLength, 5);
    CHECK_STR(two_ttl.value, live_path(live, "d"));
    CHECK(two_ttl.has_stat);
    live_close(live);
}

TEST(failed_asynchronous_creates_pass_null, "C-123 C-125 C-314 C-264 F-42")
{
    live_t *live = live_open();
    probe_t plain = probe("acreate"), two = probe("acreate2");
    CHECK_INT(zoo_acreate(live->zh, live->root, "", 0, OPEN, 0, on_string, &plain), ZOK);
    CHECK_INT(zoo_acreate2(live->zh, live->root, "", 0, OPEN, 0, on_string_stat, &two), ZOK);
    CHECK_INT(zoo_acreate(live->zh, "bad", "", 0, OPEN, 0, on_string, &plain), ZBADARGUMENTS);
    journal_expect("acreate: -110", "acreate2: -110", NULL);
    CHECK(plain.value == NULL);
    CHECK(two.value == NULL);
    CHECK(!two.has_stat);
    live_close(live);
}
