/* Values that programs compile in or link to: data symbols, macros, zerror. */
#define _GNU_SOURCE
#include "../harness/harness.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <zookeeper/zookeeper.h>
#include <zookeeper/zookeeper_log.h>

TEST(permissions_are_bits, "C-020")
{
    CHECK_INT(ZOO_PERM_READ, 1);
    CHECK_INT(ZOO_PERM_WRITE, 2);
    CHECK_INT(ZOO_PERM_CREATE, 4);
    CHECK_INT(ZOO_PERM_DELETE, 8);
    CHECK_INT(ZOO_PERM_ADMIN, 16);
    CHECK_INT(ZOO_PERM_ALL, 31);
}

static void check_acl(const struct ACL_vector *acl, int perms, const char *scheme, const char *id)
{
    CHECK_INT(acl->count, 1);
    CHECK_INT(acl->data[0].perms, perms);
    CHECK_STR(acl->data[0].id.scheme, scheme);
    CHECK_STR(acl->data[0].id.id, id);
}

TEST(ready_made_ids_and_acls_have_their_contents, "C-021 C-022 C-023 C-024 C-025 C-042 C-043")
{
    CHECK_STR(ZOO_ANYONE_ID_UNSAFE.scheme, "world");
    CHECK_STR(ZOO_ANYONE_ID_UNSAFE.id, "anyone");
    CHECK_STR(ZOO_AUTH_IDS.scheme, "auth");
    CHECK_STR(ZOO_AUTH_IDS.id, "");
    check_acl(&ZOO_OPEN_ACL_UNSAFE, 31, "world", "anyone");
    check_acl(&ZOO_READ_ACL_UNSAFE, 1, "world", "anyone");
    check_acl(&ZOO_CREATOR_ALL_ACL, 31, "auth", "");
}

TEST(create_modes_have_their_numbers, "C-026 C-027 C-028")
{
    CHECK_INT(ZOOKEEPER_WRITE, 1);
    CHECK_INT(ZOOKEEPER_READ, 2);
    CHECK_INT(ZOO_PERSISTENT, 0);
    CHECK_INT(ZOO_EPHEMERAL, 1);
    CHECK_INT(ZOO_PERSISTENT_SEQUENTIAL, 2);
    CHECK_INT(ZOO_EPHEMERAL_SEQUENTIAL, 3);
    CHECK_INT(ZOO_CONTAINER, 4);
    CHECK_INT(ZOO_PERSISTENT_WITH_TTL, 5);
    CHECK_INT(ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 6);
    CHECK_INT(ZOO_SEQUENCE, 2);
}

TEST(states_and_events_have_their_numbers, "C-029 C-030 C-031")
{
    CHECK_INT(ZOO_EXPIRED_SESSION_STATE, -112);
    CHECK_INT(ZOO_AUTH_FAILED_STATE, -113);
    CHECK_INT(ZOO_CONNECTING_STATE, 1);
    CHECK_INT(ZOO_ASSOCIATING_STATE, 2);
    CHECK_INT(ZOO_CONNECTED_STATE, 3);
    CHECK_INT(ZOO_READONLY_STATE, 5);
    CHECK_INT(ZOO_NOTCONNECTED_STATE, 999);
    CHECK_INT(ZOO_CREATED_EVENT, 1);
    CHECK_INT(ZOO_DELETED_EVENT, 2);
    CHECK_INT(ZOO_CHANGED_EVENT, 3);
    CHECK_INT(ZOO_CHILD_EVENT, 4);
    CHECK_INT(ZOO_SESSION_EVENT, -1);
    CHECK_INT(ZOO_NOTWATCHING_EVENT, -2);
}

TEST(the_undeclared_state_is_exported, "C-005 C-030")
{
    const int *state = (const int *)dlsym(RTLD_DEFAULT, "ZOO_SSL_CONNECTING_STATE");
    CHECK(state != NULL);
    CHECK_INT(*state, 7);
}

