/* Drives the original C library through every operation it has, one scene per run:
 *
 *     client SCENE HOST:PORT
 *
 * Each line on stdout is a note for the recorder ("!..." is a command to it), which answers with
 * a line on stdin once it has taken it. Every call's code is checked, so a recording in which
 * something went otherwise than planned does not come about. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zookeeper/zookeeper.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int completed, code, connects, last_state;
static const char *hosts;

#define WAIT_FOR(condition)                       \
    do {                                          \
        pthread_mutex_lock(&lock);                \
        while (!(condition))                      \
            pthread_cond_wait(&changed, &lock);   \
        pthread_mutex_unlock(&lock);              \
    } while (0)

#define EXPECT(expected, call)                                                        \
    do {                                                                              \
        int rc_ = (call);                                                             \
        if (rc_ != (expected)) {                                                      \
            fprintf(stderr, "line %d: %s: code %d, not %d\n", __LINE__, #call, rc_, (expected)); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)

static void note(const char *text) {
    char answer[16];
    puts(text);
    fflush(stdout);
    if (!fgets(answer, sizeof answer, stdin))
        exit(1);
}

static void session_watcher(zhandle_t *zh, int type, int state, const char *path, void *ctx) {
    (void)zh, (void)path, (void)ctx;
    if (type != ZOO_SESSION_EVENT)
        return;
    pthread_mutex_lock(&lock);
    last_state = state;
    connects += state == ZOO_CONNECTED_STATE;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void watcher(zhandle_t *zh, int type, int state, const char *path, void *ctx) {
    (void)zh, (void)type, (void)state, (void)path, (void)ctx;
}

static void complete(int rc) {
    pthread_mutex_lock(&lock);
    code = rc;
    completed++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void void_done(int rc, const void *data) {
    (void)data;
    complete(rc);
}

static void string_done(int rc, const char *value, const void *data) {
    (void)value, (void)data;
    complete(rc);
}

/* Waits for the next completion after `call`, and returns its code. */
#define COMPLETION(call)                       \
    ({                                         \
        int before_ = completed;               \
        EXPECT(ZOK, call);                     \
        WAIT_FOR(completed > before_);         \
        code;                                  \
    })

static zhandle_t *open_session(int timeout, const clientid_t *id) {
    int before = connects;
    zhandle_t *zh = zookeeper_init(hosts, session_watcher, timeout, id, NULL, 0);
    if (!zh)
        exit(1);
    WAIT_FOR(connects > before || last_state == ZOO_EXPIRED_SESSION_STATE);
    return zh;
}

static struct ACL_vector *open_acl = &ZOO_OPEN_ACL_UNSAFE;
static char buf[256];
static int len;
static struct Stat stat;
static struct String_vector names;
static struct ACL_vector acls;

static int create(zhandle_t *zh, const char *path, const char *value, int mode) {
    return zoo_create(zh, path, value, value ? (int)strlen(value) : -1, open_acl, mode, buf, sizeof buf);
}

static int get(zhandle_t *zh, const char *path, int watch) {
    len = sizeof buf;
    return zoo_get(zh, path, watch, buf, &len, &stat);
}

static void session(void) {
    note("a new session, and its close");
    zhandle_t *zh = open_session(30000, NULL);
    zookeeper_close(zh);

    note("a new session with a short timeout, idle until it pings");
    zh = open_session(3000, NULL);
    note("!wait ping");
    note("the connection breaks; the library resumes the session");
    int before = connects;
    note("!cut");
    WAIT_FOR(connects > before);
    EXPECT(ZOK, create(zh, "/session", "x", ZOO_EPHEMERAL));
    clientid_t id = *zoo_client_id(zh);
    zookeeper_close(zh);

    note("a session that the server does not know");
    id.client_id = 0x123456789abcdef0;
    last_state = 0;
    zh = open_session(30000, &id);
    zookeeper_close(zh);
}

