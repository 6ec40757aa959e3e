/* Latency of zoo_get in C: sync_get HOSTS REQUESTS. Prints the mean of a call in microseconds. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <zookeeper/zookeeper.h>

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void get(zhandle_t *zh, int requests)
{
    for (int i = 0; i < requests; i++) {
        char data[1024];
        int length = sizeof data;
        /* The first call waits for the connection. */
        int rc = zoo_get(zh, "/bench", 0, data, &length, NULL);
        if (rc != ZOK) {
            fprintf(stderr, "zoo_get: %s\n", zerror(rc));
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    int requests = atoi(argv[2]);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zhandle_t *zh = zookeeper_init(argv[1], NULL, 10000, NULL, NULL, 0);
    if (zh == NULL) {
        perror("zookeeper_init");
        return 1;
    }
    get(zh, requests / 10 + 1);
    double begin = now();
    get(zh, requests);
    printf("%f\n", (now() - begin) / requests);
    zookeeper_close(zh);
    return 0;
}
