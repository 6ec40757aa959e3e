/* exists, get and their results against a real server. */
#include "../harness/harness.h"
#include "../harness/live.h"
#include "../harness/wire.h"

#include <stdio.h>

TEST(get_returns_data_length_and_stat, "C-149 C-236 C-305 C-247")
{
    live_t *live = live_open();
    char value[16];
    int length = sizeof value;
    struct Stat stat, seen;
    const char *node = live_node(live, "n", "hello");
    memset(value, '#', sizeof value);
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, &stat), ZOK);
    CHECK_INT(length, 5);
    CHECK_BYTES(value, 6, "hello#", 6); /* no terminator is added */
    CHECK_INT(stat.dataLength, 5);
    CHECK_INT(stat.version, 0);
    CHECK_INT(stat.numChildren, 0);
    CHECK(stat.czxid > 0 && stat.czxid == stat.mzxid && stat.czxid == stat.pzxid);
    CHECK(stat.ctime > 1600000000000 && stat.ctime == stat.mtime);
    CHECK_INT(zoo_exists(live->zh, node, 0, &seen), ZOK);
    check_stat(&stat, &seen);
    live_close(live);
}

TEST(get_reports_the_truncated_length, "C-305 T-06 F-32")
{
    live_t *live = live_open();
    char value[8];
    int length = 3;
    struct Stat stat;
    const char *node = live_node(live, "n", "hello");
    memset(value, '#', sizeof value);
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, &stat), ZOK);
    CHECK_INT(length, 3);
    CHECK_INT(stat.dataLength, 5);
    CHECK_BYTES(value, 4, "hel#", 4);
    live_close(live);
}

TEST(get_into_no_buffer_copies_nothing, "C-305")
{
    live_t *live = live_open();
    int length = 0;
    const char *node = live_node(live, "n", "hello");
    CHECK_INT(zoo_get(live->zh, node, 0, NULL, &length, NULL), ZOK);
    CHECK_INT(length, 0);
    length = -1;
    CHECK_INT(zoo_get(live->zh, node, 0, NULL, &length, NULL), ZOK);
    CHECK_INT(length, -1);
    live_close(live);
}

TEST(get_with_a_very_negative_length_copies_nothing, "C-305")
{
    NOT_ON_THE_REFERENCE("C-305");
    live_t *live = live_open();
    char value[8] = "same";
    int length = -5;
    const char *node = live_node(live, "n", "hello");
    int rc = zoo_get(live->zh, node, 0, value, &length, NULL);
    CHECK(rc == ZBADARGUMENTS || rc == ZOK);
    CHECK_STR(value, "same");
    live_close(live);
}

TEST(get_of_null_data_reports_minus_one, "C-305 T-06 F-33")
{
    live_t *live = live_open();
    char value[8] = "same";
    int length = sizeof value;
    const char *node = live_node(live, "n", NULL);
    struct Stat stat;
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, &stat), ZOK);
    CHECK_INT(length, -1);
    CHECK_STR(value, "same");
    CHECK_INT(stat.dataLength, 0);
    live_close(live);
}

