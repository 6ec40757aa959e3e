/* Section 3 of the contract: calls, arguments, results. "real_" scenarios also run on Java. */
#define _GNU_SOURCE
#include "diff.h"

SCENARIO(real_create_modes, "C-230 C-231 C-232 C-233 C-276 C-286")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/modes", "v", ZOO_PERSISTENT);
    create(zh, "/modes/p", NULL, ZOO_PERSISTENT);
    create(zh, "/modes/e", "", ZOO_EPHEMERAL);
    create(zh, "/modes/s-", "x", ZOO_PERSISTENT_SEQUENTIAL);
    create(zh, "/modes/es-", "x", ZOO_EPHEMERAL_SEQUENTIAL);
    create(zh, "/modes/c", "x", ZOO_CONTAINER);
    create2(zh, "/modes/p2", "abc", ZOO_PERSISTENT);
    create2(zh, "/modes/e2", "abc", ZOO_EPHEMERAL);
    create2(zh, "/modes/c2", "abc", ZOO_CONTAINER);
    create2(zh, "/modes/s2-", "abc", ZOO_PERSISTENT_SEQUENTIAL);
    create(zh, "/modes/bad", "x", 9);
    children(zh, "/modes");
    children2(zh, "/modes");
    exists(zh, "/modes/e");
    finish(zh);
}

SCENARIO(real_ttl_nodes, "C-233 C-286")
{
    static const int64_t ttls[] = {-1, 0, 1, 60000, 0xffffffffffLL, 0x10000000000LL};
    static const int modes[] = {0, 2, 5, 6};
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/ttl", NULL, 0);
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
        for (size_t t = 0; t < sizeof ttls / sizeof *ttls; t++) {
            char path[40], *name = (char *)malloc(60);
            snprintf(path, sizeof path, "/ttl/m%d-%zu", modes[m], t);
            snprintf(name, 60, "create_ttl %s", path);
            int rc = zoo_acreate_ttl(zh, path, "v", 1, &ZOO_OPEN_ACL_UNSAFE, modes[m], ttls[t],
                                     on_string, name);
            say("%s: returns %d", name, rc);
            if (rc == ZOK)
                await("%s: ", name);
            snprintf(name, 60, "create2_ttl %s", path);
            rc = zoo_acreate2_ttl(zh, path, "v", 1, &ZOO_OPEN_ACL_UNSAFE, modes[m], ttls[t],
                                  on_string_stat, name);
            say("%s: returns %d", name, rc);
            if (rc == ZOK)
                await("%s: ", name);
        }
    }
    say("without ttl: %d", zoo_acreate(zh, "/ttl/x", "v", 1, &ZOO_OPEN_ACL_UNSAFE, 5, on_string, "x"));
    say("null handle: %d", zoo_acreate_ttl(NULL, "/x", "v", 1, NULL, 5, 0, on_string, "x"));
    children(zh, "/ttl");
    finish(zh);
}

SCENARIO(real_create_errors, "C-248 C-260 C-314")
{
    struct ACL_vector empty = {0, NULL};
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/ce", "v", 0);
    create(zh, "/ce", "v", 0);
    create(zh, "/none/child", "v", 0);
    create(zh, "/ce/e", "v", ZOO_EPHEMERAL);
    create(zh, "/ce/e/child", "v", 0);
    create2(zh, "/ce", "v", 0);
    say("null acl: %d", zoo_acreate(zh, "/ce/a", "v", 1, NULL, 0, on_string, "null acl"));
    await("null acl: ");
    say("empty acl: %d", zoo_acreate(zh, "/ce/a", "v", 1, &empty, 0, on_string, "empty acl"));
    await("empty acl: ");
    say("creator: %d",
        zoo_acreate(zh, "/ce/a", "v", 1, &ZOO_CREATOR_ALL_ACL, 0, on_string, "creator"));
    await("creator: ");
    finish(zh);
}

SCENARIO(real_reads_and_writes, "C-235 C-236 C-237 C-302 C-303 C-306 C-307")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/rw", "first", 0);
    get(zh, "/rw");
    set(zh, "/rw", "second", 0);
    set(zh, "/rw", "third", 0);
    set(zh, "/rw", "third", 7);
    set(zh, "/rw", "", -1);
    get(zh, "/rw");
    set(zh, "/rw", NULL, -1);
    get(zh, "/rw");
    exists(zh, "/rw");
    exists(zh, "/rw/none");
    get(zh, "/rw/none");
    set(zh, "/rw/none", "v", -1);
    say("binary: %d", zoo_aset(zh, "/rw", "a\0b\xff\x80", 5, -1, on_stat, "binary"));
    await("binary: ");
    get(zh, "/rw");
    finish(zh);
}

