/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening and using files, what a read-only directory refuses, readiness, timers, and that nothing is left
 * open.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "fixture.h"

static void test_read_only(void)
{
    static const struct {
        const char *path;
        uint64_t flags;
        int64_t result;
    } cases[] = {
        {"file", O_WRONLY, -EROFS},
        {"file", O_RDWR, -EROFS},
        {"file", O_RDONLY | O_TRUNC, -EROFS},
        {"nothing", O_WRONLY, -ENOENT},
        {"nothing", O_WRONLY | O_CREAT, -EROFS},
        {"nothing", O_RDONLY | O_CREAT, -EROFS},
        {"file", O_RDONLY | O_CREAT | O_EXCL, -EEXIST},
        {"nothing", O_RDONLY | O_CREAT | O_EXCL, -EROFS},
        {"", O_WRONLY | O_TMPFILE, -EROFS},
        {"sub", O_RDWR, -EISDIR},
        {"file", O_RDONLY | O_DIRECTORY, -ENOTDIR},
    };
    static const enum host_operation writing[] = {
        HOST_DIRECTORY_MAKE, HOST_DIRECTORY_MAKE_NODE, HOST_DIRECTORY_REMOVE,   HOST_DIRECTORY_RENAME,
        HOST_DIRECTORY_LINK, HOST_DIRECTORY_SYMLINK,   HOST_DIRECTORY_SET_MODE, HOST_DIRECTORY_SET_TIMES,
    };
    const uint64_t none[6] = {0};
    fixture_begin();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(open_in(ROOT_READ_ONLY, cases[i].path, cases[i].flags), cases[i].result);
    }
    for (unsigned i = 0; i < sizeof(writing) / sizeof(writing[0]); i++) {
        CHECK_EQ(call_with(HOST_READ, writing[i], ROOT_READ_ONLY, "file", "new", none), -EROFS);
    }
    CHECK(open_in(ROOT_READ_ONLY, "file", O_RDONLY | O_CREAT) >= 0);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    CHECK(open_in(ROOT_READ_ONLY, "sub", O_RDONLY) >= 0);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    CHECK(reads(ROOT_READ_ONLY, "file", "0123456789"));
    fixture_end();
}

static void test_open_access(void)
{
    static const uint64_t bad[] = {O_ACCMODE, O_NONBLOCK, O_CLOEXEC, O_NOCTTY, O_DIRECT, O_ASYNC, 1ull << 40};
    fixture_begin();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_EQ(open_in(ROOT, "file", bad[i]), -EINVAL);
    }
    CHECK(open_in(ROOT, "file", O_RDONLY) >= 0);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    CHECK(open_in(ROOT, "file", O_WRONLY) >= 0);
    CHECK_EQ(fixture.call.new_access, HOST_WRITE);
    CHECK(open_in(ROOT, "new", O_RDWR | O_CREAT | O_EXCL) >= 0);
    CHECK_EQ(fixture.call.new_access, HOST_READ | HOST_WRITE);
    CHECK(open_in(ROOT, "sub", O_RDONLY | O_DIRECTORY) >= 0);
    CHECK_EQ(fixture.call.new_access, HOST_READ | HOST_WRITE);
    CHECK(open_in(ROOT, "file", O_PATH) >= 0);
    CHECK_EQ(fixture.call.new_access, HOST_READ);
    const uint64_t argument[6] = {0, 0, O_RDWR, 0};
    CHECK_EQ(call_with(HOST_WRITE, HOST_DIRECTORY_OPEN, ROOT, "file", NULL, argument), -EACCES);
    CHECK_EQ(fcntl(fixture.h->entry[fixture.h->used - 1].fd, F_GETFD), FD_CLOEXEC);
    fixture_end();
}

