/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * No path leads out of its directory, whatever is in the directory and whatever happens to it meanwhile; and
 * names behave as they do on Linux.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

static void link_in(const char *target, const char *name)
{
    CHECK_EQ(symlink(target, outside(name)), 0);
}

/* The directory is the root of the walk, so what leads up or begins with a slash ends there. */
static void test_escapes(void)
{
    fixture_begin();
    link_in("../secret", "in/up");
    link_in(outside("secret"), "in/absolute");
    link_in("/file", "in/inside");
    link_in("..", "in/parent");
    link_in("loop", "in/loop");
    static const char *const bad[] = {
        "../secret", "sub/../../secret", "/../secret",      "up", "parent/secret", "absolute",
        "sub/../up", "parent/../secret", "../in/../secret",
    };
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_EQ(open_in(ROOT, bad[i], O_RDONLY), -ENOENT);
        CHECK_EQ(open_in(ROOT, bad[i], O_PATH), -ENOENT);
        CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, bad[i], NULL, 0, 0, 0), -ENOENT);
        CHECK_EQ(CALL(HOST_DIRECTORY_SET_MODE, ROOT, bad[i], NULL, 0, 0, 0777), -ENOENT);
    }
    CHECK_EQ(open_in(ROOT, "loop", O_RDONLY), -ELOOP);
    CHECK_EQ(open_in(ROOT, "inside", O_RDONLY | O_NOFOLLOW), -ELOOP);
    CHECK(reads(ROOT, "inside", "0123456789"));
    CHECK(reads(ROOT, "/file", "0123456789"));
    CHECK(reads(ROOT, "../../file", "0123456789"));
    CHECK(reads(ROOT, "parent/sub/deep", "deep"));
    /* Made anew, they are made inside. */
    CHECK(open_in(ROOT, "up", O_WRONLY | O_CREAT) >= 0);
    CHECK(exists("in/secret"));
    CHECK_EQ(CALL(HOST_DIRECTORY_MAKE, ROOT, "../made", NULL, 0, 0, 0755), 0);
    CHECK(exists("in/made") && !exists("made"));
    CHECK_EQ(CALL(HOST_DIRECTORY_REMOVE, ROOT, "parent/secret", NULL, 0, 0, 0), 0);
    CHECK(exists("secret") && !exists("in/secret"));
    fixture.call.other = ROOT;
    CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "file", "../../moved", 0), 0);
    CHECK(exists("in/moved") && !exists("moved"));
    CHECK_EQ(CALL(HOST_DIRECTORY_LINK, ROOT, "up", "hard", 0), 0); /* the link itself */
    CHECK_EQ(CALL(HOST_DIRECTORY_LINK, ROOT, "up/", "hard2", 0), -ENOENT);
    CHECK_EQ(CALL(HOST_DIRECTORY_LINK, ROOT, "parent/", "hard2", 0), -EPERM);
    CHECK_EQ(CALL(HOST_DIRECTORY_LINK, ROOT, "parent/sub/deep", "sub/deeper", 0), 0);
    CHECK(reads(ROOT, "sub/deeper", "deep"));
    fixture_end();
}

/* A directory handle is as narrow as what it was opened at. */
static void test_subdirectory(void)
{
    fixture_begin();
    int64_t sub = open_in(ROOT, "sub", O_RDONLY | O_DIRECTORY);
    CHECK(sub >= 0);
    CHECK_EQ(fixture.call.new_kind, HOST_DIRECTORY);
    CHECK_EQ(open_in((uint32_t)sub, "../file", O_RDONLY), -ENOENT);
    CHECK(reads((uint32_t)sub, "/../deep", "deep"));
    CHECK_EQ(rename(outside("in/sub"), outside("moved")), 0);
    CHECK_EQ(open_in((uint32_t)sub, "../secret", O_RDONLY), -ENOENT);
    int64_t path = open_in(ROOT, "", O_PATH | O_DIRECTORY);
    CHECK(path >= 0 && fixture.call.new_kind == HOST_DIRECTORY);
    CHECK(reads((uint32_t)path, "file", "0123456789"));
    fixture_end();
}

static void test_magic_links(void)
{
    fixture_begin();
    int32_t proc = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc >= 0) {
        struct hostio_roots roots = {.count = 1, .root[0] = {.fd = proc, .kind = HOST_DIRECTORY}};
        struct hostio *h = fixture.h;
        hostio_close(h, 0);
        h->used = 0;
        h->free = 0;
        hostio_init(h, &roots, &proc, fixture.epoll);
        CHECK_EQ(open_in(0, "cwd", O_RDONLY | O_DIRECTORY), -ELOOP);
        CHECK_EQ(open_in(0, "root/etc", O_RDONLY), -ELOOP);
        CHECK_EQ(open_in(0, "fd/0", O_RDONLY), -ELOOP);
        CHECK_EQ(open_in(0, "exe", O_RDONLY), -ELOOP);
        h->used = ROOTS; /* the others are closed as ever */
    }
    fixture_end();
}