SCENARIO(real_deletes, "C-234 C-303")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/del", "v", 0);
    create(zh, "/del/child", "v", 0);
    delete_node(zh, "/del", -1);
    delete_node(zh, "/del/child", 5);
    delete_node(zh, "/del/child", 0);
    delete_node(zh, "/del/child", -1);
    delete_node(zh, "/del", -1);
    exists(zh, "/del");
    finish(zh);
}

SCENARIO(real_children, "C-240 C-242 C-308 C-309")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/kids", "v", 0);
    children(zh, "/kids");
    children2(zh, "/kids");
    create(zh, "/kids/a", "v", 0);
    children(zh, "/kids");
    children2(zh, "/kids");
    children(zh, "/kids/none");
    children2(zh, "/kids/none");
    finish(zh);
}

SCENARIO(real_acls, "C-238 C-239 C-310 C-311")
{
    static char scheme[] = "world", id[] = "anyone", digest[] = "digest",
                user[] = "u:fpTwCdwoDj5UsTFzC7IRcTfkGNE=";
    struct ACL entries[2] = {{31, {scheme, id}}, {1, {digest, user}}};
    struct ACL_vector two = {2, entries}, none = {0, NULL};
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/acl", "v", 0);
    get_acl(zh, "/acl");
    set_acl(zh, "/acl", 0, &two);
    get_acl(zh, "/acl");
    set_acl(zh, "/acl", 0, &two);
    set_acl(zh, "/acl", -1, &none);
    set_acl(zh, "/acl", -1, &ZOO_READ_ACL_UNSAFE);
    get_acl(zh, "/acl");
    set(zh, "/acl", "x", -1);
    create(zh, "/acl/child", "x", 0);
    get_acl(zh, "/acl/none");
    set_acl(zh, "/acl/none", -1, &two);
    finish(zh);
}

SCENARIO(real_sync, "C-241 C-312")
{
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/sync", "v", 0);
    sync_path(zh, "/sync");
    sync_path(zh, "/");
    sync_path(zh, "/none");
    finish(zh);
}

SCENARIO(reconfig_arguments, "C-244 C-313")
{
    zhandle_t *zh = connected(LONG_MS);
    say("null: %d", zoo_areconfig(zh, NULL, NULL, NULL, -1, on_data, "null"));
    await("null: ");
    say("some: %d", zoo_areconfig(zh, "server.5=a:1:2;3", "1,2", NULL, 7, on_data, "some"));
    await("some: ");
    say("all: %d", zoo_areconfig(zh, "", "", "server.1=a:1:2;3", 0x123456789aLL, on_data, "all"));
    await("all: ");
    say("no handle: %d", zoo_areconfig(NULL, "", "", "", 0, on_data, "none"));
    finish(zh);
}

SCENARIO(lengths_are_sent_as_given, "C-248 C-302")
{
    zhandle_t *zh = connected(LONG_MS);
    say("-1: %d", zoo_acreate(zh, "/l1", "abc", -1, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, "-1"));
    await("-1: ");
    say("0: %d", zoo_acreate(zh, "/l2", NULL, 0, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, "0"));
    await("0: ");
    say("2: %d", zoo_acreate(zh, "/l3", "abc", 2, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, "2"));
    await("2: ");
    get(zh, "/l1");
    get(zh, "/l2");
    get(zh, "/l3");
    finish(zh);
}

SCENARIO(a_request_too_large_for_the_server, "C-203 C-442")
{
    enum { SIZE = 2 << 20 };
    char *large = (char *)calloc(1, SIZE);
    zhandle_t *zh = connected(LONG_MS);
    say("large: %d", zoo_acreate(zh, "/large", large, SIZE, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, "large"));
    await("large: ");
    await("global: event type=-1 state=3");
    exists(zh, "/large");
    finish(zh);
}

SCENARIO(a_large_value, "C-200 C-306")
{
    enum { SIZE = 900000 };
    char *large = (char *)malloc(SIZE);
    memset(large, 'x', SIZE);
    zhandle_t *zh = connected(LONG_MS);
    say("large: %d", zoo_acreate(zh, "/large", large, SIZE, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, "large"));
    await("large: ");
    get(zh, "/large");
    finish(zh);
}

SCENARIO(a_thousand_requests_in_a_row, "C-205 C-513")
{
    zhandle_t *zh = connected(LONG_MS);
    for (int i = 0; i < 1000; i++)
        send_exists(zh, i % 3 ? "/none" : "/");
    create(zh, "/last", "v", 0);
    finish(zh);
}

