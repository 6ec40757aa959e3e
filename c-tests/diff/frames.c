/* Frames that are cut, split, wrong or unasked for. */
#define _GNU_SOURCE
#include "diff.h"

enum { TIMEOUT = 3000 };

/* Sends a request once to learn the size of its reply, then once for every number of bytes after
 * which the connection is cut. */
static void cut_replies(const char *op, void (*send)(zhandle_t *zh), const char *called)
{
    int size;
    zhandle_t *zh = connected(TIMEOUT);
    create(zh, "/node", "value", 0);
    send(zh);
    await("%s: ", called);
    size = atoi(proxy(1, "size reply %s", op));
    for (int k = 0; k < size; k++) {
        proxy(1, "on reply %s cut %d", op, k);
        send(zh);
        await("%s: ", called);
        await("global: event type=-1 state=1");
        await("global: event type=-1 state=3");
    }
    send(zh);
    await("%s: ", called);
    say("%d bytes", size);
    finish(zh);
}

static void get_node(zhandle_t *zh)
{
    send_get(zh, "/node");
}

static void exists_node(zhandle_t *zh)
{
    send_exists(zh, "/node");
}

static void exists_none(zhandle_t *zh)
{
    send_exists(zh, "/none");
}

static void create_sequential(zhandle_t *zh)
{
    send_create(zh, "/s-", "v", ZOO_PERSISTENT_SEQUENTIAL);
}

static void list_root(zhandle_t *zh)
{
    send_children2(zh, "/");
}

static void set_node(zhandle_t *zh)
{
    send_set(zh, "/node", "w", -1);
}

static void acl_of_node(zhandle_t *zh)
{
    send_get_acl(zh, "/node");
}

static void multi(zhandle_t *zh)
{
    static zoo_op_t ops[2];
    static zoo_op_result_t results[2];
    static struct Stat stat;
    zoo_check_op_init(&ops[0], "/node", -1);
    zoo_set_op_init(&ops[1], "/node", "x", 1, -1, &stat);
    if (zoo_amulti(zh, 2, ops, results, on_void, "multi") != ZOK)
        give_up("zoo_amulti");
}

SCENARIO(a_get_reply_cut_at_every_byte, "C-440 C-442")
{
    cut_replies("GetData", get_node, "get /node");
}

SCENARIO(an_exists_reply_cut_at_every_byte, "C-440 C-442")
{
    cut_replies("Exists", exists_node, "exists /node");
}

SCENARIO(an_error_reply_cut_at_every_byte, "C-440 C-442")
{
    cut_replies("Exists", exists_none, "exists /none");
}

SCENARIO(a_create_reply_cut_at_every_byte, "C-440 C-442")
{
    cut_replies("Create", create_sequential, "create /s-");
}

SCENARIO(a_children_reply_cut_at_every_byte, "C-440 C-442")
{
    cut_replies("GetChildren2", list_root, "children2 /");
}

SCENARIO(a_set_reply_cut_at_every_byte, "C-440 C-442")
{
    cut_replies("SetData", set_node, "set /node");
}

SCENARIO(an_acl_reply_cut_at_every_byte, "C-440 C-442")
{
    cut_replies("GetAcl", acl_of_node, "get_acl /node");
}

SCENARIO(a_multi_reply_cut_at_every_byte, "C-440 C-442 C-629")
{
    cut_replies("Multi", multi, "multi");
}

SCENARIO(an_event_cut_at_every_byte, "C-441 C-475 C-481")
{
    enum { SIZE = 4 + 16 + 4 + 4 + 4 + 5 };
    zhandle_t *zh = connected(TIMEOUT), *other = other_session();
    quiet_create(other, "/node", "v");
    for (int k = 0; k < SIZE; k++) {
        proxy(1, "on event cut %d", k);
        get_watching(zh, "/node", "watch");
        quiet_set(other, "/node", "w");
        await("watch: event type=-1 state=1");
        await("global: event type=-1 state=3");
        /* The server finds out on the reconnect that the node has changed. */
        await("watch: event type=3");
    }
    finish(other);
    finish(zh);
}

