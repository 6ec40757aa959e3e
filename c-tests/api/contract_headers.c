/* What a program may use when it has included zookeeper.h and nothing else. */
#include <zookeeper/zookeeper.h>

static int uses_stdlib(void) { return atoi("7"); }
static size_t uses_sys_socket(void) { return sizeof(struct sockaddr_storage) + AF_INET; }
static long uses_sys_time(void)
{
    struct timeval now;
    return gettimeofday(&now, NULL) == 0 ? (long)now.tv_sec : -1;
}
static FILE *uses_stdio(void) { return stderr; }
static int uses_ctype(void) { return isdigit('7'); }
static int uses_proto(void) { return ZOO_GETDATA_OP; }
static const char *uses_version(void) { return ZOO_VERSION; }
static struct buffer uses_recordio(void) { return (struct buffer){3, NULL}; }
static struct Stat uses_jute(void) { return (struct Stat){.version = 9}; }

#include "../harness/harness.h"

TEST(zookeeper_h_brings_the_headers_that_programs_count_on, "C-086 C-085")
{
    CHECK_INT(uses_stdlib(), 7);
    CHECK(uses_sys_socket() > AF_INET);
    CHECK(uses_sys_time() > 0);
    CHECK(uses_stdio() != NULL);
    CHECK(uses_ctype());
    CHECK_INT(uses_proto(), 4);
    CHECK(uses_version() != NULL);
    CHECK_INT(uses_recordio().len, 3);
    CHECK_INT(uses_jute().version, 9);
}