SCENARIO(mixed_requests_keep_their_order, "C-513")
{
    zhandle_t *zh = connected(LONG_MS);
    for (int i = 0; i < 10; i++) {
        send_create(zh, "/mix", "v", 0);
        send_get(zh, "/mix");
        send_set(zh, "/mix", "w", -1);
        send_children(zh, "/mix");
        send_sync(zh, "/mix");
        send_get_acl(zh, "/mix");
        send_children2(zh, "/mix");
        send_delete(zh, "/mix", -1);
        send_exists(zh, "/mix");
    }
    sync_path(zh, "/");
    finish(zh);
}

SCENARIO(requests_queue_before_the_connection, "C-261 C-431")
{
    zhandle_t *zh;
    proxy(1, "hold");
    zh = open_session(hosts(1), LONG_MS);
    send_create(zh, "/early", "v", ZOO_EPHEMERAL);
    send_get(zh, "/early");
    watch_exists(zh, "/other", "watch");
    send_delete(zh, "/early", 3);
    proxy(1, "release");
    await("delete /early: ");
    finish(zh);
}

SCENARIO(failed_calls_use_up_ids, "C-205")
{
    zhandle_t *zh = connected(LONG_MS);
    exists(zh, "/");
    get(zh, "bad");
    exists(zh, "/");
    create(zh, "/bad/", "v", 0);
    create(zh, "bad", "v", 0);
    create(zh, "/ttl", "v", 5);
    exists(zh, "/");
    exists(NULL == zh ? zh : zh, "//");
    say("no handle: %d", zoo_adelete(NULL, "/", 0, on_void, "none"));
    exists(zh, "/");
    say("set_acl: %d", zoo_aset_acl(zh, "bad", 0, &ZOO_OPEN_ACL_UNSAFE, on_void, "bad"));
    say("sync: %d", zoo_async(zh, "bad", on_string, "bad"));
    exists(zh, "/");
    finish(zh);
}

SCENARIO(null_handles, "C-268 C-282 C-289")
{
    struct ACL_vector *acl = &ZOO_OPEN_ACL_UNSAFE;
    say("%d %d %d", zoo_acreate(NULL, "/", "", 0, acl, 0, on_string, "x"),
        zoo_adelete(NULL, "/", 0, on_void, "x"), zoo_aset(NULL, "/", "", 0, 0, on_stat, "x"));
    say("%d %d %d", zoo_async(NULL, "/", on_string, "x"), zoo_aget_acl(NULL, "/", on_acl, "x"),
        zoo_aset_acl(NULL, "/", 0, acl, on_void, "x"));
    say("%d %d %d", zoo_awget(NULL, "/", on_event, "x", on_data, "x"),
        zoo_awexists(NULL, "/", on_event, "x", on_stat, "x"),
        zoo_awget_children(NULL, "/", on_event, "x", on_strings, "x"));
    say("%d %d %d", zoo_add_auth(NULL, "digest", "a:b", 3, on_auth, "x"), zookeeper_close(NULL),
        zoo_state(NULL));
    zoo_set_context(NULL, NULL);
    say("%d", zoo_get_log_callback(NULL) == NULL);
}

