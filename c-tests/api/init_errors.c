/* What zookeeper_init and zookeeper_init2 make of their arguments. */
#define _GNU_SOURCE
#include "../harness/fake.h"
#include "../harness/harness.h"
#include "../harness/probe.h"

#include <stdio.h>

/* init must fail and leave this errno; 0 means "untouched". */
static void expect_failure(const char *hosts, int expected)
{
    zhandle_t *zh;
    errno = 0;
    zh = zookeeper_init(hosts, NULL, 1000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    if (zh != NULL)
        FAIL("init(%s) succeeded", hosts ? hosts : "NULL");
    if (errno != expected)
        FAIL("init(%s) sets errno %d (%s), not %d", hosts ? hosts : "NULL", errno,
             strerror(errno), expected);
}

static zhandle_t *expect_success(const char *hosts)
{
    zhandle_t *zh = zookeeper_init(hosts, NULL, 1000, NULL, NULL, ZOO_NO_LOG_CLIENTENV);
    if (zh == NULL)
        FAIL("init(%s): %s", hosts, strerror(errno));
    return zh;
}

TEST(missing_hosts_are_invalid, "C-271 C-100")
{
    expect_failure(NULL, EINVAL);
    expect_failure("", EINVAL);
    expect_failure(" ", EINVAL);
}

TEST(a_list_of_commas_only_fails_with_errno_untouched, "C-271 C-272")
{
    expect_failure(",", 0);
}

TEST(entries_without_a_port_are_invalid, "C-271 C-272 T-30")
{
    expect_failure("127.0.0.1", EINVAL);
    expect_failure("127.0.0.1:", EINVAL);
    expect_failure("127.0.0.1:0", EINVAL);
    expect_failure("127.0.0.1:x", EINVAL);
    expect_failure("127.0.0.1:1x", EINVAL);
    expect_failure("127.0.0.1:2181 ", EINVAL);
    expect_failure("127.0.0.1:2181,127.0.0.1", EINVAL);
    expect_failure("127.0.0.1,127.0.0.1:2181", EINVAL);
}

TEST(ports_are_decimal, "C-272 C-271")
{
    expect_failure("127.0.0.1:0x10", EINVAL);
    CHECK_INT(zookeeper_close(expect_success("127.0.0.1:99999")), ZOK);
}

TEST(unknown_hosts_fail_with_enoent, "C-271")
{
    expect_failure("no.such.host.invalid.:2181", ENOENT);
    expect_failure("127.0.0.1 :2181", ENOENT);
    expect_failure("[::1]:2181", ENOENT);
}

TEST(an_invalid_chroot_is_an_invalid_argument, "C-278 C-271")
{
    expect_failure("127.0.0.1:2181/a/", EINVAL);
    expect_failure("127.0.0.1:2181//", EINVAL);
    expect_failure("127.0.0.1:2181/a//b", EINVAL);
    expect_failure("127.0.0.1:2181/a/../b", EINVAL);
    expect_failure("127.0.0.1:2181/a\x01", EINVAL);
}

TEST(a_chroot_without_any_host_is_an_invalid_argument, "C-271 C-449")
{
    NOT_ON_THE_REFERENCE("C-449: it accepts the empty list and spins");
    expect_failure("/a", EINVAL);
}

TEST(one_resolvable_host_is_enough, "C-271 C-273 T-30")
{
    zhandle_t *zh = expect_success("no.such.host.invalid.:2181,127.0.0.1:1");
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(empty_entries_and_leading_spaces_are_skipped, "C-272 C-278 T-27")
{
    static const char *const lists[] = {",127.0.0.1:1", "127.0.0.1:1,", "127.0.0.1:1,,127.0.0.1:2",
                                        " 127.0.0.1:1, 127.0.0.1:2", "127.0.0.1:1/",
                                        "127.0.0.1:1,127.0.0.1:2/ch/root"};
    for (int i = 0; i < 6; i++)
        CHECK_INT(zookeeper_close(expect_success(lists[i])), ZOK);
}

TEST(ipv6_literals_are_written_without_brackets, "C-272 T-30")
{
    CHECK_INT(zookeeper_close(expect_success("::1:2181")), ZOK);
}

TEST(a_fresh_handle_answers_from_its_arguments, "C-270 C-283 C-284 C-112 C-113 C-114")
{
    char hosts[64];
    int context;
    static const char zeros[16];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zhandle_t *zh = zookeeper_init(hosts, NULL, 12345, NULL, &context, ZOO_NO_LOG_CLIENTENV);
    CHECK(zh != NULL);
    CHECK(zoo_get_context(zh) == &context);
    CHECK_INT(zoo_recv_timeout(zh), 12345);
    CHECK_INT(zoo_client_id(zh)->client_id, 0);
    CHECK_BYTES(zoo_client_id(zh)->passwd, 16, zeros, 16);
    CHECK_INT(is_unrecoverable(zh), ZOK);
    CHECK_INT(zookeeper_close(zh), ZOK);
}

TEST(strange_timeouts_and_flags_are_accepted, "C-270")
{
    char hosts[64];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    static const int timeouts[] = {0, -1, 1, 2147483647};
    for (int i = 0; i < 4; i++) {
        zhandle_t *zh = zookeeper_init(hosts, NULL, timeouts[i], NULL, NULL, 0x7ffc);
        CHECK(zh != NULL);
        CHECK_INT(zoo_recv_timeout(zh), timeouts[i]);
        CHECK_INT(zookeeper_close(zh), ZOK);
    }
}

TEST(init_shuffles_without_touching_the_random_state_of_the_program, "C-274 F-16")
{
    NOT_ON_THE_REFERENCE("C-274");
    long expected[3];
    srandom(42);
    for (int i = 0; i < 3; i++)
        expected[i] = random();
    srandom(42);
    CHECK_INT(zookeeper_close(expect_success("127.0.0.1:1,127.0.0.1:2,127.0.0.1:3")), ZOK);
    for (int i = 0; i < 3; i++)
        CHECK_INT(random(), expected[i]);
}

static int logged;
static void count_line(const char *line)
{
    __atomic_add_fetch(&logged, *line != '\0', __ATOMIC_SEQ_CST); /* two threads log */
}

TEST(init2_logs_to_its_callback_from_the_first_line, "C-101 C-604 C-605")
{
    char hosts[64];
    snprintf(hosts, sizeof hosts, "127.0.0.1:%d", dead_port());
    zoo_set_debug_level(ZOO_LOG_LEVEL_INFO);
    zhandle_t *zh = zookeeper_init2(hosts, NULL, 1000, NULL, NULL, 0, count_line);
    CHECK(zh != NULL);
    CHECK(__atomic_load_n(&logged, __ATOMIC_SEQ_CST) >= 9);
    CHECK(zoo_get_log_callback(zh) == count_line);
    CHECK_INT(zookeeper_close(zh), ZOK);
}
