/* SPDX-License-Identifier: BSD-2-Clause */
/* link(2), symlink(2), readlink(2), and paths that go through links. */
#include "tell.h"

static char text[4200], start[4096];

static void show(const char *path)
{
    memset(text, 0, sizeof text);
    long length = readlink(path, text, sizeof text - 1);
    printf("readlink %s: %s %ld\n", path, length < 0 ? strerrorname_np(errno) : text, length);
}

static void hard(void)
{
    struct stat status;
    file_write("file", "text");
    TELL(link("file", "second"));
    TELL(stat("second", &status));
    TELL(status.st_nlink);
    TELL(link("file", "second"));
    TELL(link("missing", "third"));
    TELL(link("file", "missing/third"));
    TELL(link(".", "third"));
    TELL(link("", "third"));
    TELL(link("file", ""));
    TELL(link(NOWHERE, "third"));
    TELL(link("file/", "third"));
    TELL(symlink("file", "soft"));
    TELL(link("soft", "soft2"));
    show("soft2");
    TELL(linkat(AT_FDCWD, "soft", AT_FDCWD, "hard2", AT_SYMLINK_FOLLOW));
    show("hard2");
    TELL(linkat(AT_FDCWD, "soft", AT_FDCWD, "hard3", 12345));
    TELL(linkat(99, "file", AT_FDCWD, "hard3", 0));
    TELL(stat("file", &status));
    TELL(status.st_nlink);
    TELL(unlink("file"));
    file_show("second");
    TELL(rename("second", "file"));
}

static void soft(void)
{
    char small[3];
    TELL(symlink("nowhere", "dangling"));
    TELL(symlink("loop", "loop"));
    TELL(symlink("b", "a"));
    TELL(symlink("a", "b"));
    TELL(symlink("x", "file"));
    TELL(symlink("", "empty"));
    TELL(symlink("x", ""));
    TELL(symlink("x", "missing/y"));
    TELL(symlink(NOWHERE, "y"));
    TELL(symlink("x", NOWHERE));
    show("dangling");
    show("loop");
    show("file");
    show(".");
    show("missing");
    show("");
    TELL(readlink("dangling", small, 3));
    printf("%.3s\n", small);
    TELL(readlink("dangling", small, 0));
    TELL(readlink("dangling", NOWHERE, 3));
    TELL(readlinkat(99, "x", small, 3));
    TELL(open("dangling", O_RDONLY));
    TELL(open("loop", O_RDONLY));
    TELL(open("a", O_RDONLY));
    TELL(open("soft", O_RDONLY | O_NOFOLLOW));
    TELL(close(open("soft", O_PATH | O_NOFOLLOW)) == 0);
    TELL(open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600));
    int fd = (int)TELL(open("dangling", O_CREAT | O_WRONLY, 0600));
    TELL(write(fd, "made", 4));
    TELL(close(fd));
    file_show("nowhere");
    fd = (int)TELL(open("dangling", O_PATH | O_NOFOLLOW));
    TELL(readlinkat(fd, "", text, sizeof text));
    TELL(close(fd));
    TELL(unlink("dangling"));
    TELL(access("nowhere", F_OK));
    memset(text, 'x', 4096);
    TELL(symlink(text, "long"));
    text[4095] = '\0';
    TELL(symlink(text, "long") == 0 ? 0 : errno == ENAMETOOLONG || errno == ENOSPC ? 1 : -1);
}

static void walking(void)
{
    char path[8192];
    TELL(mkdir("d", 0755));
    TELL(mkdir("d/e", 0755));
    file_write("d/e/f", "deep");
    TELL(symlink("d/e", "de"));
    TELL(symlink("../e/f", "d/e/up"));
    file_show("de/f");
    file_show("de/up");
    file_show("de/../e/f");
    file_show("d/e/../../de/f");
    file_show("de/../f");
    file_show("de/..//.././d/e/f");
    file_show("de/f/..");
    file_show("missing/../d/e/f");
    file_show("soft/../d/e/f");
    file_show("./de/./f");
    file_show("de/f/");
    snprintf(path, sizeof path, "%s/d/e", strlen(start) == 1 ? "" : start);
    TELL(symlink(path, "absolute"));
    file_show("absolute/f");
    file_show("absolute/../e/f");
    snprintf(path, sizeof path, "%s/d/e/f", strlen(start) == 1 ? "" : start);
    TELL(symlink(path, "d/absolute"));
    file_show("d/absolute");
    TELL(open("d/absolute", O_RDONLY | O_NOFOLLOW));
    TELL(chmod("d/absolute", 0600));
    TELL(truncate("d/absolute", 2));
    file_show("d/e/f");
    snprintf(path, sizeof path, "%s/new", strlen(start) == 1 ? "" : start);
    TELL(symlink(path, "d/new"));
    int fd = (int)TELL(open("d/new", O_RDWR | O_CREAT, 0600));
    TELL(close(fd));
    TELL(access("new", F_OK));
    TELL(rename("absolute/f", "absolute/g"));
    file_show("d/e/g");
    TELL(link("absolute/g", "absolute/h"));
    file_show("de/h");
    TELL(mkdir("absolute/made", 0700));
    TELL(rmdir("absolute/made"));
    TELL(symlink("g", "absolute/s"));
    file_show("de/s");
    TELL(unlink("absolute/s"));
    TELL(unlink("absolute"));
    TELL(access("d/e/g", F_OK));
    for (int i = 0; i < 45; i++) {
        char to[16];
        snprintf(path, sizeof path, "chain%d", i + 1);
        snprintf(to, sizeof to, "chain%d", i);
        (void)!symlink(path, to);
    }
    file_write("chain45", "end");
    file_show("chain6");
    file_show("chain5");
    file_show("chain4");
}

/* What a C library does that must not follow links: it changes what /proc/self/fd says that is open. */
static void descriptor_links(void)
{
    struct stat status;
    char path[64];
    TELL(mkdir("changed", 0755));
    file_write("changed/file", "x");
    static const char *const names[] = {"changed", "changed/file"};
    for (int i = 0; i < 2; i++) {
        TELL(fchmodat(AT_FDCWD, names[i], 0700, AT_SYMLINK_NOFOLLOW));
        TELL(stat(names[i], &status));
        TELL(status.st_mode & 07777);
        int fd = open(names[i], O_PATH);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        TELL(chmod(path, 0711));
        TELL(stat(names[i], &status));
        TELL(status.st_mode & 07777);
        const struct timespec times[2] = {{1000000, 0}, {2000000, 0}};
        TELL(utimensat(AT_FDCWD, path, times, 0));
        TELL(stat(names[i], &status));
        TELL(status.st_mtime);
        TELL(fchmod(fd, 0700));
        close(fd);
        TELL(chmod(path, 0700));
    }
    TELL(chmod("/proc/self/fd/99", 0700));
}

int main(void)
{
    umask(022);
    if (!getcwd(start, sizeof start)) {
        return 1;
    }
    hard();
    soft();
    walking();
    descriptor_links();
    return 0;
}
