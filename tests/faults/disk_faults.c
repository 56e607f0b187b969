/* A card that fails below Python: writes and syncs of session files stall or are refused.
 *
 *     cc -shared -fPIC -O2 -o disk_faults.so disk_faults.c
 *     LD_PRELOAD=./disk_faults.so DISK_FAULTS=fault everlap drive --record tub
 *
 * The file `fault` holds "ERRNO UNTIL": nothing is written or synced before the monotonic clock
 * shows UNTIL seconds, and then it is refused with ERRNO, unless that is 0. Without the file all is
 * well.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static int is_session(int descriptor) {
    char link[32], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path);
    return length > 5 && memcmp(path + length - 5, ".mcap", 5) == 0;
}

static int fault_of(int descriptor) {
    const char *name = getenv("DISK_FAULTS");
    if (name == NULL || !is_session(descriptor)) return 0;
    FILE *file = fopen(name, "r");
    if (file == NULL) return 0;
    int number = 0;
    double until_s = 0.0;
    int found = fscanf(file, "%d %lf", &number, &until_s);
    fclose(file);
    if (found != 2) return 0;
    while (now_s() < until_s) usleep(10000);
    return number;
}

ssize_t write(int descriptor, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL) real = dlsym(RTLD_NEXT, "write");
    int number = fault_of(descriptor);
    if (number) {
        errno = number;
        return -1;
    }
    return real(descriptor, data, size);
}

int fdatasync(int descriptor) {
    static int (*real)(int);
    if (real == NULL) real = dlsym(RTLD_NEXT, "fdatasync");
    int number = fault_of(descriptor);
    if (number) {
        errno = number;
        return -1;
    }
    return real(descriptor);
}
