/* Several reads in one request, and answers of the modern calls through a queue. */
#define _GNU_SOURCE
#include "../harness/ext.h"
#include "../harness/live.h"

#include <stdio.h>

enum { MULTI_READ_OP = 22 };

static void check_results(live_t *live, const struct zoox_read_result *results)
{
    struct Stat stat;
    CHECK_INT(zoo_exists(live->zh, live_path(live, "a"), 0, &stat), ZOK);
    CHECK_INT(results[0].err, ZOK);
    CHECK_INT(results[0].type, ZOOX_READ_DATA);
    CHECK_BYTES(results[0].data, results[0].length, "one", 3);
    check_stat(&results[0].stat, &stat);
    CHECK_INT(results[0].children.count, 0);
    CHECK_INT(results[1].err, ZNONODE);
    CHECK_INT(results[1].type, 0);
    CHECK(results[1].data == NULL);
    CHECK_INT(results[1].length, 0);
    CHECK_INT(results[2].err, ZOK);
    CHECK_INT(results[2].type, ZOOX_READ_CHILDREN);
    check_two_names(&results[2].children, "c", "d");
    CHECK_INT(results[3].err, ZNONODE);
    CHECK_INT(results[4].err, ZOK);
    CHECK_INT(results[4].type, ZOOX_READ_CHILDREN);
    CHECK_INT(results[4].children.count, 0);
}

static void reads_below(const char *root, struct zoox_read *reads)
{
    static const struct {
        int type;
        const char *name;
    } of[] = {{ZOOX_READ_DATA, "a"},
              {ZOOX_READ_DATA, "none"},
              {ZOOX_READ_CHILDREN, "a"},
              {ZOOX_READ_CHILDREN, "none"},
              {ZOOX_READ_CHILDREN, "b"}};
    for (int i = 0; i < 5; i++) {
        char *path = NULL;
        CHECK(asprintf(&path, "%s/%s", root, of[i].name) > 0);
        reads[i].type = of[i].type;
        reads[i].path = path;
    }
}

TEST(several_reads_have_a_result_or_an_error_each, "S-178")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    struct zoox_read reads[5];
    struct zoox_read_result results[5];
    live_family(live);
    reads_below(live->root, reads);
    memset(results, 0x55, sizeof results);
    CHECK_INT(zoox_multi_read(live->zh, 5, reads, results), ZOK);
    check_results(live, results);
    CHECK_INT(results[0].data[3], '\0');
    zoox_free_read_results(results, 5);
    CHECK(results[0].data == NULL && results[2].children.data == NULL);
    zoox_free_read_results(results, 5);
    zoox_free_read_results(NULL, 5);
    live_close(live);
}

TEST(the_chroot_applies_to_several_reads, "S-178")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    probe_t session = probe("second");
    struct zoox_read reads[5];
    struct zoox_read_result results[5];
    live_family(live);
    zhandle_t *zh = live_session(live->root, &session);
    reads_below("", reads);
    CHECK_INT(zoox_multi_read(zh, 5, reads, results), ZOK);
    check_results(live, results);
    zoox_free_read_results(results, 5);
    CHECK_INT(zookeeper_close(zh), ZOK);
    live_close(live);
}

/* What a completion of several reads was told. */
typedef struct {
    probe_t probe; /* first: probe_wait() takes it */
    live_t *live;
    int count;
    int has_results;
} reads_probe_t;

static void on_reads(int rc, int count, const struct zoox_read_result *results, const void *data)
{
    reads_probe_t *self = (reads_probe_t *)(uintptr_t)data;
    self->count = count;
    self->has_results = results != NULL;
    if (rc == ZOK && self->live != NULL)
        check_results(self->live, results);
    on_void(rc, &self->probe);
}

TEST(results_of_an_asynchronous_call_live_in_its_completion, "S-178")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    struct zoox_read reads[5];
    reads_probe_t read = {probe("read"), live, 0, 0};
    live_family(live);
    reads_below(live->root, reads);
    for (int i = 1; i <= 3; i++) {
        CHECK_INT(zoox_amulti_read(live->zh, 5, reads, on_reads, &read), ZOK);
        probe_wait(&read.probe, i);
        CHECK_INT(read.probe.rc, ZOK);
        CHECK_INT(read.count, 5);
    }
    CHECK_INT(zoox_amulti_read(live->zh, 5, reads, NULL, NULL), ZOK);
    CHECK_INT(zoo_exists(live->zh, live->root, 0, NULL), ZOK);
    live_close(live);
}

TEST(no_reads_at_all_have_no_results, "S-178")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    reads_probe_t read = {probe("read"), NULL, 7, 7};
    CHECK_INT(zoox_multi_read(live->zh, 0, NULL, NULL), ZOK);
    CHECK_INT(zoox_amulti_read(live->zh, 0, NULL, on_reads, &read), ZOK);
    probe_wait(&read.probe, 1);
    CHECK_INT(read.probe.rc, ZOK);
    CHECK_INT(read.count, 0);
    live_close(live);
}

