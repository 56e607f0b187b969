/* Puts a simulated chip behind /dev/i2c-N, below the C library: LD_PRELOAD this file.
 *
 * open, stat, access, ioctl, read, write, flock and close behave for a path /dev/i2c-N as Linux's
 * i2c-dev does, but the transfers go to the chip server (chip_server.py) that listens on the unix
 * socket $EVERLAP_I2C_SOCKET. Everything above this line is what runs on a car.
 *
 *     cc -shared -fPIC -O2 -Wall -Wextra -o i2c_shim.so i2c_shim.c -ldl
 *
 * Each descriptor is one connection (SEQPACKET). To the server: struct request, then the bytes
 * written. Back: a 32-bit errno, 0 for success, then the bytes read.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

enum { MOST_DESCRIPTORS = 4096, MOST_BYTES = 8192, I2C_MAJOR = 89 };

struct request {
    uint8_t what; /* 't' transfer, 'l' lock, 'u' unlock */
    uint8_t address;
    uint16_t write_bytes, read_bytes;
} __attribute__((packed));

static struct { unsigned char is_bus; uint8_t address; } descriptors[MOST_DESCRIPTORS];

static int is_bus(int fd) {
    return fd >= 0 && fd < MOST_DESCRIPTORS && descriptors[fd].is_bus;
}

static int names_a_bus(const char *path) {
    return path && !strncmp(path, "/dev/i2c-", 9) && getenv("EVERLAP_I2C_SOCKET");
}