static void nodes(void) {
    zhandle_t *zh = open_session(30000, NULL);
    note("creates: data, empty data, null data");
    EXPECT(ZOK, create(zh, "/n", "hello", ZOO_PERSISTENT));
    EXPECT(ZOK, create(zh, "/n/empty", "", ZOO_PERSISTENT));
    EXPECT(ZOK, create(zh, "/n/null", NULL, ZOO_PERSISTENT));
    note("creates: ephemeral, sequential, both");
    EXPECT(ZOK, create(zh, "/n/e", "e", ZOO_EPHEMERAL));
    EXPECT(ZOK, create(zh, "/n/s-", "s", ZOO_PERSISTENT_SEQUENTIAL));
    EXPECT(ZOK, create(zh, "/n/es-", "es", ZOO_EPHEMERAL_SEQUENTIAL));
    note("creates: container, time to live, both kinds");
    EXPECT(ZOK, create(zh, "/n/container", "c", ZOO_CONTAINER));
    EXPECT(ZOK, zoo_create_ttl(zh, "/n/ttl", "t", 1, open_acl, ZOO_PERSISTENT_WITH_TTL, 3600000, buf,
                               sizeof buf));
    EXPECT(ZOK, zoo_create2_ttl(zh, "/n/ttl-", "t", 1, open_acl, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL,
                                0xffffffffffLL, buf, sizeof buf, &stat));
    note("create2");
    EXPECT(ZOK, zoo_create2(zh, "/n/c2", "two", 3, open_acl, ZOO_PERSISTENT, buf, sizeof buf, &stat));
    EXPECT(ZOK, zoo_create2(zh, "/n/c2-", NULL, -1, open_acl, ZOO_EPHEMERAL_SEQUENTIAL, buf, sizeof buf,
                            &stat));
    EXPECT(ZOK, zoo_create2(zh, "/n/c2container", "", 0, open_acl, ZOO_CONTAINER, buf, sizeof buf, &stat));
    note("a path beyond ASCII, data with every kind of byte");
    EXPECT(ZOK, zoo_create(zh, "/n/\xc3\xbc\xe2\x82\xac", "\0\x01\x7f\x80\xff\n\"", 7, open_acl, 0, buf,
                           sizeof buf));

    note("exists");
    EXPECT(ZOK, zoo_exists(zh, "/n", 0, &stat));
    EXPECT(ZOK, zoo_exists(zh, "/n/e", 0, &stat));
    note("getData: data, empty, null, the server's own configuration node");
    EXPECT(ZOK, get(zh, "/n", 0));
    EXPECT(ZOK, get(zh, "/n/empty", 0));
    EXPECT(ZOK, get(zh, "/n/null", 0));
    len = sizeof buf;
    EXPECT(ZOK, zoo_getconfig(zh, 0, buf, &len, &stat));
    note("setData: any version, this version, null data");
    EXPECT(ZOK, zoo_set(zh, "/n", "world!", 6, -1));
    EXPECT(ZOK, zoo_set2(zh, "/n", "again", 5, 1, &stat));
    EXPECT(ZOK, zoo_set2(zh, "/n/empty", NULL, -1, 0, &stat));
    note("children");
    EXPECT(ZOK, zoo_get_children(zh, "/n", 0, &names));
    EXPECT(ZOK, zoo_get_children(zh, "/n/e", 0, &names));
    EXPECT(ZOK, zoo_get_children2(zh, "/n", 0, &names, &stat));
    note("sync");
    EXPECT(ZOK, COMPLETION(zoo_async(zh, "/n", string_done, NULL)));
    note("delete: any version, this version");
    EXPECT(ZOK, zoo_delete(zh, "/n/null", -1));
    EXPECT(ZOK, zoo_delete(zh, "/n/empty", 1));
    zookeeper_close(zh);
}

static void acl(void) {
    zhandle_t *zh = open_session(30000, NULL);
    note("auth by digest");
    EXPECT(ZOK, COMPLETION(zoo_add_auth(zh, "digest", "bob:pw", 6, void_done, NULL)));
    note("creates with several ACL entries, and with those that the server fills in");
    struct ACL entries[] = {
        {ZOO_PERM_READ, {"world", "anyone"}},
        {ZOO_PERM_READ | ZOO_PERM_WRITE | ZOO_PERM_CREATE, {"ip", "127.0.0.1"}},
        {ZOO_PERM_ALL, {"digest", "bob:ikIaKsbtGweaHnb/jKn7OHqbunM="}},
    };
    struct ACL_vector three = {3, entries};
    EXPECT(ZOK, zoo_create(zh, "/acl", "x", 1, &three, 0, buf, sizeof buf));
    EXPECT(ZOK, zoo_create(zh, "/mine", "x", 1, &ZOO_CREATOR_ALL_ACL, 0, buf, sizeof buf));
    note("getACL");
    EXPECT(ZOK, zoo_get_acl(zh, "/acl", &acls, &stat));
    EXPECT(ZOK, zoo_get_acl(zh, "/mine", &acls, &stat));
    note("setACL: this version, any version");
    EXPECT(ZOK, zoo_set_acl(zh, "/acl", 0, &ZOO_READ_ACL_UNSAFE));
    EXPECT(ZNOAUTH, zoo_set_acl(zh, "/acl", -1, open_acl));
    EXPECT(ZBADVERSION, zoo_set_acl(zh, "/mine", 7, open_acl));
    EXPECT(ZNONODE, zoo_set_acl(zh, "/none", -1, open_acl));
    note("ACLs that the server refuses");
    struct ACL bad = {ZOO_PERM_ALL, {"nosuch", "who"}};
    struct ACL_vector one = {1, &bad};
    EXPECT(ZINVALIDACL, zoo_create(zh, "/bad", "x", 1, &one, 0, buf, sizeof buf));
    struct ACL_vector none = {0, NULL};
    EXPECT(ZINVALIDACL, zoo_create(zh, "/bad", "x", 1, &none, 0, buf, sizeof buf));

    note("a session without the right");
    zhandle_t *other = open_session(30000, NULL);
    EXPECT(ZNOAUTH, get(other, "/mine", 0));
    EXPECT(ZNOAUTH, zoo_set(other, "/mine", "y", 1, -1));
    EXPECT(ZNOAUTH, create(other, "/mine/x", "y", 0));
    EXPECT(ZNOAUTH, zoo_get_children(other, "/mine", 0, &names));
    note("auth with a scheme that the server does not know");
    EXPECT(ZAUTHFAILED, COMPLETION(zoo_add_auth(other, "nosuch", "x", 1, void_done, NULL)));
    zookeeper_close(other);
    zookeeper_close(zh);
}

