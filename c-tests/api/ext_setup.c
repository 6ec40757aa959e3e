/* What a config lets a handle do with its host list, and earlier sizes of it. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* Size that the structure had before it got more members. */
#define FIRST_SIZE offsetof(struct zoox_config, log)

/* An address of this machine where nobody listens on any port. */
#define NOBODY "127.99.99.99"

static void check_refused(const struct zoox_config *config)
{
    errno = 0;
    CHECK(zoox_init(config) == NULL);
    CHECK_INT(errno, EINVAL);
}

static zhandle_t *opened(const char *hosts, int flags)
{
    struct zoox_config config = config_for(hosts);
    config.flags |= flags;
    zhandle_t *zh = zoox_init(&config);
    if (zh == NULL)
        FAIL("zoox_init(%s): %s", hosts, strerror(errno));
    return zh;
}

/* The handle tries this server first. Another one of the list may come next at
 * any time, unless the first one listens. */
static void check_first_server(const char *hosts, int flags, const char *server)
{
    zhandle_t *zh = opened(hosts, flags | ZOOX_KEEP_HOST_ORDER);
    CHECK_STR(zoo_get_current_server(zh), server);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

/* A list that begins with a server that listens and is silent. */
static void check_server_before(const char *others, int flags)
{
    char hosts[80];
    fake_t *fake = fake_start();
    snprintf(hosts, sizeof hosts, "%s,%s", fake->hosts, others);
    check_first_server(hosts, flags, fake->hosts);
    fake_stop(fake);
}

TEST(a_config_of_an_earlier_version_is_taken_and_not_read_beyond_its_end, "G11")
{
    NEEDS_EXTRAS;
    for (size_t size = FIRST_SIZE; size < sizeof(struct zoox_config); size += sizeof(void *)) {
        struct zoox_config config = config_for(NOBODY ":1");
        config.size = size;
        memset((char *)&config + size, 0xff, sizeof config - size);
        zhandle_t *zh = zoox_init(&config);
        CHECK(zh != NULL);
        CHECK_INT(zookeeper_close(zh), ZOK);
    }
    struct zoox_config config = config_for(NOBODY ":1");
    config.size = FIRST_SIZE - sizeof(void *);
    check_refused(&config);
    config.size = FIRST_SIZE + 1;
    check_refused(&config);
}

TEST(members_with_impossible_values_are_refused, "G11")
{
    NEEDS_EXTRAS;
    static const int levels[] = {-2, 5};
    for (int i = 0; i < 2; i++) {
        struct zoox_config config = config_for(NOBODY ":1");
        config.log_level = levels[i];
        check_refused(&config);
    }
    struct zoox_config config = config_for(NOBODY ":1");
    config.max_frame = -1;
    check_refused(&config);
    config = config_for(NOBODY ":1");
    config.queue = zoox_cq_create();
    CHECK(config.queue != NULL);
    config.release = free;
    check_refused(&config);
    CHECK_INT(zoox_cq_destroy(config.queue), ZOK);
}

TEST(a_host_without_a_port_has_port_2181_if_the_handle_says_so, "F-12")
{
    NEEDS_EXTRAS;
    check_first_server(NOBODY, ZOOX_DEFAULT_PORT, NOBODY ":2181");
    check_first_server(NOBODY "/chroot", ZOOX_DEFAULT_PORT, NOBODY ":2181");
    check_server_before(NOBODY, ZOOX_DEFAULT_PORT);
    struct zoox_config config = config_for(NOBODY);
    check_refused(&config);
    config.flags |= ZOOX_DEFAULT_PORT;
    config.hosts = NOBODY ":";
    check_refused(&config);
    config.hosts = "/chroot";
    check_refused(&config);
}

TEST(a_chroot_may_follow_a_host_without_a_port, "F-12")
{
    NEEDS_EXTRAS;
    char hosts[80];
    fake_t *fake = fake_start();
    snprintf(hosts, sizeof hosts, "%s," NOBODY "/app", fake->hosts);
    zhandle_t *zh = opened(hosts, ZOOX_DEFAULT_PORT | ZOOX_KEEP_HOST_ORDER);
    int connection = fake_connect(fake);
    CHECK_INT(zoo_adelete(zh, "/a", -1, NULL, NULL), ZOK);
    frame_t frame = fake_receive_type(connection, ZOO_DELETE_OP);
    CHECK_STR(take_string(&frame), "/app/a");
    fake_reply(connection, frame.xid, 1, 0, NULL);
    CHECK_INT(zoo_set_servers(zh, NOBODY), ZOK);
    CHECK_STR(zoo_get_current_server(zh), NOBODY ":2181");
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(ipv6_addresses_may_stand_in_brackets_if_the_handle_says_so, "F-13")
{
    NEEDS_EXTRAS;
    check_first_server("[::1]:1", ZOOX_BRACKETED_IPV6, "[::1]:1");
    check_first_server("::1:1", ZOOX_BRACKETED_IPV6, "[::1]:1");
    check_first_server("[2001:db8::7]:1/app", ZOOX_BRACKETED_IPV6, "[2001:db8::7]:1");
    check_server_before("[2001:db8::7]:1,127.0.0.1:1/app", ZOOX_BRACKETED_IPV6);
    check_server_before("[::1]:1", ZOOX_BRACKETED_IPV6);
    check_first_server("[::1]", ZOOX_BRACKETED_IPV6 | ZOOX_DEFAULT_PORT, "[::1]:2181");
    static const char *const bad[] = {"[::1]", "[::1", "[::1]1", "[]:1", "[127.0.0.1]:1"};
    for (int i = 0; i < 5; i++) {
        struct zoox_config config = config_for(bad[i]);
        config.flags |= ZOOX_BRACKETED_IPV6;
        check_refused(&config);
    }
}

TEST(an_ipv6_address_may_name_its_zone, "F-13")
{
    NEEDS_EXTRAS;
    zhandle_t *zh = opened("[fe80::1%lo]:1", ZOOX_BRACKETED_IPV6);
    struct sockaddr_in6 peer;
    socklen_t length = sizeof peer;
    /* While the attempt is under way; without IPv6 on this machine there may be none. */
    if (zoox_get_peer(zh, (struct sockaddr *)&peer, &length) == ZOK) {
        CHECK_INT(peer.sin6_family, AF_INET6);
        CHECK_INT(peer.sin6_scope_id, 1);
    }
    CHECK_BYTES(zoo_get_current_server(zh), 8, "[fe80::1", 8);
    CHECK_INT(zookeeper_close(zh), ZOK);
    struct zoox_config config = config_for("[fe80::1%]:1");
    config.flags |= ZOOX_BRACKETED_IPV6;
    check_refused(&config);
}

/* A listener on ::1; skips the test on machines without IPv6. */
static fake_t *fake_six(void)
{
    struct sockaddr_in6 address;
    socklen_t length = sizeof address;
    fake_t *fake = (fake_t *)calloc(1, sizeof *fake);
    CHECK(fake != NULL);
    memset(&address, 0, sizeof address);
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    fake->listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fake->listener < 0 ||
        bind(fake->listener, (struct sockaddr *)&address, sizeof address) != 0)
        SKIP("there is no IPv6 here: %s", strerror(errno));
    CHECK(listen(fake->listener, 16) == 0);
    CHECK(getsockname(fake->listener, (struct sockaddr *)&address, &length) == 0);
    fake->port = ntohs(address.sin6_port);
    snprintf(fake->hosts, sizeof fake->hosts, "[::1]:%d", fake->port);
    return fake;
}

TEST(a_session_can_be_had_and_moved_by_bracketed_addresses, "F-13")
{
    NEEDS_EXTRAS;
    char hosts[80];
    fake_t *six = fake_six(), *other = fake_six();
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d,%s", dead_port(), six->hosts);
    zhandle_t *zh = opened(hosts, ZOOX_BRACKETED_IPV6);
    int connection = fake_connect(six);
    CHECK_INT(zoo_set_servers(zh, other->hosts), ZOK);
    fake_wait_end(connection);
    connection = fake_connect(other);
    CHECK_STR(zoo_get_current_server(zh), other->hosts);
    fake_end_session(zh, connection);
}

static void round_trip(stage_t *stage)
{
    test_thread *server = fake_answer_one(stage->connection, ZOO_DELETE_OP, ZNONODE, NULL);
    CHECK_INT(zoo_delete(stage->zh, "/a", -1), ZNONODE);
    thread_join(server);
}

TEST(a_new_list_may_repeat_the_chroot_if_the_handle_says_so, "F-5 C-281")
{
    NEEDS_EXTRAS;
    char hosts[80];
    fake_t *moved = fake_start();
    for (int allowed = 0; allowed <= 1; allowed++) {
        stage_t stage = {.fake = fake_start()};
        snprintf(hosts, sizeof hosts, "%s/app", stage.fake->hosts);
        stage.zh = opened(hosts, allowed ? ZOOX_REPEAT_CHROOT : 0);
        stage.connection = fake_connect(stage.fake);
        static const char *const others[] = {"/other", "/app/", "/app/a", "/"};
        for (int i = 0; i < 4; i++) {
            snprintf(hosts, sizeof hosts, "%s%s", moved->hosts, others[i]);
            CHECK_INT(zoo_set_servers(stage.zh, hosts), ZBADARGUMENTS);
        }
        round_trip(&stage);
        snprintf(hosts, sizeof hosts, "%s/app", moved->hosts);
        CHECK_INT(zoo_set_servers(stage.zh, hosts), allowed ? ZOK : ZBADARGUMENTS);
        if (allowed) {
            fake_wait_end(stage.connection);
            stage.connection = fake_connect(moved);
        }
        round_trip(&stage);
        fake_end_session(stage.zh, stage.connection);
    }
}

TEST(without_a_chroot_a_new_list_may_only_repeat_that_there_is_none, "F-5")
{
    NEEDS_EXTRAS;
    zhandle_t *zh = opened(NOBODY ":1", ZOOX_REPEAT_CHROOT);
    CHECK_INT(zoo_set_servers(zh, NOBODY ":1/"), ZOK);
    CHECK_INT(zoo_set_servers(zh, NOBODY ":1/app"), ZBADARGUMENTS);
    CHECK_INT(zookeeper_close(zh), ZOK);
}
