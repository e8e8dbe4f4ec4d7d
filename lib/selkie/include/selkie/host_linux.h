/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flags, error numbers and structures of Linux on x86-64 that host I/O passes on, under names that collide with
 * nobody's: SELKIE_ before Linux's own name. Programs that have Linux's headers may use those as well; these are for
 * programs that have none. No complete list: what is missing has Linux's value.
 */
#ifndef SELKIE_HOST_LINUX_H
#define SELKIE_HOST_LINUX_H

#include <stdint.h>

enum { /* error numbers */
    SELKIE_EPERM = 1,
    SELKIE_ENOENT = 2,
    SELKIE_EIO = 5,
    SELKIE_ENXIO = 6,
    SELKIE_EBADF = 9,
    SELKIE_EAGAIN = 11,
    SELKIE_ENOMEM = 12,
    SELKIE_EACCES = 13,
    SELKIE_EFAULT = 14,
    SELKIE_EEXIST = 17,
    SELKIE_EXDEV = 18,
    SELKIE_ENOTDIR = 20,
    SELKIE_EISDIR = 21,
    SELKIE_EINVAL = 22,
    SELKIE_ENFILE = 23,
    SELKIE_EMFILE = 24,
    SELKIE_ENOTTY = 25,
    SELKIE_ENOSPC = 28,
    SELKIE_ESPIPE = 29,
    SELKIE_EROFS = 30,
    SELKIE_EPIPE = 32,
    SELKIE_ENAMETOOLONG = 36,
    SELKIE_ENOSYS = 38,
    SELKIE_ENOTEMPTY = 39,
    SELKIE_ELOOP = 40,
    SELKIE_EADDRINUSE = 98,
    SELKIE_ECONNRESET = 104,
    SELKIE_EOPNOTSUPP = 95,
    SELKIE_ENOTCONN = 107,
    SELKIE_ECONNREFUSED = 111,
    SELKIE_EINPROGRESS = 115
};

enum { /* of HOST_DIRECTORY_OPEN */
    SELKIE_O_RDONLY = 0,
    SELKIE_O_WRONLY = 01,
    SELKIE_O_RDWR = 02,
    SELKIE_O_CREAT = 0100,
    SELKIE_O_EXCL = 0200,
    SELKIE_O_TRUNC = 01000,
    SELKIE_O_APPEND = 02000,
    SELKIE_O_DSYNC = 010000,
    SELKIE_O_DIRECTORY = 0200000,
    SELKIE_O_NOFOLLOW = 0400000,
    SELKIE_O_SYNC = 04010000,
    SELKIE_O_PATH = 010000000,
    SELKIE_O_TMPFILE = 020200000
};

enum { /* of other operations on directories and files */
    SELKIE_AT_SYMLINK_NOFOLLOW = 0x100,
    SELKIE_AT_REMOVEDIR = 0x200,
    SELKIE_RENAME_NOREPLACE = 1,
    SELKIE_RENAME_EXCHANGE = 2,
    SELKIE_SEEK_SET = 0,
    SELKIE_SEEK_CUR = 1,
    SELKIE_SEEK_END = 2
};

enum { /* kinds of files, in a mode */
    SELKIE_S_IFMT = 0170000,
    SELKIE_S_IFSOCK = 0140000,
    SELKIE_S_IFLNK = 0120000,
    SELKIE_S_IFREG = 0100000,
    SELKIE_S_IFBLK = 0060000,
    SELKIE_S_IFDIR = 0040000,
    SELKIE_S_IFCHR = 0020000,
    SELKIE_S_IFIFO = 0010000
};

enum { /* and in an entry of a directory */
    SELKIE_DT_UNKNOWN = 0,
    SELKIE_DT_FIFO = 1,
    SELKIE_DT_DIR = 4,
    SELKIE_DT_REG = 8,
    SELKIE_DT_LNK = 10,
    SELKIE_DT_SOCK = 12
};

enum { /* events of HOST_FILE_WATCH */
    SELKIE_EPOLLIN = 0x001,
    SELKIE_EPOLLPRI = 0x002,
    SELKIE_EPOLLOUT = 0x004,
    SELKIE_EPOLLERR = 0x008,
    SELKIE_EPOLLHUP = 0x010,
    SELKIE_EPOLLRDHUP = 0x2000
};

enum { /* sockets */
    SELKIE_AF_UNIX = 1,
    SELKIE_AF_INET = 2,
    SELKIE_AF_INET6 = 10,
    SELKIE_SOCK_STREAM = 1,
    SELKIE_SOCK_DGRAM = 2,
    SELKIE_SOCK_SEQPACKET = 5,
    SELKIE_SHUT_RD = 0,
    SELKIE_SHUT_WR = 1,
    SELKIE_SHUT_RDWR = 2,
    SELKIE_SOL_SOCKET = 1,
    SELKIE_SO_REUSEADDR = 2,
    SELKIE_SO_ERROR = 4,
    SELKIE_SO_SNDBUF = 7,
    SELKIE_SO_RCVBUF = 8,
    SELKIE_SO_KEEPALIVE = 9,
    SELKIE_IPPROTO_TCP = 6,
    SELKIE_IPPROTO_UDP = 17,
    SELKIE_TCP_NODELAY = 1
};

enum { /* events */
    SELKIE_EFD_SEMAPHORE = 1
};

enum { /* clocks */
    SELKIE_CLOCK_REALTIME = 0,
    SELKIE_CLOCK_MONOTONIC = 1,
    SELKIE_CLOCK_REALTIME_COARSE = 5,
    SELKIE_CLOCK_MONOTONIC_COARSE = 6,
    SELKIE_CLOCK_BOOTTIME = 7
};

/* struct timespec */
struct selkie_host_time {
    int64_t seconds, nanoseconds;
};

/* struct statx */
struct selkie_host_stat_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t reserved;
};

struct selkie_host_stat {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, reserved;
    uint64_t inode, size, blocks, attributes_mask;
    struct selkie_host_stat_time accessed, born, changed, modified;
    uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
    uint64_t more[14];
};

_Static_assert(sizeof(struct selkie_host_stat) == 256, "struct statx");

/* struct linux_dirent64: what HOST_DIRECTORY_LIST writes, one behind the other */
struct selkie_host_dirent {
    uint64_t inode;
    int64_t offset; /* of the next entry, for HOST_DIRECTORY_REWIND */
    uint16_t size;  /* bytes up to the next entry */
    uint8_t type;   /* SELKIE_DT_ */
    char name[];
};

/* struct sockaddr_in; port and address have the bytes in network order */
struct selkie_host_inet_address {
    uint16_t family; /* SELKIE_AF_INET */
    uint8_t port[2];
    uint8_t address[4];
    uint8_t zero[8];
};

_Static_assert(sizeof(struct selkie_host_inet_address) == 16, "struct sockaddr_in");

static inline struct selkie_host_inet_address selkie_host_inet(uint8_t a, uint8_t b, uint8_t c, uint8_t d,
                                                               uint16_t port)
{
    return (struct selkie_host_inet_address){
        .family = SELKIE_AF_INET, .port = {(uint8_t)(port >> 8), (uint8_t)port}, .address = {a, b, c, d}};
}

#endif