static void multi(void) {
    zhandle_t *zh = open_session(30000, NULL);
    zoo_op_t ops[9];
    zoo_op_result_t results[9];
    struct Stat stats[9];
    char paths[9][64];
    /* No container: the library aborts on the server's answer to one inside a multi. */
    note("a multi with every kind of operation that the library can do");
    zoo_create_op_init(&ops[0], "/m", "x", 1, open_acl, 0, paths[0], 64);
    zoo_create_op_init(&ops[1], "/m/e-", NULL, -1, open_acl, ZOO_EPHEMERAL_SEQUENTIAL, paths[1], 64);
    zoo_set_op_init(&ops[2], "/m", "yy", 2, 0, &stats[2]);
    zoo_check_op_init(&ops[3], "/m", 1);
    zoo_create_op_init(&ops[4], "/m/c", "", 0, open_acl, 0, paths[4], 64);
    zoo_delete_op_init(&ops[5], "/m/c", -1);
    EXPECT(ZOK, zoo_multi(zh, 6, ops, results));
    note("a multi that fails in the middle, with each kind of operation behind the culprit");
    zoo_check_op_init(&ops[0], "/m", 1);
    zoo_set_op_init(&ops[1], "/m", "zz", 2, 7, &stats[1]);
    zoo_create_op_init(&ops[2], "/m/new", "x", 1, open_acl, 0, paths[2], 64);
    zoo_delete_op_init(&ops[3], "/m", -1);
    EXPECT(ZBADVERSION, zoo_multi(zh, 4, ops, results));
    note("multis that fail at once");
    zoo_delete_op_init(&ops[0], "/none", -1);
    EXPECT(ZNONODE, zoo_multi(zh, 1, ops, results));
    zoo_check_op_init(&ops[0], "/none", -1);
    zoo_create_op_init(&ops[1], "/m", "x", 1, open_acl, 0, paths[1], 64);
    EXPECT(ZNONODE, zoo_multi(zh, 2, ops, results));
    zookeeper_close(zh);
}

static void watches(void) {
    zhandle_t *zh = open_session(30000, NULL);
    zhandle_t *other = open_session(30000, NULL);
    note("watches of the three legacy kinds");
    EXPECT(ZNONODE, zoo_wexists(zh, "/w", watcher, NULL, &stat));
    note("created");
    EXPECT(ZOK, create(other, "/w", "x", 0));
    note("!wait event");
    len = sizeof buf;
    EXPECT(ZOK, zoo_wget(zh, "/w", watcher, NULL, buf, &len, &stat));
    note("changed");
    EXPECT(ZOK, zoo_set(other, "/w", "y", 1, -1));
    note("!wait event");
    EXPECT(ZOK, zoo_wget_children(zh, "/w", watcher, NULL, &names));
    note("child");
    EXPECT(ZOK, create(other, "/w/c", "x", 0));
    note("!wait event");
    EXPECT(ZOK, zoo_wget_children2(zh, "/w/c", watcher, NULL, &names, &stat));
    note("deleted");
    EXPECT(ZOK, zoo_delete(other, "/w/c", -1));
    note("!wait event");

    note("checkWatches and removeWatches");
    int one, two;
    EXPECT(ZOK, zoo_wexists(zh, "/w", watcher, &one, &stat));
    EXPECT(ZOK, zoo_wexists(zh, "/w", watcher, &two, &stat));
    EXPECT(ZOK, zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, watcher, &one, 0));
    EXPECT(ZOK, zoo_remove_watches(zh, "/w", ZWATCHTYPE_DATA, watcher, &two, 0));
    EXPECT(ZOK, zoo_wget_children(zh, "/w", watcher, &one, &names));
    EXPECT(ZOK, zoo_remove_all_watches(zh, "/w", ZWATCHTYPE_ANY, 0));

    note("watches that outlive a break of the connection, during which two of their nodes change");
    EXPECT(ZOK, create(other, "/w/quiet", "x", 0));
    EXPECT(ZOK, zoo_wexists(zh, "/w", watcher, NULL, &stat));
    EXPECT(ZOK, zoo_wexists(zh, "/w/quiet", watcher, NULL, &stat));
    EXPECT(ZNONODE, zoo_wexists(zh, "/w/none", watcher, NULL, &stat));
    EXPECT(ZNONODE, zoo_wexists(zh, "/w/nil", watcher, NULL, &stat));
    EXPECT(ZOK, zoo_wget_children(zh, "/w", watcher, NULL, &names));
    int before = connects;
    note("!hold");
    note("!cut 1");
    EXPECT(ZOK, zoo_set(other, "/w", "z", 1, -1));
    EXPECT(ZOK, create(other, "/w/none", "x", 0));
    note("!resume");
    WAIT_FOR(connects > before);
    note("!wait setWatches");
    EXPECT(ZOK, zoo_exists(zh, "/w", 0, &stat));
    zookeeper_close(other);
    zookeeper_close(zh);
}

