/*
 * The classic master-worker application.
 *
 *   /master            ephemeral: whoever creates it is the master
 *   /workers/WORKER    ephemeral: this worker is alive
 *   /tasks/TASK        a task that nobody has yet
 *   /assign/WORKER/TASK  a task that this worker shall do
 *   /running/TASK      ephemeral: the worker that owns this session is doing it
 *   /status/TASK       the task is done: by whom, and the result
 *
 * A task is in exactly one of /tasks, /assign and /status at any time, because it moves between them by multi
 * requests, which happen as a whole or not at all. So no crash can lose a task or finish it twice.
 */
#define _POSIX_C_SOURCE 200809L

#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fprintf(stderr, "master-worker setup HOSTS ROOT\n"
                    "master-worker master HOSTS/ROOT NAME\n"
                    "master-worker worker HOSTS/ROOT NAME\n"
                    "master-worker client HOSTS/ROOT NAME TASKS\n"
                    "master-worker teardown HOSTS ROOT\n");
    return 2;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "client") == 0) {
        return run_client(argv[2], argv[3], atoi(argv[4]));
    }
    if (argc != 4) {
        return usage();
    }
    if (strcmp(argv[1], "setup") == 0) {
        return run_setup(argv[2], argv[3]);
    }
    if (strcmp(argv[1], "teardown") == 0) {
        return run_teardown(argv[2], argv[3]);
    }
    if (strcmp(argv[1], "master") == 0) {
        return run_master(argv[2], argv[3]);
    }
    if (strcmp(argv[1], "worker") == 0) {
        return run_worker(argv[2], argv[3]);
    }
    return usage();
}