/* Somebody moves directories about while paths are walked: never the secret, and no error but these. */
static void test_rename_race(void)
{
    fixture_begin();
    CHECK_EQ(mkdir(outside("in/a"), 0755), 0);
    CHECK_EQ(mkdir(outside("in/a/b"), 0755), 0);
    CHECK_EQ(mkdir(outside("in/a/b/c"), 0755), 0);
    CHECK_EQ(mkdir(outside("other"), 0755), 0);
    make_file("in/a/b/secret", "inside");
    char in[256], other[256];
    (void)strcpy(in, outside("in/a/b"));
    (void)strcpy(other, outside("other/b"));
    pid_t child = fork();
    if (child == 0) {
        (void)alarm(60); /* should nobody end it */
        for (;;) {
            (void)rename(in, other);
            (void)rename(other, in);
        }
    }
    unsigned opened = 0;
    for (unsigned i = 0; i < 20000; i++) {
        int64_t file = open_in(ROOT, "a/b/c/../../../../secret", O_RDONLY);
        opened += file >= 0;
        if (file != -ENOENT && file != -EAGAIN) {
            CHECK_EQ(file, -EXDEV);
        }
    }
    CHECK_EQ(opened, 0);
    CHECK_EQ(kill(child, SIGKILL), 0);
    CHECK_EQ(waitpid(child, NULL, 0), child);
    fixture_end();
}

/* What is no name cannot be made, removed or moved. */
static void test_last_components(void)
{
    static const struct {
        enum host_operation operation;
        const char *path;
        uint64_t flags;
        int64_t result;
    } cases[] = {
        {HOST_DIRECTORY_MAKE, ".", 0755, -EEXIST},
        {HOST_DIRECTORY_MAKE, "", 0755, -EEXIST},
        {HOST_DIRECTORY_MAKE, "/", 0755, -EEXIST},
        {HOST_DIRECTORY_MAKE, "sub/..", 0755, -EEXIST},
        {HOST_DIRECTORY_MAKE, "nothing/x", 0755, -ENOENT},
        {HOST_DIRECTORY_MAKE, "file/x", 0755, -ENOTDIR},
        {HOST_DIRECTORY_MAKE, "new//", 0755, 0},
        {HOST_DIRECTORY_MAKE, "/sub//new2/", 0755, 0},
        {HOST_DIRECTORY_REMOVE, ".", AT_REMOVEDIR, -EINVAL},
        {HOST_DIRECTORY_REMOVE, "sub/..", AT_REMOVEDIR, -ENOTEMPTY},
        {HOST_DIRECTORY_REMOVE, "/", AT_REMOVEDIR, -EBUSY},
        {HOST_DIRECTORY_REMOVE, "..", 0, -EISDIR},
        {HOST_DIRECTORY_REMOVE, "sub", 0, -EISDIR},
        {HOST_DIRECTORY_REMOVE, "file/", 0, -ENOTDIR},
        {HOST_DIRECTORY_REMOVE, "file", 1, -EINVAL},
        {HOST_DIRECTORY_REMOVE, "new", AT_REMOVEDIR, 0},
        {HOST_DIRECTORY_MAKE_NODE, "fifo", S_IFIFO | 0644, 0},
        {HOST_DIRECTORY_MAKE_NODE, "socket", S_IFSOCK | 0644, 0},
        {HOST_DIRECTORY_MAKE_NODE, "device", S_IFCHR | 0644, -EPERM},
        {HOST_DIRECTORY_MAKE_NODE, "device", S_IFBLK | 0644, -EPERM},
        {HOST_DIRECTORY_MAKE_NODE, "plain", 0644, -EPERM},
    };
    fixture_begin();
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        CHECK_EQ(CALL(cases[i].operation, ROOT, cases[i].path, NULL, 0, 0, cases[i].flags), cases[i].result);
    }
    fixture.call.other = ROOT;
    CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "sub/..", "x", 0), -EBUSY);
    CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "file", "sub/.", 0), -EBUSY);
    CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "file", "x", 0, 0, 0, 0, 4),
             -EINVAL); /* a device would stay */
    CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "file", "sub/deep", 0, 0, 0, 0, 1), -EEXIST);
    fixture.call.other = NETWORK;
    CHECK_EQ(CALL(HOST_DIRECTORY_RENAME, ROOT, "file", "x", 0), -EBADF);
    fixture_end();
}

