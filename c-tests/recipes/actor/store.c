#define _XOPEN_SOURCE 700

#include "actor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* "TOKEN VALUE": the highest token and what was written with it. */
static int write_checked(int fd, int64_t token, const char *value)
{
    char text[256] = "";
    int64_t highest = 0;
    int length;
    if (pread(fd, text, sizeof text - 1, 0) < 0) {
        return -1;
    }
    if (text[0] != '\0' && sscanf(text, "%" SCNd64, &highest) != 1) {
        return -1;
    }
    if (token < highest) {
        return 0;
    }
    length = snprintf(text, sizeof text, "%" PRId64 " %s\n", token, value);
    if (length < 0 || (size_t)length >= sizeof text || ftruncate(fd, 0) != 0) {
        return -1;
    }
    return pwrite(fd, text, (size_t)length, 0) == length ? 1 : -1;
}

int store_write(const char *file, int64_t token, const char *value)
{
    int written = -1;
    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        /* The store's own exclusion of concurrent writers; it knows nothing of ZooKeeper. */
        if (lockf(fd, F_LOCK, 0) == 0) {
            written = write_checked(fd, token, value);
        }
        close(fd);
    }
    return written;
}