static int connect_to_the_chip(void) {
    struct sockaddr_un server = {.sun_family = AF_UNIX};
    strncpy(server.sun_path, getenv("EVERLAP_I2C_SOCKET"), sizeof server.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    if (fd >= MOST_DESCRIPTORS || connect(fd, (struct sockaddr *)&server, sizeof server)) {
        syscall(SYS_close, fd);
        errno = ENXIO;
        return -1;
    }
    descriptors[fd].is_bus = 1;
    descriptors[fd].address = 0;
    return fd;
}

/* One exchange with the server; -1 and errno when the transfer failed. */
static int exchange(int fd, uint8_t what, uint8_t address, const void *out, unsigned out_bytes,
                    void *in, unsigned in_bytes) {
    static __thread unsigned char packet[sizeof(struct request) + MOST_BYTES];
    struct request request = {what, address, out_bytes, in_bytes};
    if (out_bytes > MOST_BYTES || in_bytes > MOST_BYTES) return errno = EINVAL, -1;
    memcpy(packet, &request, sizeof request);
    if (out_bytes) memcpy(packet + sizeof request, out, out_bytes);
    if (syscall(SYS_sendto, fd, packet, sizeof request + out_bytes, MSG_NOSIGNAL, NULL, 0) < 0)
        return errno = EREMOTEIO, -1;
    long got = syscall(SYS_recvfrom, fd, packet, sizeof packet, 0, NULL, NULL);
    int32_t failure = EREMOTEIO;
    if (got >= (long)sizeof failure) memcpy(&failure, packet, sizeof failure);
    if (failure) return errno = failure, -1;
    if (in_bytes) memcpy(in, packet + sizeof failure, in_bytes);
    return 0;
}

static int transfer(int fd, uint8_t address, const void *out, unsigned out_bytes, void *in,
                    unsigned in_bytes) {
    return exchange(fd, 't', address, out, out_bytes, in, in_bytes);
}

static int transfer_messages(int fd, struct i2c_rdwr_ioctl_data *all) {
    for (unsigned i = 0; i < all->nmsgs; i++) {
        struct i2c_msg *message = all->msgs + i, *next = message + 1;
        int failed;
        if (message->flags & I2C_M_RD) {
            failed = transfer(fd, message->addr, NULL, 0, message->buf, message->len);
        } else if (i + 1 < all->nmsgs && next->flags & I2C_M_RD) { /* a repeated START */
            failed = transfer(fd, message->addr, message->buf, message->len, next->buf, next->len);
            i++;
        } else {
            failed = transfer(fd, message->addr, message->buf, message->len, NULL, 0);
        }
        if (failed) return -1;
    }
    return all->nmsgs;
}

static int transfer_smbus(int fd, struct i2c_smbus_ioctl_data *call) {
    uint8_t address = descriptors[fd].address, out[2 + I2C_SMBUS_BLOCK_MAX] = {call->command};
    union i2c_smbus_data *data = call->data;
    int reads = call->read_write == I2C_SMBUS_READ;
    switch (call->size) {
    case I2C_SMBUS_QUICK:
        return transfer(fd, address, NULL, 0, NULL, 0);
    case I2C_SMBUS_BYTE:
        return reads ? transfer(fd, address, NULL, 0, &data->byte, 1)
                     : transfer(fd, address, out, 1, NULL, 0);
    case I2C_SMBUS_BYTE_DATA:
        if (reads) return transfer(fd, address, out, 1, &data->byte, 1);
        out[1] = data->byte;
        return transfer(fd, address, out, 2, NULL, 0);
    case I2C_SMBUS_WORD_DATA:
        if (reads) return transfer(fd, address, out, 1, &data->word, 2);
        memcpy(out + 1, &data->word, 2);
        return transfer(fd, address, out, 3, NULL, 0);
    case I2C_SMBUS_I2C_BLOCK_DATA:
        if (data->block[0] > I2C_SMBUS_BLOCK_MAX) return errno = EINVAL, -1;
        if (reads) return transfer(fd, address, out, 1, data->block + 1, data->block[0]);
        memcpy(out + 1, data->block + 1, data->block[0]);
        return transfer(fd, address, out, 1 + data->block[0], NULL, 0);
    }
    return errno = EOPNOTSUPP, -1;
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    if (!is_bus(fd)) return syscall(SYS_ioctl, fd, request, argument);
    switch (request & 0xffffffff) {
    case I2C_SLAVE:
    case I2C_SLAVE_FORCE:
        descriptors[fd].address = (uint8_t)(uintptr_t)argument;
        return 0;
    case I2C_FUNCS:
        *(unsigned long *)argument = I2C_FUNC_I2C | I2C_FUNC_SMBUS_EMUL;
        return 0;
    case I2C_TIMEOUT:
    case I2C_RETRIES:
        return 0;
    case I2C_RDWR:
        return transfer_messages(fd, argument);
    case I2C_SMBUS:
        return transfer_smbus(fd, argument);
    }
    return errno = ENOTTY, -1;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    if (!is_bus(fd)) return syscall(SYS_write, fd, bytes, count);
    return transfer(fd, descriptors[fd].address, bytes, count, NULL, 0) ? -1 : (ssize_t)count;
}

ssize_t read(int fd, void *bytes, size_t count) {
    if (!is_bus(fd)) return syscall(SYS_read, fd, bytes, count);
    return transfer(fd, descriptors[fd].address, NULL, 0, bytes, count) ? -1 : (ssize_t)count;
}

int close(int fd) {
    if (is_bus(fd)) descriptors[fd].is_bus = 0;
    return syscall(SYS_close, fd);
}

/* The lock goes with the connection, as the kernel's goes with the open file. It never waits. */
int flock(int fd, int operation) {
    if (!is_bus(fd)) return syscall(SYS_flock, fd, operation);
    return exchange(fd, operation & LOCK_UN ? 'u' : 'l', 0, NULL, 0, NULL, 0);
}

#define OPEN(NAME)                                                      \
    int NAME(const char *path, int flags, ...) {                        \
        va_list rest;                                                   \
        va_start(rest, flags);                                          \
        mode_t mode = va_arg(rest, mode_t);                             \
        va_end(rest);                                                   \
        if (names_a_bus(path)) return connect_to_the_chip();            \
        return syscall(SYS_openat, AT_FDCWD, path, flags, mode);        \
    }
OPEN(open)
OPEN(open64)

#define STAT(NAME, KIND)                                                \
    int NAME(const char *path, struct KIND *status) {                   \
        static int (*theirs)(const char *, struct KIND *);              \
        if (!names_a_bus(path)) {                                       \
            if (!theirs) *(void **)&theirs = dlsym(RTLD_NEXT, #NAME);   \
            return theirs(path, status);                                \
        }                                                               \
        memset(status, 0, sizeof *status);                              \
        status->st_mode = S_IFCHR | 0660;                               \
        status->st_rdev = makedev(I2C_MAJOR, atoi(path + 9));           \
        return 0;                                                       \
    }
STAT(stat, stat)
STAT(stat64, stat64)
STAT(lstat, stat)
STAT(lstat64, stat64)

int access(const char *path, int mode) {
    return names_a_bus(path) ? 0 : syscall(SYS_faccessat, AT_FDCWD, path, mode);
}