/* Devices in a directory are not opened, but for those that do nothing. */
static void test_devices(void)
{
    struct stat status;
    fixture_begin();
    int32_t dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(dev >= 0);
    struct hostio_roots roots = {.count = 1, .root[0] = {.fd = dev, .kind = HOST_DIRECTORY}};
    hostio_close(fixture.h, ROOT);
    fixture.h->used = fixture.h->free = 0;
    hostio_init(fixture.h, &roots, &dev, fixture.epoll);
    fixture.h->used = ROOTS;
    CHECK(open_in(ROOT, "null", O_RDWR) >= 0);
    CHECK(open_in(ROOT, "zero", O_RDONLY) >= 0);
    CHECK(open_in(ROOT, "urandom", O_RDONLY) >= 0);
    static const char *const others[] = {"kmsg", "mem", "ptmx", "fuse",   "loop-control",
                                         "vda",  "sda", "tty0", "console"};
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "/dev/%s", others[i]);
        if (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) {
            CHECK_EQ(open_in(ROOT, others[i], O_RDONLY), -ENXIO);
        }
    }
    fixture_end();
}

static void test_transfers(void)
{
    fixture_begin();
    int64_t file = open_in(ROOT, "file", O_RDWR);
    pieces_set(3, 4, 4);
    CHECK_EQ(CALL(HOST_FILE_READ, (uint32_t)file, NULL, NULL, 0, 12, UINT64_MAX, 0), 10);
    CHECK(memcmp(fixture.arena,
                 "0123\0\0\0\0"
                 "4567\0\0\0\0"
                 "89\0\0",
                 20) == 0);
    CHECK_EQ(CALL(HOST_FILE_SEEK, (uint32_t)file, NULL, NULL, 0, SEEK_CUR), 10);
    CHECK_EQ(CALL(HOST_FILE_READ, (uint32_t)file, NULL, NULL, 0, 12, 8, 0), 2);
    memcpy(fixture.arena, "abcd....efgh....ijkl", 20);
    CHECK_EQ(CALL(HOST_FILE_WRITE, (uint32_t)file, NULL, NULL, 0, 12, 2, 0), 12);
    CHECK(reads(ROOT, "file", "01abcdefghijkl"));
    CHECK_EQ(CALL(HOST_FILE_SET_SIZE, (uint32_t)file, NULL, NULL, 4), 0);
    CHECK(reads(ROOT, "file", "01ab"));
    CHECK_EQ(CALL(HOST_FILE_READ, (uint32_t)file, NULL, NULL, 0, 12, UINT64_MAX, 1u << 20), -EOPNOTSUPP);
    for (uint64_t extent = 0; extent <= 3; extent++) {
        CHECK_EQ(CALL(HOST_FILE_SYNC, (uint32_t)file, NULL, NULL, extent), extent == 3 ? -EINVAL : 0);
        CHECK_EQ(CALL(HOST_FILE_SYNC, ROOT, NULL, NULL, extent), extent == 3 ? -EINVAL : 0);
    }
    CHECK_EQ(CALL(HOST_FILE_SET_MODE, (uint32_t)file, NULL, NULL, 0640), 0);
    CHECK_EQ(CALL(HOST_FILE_STAT, (uint32_t)file, NULL, NULL, 0), 0);
    CHECK_EQ(fixture.call.small_size, 256);
    CHECK_EQ(CALL(HOST_FILE_CONTROL, (uint32_t)file, NULL, NULL, TIOCSTI), -ENOTTY);
    CHECK_EQ(CALL(HOST_FILE_CONTROL, (uint32_t)file, NULL, NULL, TCGETS), -ENOTTY);
    CHECK_EQ(CALL(HOST_FILE_CONTROL, (uint32_t)file, NULL, NULL, FIONREAD), 0);
    CHECK_EQ(CALL(HOST_SOCKET_LISTEN, (uint32_t)file, NULL, NULL, 1), -EBADF);
    CHECK_EQ(CALL(HOST_FILE_READ, 4711, NULL, NULL, 0), -EBADF);
    fixture_end();
}