SCENARIO(a_set_watches_reply_cut_at_some_bytes, "C-222 C-432")
{
    zhandle_t *zh = connected(TIMEOUT);
    get_watching(zh, "/", "watch");
    for (int k = 0; k < 20; k += 3) {
        proxy(1, "on reply SetWatches cut %d", k);
        proxy(1, "cut");
        await("global: event type=-1 state=3");
        await("global: event type=-1 state=3");
        exists(zh, "/");
    }
    finish(zh);
}

SCENARIO(dribbled_replies_and_events, "C-200 C-416")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "on reply any times=all dribble 100");
    proxy(1, "on event times=all dribble 100");
    create(zh, "/d", "value", 0);
    get_watching(zh, "/d", "watch");
    for (int i = 0; i < 5; i++) {
        send_get(zh, "/d");
        send_children2(zh, "/");
    }
    set(zh, "/d", "w", -1);
    await("watch: ");
    exists(zh, "/none");
    finish(zh);
}

SCENARIO(replies_in_one_piece, "C-416")
{
    zhandle_t *zh = connected(LONG_MS);
    proxy(1, "hold");
    for (int i = 0; i < 10; i++) {
        send_exists(zh, "/");
        send_get(zh, "/");
    }
    proxy_await(1, "request any", 20);
    proxy(1, "release");
    sync_path(zh, "/");
    finish(zh);
}

static void wrong(const char *rule)
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists %s", rule);
    proxy(1, "hold");
    send_exists(zh, "/");
    send_get(zh, "/");
    proxy_await(1, "request GetData", 1);
    proxy(1, "release");
    await("exists /: ");
    await("get /: ");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(a_reply_with_the_next_id, "C-438")
{
    wrong("xid-by 1");
}

SCENARIO(a_reply_with_an_older_id, "C-438")
{
    wrong("xid-by -1");
}

SCENARIO(a_reply_with_id_zero, "C-438")
{
    wrong("xid 0");
}

SCENARIO(a_reply_with_an_unused_negative_id, "C-438")
{
    wrong("xid -3");
}

SCENARIO(a_lost_reply_shows_at_the_next_one, "C-438")
{
    wrong("drop");
}

SCENARIO(a_reply_that_comes_twice, "C-438")
{
    zhandle_t *zh = connected(TIMEOUT);
    send_get(zh, "/");
    await("get /: ");
    /* An old reply before the one asked for. */
    proxy(1, "on reply Exists before 00000010000000070000000000000001ffffff9b");
    send_exists(zh, "/");
    await("exists /: ");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(a_reply_that_nobody_asked_for, "C-438 Q-008")
{
    zhandle_t *zh = connected(TIMEOUT);
    /* After a reply, when nothing is outstanding: the event goes first. */
    get_watching(zh, "/zookeeper", "watch");
    proxy(1, "on reply Ping before 00000010000000070000000000000001ffffff9b");
    await("global: event type=-1 state=1");
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(a_negative_length, "C-203")
{
    wrong("length-word -1");
}

SCENARIO(a_frame_of_no_bytes, "C-203")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists before 00000000");
    send_exists(zh, "/");
    await("exists /: ");
    await("global: event type=-1 state=3");
    finish(zh);
}

SCENARIO(a_frame_shorter_than_a_header, "C-204 C-315")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists length 8");
    send_exists(zh, "/");
    await("exists /: ");
    await_state(zh, ZOO_CONNECTED_STATE);
    get(zh, "/");
    finish(zh);
}

SCENARIO(a_reply_without_its_body, "C-315")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists length 16");
    send_exists(zh, "/");
    await("exists /: ");
    await_state(zh, ZOO_CONNECTED_STATE);
    get(zh, "/");
    finish(zh);
}