TEST(a_thousand_reads_fit_into_one_request, "S-178")
{
    NEEDS_EXTRAS;
    enum { COUNT = 1000 };
    live_t *live = live_open();
    static struct zoox_read reads[COUNT];
    static struct zoox_read_result results[COUNT];
    const char *path = live_node(live, "a", "value");
    for (int i = 0; i < COUNT; i++) {
        reads[i].type = i % 2 ? ZOOX_READ_CHILDREN : ZOOX_READ_DATA;
        reads[i].path = i % 2 ? live->root : path;
    }
    CHECK_INT(zoox_multi_read(live->zh, COUNT, reads, results), ZOK);
    for (int i = 0; i < COUNT; i++) {
        CHECK_INT(results[i].type, reads[i].type);
        if (i % 2)
            CHECK_STR(results[i].children.data[0], "a");
        else
            CHECK_STR(results[i].data, "value");
    }
    zoox_free_read_results(results, COUNT);
    live_close(live);
}

TEST(bad_reads_are_refused_and_touch_nothing, "S-178")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    zhandle_t *zh = stage->zh;
    struct zoox_read reads[2] = {{ZOOX_READ_DATA, "/a"}, {ZOOX_READ_DATA, "bad"}};
    struct zoox_read_result results[2], before[2];
    reads_probe_t read = {probe("read"), NULL, 0, 0};
    memset(results, 0x55, sizeof results);
    memcpy(before, results, sizeof results);
    CHECK_INT(zoox_multi_read(zh, 2, reads, results), ZBADARGUMENTS);
    reads[1].path = NULL;
    CHECK_INT(zoox_multi_read(zh, 2, reads, results), ZBADARGUMENTS);
    reads[1].path = "/b";
    static const int types[] = {0, 3, -1};
    for (int i = 0; i < 3; i++) {
        reads[1].type = types[i];
        CHECK_INT(zoox_multi_read(zh, 2, reads, results), ZBADARGUMENTS);
        CHECK_INT(zoox_amulti_read(zh, 2, reads, on_reads, &read), ZBADARGUMENTS);
    }
    reads[1].type = ZOOX_READ_DATA;
    CHECK_INT(zoox_multi_read(zh, -1, reads, results), ZBADARGUMENTS);
    CHECK_INT(zoox_multi_read(zh, 65536, reads, results), ZBADARGUMENTS);
    CHECK_INT(zoox_multi_read(zh, 2, NULL, results), ZBADARGUMENTS);
    CHECK_INT(zoox_multi_read(zh, 2, reads, NULL), ZBADARGUMENTS);
    CHECK_INT(zoox_multi_read(NULL, 2, reads, results), ZBADARGUMENTS);
    CHECK_INT(zoox_amulti_read(NULL, 2, reads, on_reads, &read), ZBADARGUMENTS);
    CHECK_BYTES(results, sizeof results, before, sizeof before);
    CHECK_INT(probe_calls(&read.probe), 0);
    stage_close(stage);
}

/* A MultiHeader. */
static void put_head(wire_t *out, int type, int done, int err)
{
    put_int(out, type);
    put_bool(out, done);
    put_int(out, err);
}

/* The reply to so many reads of children. */
static wire_t children_reply(int count)
{
    wire_t body = {NULL, 0};
    for (int i = 0; i < count; i++) {
        put_head(&body, ZOO_GETCHILDREN_OP, 0, 0);
        put_int(&body, 1);
        put_string(&body, "child");
    }
    put_head(&body, -1, 1, -1);
    return body;
}

TEST(on_the_wire_reads_leave_no_watch, "S-178")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("/ch");
    struct zoox_read reads[2] = {{ZOOX_READ_DATA, "/"}, {ZOOX_READ_CHILDREN, "/b"}};
    reads_probe_t read = {probe("read"), NULL, 0, 0};
    wire_t body = {NULL, 0};
    CHECK_INT(zoox_amulti_read(stage->zh, 2, reads, on_reads, &read), ZOK);
    put_head(&body, ZOO_GETDATA_OP, 0, -1);
    put_string(&body, "/ch");
    put_bool(&body, 0);
    put_head(&body, ZOO_GETCHILDREN_OP, 0, -1);
    put_string(&body, "/ch/b");
    put_bool(&body, 0);
    put_head(&body, -1, 1, -1);
    int xid = stage_expect(stage, MULTI_READ_OP, &body);
    wire_t answer = children_reply(2);
    fake_reply(stage->connection, xid, 1, 0, &answer);
    wire_free(&answer);
    probe_wait(&read.probe, 1);
    CHECK_INT(read.probe.rc, ZOK);
    CHECK_INT(read.count, 2);
    stage_close(stage);
}