static void test_terminal(void)
{
    fixture_begin();
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int32_t slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    struct hostio_roots roots = {.count = 1, .root[0] = {.fd = slave, .kind = HOST_FILE}};
    hostio_close(fixture.h, ROOT);
    fixture.h->used = fixture.h->free = 0;
    hostio_init(fixture.h, &roots, &slave, fixture.epoll);
    fixture.h->used = ROOTS;
    unsigned char settings[36];
    CHECK_EQ(CALL(HOST_FILE_CONTROL, ROOT, NULL, NULL, 0x5401), 0);
    CHECK_EQ(fixture.call.small_size, sizeof(settings));
    memcpy(settings, fixture.small, sizeof(settings));
    settings[12] &= (unsigned char)~8u; /* ECHO */
    for (uint64_t request = 0x5402; request <= 0x5404; request++) {
        small_set(settings, sizeof(settings));
        CHECK_EQ(CALL(HOST_FILE_CONTROL, ROOT, NULL, NULL, request), 0);
    }
    CHECK_EQ(CALL(HOST_FILE_CONTROL, ROOT, NULL, NULL, 0x5401), 0);
    CHECK(memcmp(fixture.small, settings, sizeof(settings)) == 0);
    small_set(settings, 4);
    CHECK_EQ(CALL(HOST_FILE_CONTROL, ROOT, NULL, NULL, 0x5402), -EFAULT);
    const uint16_t window[4] = {25, 80};
    small_set(window, sizeof(window));
    CHECK_EQ(CALL(HOST_FILE_CONTROL, ROOT, NULL, NULL, 0x5414), 0);
    CHECK_EQ(CALL(HOST_FILE_CONTROL, ROOT, NULL, NULL, 0x5413), 0);
    CHECK(memcmp(fixture.small, window, sizeof(window)) == 0);
    (void)close(master);
    fixture_end();
}

/* A FIFO opens without waiting, reports once per watch, and a write that nobody reads is an error. */
static void test_ready(void)
{
    const uint64_t cookie = 0x123456789a00;
    fixture_begin();
    CHECK_EQ(mkfifo(outside("in/fifo"), 0600), 0);
    CHECK_EQ(open_in(ROOT, "fifo", O_WRONLY), -ENXIO);
    int64_t in = open_in(ROOT, "fifo", O_RDONLY), out = open_in(ROOT, "fifo", O_WRONLY);
    CHECK(in >= 0 && out >= 0);
    pieces_set(1, 1, 0);
    CHECK_EQ(CALL(HOST_FILE_READ, (uint32_t)in, NULL, NULL, 0, 1, UINT64_MAX, 0), -EAGAIN);
    CHECK_EQ(CALL(HOST_FILE_POLL, (uint32_t)out, NULL, NULL, POLLIN | POLLOUT), POLLOUT);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)in, EPOLLIN, cookie), 0);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)in, EPOLLIN, cookie), 0);
    CHECK_EQ(fixture.h->watched, 1);
    CHECK_EQ(event_take(), UINT64_MAX);
    CHECK_EQ(CALL(HOST_FILE_WRITE, (uint32_t)out, NULL, NULL, 0, 1, UINT64_MAX, 0), 1);
    CHECK_EQ(event_take(), cookie);
    CHECK_EQ(fixture.h->watched, 0);
    CHECK_EQ(event_take(), UINT64_MAX); /* once */
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)in, EPOLLIN, cookie + 256), 0);
    CHECK_EQ(event_take(), cookie + 256);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)in, EPOLLIN, cookie), 0);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)in, 0, 0), 0);
    CHECK_EQ(event_take(), UINT64_MAX);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)in, EPOLLIN, cookie), 0);
    hostio_close(fixture.h, (uint32_t)in);
    CHECK_EQ(fixture.h->watched, 0);
    CHECK_EQ(event_take(), UINT64_MAX);
    CHECK_EQ(CALL(HOST_FILE_WRITE, (uint32_t)out, NULL, NULL, 0, 1, UINT64_MAX, 0), -EPIPE);
    int64_t file = open_in(ROOT, "file", O_RDONLY);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)file, EPOLLIN, cookie), -EPERM);
    CHECK_EQ(hostio_watch(fixture.h, CLOCK, EPOLLIN, cookie), -EBADF);
    CHECK_EQ(fixture.h->watched, 0);
    fixture_end();
}

