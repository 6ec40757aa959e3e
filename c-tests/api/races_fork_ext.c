/* The calls that only this library has, in a child of fork. */
#define _GNU_SOURCE
#include "../harness/ext.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int ask(zhandle_t *zh)
{
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    struct Stat stat;
    struct ACL_vector *open = &ZOO_OPEN_ACL_UNSAFE;
    if (zoox_drop_connection(zh) != ZINVALIDSTATE)
        return 1;
    if (zoox_get_peer(zh, (struct sockaddr *)&address, &length) != ZINVALIDSTATE)
        return 2;
    if (zoox_set_acl(zh, "/a", -1, open, &stat) != ZINVALIDSTATE)
        return 3;
    if (zoox_aset_acl(zh, "/a", -1, open, NULL, NULL) != ZINVALIDSTATE)
        return 4;
    if (zoox_set_retry_delay(zh, 5) != ZINVALIDSTATE)
        return 5;
    if (zoox_connect_attempts(zh) != -1 || zoox_last_zxid(zh) != -1)
        return 6;
    if (zoox_abandon(zh) != ZOK || zoox_abandon(zh) != ZBADARGUMENTS)
        return 7;
    return 0;
}

TEST(in_a_child_of_fork_the_calls_of_this_library_are_refused_too, "F-53, C-519")
{
    NEEDS_EXTRAS;
    stage_t *stage = stage_open("");
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        _exit(ask(stage->zh));
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    CHECK_INT(fake_end_session(stage->zh, stage->connection), 1);
}