TEST(a_wrong_number_of_results_is_an_error, "S-178 F-47")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    struct zoox_read reads[2] = {{ZOOX_READ_CHILDREN, "/a"}, {ZOOX_READ_CHILDREN, "/b"}};
    struct zoox_read_result results[2];
    memset(results, 0x55, sizeof results);
    for (int count = 0; count <= 3; count++) {
        reads_probe_t read = {probe("read"), NULL, 7, 7};
        wire_t answer = children_reply(count);
        CHECK_INT(zoox_amulti_read(stage->zh, 2, reads, on_reads, &read), ZOK);
        stage_answer(stage, MULTI_READ_OP, 0, &answer);
        probe_wait(&read.probe, 1);
        CHECK_INT(read.probe.rc, count == 2 ? ZOK : ZMARSHALLINGERROR);
        CHECK_INT(read.count, count == 2 ? 2 : 0);
        CHECK_INT(read.has_results, count == 2);
        struct test_thread *server = fake_answer_one(stage->connection, MULTI_READ_OP, 0, &answer);
        CHECK_INT(zoox_multi_read(stage->zh, 2, reads, results),
                  count == 2 ? ZOK : ZMARSHALLINGERROR);
        thread_join(server);
        wire_free(&answer);
        if (count < 2)
            CHECK_INT(results[0].err, 0x55555555);
        if (count == 2)
            zoox_free_read_results(results, 2);
    }
    stage_close(stage);
}

TEST(lost_reads_have_no_results, "S-178")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    struct zoox_read one = {ZOOX_READ_DATA, "/a"};
    reads_probe_t read = {probe("read"), NULL, 7, 7};
    CHECK_INT(zoox_amulti_read(stage->zh, 1, &one, on_reads, &read), ZOK);
    fake_receive_type(stage->connection, MULTI_READ_OP);
    stage_reconnect(stage);
    probe_wait(&read.probe, 1);
    CHECK_INT(read.probe.rc, ZCONNECTIONLOSS);
    CHECK_INT(read.count, 0);
    CHECK_INT(read.has_results, 0);
    stage_close(stage);
}

TEST(answers_of_every_kind_come_through_a_queue, "G10 S-178 S-143 S-142 S-108")
{
    NEEDS_EXTRAS;
    live_t *live = live_open();
    zoox_cq_t *cq = zoox_cq_create();
    zhandle_t *zh = connect_to_queue(live_hosts(), cq);
    live_family(live);
    const char *own = live_path(live, "e");
    CHECK_INT(zoo_create(zh, own, "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, NULL, 0), ZOK);
    struct zoox_read reads[5];
    reads_below(live->root, reads);
    CHECK_INT(zoox_amulti_read(zh, 5, reads, NULL, (void *)1), ZOK);
    CHECK_INT(zoox_aget_ephemerals(zh, NULL, NULL, (void *)2), ZOK);
    CHECK_INT(zoox_aget_all_children_number(zh, live->root, NULL, (void *)3), ZOK);
    CHECK_INT(zoox_awho_am_i(zh, NULL, (void *)4), ZOK);

    const struct zoox_entry *entry = next_completion(cq, 1);
    CHECK_INT(entry->rc, ZOK);
    CHECK_INT(entry->payload, ZOOX_READS);
    CHECK_INT(entry->count, 5);
    const struct zoox_read_entry *read = (const struct zoox_read_entry *)payload_of(entry);
    CHECK_INT(read[0].err, ZOK);
    CHECK_INT(read[0].type, ZOOX_READ_DATA);
    CHECK_BYTES(in_entry(entry, read[0].payload), read[0].length, "one", 3);
    CHECK_INT(read[0].has_stat, 1);
    CHECK_INT(read[0].stat.numChildren, 2);
    CHECK_INT(read[1].err, ZNONODE);
    CHECK_INT(read[1].type, 0);
    CHECK_INT(read[2].type, ZOOX_READ_CHILDREN);
    CHECK_INT(read[2].count, 2);
    CHECK_INT(read[2].length, 4);
    const char *names = in_entry(entry, read[2].payload);
    CHECK(memcmp(names, "c\0d", 4) == 0 || memcmp(names, "d\0c", 4) == 0);
    CHECK_INT(read[3].err, ZNONODE);
    CHECK_INT(read[4].count, 0);

    entry = next_completion(cq, 2);
    CHECK_INT(entry->payload, ZOOX_STRINGS);
    CHECK_INT(entry->count, 1);
    CHECK_STR(payload_of(entry), own);

    entry = next_completion(cq, 3);
    CHECK_INT(entry->payload, ZOOX_NUMBER);
    CHECK_INT(entry->count, 5);

    entry = next_completion(cq, 4);
    CHECK_INT(entry->payload, ZOOX_IDENTITIES);
    CHECK_INT(entry->count, 1);
    const struct zoox_acl *identity = (const struct zoox_acl *)payload_of(entry);
    CHECK_INT(identity->perms, 0);
    CHECK_STR(in_entry(entry, identity->scheme), "ip");
    CHECK_STR(in_entry(entry, identity->id), "127.0.0.1");
    close_with_queue(zh, cq);
    live_close(live);
}