/* The open file lives on elsewhere, as roots do; the registration must go nevertheless. */
static void test_close_of_shared_file(void)
{
    fixture_begin();
    CHECK_EQ(mkfifo(outside("in/fifo"), 0600), 0);
    int64_t in = open_in(ROOT, "fifo", O_RDONLY), out = open_in(ROOT, "fifo", O_WRONLY);
    int copy = dup(fixture.h->entry[in].fd);
    CHECK_EQ(hostio_watch(fixture.h, (uint32_t)in, EPOLLIN, 0x100), 0);
    pieces_set(1, 1, 0);
    CHECK_EQ(CALL(HOST_FILE_WRITE, (uint32_t)out, NULL, NULL, 0, 1, UINT64_MAX, 0), 1);
    hostio_close(fixture.h, (uint32_t)in);
    CHECK_EQ(event_take(), UINT64_MAX);
    (void)close(copy);
    fixture_end();
}

static void test_clock(void)
{
    uint64_t expirations = 0;
    fixture_begin();
    CHECK(CALL(HOST_CLOCK_READ, CLOCK, NULL, NULL, 0) > 1600000000);
    CHECK(fixture.call.second < 1000000000);
    CHECK_EQ(CALL(HOST_CLOCK_READ, CLOCK, NULL, NULL, 2), -EINVAL);  /* of the process */
    CHECK_EQ(CALL(HOST_CLOCK_TIMER, CLOCK, NULL, NULL, 9), -EINVAL); /* would wake the host */
    CHECK_EQ(CALL(HOST_CLOCK_TIMER, CLOCK, NULL, NULL, 1), 0);
    uint32_t timer = fixture.call.new_handle;
    CHECK_EQ(fixture.call.new_kind, HOST_TIMER);
    pieces_set(1, 8, 0);
    CHECK_EQ(CALL(HOST_FILE_READ, timer, NULL, NULL, 0, 8, UINT64_MAX, 0), -EAGAIN);
    CHECK_EQ(hostio_watch(fixture.h, timer, EPOLLIN, 0x500), 0);
    CHECK_EQ(CALL(HOST_TIMER_SET, timer, NULL, NULL, 1000000, 0, 0), 0);
    CHECK_EQ(event_take(), 0x500);
    CHECK_EQ(CALL(HOST_FILE_READ, timer, NULL, NULL, 0, 8, UINT64_MAX, 0), 8);
    memcpy(&expirations, fixture.arena, sizeof(expirations));
    CHECK_EQ(expirations, 1);
    fixture_end();
}

static void test_nothing_stays_open(void)
{
    unsigned before = descriptors_open();
    fixture_begin();
    unsigned inside = descriptors_open();
    for (unsigned i = 0; i < 50; i++) {
        int64_t file = open_in(ROOT, "sub/deep", O_RDONLY);
        CHECK(file >= 0);
        CHECK_EQ(open_in(ROOT, "sub/nothing", O_RDONLY), -ENOENT);
        CHECK_EQ(open_in(ROOT_READ_ONLY, "sub/deep", O_RDWR), -EROFS);
        CHECK_EQ(open_in(ROOT_READ_ONLY, "sub/deep", O_CREAT | O_EXCL), -EEXIST);
        CHECK_EQ(CALL(HOST_DIRECTORY_MAKE, ROOT, "sub/sub", NULL, 0, 0, 0755), 0);
        CHECK_EQ(CALL(HOST_DIRECTORY_REMOVE, ROOT, "sub/sub", NULL, 0, 0, AT_REMOVEDIR), 0);
        CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "sub/deep", NULL, 0, 0, 0), 0);
        fixture.call.other = ROOT;
        CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "sub/deep", "nothing/x", 0), -ENOENT);
        CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "sub/deep", "sub/deep", 0), 0);
        hostio_close(fixture.h, (uint32_t)file);
        hostio_close(fixture.h, (uint32_t)file); /* twice is as good as once */
    }
    CHECK_EQ(descriptors_open(), inside);
    fixture_end();
    CHECK_EQ(descriptors_open(), before);
}