TEST(log_level_starts_at_info, "C-032 C-034 C-035 C-600")
{
    CHECK_INT(logLevel, ZOO_LOG_LEVEL_INFO);
    CHECK_INT(sizeof logLevel, 4);
    CHECK_INT(ZOO_LOG_LEVEL_ERROR, 1);
    CHECK_INT(ZOO_LOG_LEVEL_WARN, 2);
    CHECK_INT(ZOO_LOG_LEVEL_INFO, 3);
    CHECK_INT(ZOO_LOG_LEVEL_DEBUG, 4);
    CHECK_INT(ZWATCHTYPE_CHILD, 1);
    CHECK_INT(ZWATCHTYPE_DATA, 2);
    CHECK_INT(ZWATCHTYPE_ANY, 3);
}

TEST(structures_that_programs_build_have_their_sizes, "C-041 C-044 C-045 C-046 C-047 C-048 T-19")
{
    CHECK_INT(sizeof(clientid_t), 24);
    CHECK_INT(sizeof(struct Stat), 72);
    CHECK_INT(sizeof(struct String_vector), 16);
    CHECK_INT(sizeof(struct ACL_vector), 16);
    CHECK_INT(sizeof(struct buffer), 16);
    CHECK_INT(sizeof(zoo_op_t), 72);
    CHECK_INT(sizeof(zoo_op_result_t), 32);
    CHECK_INT(offsetof(zoo_op_t, create_op.ttl), 64);
    CHECK_INT(offsetof(zoo_op_t, set_op.stat), 32);
    CHECK_INT(offsetof(zoo_op_result_t, stat), 24);
}

typedef struct {
    int code;
    const char *text;
} code_t;

static const code_t codes[] = {
    {ZOK, "ok"},
    {ZSYSTEMERROR, "system error"},
    {ZRUNTIMEINCONSISTENCY, "run time inconsistency"},
    {ZDATAINCONSISTENCY, "data inconsistency"},
    {ZCONNECTIONLOSS, "connection loss"},
    {ZMARSHALLINGERROR, "marshalling error"},
    {ZUNIMPLEMENTED, "unimplemented"},
    {ZOPERATIONTIMEOUT, "operation timeout"},
    {ZBADARGUMENTS, "bad arguments"},
    {ZINVALIDSTATE, "invalid zhandle state"},
    {ZNEWCONFIGNOQUORUM, "no quorum of new config is connected and up-to-date with the leader of "
                         "last committed config - try invoking reconfiguration after new servers "
                         "are connected and synced"},
    {ZRECONFIGINPROGRESS,
     "Another reconfiguration is in progress -- concurrent reconfigs not supported (yet)"},
    {ZAPIERROR, "api error"},
    {ZNONODE, "no node"},
    {ZNOAUTH, "not authenticated"},
    {ZBADVERSION, "bad version"},
    {ZNOCHILDRENFOREPHEMERALS, "no children for ephemerals"},
    {ZNODEEXISTS, "node exists"},
    {ZNOTEMPTY, "not empty"},
    {ZSESSIONEXPIRED, "session expired"},
    {ZINVALIDCALLBACK, "invalid callback"},
    {ZINVALIDACL, "invalid acl"},
    {ZAUTHFAILED, "authentication failed"},
    {ZCLOSING, "zookeeper is closing"},
    {ZNOTHING, "(not error) no server responses to process"},
    {ZSESSIONMOVED, "session moved to another server, so operation is ignored"},
    {ZNOTREADONLY, "state-changing request is passed to read-only server"},
    {ZEPHEMERALONLOCALSESSION, "attempt to create ephemeral node on a local session"},
    {ZNOWATCHER, "the watcher couldn't be found"},
    {ZRECONFIGDISABLED,
     "attempts to perform a reconfiguration operation when reconfiguration feature is disable"},
    {ZSESSIONCLOSEDREQUIRESASLAUTH,
     "session closed by server because client is required to do SASL authentication"},
    {ZTHROTTLEDOP, "Operation was throttled due to high load"},
    {-10, "unknown error"},
    {-104, "unknown error"},
    {-1000, "unknown error"},
};

TEST(zerror_knows_every_code, "C-290 C-033 C-122 T-38")
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        CHECK_STR(zerror(codes[i].code), codes[i].text);
}

