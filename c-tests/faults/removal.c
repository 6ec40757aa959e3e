/* Removing watches. */
#define _GNU_SOURCE
#include "../harness/harness.h"
#include "../harness/stage.h"

#include <stdatomic.h>

static atomic_int removals, last_rc;
static _Atomic(const void *) last_data;

static void on_removal(int rc, const void *data)
{
    last_rc = rc;
    last_data = data;
    removals++;
}

TEST(a_local_removal_calls_back_and_leaves_the_context_alone, "F-30")
{
    enum { SIZE = 512, PATTERN = 0x40 };
    static unsigned char context[SIZE];
    void_completion_t *as_declared = (void_completion_t *)on_removal;
    stage_t *stage = stage_open("");
    probe_t watch = probe("watch");
    memset(context, PATTERN, SIZE);
    for (int all = 0; all < 2; all++) {
        int calls = probe_calls(&stage->done);
        CHECK_INT(zoo_awget(stage->zh, "/a", on_event, &watch, on_data, &stage->done), ZOK);
        stage_answer_read(stage, ZOO_GETDATA_OP, 0);
        probe_wait(&stage->done, calls + 1);
        if (all)
            CHECK_INT(zoo_aremove_all_watches(stage->zh, "/a", ZWATCHTYPE_DATA, 1, as_declared,
                                              context),
                      ZOK);
        else
            CHECK_INT(zoo_aremove_watches(stage->zh, "/a", ZWATCHTYPE_DATA, on_event, &watch, 1,
                                          as_declared, context),
                      ZOK);
        EVENTUALLY(removals == all + 1);
        CHECK_INT(last_rc, ZOK);
        CHECK(last_data == context);
        for (int i = 0; i < SIZE; i++)
            CHECK_INT(context[i], PATTERN);
    }
    stage_close(stage);
}