TEST(get_without_a_length_is_a_bad_argument, "C-305")
{
    live_t *live = live_open();
    char value[8];
    CHECK_INT(zoo_get(live->zh, live->root, 0, value, NULL, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_wget(live->zh, live->root, on_event, NULL, value, NULL, NULL), ZBADARGUMENTS);
    CHECK_INT(zoo_wget(NULL, "bad", on_event, NULL, value, NULL, NULL), ZBADARGUMENTS);
    live_close(live);
}

TEST(failed_gets_leave_the_outputs_untouched, "C-265 C-305 T-07")
{
    live_t *live = live_open();
    char value[8] = "same";
    int length = 8;
    struct Stat stat;
    memset(&stat, 0x55, sizeof stat);
    CHECK_INT(zoo_get(live->zh, live_path(live, "no"), 0, value, &length, &stat), ZNONODE);
    CHECK_INT(zoo_get(live->zh, "no", 0, value, &length, &stat), ZBADARGUMENTS);
    CHECK_INT(zoo_exists(live->zh, live_path(live, "no"), 0, &stat), ZNONODE);
    CHECK_STR(value, "same");
    CHECK_INT(length, 8);
    CHECK_INT(stat.czxid, 0x5555555555555555);
    CHECK_INT(stat.pzxid, 0x5555555555555555);
    live_close(live);
}

TEST(get_hands_out_binary_data_whole, "C-305 C-306 C-201")
{
    live_t *live = live_open();
    enum { SIZE = 200000 };
    char *data = (char *)malloc(SIZE), *value = (char *)malloc(SIZE);
    int length = SIZE;
    probe_t get = probe("aget");
    const char *node = live_path(live, "n");
    for (int i = 0; i < SIZE; i++)
        data[i] = (char)(i * 7);
    CHECK_INT(zoo_create(live->zh, node, data, SIZE, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZOK);
    CHECK_INT(zoo_get(live->zh, node, 0, value, &length, NULL), ZOK);
    CHECK_INT(length, SIZE);
    CHECK(memcmp(value, data, SIZE) == 0);
    CHECK_INT(zoo_aget(live->zh, node, 0, on_data, &get), ZOK);
    probe_wait(&get, 1);
    CHECK_INT(get.value_length, SIZE);
    CHECK(memcmp(get.value, data, SIZE) == 0);
    free(data);
    free(value);
    live_close(live);
}

TEST(exists_finds_or_misses_a_node, "C-147 C-235 C-304")
{
    live_t *live = live_open();
    struct Stat stat;
    const char *node = live_node(live, "n", "abc");
    CHECK_INT(zoo_exists(live->zh, node, 0, &stat), ZOK);
    CHECK_INT(stat.dataLength, 3);
    CHECK_INT(zoo_exists(live->zh, node, 0, NULL), ZOK);
    CHECK_INT(zoo_exists(live->zh, live_path(live, "no"), 0, NULL), ZNONODE);
    CHECK_INT(zoo_wexists(live->zh, node, NULL, NULL, &stat), ZOK);
    CHECK_INT(zoo_wexists(live->zh, "relative", NULL, NULL, &stat), ZBADARGUMENTS);
    live_close(live);
}

TEST(asynchronous_reads_report_everything, "C-128 C-129 C-130 C-131 C-306")
{
    live_t *live = live_open();
    probe_t exists = probe("aexists"), wexists = probe("awexists");
    probe_t get = probe("aget"), wget = probe("awget"), empty = probe("empty"), null = probe("null");
    const char *node = live_node(live, "n", "abc");
    const char *nothing = live_node(live, "e", ""), *none = live_node(live, "z", NULL);
    CHECK_INT(zoo_aexists(live->zh, node, 0, on_stat, &exists), ZOK);
    CHECK_INT(zoo_awexists(live->zh, node, NULL, NULL, on_stat, &wexists), ZOK);
    CHECK_INT(zoo_aget(live->zh, node, 0, on_data, &get), ZOK);
    CHECK_INT(zoo_awget(live->zh, node, NULL, NULL, on_data, &wget), ZOK);
    CHECK_INT(zoo_aget(live->zh, nothing, 0, on_data, &empty), ZOK);
    CHECK_INT(zoo_aget(live->zh, none, 0, on_data, &null), ZOK);
    journal_expect("aexists: 0", "awexists: 0", "aget: 0", "awget: 0", "empty: 0", "null: 0", NULL);
    CHECK_INT(exists.stat.dataLength, 3);
    CHECK_INT(wexists.stat.dataLength, 3);
    CHECK_BYTES(get.value, get.value_length, "abc", 3);
    CHECK_BYTES(wget.value, wget.value_length, "abc", 3);
    check_stat(&get.stat, &exists.stat);
    CHECK_INT(empty.value_length, 0);
    CHECK_INT(null.value_length, -1);
    CHECK(null.value == NULL);
    live_close(live);
}

TEST(failed_asynchronous_reads_pass_null, "C-128 C-130 C-314")
{
    live_t *live = live_open();
    probe_t exists = probe("aexists"), get = probe("aget");
    CHECK_INT(zoo_aexists(live->zh, live_path(live, "no"), 0, on_stat, &exists), ZOK);
    CHECK_INT(zoo_aget(live->zh, live_path(live, "no"), 0, on_data, &get), ZOK);
    journal_expect("aexists: -101", "aget: -101", NULL);
    CHECK(!exists.has_stat);
    CHECK(!get.has_stat);
    CHECK(get.value == NULL);
    CHECK_INT(get.value_length, 0);
    live_close(live);
}

TEST(sync_passes_the_path_to_its_completion, "C-138 C-241 C-312")
{
    live_t *live = live_open();
    probe_t sync = probe("sync");
    CHECK_INT(zoo_async(live->zh, live->root, on_string, &sync), ZOK);
    journal_expect("sync: 0", NULL);
    CHECK_STR(sync.value, live->root);
    CHECK_INT(zoo_async(live->zh, "bad", on_string, &sync), ZBADARGUMENTS);
    live_close(live);
}

TEST(sync_under_a_chroot_strips_it, "C-312 C-280")
{
    live_t *live = live_open();
    probe_t session = probe("second"), sync = probe("sync");
    zhandle_t *zh = live_session(live->root, &session);
    CHECK_INT(zoo_async(zh, "/a/b", on_string, &sync), ZOK);
    probe_wait(&sync, 1);
    CHECK_STR(sync.value, "/a/b");
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

TEST(the_configuration_is_read_from_its_node, "C-132 C-133 C-151 C-152 C-036 C-281")
{
    live_t *live = live_open();
    probe_t get = probe("agetconfig"), wget = probe("awgetconfig");
    char value[4096];
    int length = sizeof value;
    struct Stat stat;
    CHECK_STR(ZOO_CONFIG_NODE, "/zookeeper/config");
    CHECK_INT(zoo_getconfig(live->zh, 0, value, &length, &stat), ZOK);
    CHECK(length >= -1);
    length = sizeof value;
    CHECK_INT(zoo_wgetconfig(live->zh, NULL, NULL, value, &length, &stat), ZOK);
    CHECK_INT(zoo_agetconfig(live->zh, 0, on_data, &get), ZOK);
    CHECK_INT(zoo_awgetconfig(live->zh, NULL, NULL, on_data, &wget), ZOK);
    journal_expect("agetconfig: 0", "awgetconfig: 0", NULL);
    CHECK_INT(get.value_length, length);
    check_stat(&get.stat, &stat);
    check_stat(&wget.stat, &stat);
    CHECK_INT(zoo_getconfig(live->zh, 0, value, NULL, &stat), ZBADARGUMENTS);
    live_close(live);
}