TEST(zerror_knows_the_codes_of_the_java_client_too, "C-290 F-44")
{
    NOT_ON_THE_REFERENCE("C-290: they are unknown errors");
    CHECK_STR(zerror(-12), "unknown session");
    CHECK_STR(zerror(ZSSLCONNECTIONERROR), "ssl connection error");
    CHECK_STR(zerror(-122), "request timeout");
    CHECK_STR(zerror(-125), "quota has been exceeded");
}

TEST(zerror_of_a_positive_code_is_strerror, "C-290 T-38")
{
    CHECK_STR(zerror(ENOENT), strerror(ENOENT));
    CHECK_STR(zerror(EINVAL), strerror(EINVAL));
    /* The text of an unknown one lives until the next is asked for. */
    char *unknown = strdup(strerror(100000));
    CHECK_STR(zerror(100000), unknown);
    free(unknown);
}

TEST(error_codes_have_their_numbers, "C-033")
{
    static const int values[] = {0,    -1,   -2,   -3,   -4,   -5,   -6,   -7,   -8,   -9,  -13,
                                 -14,  -100, -101, -102, -103, -108, -110, -111, -112, -113, -114,
                                 -115, -116, -117, -118, -119, -120, -121, -123, -124, -127};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        CHECK_INT(codes[i].code, values[i]);
    CHECK_INT(ZSSLCONNECTIONERROR, -15);
}

TEST(request_types_have_their_numbers, "C-037")
{
    static const int types[][2] = {{ZOO_NOTIFY_OP, 0},
                                   {ZOO_CREATE_OP, 1},
                                   {ZOO_DELETE_OP, 2},
                                   {ZOO_EXISTS_OP, 3},
                                   {ZOO_GETDATA_OP, 4},
                                   {ZOO_SETDATA_OP, 5},
                                   {ZOO_GETACL_OP, 6},
                                   {ZOO_SETACL_OP, 7},
                                   {ZOO_GETCHILDREN_OP, 8},
                                   {ZOO_SYNC_OP, 9},
                                   {ZOO_PING_OP, 11},
                                   {ZOO_GETCHILDREN2_OP, 12},
                                   {ZOO_CHECK_OP, 13},
                                   {ZOO_MULTI_OP, 14},
                                   {ZOO_CREATE2_OP, 15},
                                   {ZOO_RECONFIG_OP, 16},
                                   {ZOO_CHECK_WATCHES, 17},
                                   {ZOO_REMOVE_WATCHES, 18},
                                   {ZOO_CREATE_CONTAINER_OP, 19},
                                   {ZOO_DELETE_CONTAINER_OP, 20},
                                   {ZOO_CREATE_TTL_OP, 21},
                                   {ZOO_CLOSE_OP, -11},
                                   {ZOO_SETAUTH_OP, 100},
                                   {ZOO_SETWATCHES_OP, 101}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        CHECK_INT(types[i][0], types[i][1]);
}

TEST(the_version_is_three_numbers, "C-036 C-106")
{
    typedef const char *(*version_fn)(void);
    int major, minor, patch;
    CHECK_INT(sscanf(ZOO_VERSION, "%d.%d.%d", &major, &minor, &patch), 3);
    CHECK_INT(ZOO_READONLY, 1);
    CHECK_INT(ZOO_NO_LOG_CLIENTENV, 2);
    void *symbol = dlsym(RTLD_DEFAULT, "zoo_version_str");
    if (symbol == NULL && on_the_reference())
        SKIP("this release of the original has no zoo_version_str (C-106)");
    CHECK(symbol != NULL);
    version_fn version;
    memcpy(&version, &symbol, sizeof version);
    CHECK_STR(version(), ZOO_VERSION);
}

TEST(htonll_swaps_to_network_order, "C-180")
{
    CHECK_INT(zoo_htonll(0x0102030405060708), 0x0807060504030201);
    CHECK_INT(zoo_htonll(1), 0x0100000000000000);
    CHECK_INT(zoo_htonll(zoo_htonll(-42)), -42);
}