static void test_links_and_status(void)
{
    fixture_begin();
    struct statx status;
    CHECK_EQ(CALL(HOST_DIRECTORY_SYMLINK, ROOT, "sub/link", "/file", 0), 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "sub/link", NULL, 0, 0, 0), 0);
    CHECK_EQ(fixture.call.small_size, sizeof(status));
    memcpy(&status, fixture.small, sizeof(status));
    CHECK_EQ(status.stx_size, 10);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "sub/link", NULL, 0, 0, AT_SYMLINK_NOFOLLOW), 0);
    memcpy(&status, fixture.small, sizeof(status));
    CHECK(S_ISLNK(status.stx_mode));
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "sub/link", NULL, 0, 0, AT_SYMLINK_NOFOLLOW | HOST_IO_NO_LINKS),
             0);
    memcpy(&status, fixture.small, sizeof(status));
    CHECK(S_ISLNK(status.stx_mode));
    CHECK_EQ(CALL(HOST_DIRECTORY_SYMLINK, ROOT, "way", "sub", 0), 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "way/link", NULL, 0, 0, AT_SYMLINK_NOFOLLOW), 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "way/link", NULL, 0, 0, AT_SYMLINK_NOFOLLOW | HOST_IO_NO_LINKS),
             -ELOOP);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "sub/../file", NULL, 0, 0, HOST_IO_NO_LINKS), 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "", NULL, 0, 0, 0), 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "file", NULL, 0, 0, AT_EMPTY_PATH), -EINVAL);
    pieces_set(2, 3, 5); /* "/fi" and "le" */
    CHECK_EQ(CALL(HOST_DIRECTORY_READ_LINK, ROOT, "sub/link", NULL, 0), 5);
    CHECK(memcmp(fixture.arena, "/fi", 3) == 0 && memcmp(fixture.arena + 8, "le", 3) == 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_READ_LINK, ROOT, "file", NULL, 0), -EINVAL);
    CHECK_EQ(CALL(HOST_DIRECTORY_SET_MODE, ROOT, "sub/link", NULL, 0, 0, 0600), 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "file", NULL, 0, 0, 0), 0);
    memcpy(&status, fixture.small, sizeof(status));
    CHECK_EQ(status.stx_mode & 07777, 0600);
    const int64_t times[4] = {1000, 0, 2000, 0};
    small_set(times, sizeof(times));
    CHECK_EQ(CALL(HOST_DIRECTORY_SET_TIMES, ROOT, "sub/link", NULL, 0), 0);
    CHECK_EQ(CALL(HOST_DIRECTORY_STAT, ROOT, "file", NULL, 0, 0, 0), 0);
    memcpy(&status, fixture.small, sizeof(status));
    CHECK_EQ(status.stx_mtime.tv_sec, 2000);
    fixture_end();
}

/* A listing lands in pieces as it would in one. */
static void test_listing(void)
{
    fixture_begin();
    char name[32], found[4096] = "";
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "in/sub/name%02u", i);
        make_file(name, "");
    }
    int64_t sub = open_in(ROOT, "sub", O_RDONLY);
    unsigned count = 0;
    for (;;) {
        pieces_set(4, 100, 60);
        int64_t got = CALL(HOST_DIRECTORY_LIST, (uint32_t)sub, NULL, NULL, 0);
        CHECK(got >= 0 && got <= 400);
        for (unsigned i = 0; i < 4; i++) {
            memcpy(found + i * 100, fixture.arena + i * 160, 100);
        }
        uint16_t length = 0;
        for (int64_t at = 0; at < got; at += length) {
            memcpy(&length, found + at + 16, sizeof(length));
            count += memcmp(found + at + 19, "name", 4) == 0;
        }
        if (got <= 0) {
            break;
        }
    }
    CHECK_EQ(count, 100);
    CHECK_EQ(CALL(HOST_DIRECTORY_REWIND, (uint32_t)sub, NULL, NULL, 0), 0);
    pieces_set(1, 4000, 0);
    CHECK(CALL(HOST_DIRECTORY_LIST, (uint32_t)sub, NULL, NULL, 0) > 0);
    fixture_end();
}

CHECK_MAIN(CHECK_TEST(test_escapes), CHECK_TEST(test_subdirectory), CHECK_TEST(test_magic_links),
           CHECK_TEST(test_rename_race), CHECK_TEST(test_last_components), CHECK_TEST(test_links_and_status),
           CHECK_TEST(test_listing))
