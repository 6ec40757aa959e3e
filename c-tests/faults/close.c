/* Closing handles with calls outstanding. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/live.h"

TEST(every_callback_comes_once_however_often_handles_are_closed, "F-24")
{
    enum { CLOSES = 200, CALLS = 50 };
    live_hosts();
    for (int i = 0; i < CLOSES; i++) {
        probe_t session = probe(NULL), get = probe(NULL);
        zhandle_t *zh = live_session("", &session);
        for (int k = 0; k < CALLS; k++)
            CHECK_INT(zoo_aget(zh, "/", 0, on_data, &get), ZOK);
        CHECK_INT(zookeeper_close(zh), ZOK);
        if (get.calls != CALLS)
            FAIL("at close %d there were %d callbacks of %d calls", i + 1, get.calls, CALLS);
    }
}