SCENARIO(bytes_behind_a_reply, "C-204")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists length 200");
    exists(zh, "/");
    proxy(1, "on reply GetData length 300");
    get(zh, "/");
    proxy(1, "on reply GetChildren length 300");
    children(zh, "/");
    proxy(1, "on reply Sync length 300");
    sync_path(zh, "/");
    get(zh, "/");
    finish(zh);
}

SCENARIO(bytes_behind_an_error, "C-204")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists length 90");
    exists(zh, "/none");
    proxy(1, "on reply GetData length 90");
    get(zh, "/none");
    finish(zh);
}

SCENARIO(a_positive_error, "C-265")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists err 17");
    exists(zh, "/");
    finish(zh);
}

/* An event frame: length, header {-1, -1, 0}, type, state, path "/w". */
static void event_before_reply(int type, int state)
{
    proxy(1, "on reply Exists before 0000001effffffffffffffffffffffff00000000%08x%08x000000022f77",
          (unsigned)type, (unsigned)state);
}

SCENARIO(events_of_every_type, "C-475 C-476")
{
    static const int types[] = {0, 1, 2, 3, 4, 5, -1, -2, 77};
    static const int states[] = {3, 0, 1, 5, -112, 99};
    zhandle_t *zh = connected(TIMEOUT);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        create(zh, "/w", "v", 0);
        get_watching(zh, "/w", "data");
        children_watching(zh, "/w", "child");
        say("type %d", types[i]);
        event_before_reply(types[i], 3);
        exists(zh, "/");
        delete_node(zh, "/w", -1);
        exists(zh, "/");
        sync_path(zh, "/");
    }
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        exists_watching(zh, "/w", "exist");
        event_before_reply(1, states[i]);
        exists(zh, "/");
    }
    finish(zh);
}

SCENARIO(an_event_that_nobody_watches, "C-475")
{
    zhandle_t *zh = connected(TIMEOUT);
    event_before_reply(3, 3);
    exists(zh, "/");
    finish(zh);
}

SCENARIO(an_event_outside_the_chroot, "C-280")
{
    char host[100];
    zhandle_t *root = connected(TIMEOUT), *zh;
    create(root, "/ch", "top", 0);
    finish(root);
    snprintf(host, sizeof host, "%s/ch", hosts(1));
    zh = open_session(host, TIMEOUT);
    await("global: event type=-1 state=3");
    exists_watching(zh, "/none", "watch");
    event_before_reply(1, 3);
    exists(zh, "/");
    finish(zh);
}

SCENARIO(an_unasked_ping_reply, "C-220")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists before 00000010fffffffe000000000000000000000000");
    exists(zh, "/");
    proxy(1, "on reply Exists before 00000010fffffffe0000000000000000ffffff9b");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(a_set_watches_reply_with_an_error, "C-222")
{
    zhandle_t *zh = connected(TIMEOUT);
    get_watching(zh, "/", "watch");
    proxy(1, "on reply SetWatches times=all err -4");
    proxy(1, "cut");
    await("global: event type=-1 state=3");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(an_unasked_set_watches_reply, "C-222")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists before 00000010fffffff8000000000000000000000000");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(an_unasked_auth_reply, "C-566")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists before 00000010fffffffc000000000000000000000000");
    exists(zh, "/");
    finish(zh);
}

SCENARIO(an_unasked_auth_refusal, "C-566")
{
    zhandle_t *zh = connected(TIMEOUT);
    proxy(1, "on reply Exists before 00000010fffffffc0000000000000000ffffff8d");
    send_exists(zh, "/");
    await("exists /: ");
    say("state %d", zoo_state(zh));
    finish(zh);
}

SCENARIO(a_path_of_null_in_an_event, "C-202")
{
    zhandle_t *zh = connected(TIMEOUT);
    /* Type 3, state 3, and -1 for the length of the path. */
    proxy(1, "on reply Exists before 0000001cffffffffffffffffffffffff000000000000000300000003ffffffff");
    exists(zh, "/");
    finish(zh);
}
