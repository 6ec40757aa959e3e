/* What the process holds, as the kernel and the allocator know it. */
#define _GNU_SOURCE

#include "soak.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A number of /proc/self/status. */
static long status(const char *name)
{
    char line[256];
    long value = -1;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && value < 0 && fgets(line, sizeof line, file) != NULL) {
        size_t length = strlen(name);
        if (strncmp(line, name, length) == 0 && line[length] == ':') {
            value = strtol(line + length + 1, NULL, 10);
        }
    }
    if (file != NULL) {
        fclose(file);
    }
    return value;
}

static long descriptors(void)
{
    long count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return -1;
    }
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}

struct reading reading_take(void)
{
    struct reading reading;
    struct mallinfo2 heap;
    malloc_trim(0); /* what is free in the allocator is not held */
    heap = mallinfo2();
    reading.resident_kib = status("VmRSS");
    reading.heap_kib = (long)((heap.uordblks + heap.hblkhd) / 1024);
    reading.descriptors = descriptors();
    reading.threads = status("Threads");
    return reading;
}