static void errors(void) {
    zhandle_t *zh = open_session(30000, NULL);
    note("NONODE");
    EXPECT(ZNONODE, create(zh, "/no/parent", "x", 0));
    EXPECT(ZNONODE, zoo_delete(zh, "/none", -1));
    EXPECT(ZNONODE, zoo_exists(zh, "/none", 0, &stat));
    EXPECT(ZNONODE, get(zh, "/none", 0));
    EXPECT(ZNONODE, zoo_set(zh, "/none", "x", 1, -1));
    EXPECT(ZNONODE, zoo_get_acl(zh, "/none", &acls, &stat));
    EXPECT(ZNONODE, zoo_get_children(zh, "/none", 0, &names));
    EXPECT(ZNONODE, zoo_get_children2(zh, "/none", 0, &names, &stat));
    note("NODEEXISTS");
    EXPECT(ZOK, create(zh, "/err", "x", 0));
    EXPECT(ZNODEEXISTS, create(zh, "/err", "x", 0));
    EXPECT(ZNODEEXISTS, zoo_create2(zh, "/err", "x", 1, open_acl, 0, buf, sizeof buf, &stat));
    EXPECT(ZNODEEXISTS, create(zh, "/err", "x", ZOO_CONTAINER));
    EXPECT(ZNODEEXISTS, zoo_create_ttl(zh, "/err", "x", 1, open_acl, ZOO_PERSISTENT_WITH_TTL, 1000, buf,
                                       sizeof buf));
    note("BADVERSION");
    EXPECT(ZBADVERSION, zoo_set(zh, "/err", "x", 1, 5));
    EXPECT(ZBADVERSION, zoo_delete(zh, "/err", 5));
    note("NOTEMPTY");
    EXPECT(ZOK, create(zh, "/err/e", "x", ZOO_EPHEMERAL));
    EXPECT(ZNOTEMPTY, zoo_delete(zh, "/err", -1));
    note("NOCHILDRENFOREPHEMERALS");
    EXPECT(ZNOCHILDRENFOREPHEMERALS, create(zh, "/err/e/c", "x", 0));
    note("BADARGUMENTS: nodes that cannot be deleted");
    EXPECT(ZBADARGUMENTS, zoo_delete(zh, "/zookeeper", -1));
    note("reconfig is off");
    len = sizeof buf;
    EXPECT(ZRECONFIGDISABLED, zoo_reconfig(zh, "server.2=127.0.0.1:1:2;3", NULL, NULL, -1, buf, &len, &stat));
    EXPECT(ZRECONFIGDISABLED, zoo_reconfig(zh, NULL, NULL, "server.1=127.0.0.1:1:2;3", 7, buf, &len, &stat));
    EXPECT(ZRECONFIGDISABLED, zoo_reconfig(zh, NULL, "3", NULL, -1, buf, &len, &stat));
    zookeeper_close(zh);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } scenes[] = {{"session", session}, {"nodes", nodes},     {"acl", acl},
                  {"multi", multi},     {"watches", watches}, {"errors", errors}};
    if (argc != 3)
        return 2;
    alarm(60);
    hosts = argv[2];
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zoo_deterministic_conn_order(1);
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
        if (!strcmp(scenes[i].name, argv[1])) {
            scenes[i].run();
            return 0;
        }
    return 2;
}
