/* Scenarios that are run on two libraries and compared.
 *
 * A scenario prints what it observes, one line per observation. Each line
 * belongs to a lane: "main" for what the scenario itself sees, "cb" for
 * completions and watchers, "auth" for completions of zoo_add_auth. Lanes are
 * compared one by one, so threads need no order among each other.
 *
 * Faults are asked for by lines that begin with '@' and are answered on
 * standard input, see proxy() and server().
 */
#ifndef DIFF_H
#define DIFF_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zookeeper/zookeeper.h>

typedef void (*scenario_function)(void);

enum scenario_kind {
    ANY_DRIVER,   /* asynchronous calls only: a loop of the program's can drive it */
    THREADS_ONLY, /* synchronous calls, or calls that block */
};

void scenario_register(const char *name, const char *contract, enum scenario_kind kind,
                       scenario_function run);

#define SCENARIO_OF(kind, name, contract)                                \
    static void name(void);                                              \
    __attribute__((constructor)) static void register_##name(void)       \
    {                                                                    \
        scenario_register(#name, contract, kind, name);                  \
    }                                                                    \
    static void name(void)

/* SCENARIO(a_name, "C-305 C-306") { ... } */
#define SCENARIO(name, contract) SCENARIO_OF(ANY_DRIVER, name, contract)
#define SYNC_SCENARIO(name, contract) SCENARIO_OF(THREADS_ONLY, name, contract)

/* Timeout of sessions in which time plays no part, and in which it does. */
enum { LONG_MS = 6000, SHORT_MS = 2400 };

/* A line of the scenario's own. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
/* A line of a callback. */
__attribute__((format(printf, 2, 3))) void note(const char *lane, const char *format, ...);
/* Waits for a callback's line that begins so; each line is waited for once. */
__attribute__((format(printf, 1, 2))) void await(const char *format, ...);
/* Waits until the handle is in this state. */
void await_state(zhandle_t *zh, int state);
/* The next callback's thread is the completion thread: that of a new handle. */
void forget_thread(void);
/* Gives up the scenario. */
__attribute__((noreturn, format(printf, 1, 2))) void give_up(const char *format, ...);
/* Lets time pass for a loop; with threads, the moment between two looks. */
void turn(void);

long long now_ms(void);
/* Says if the time since start, in ms, lies between the two limits. */
void say_time(const char *what, long long start, int low, int high);

/* HOST:PORT of the n-th proxy, from 1, and of the server itself. */
const char *hosts(int n);
const char *direct(void);
/* Printable bytes as they are, in memory that stays; NULL as such. */
const char *show(const char *bytes, int length);
const char *show_stat(const struct Stat *stat);

/* Runs a command of the proxy (zk_proxy::script) and returns its answer. */
__attribute__((format(printf, 2, 3))) const char *proxy(int n, const char *format, ...);
/* Waits until "count COMMAND" is at least n: frames since the proxy's mark. */
void proxy_await(int proxy_number, const char *what, int n);
/* "advance MS", "read-only on|off", "close": commands to the server. */
__attribute__((format(printf, 1, 2))) void server(const char *format, ...);

/* Opens a handle whose watcher is on_event with "global" as its context. */
zhandle_t *open_session(const char *host, int timeout_ms);
zhandle_t *open_with(const char *host, int timeout_ms, const clientid_t *id, int flags);
/* The same on proxy 1, connected. */
zhandle_t *connected(int timeout_ms);
/* A silent session of its own directly with the server, connected. */
zhandle_t *other_session(void);
/* Closes the handle and says what that returned. */
void finish(zhandle_t *zh);
/* Handles that a loop drives; open_with() and finish() keep the list. */
void drive(zhandle_t *zh);
void undrive(zhandle_t *zh);

/* Callbacks. The context or data is a name: "NAME: rc=0 …". The events of a watcher
 * whose name begins with '~' have a lane of their own. */
void on_event(zhandle_t *zh, int type, int state, const char *path, void *name);
/* The same at another address. */
void on_event_too(zhandle_t *zh, int type, int state, const char *path, void *name);
void on_void(int rc, const void *name);
void on_stat(int rc, const struct Stat *stat, const void *name);
void on_data(int rc, const char *value, int length, const struct Stat *stat, const void *name);
void on_strings(int rc, const struct String_vector *strings, const void *name);
void on_strings_stat(int rc, const struct String_vector *strings, const struct Stat *stat,
                     const void *name);
void on_string(int rc, const char *value, const void *name);
void on_string_stat(int rc, const char *value, const struct Stat *stat, const void *name);
void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *name);
void on_auth(int rc, const void *name);

/* Sends a request with its name as "get /a"; says what the call returned
 * unless that is ZOK. */
int send_create(zhandle_t *zh, const char *path, const char *value, int mode);
int send_create2(zhandle_t *zh, const char *path, const char *value, int mode);
int send_delete(zhandle_t *zh, const char *path, int version);
int send_exists(zhandle_t *zh, const char *path);
int send_get(zhandle_t *zh, const char *path);
int send_set(zhandle_t *zh, const char *path, const char *value, int version);
int send_children(zhandle_t *zh, const char *path);
int send_children2(zhandle_t *zh, const char *path);
int send_get_acl(zhandle_t *zh, const char *path);
int send_set_acl(zhandle_t *zh, const char *path, int version, struct ACL_vector *acl);
int send_sync(zhandle_t *zh, const char *path);
/* The same with on_event and this context as a watcher. */
int watch_get(zhandle_t *zh, const char *path, const char *context);
int watch_exists(zhandle_t *zh, const char *path, const char *context);
int watch_children(zhandle_t *zh, const char *path, const char *context);

/* The same, waiting for the completion. */
void create(zhandle_t *zh, const char *path, const char *value, int mode);
void create2(zhandle_t *zh, const char *path, const char *value, int mode);
void delete_node(zhandle_t *zh, const char *path, int version);
void exists(zhandle_t *zh, const char *path);
void get(zhandle_t *zh, const char *path);
void set(zhandle_t *zh, const char *path, const char *value, int version);
void children(zhandle_t *zh, const char *path);
void children2(zhandle_t *zh, const char *path);
void get_acl(zhandle_t *zh, const char *path);
void set_acl(zhandle_t *zh, const char *path, int version, struct ACL_vector *acl);
void sync_path(zhandle_t *zh, const char *path);
void get_watching(zhandle_t *zh, const char *path, const char *context);
void exists_watching(zhandle_t *zh, const char *path, const char *context);
void children_watching(zhandle_t *zh, const char *path, const char *context);

/* Without a line: changes by the other session. They must succeed. */
void quiet_create(zhandle_t *zh, const char *path, const char *value);
void quiet_set(zhandle_t *zh, const char *path, const char *value);
void quiet_delete(zhandle_t *zh, const char *path);

#endif