/* Locks are an open file's: two of one file are in each other's way, two capabilities to one are not. */
static void test_locks(void)
{
    enum {
        PART,
        WHOLE,
        ASK
    };
    fixture_begin();
    uint32_t a = (uint32_t)open_in(ROOT, "file", O_RDWR), b = (uint32_t)open_in(ROOT, "file", O_RDWR);
    CHECK_EQ(CALL(HOST_FILE_LOCK, a, NULL, NULL, PART, F_WRLCK, 10, 5), 0);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, PART, F_RDLCK, 0, 11), -EAGAIN);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, PART, F_RDLCK, 0, 10), 0);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, ASK, F_WRLCK, 0, 0), F_WRLCK + 4 * 5);
    CHECK_EQ(fixture.call.second, 10);
    CHECK_EQ(CALL(HOST_FILE_LOCK, a, NULL, NULL, PART, F_UNLCK, 0, 0), 0);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, ASK, F_WRLCK, 0, 0), F_UNLCK);
    CHECK_EQ(CALL(HOST_FILE_LOCK, a, NULL, NULL, WHOLE, LOCK_EX, 0, 0), 0);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, WHOLE, LOCK_SH, 0, 0), -EAGAIN);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, WHOLE, LOCK_SH | LOCK_NB, 0, 0), -EINVAL);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, 3, F_WRLCK, 0, 0), -EINVAL);
    hostio_close(fixture.h, a);
    CHECK_EQ(CALL(HOST_FILE_LOCK, b, NULL, NULL, WHOLE, LOCK_SH, 0, 0), 0);
    hostio_close(fixture.h, b);
    fixture_end();
}

/* Before the host's limit comes ours, and no descriptor is lost at either. */
static void test_exhaustion(void)
{
    fixture_begin();
    uint32_t used = fixture.h->used;
    fixture.h->used = HOSTIO_HANDLES - 2;
    unsigned before = descriptors_open();
    int64_t a = open_in(ROOT, "file", O_RDONLY), b = open_in(ROOT, "file", O_RDONLY);
    CHECK_EQ(a, HOSTIO_HANDLES - 2);
    CHECK_EQ(b, HOSTIO_HANDLES - 1);
    CHECK_EQ(open_in(ROOT, "file", O_RDONLY), -ENFILE);
    CHECK_EQ(open_in(ROOT, "new", O_RDWR | O_CREAT), -ENFILE);
    CHECK(!exists("in/new"));
    CHECK_EQ(CALL(HOST_CLOCK_TIMER, CLOCK, NULL, NULL, 1), -ENFILE);
    CHECK_EQ(descriptors_open(), before + 2);
    hostio_close(fixture.h, (uint32_t)a);
    CHECK_EQ(open_in(ROOT, "file", O_RDONLY), a);
    hostio_close(fixture.h, (uint32_t)b);
    hostio_close(fixture.h, (uint32_t)a);
    CHECK_EQ(open_in(ROOT, "file", O_RDONLY), a); /* the last one that was freed comes first */
    hostio_close(fixture.h, (uint32_t)a);
    fixture.h->used = used;
    fixture_end();
}

CHECK_MAIN(CHECK_TEST(test_read_only), CHECK_TEST(test_open_access), CHECK_TEST(test_devices),
           CHECK_TEST(test_transfers), CHECK_TEST(test_terminal), CHECK_TEST(test_ready),
           CHECK_TEST(test_close_of_shared_file), CHECK_TEST(test_clock), CHECK_TEST(test_nothing_stays_open),
           CHECK_TEST(test_locks), CHECK_TEST(test_exhaustion))