SCENARIO(host_strings, "C-271 C-272 C-278")
{
    static const char *const strings[] = {
        "", ",", " ", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:x", "127.0.0.1:1x",
        "127.0.0.1:0x10", "127.0.0.1:1,", ",127.0.0.1:1", "127.0.0.1:1,,127.0.0.1:2",
        " 127.0.0.1:1", "127.0.0.1 :1", "127.0.0.1:1 ", "127.0.0.1:1,x", "127.0.0.1:1/a",
        "127.0.0.1:1/", "127.0.0.1:1//", "127.0.0.1:1/a/", "127.0.0.1:1/a//b", "127.0.0.1:1/.",
        "127.0.0.1:1/a/../b", "::1:2181", "[::1]:2181", "127.0.0.1:-1", "127.0.0.1:+1",
        "127.0.0.1:99999", "127.0.0.1: 1", "127.0.0.1:010", "256.1.1.1:1",
        "127.0.0.1:1,256.1.1.1:1", "256.1.1.1:1,127.0.0.1:1"};
    for (size_t i = 0; i < sizeof strings / sizeof *strings; i++) {
        zhandle_t *zh;
        errno = 0;
        zh = zookeeper_init(strings[i], NULL, LONG_MS, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
        say("'%s': %s errno %d", strings[i], zh ? "a handle" : "NULL", zh ? 0 : errno);
        if (zh != NULL)
            say("close: %d", zookeeper_close(zh));
    }
    errno = 0;
    say("NULL: %d errno %d", zookeeper_init(NULL, NULL, 1, NULL, NULL, 2) == NULL, errno);
}

SCENARIO(accessors, "C-282 C-283 C-284 C-285 C-287 C-288")
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    clientid_t none;
    zhandle_t *zh;
    memset(&none, 0, sizeof none);
    proxy(1, "hold");
    zh = open_session(hosts(1), 4321);
    proxy_await(1, "connect", 1);
    say("before: unrecoverable %d timeout %d id %d host %d context %s", is_unrecoverable(zh),
        zoo_recv_timeout(zh), memcmp(zoo_client_id(zh), &none, sizeof none) == 0,
        zookeeper_get_connected_host(zh, (struct sockaddr *)&address, &length) != NULL,
        (const char *)zoo_get_context(zh));
    say("state %d", zoo_state(zh));
    proxy(1, "on response timeout 5000");
    proxy(1, "release");
    await("global: event type=-1 state=3");
    say("after: unrecoverable %d timeout %d id %d host %d length %d", is_unrecoverable(zh),
        zoo_recv_timeout(zh), zoo_client_id(zh)->client_id != 0,
        zookeeper_get_connected_host(zh, (struct sockaddr *)&address, &length) ==
            (struct sockaddr *)&address,
        (int)length);
    say("server %s state %d", zoo_get_current_server(zh), zoo_state(zh));
    say("watcher %d", zoo_set_watcher(zh, on_event_too) == on_event);
    say("watcher %d", zoo_set_watcher(zh, NULL) == on_event_too);
    say("watcher %d", zoo_set_watcher(zh, on_event) != NULL);
    zoo_set_context(zh, (void *)"other");
    say("context %s", (const char *)zoo_get_context(zh));
    proxy(1, "cut");
    await("other: event type=-1 state=1");
    await("other: event type=-1 state=3");
    finish(zh);
}

SCENARIO(error_texts, "C-290")
{
    for (int code = -200; code < 3; code++)
        say("%d: %s", code, zerror(code));
    say("%s", zerror(110));
    say("%s", zerror(99999));
}

SCENARIO(debug_levels, "C-600")
{
    extern ZooLogLevel logLevel;
    static const unsigned levels[] = {0, 1, 2, 3, 4, 5, 100, 0xffffffffu};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        zoo_set_debug_level((ZooLogLevel)levels[i]);
        say("%u: %u", levels[i], (unsigned)logLevel);
    }
    zoo_set_debug_level((ZooLogLevel)0);
}

SCENARIO(every_error_reaches_its_caller, "C-265 C-314")
{
    static const int codes[] = {-1, -2, -3, -4, -5, -6, -7, -8, -9, -13, -14, -101, -102, -103,
                                -108, -110, -111, -112, -114, -115, -118, -119, -121, -124, -127,
                                -999, 5};
    zhandle_t *zh = connected(LONG_MS);
    create(zh, "/err", "v", 0);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        proxy(1, "on reply any times=10 err %d", codes[i]);
        create(zh, "/err", "v", 0);
        create2(zh, "/err", "v", 0);
        get(zh, "/err");
        exists(zh, "/err");
        set(zh, "/err", "v", -1);
        children(zh, "/err");
        children2(zh, "/err");
        get_acl(zh, "/err");
        sync_path(zh, "/err");
        set_acl(zh, "/err", -1, &ZOO_OPEN_ACL_UNSAFE);
    }
    get(zh, "/err");
    finish(zh);
}

SCENARIO(warm_up, "C-270")
{
    finish(connected(LONG_MS));
}

SCENARIO(a_call_without_a_completion, "C-267 Q-007")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "hold");
    say("get: %d", zoo_aget(zh, "/", 0, NULL, NULL));
    send_exists(zh, "/");
    proxy_await(1, "request Exists", 1);
    proxy(1, "release");
    await("exists /: ");
    finish(zh);
}

SCENARIO(watch_calls_without_a_handle, "C-268")
{
    say("get: %d", zoo_aget(NULL, "/", 0, on_data, "get"));
    say("exists: %d", zoo_aexists(NULL, "/", 1, on_stat, "exists"));
    say("children: %d", zoo_aget_children(NULL, "/", 0, on_strings, "children"));
}

SCENARIO(negative_lengths, "C-302")
{
    zhandle_t *zh = connected(LONG_MS);
    say("set: %d", zoo_aset(zh, "/", "abc", -2, -1, on_stat, "set"));
    finish(zh);
}

SCENARIO(an_acl_of_nothing, "C-311")
{
    zhandle_t *zh = connected(LONG_MS);
    say("set_acl: %d", zoo_aset_acl(zh, "/", -1, NULL, on_void, "set_acl"));
    finish(zh);
}
