/* SPDX-License-Identifier: BSD-2-Clause */
/* mkdir(2), rmdir(2), getdents(2), chdir(2), getcwd(2) and the calls with a directory's descriptor. */
#include <dirent.h>

#include "tell.h"

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(const char *path)
{
    char *names[64];
    int count = 0;
    DIR *directory = opendir(path);
    if (!directory) {
        printf("opendir %s: %s\n", path, strerrorname_np(errno));
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) && count < 64;) {
        if (asprintf(&names[count], "%s %d %d", entry->d_name, entry->d_type, entry->d_ino != 0) > 0) {
            count++;
        }
    }
    rewinddir(directory);
    int again = 0;
    while (readdir(directory)) {
        again++;
    }
    printf("%s: %d entries, again %d\n", path, count, again);
    qsort(names, (size_t)count, sizeof *names, by_name);
    for (int i = 0; i < count; i++) {
        puts(names[i]);
        free(names[i]);
    }
    closedir(directory);
}

static void making(void)
{
    TELL(mkdir("one", 0755));
    TELL(mkdir("one", 0755));
    TELL(mkdir("one/two", 0700));
    TELL(mkdir("one/two/", 0700));
    TELL(mkdir("one/three/", 0711));
    TELL(mkdir("no/two", 0700));
    TELL(mkdir("", 0700));
    TELL(mkdir(".", 0700));
    TELL(mkdir("one/.", 0700));
    TELL(mkdir("/", 0700));
    TELL(mkdir(NOWHERE, 0700));
    TELL(mkdirat(99, "x", 0700));
    file_write("one/file", "text");
    TELL(mkdir("one/file", 0700));
    TELL(mkdir("one/file/below", 0700));
    TELL(symlink("two", "one/link"));
    TELL(mkdir("one/link", 0700));
    TELL(mkfifo("one/fifo", 0600));
    TELL(mkfifo("one/fifo", 0600));
    list("one");
    list("one/file");
    list("missing");
}

static void changing(void)
{
    char start[4096], now[4096];
    TELL(getcwd(start, sizeof start) == start);
    size_t length = strlen(start) == 1 ? 0 : strlen(start);
    TELL(chdir("one"));
    TELL(getcwd(now, sizeof now) == now);
    TELL(strcmp(now + length, "/one"));
    TELL(syscall(SYS_getcwd, now, length + 4));
    TELL(syscall(SYS_getcwd, now, 0));
    TELL(syscall(SYS_getcwd, NOWHERE, 4096));
    TELL(chdir("missing"));
    TELL(chdir("file"));
    TELL(chdir(""));
    TELL(chdir(NOWHERE));
    TELL(chdir("link"));
    TELL(getcwd(now, sizeof now) == now);
    puts(now + length);
    TELL(chdir("../.."));
    TELL(getcwd(now, sizeof now) == now);
    TELL(strcmp(now, start));
    int fd = (int)TELL(open("one/two", O_RDONLY));
    TELL(fchdir(fd));
    TELL(getcwd(now, sizeof now) == now);
    puts(now + length);
    TELL(fchdir(99));
    TELL(rename("../two", "../moved"));
    TELL(getcwd(now, sizeof now) == now);
    puts(now + length);
    TELL(access("../file", F_OK));
    TELL(mkdirat(fd, "inside", 0700));
    TELL(access("../moved/inside", F_OK));
    TELL(unlinkat(fd, "inside", 0));
    TELL(unlinkat(fd, "inside", AT_REMOVEDIR));
    TELL(unlinkat(fd, "inside", 77));
    TELL(rename("../moved", "../two"));
    TELL(chdir(start));
    TELL(close(fd));
    fd = (int)TELL(open("one/file", O_RDONLY));
    TELL(fchdir(fd));
    TELL(openat(fd, "x", O_RDONLY));
    TELL(close(fd));
}

static void removing(void)
{
    int fd = (int)TELL(open("one/two", O_RDONLY));
    TELL(rmdir("one"));
    TELL(rmdir("one/file"));
    TELL(rmdir("one/link"));
    TELL(rmdir("missing"));
    TELL(rmdir(""));
    TELL(rmdir("."));
    TELL(rmdir("one/.."));
    TELL(rmdir("one/two/."));
    TELL(rmdir("/") < 0);
    TELL(unlink("one/two"));
    TELL(unlink("missing"));
    TELL(unlink("one/file/"));
    TELL(unlink(""));
    TELL(unlink(NOWHERE));
    TELL(rmdir("one/two/"));
    TELL(openat(fd, "x", O_CREAT | O_RDWR, 0600));
    TELL(mkdirat(fd, "x", 0700));
    TELL(close(fd));
    TELL(unlink("one/file"));
    TELL(unlink("one/link"));
    TELL(unlink("one/fifo"));
    TELL(rmdir("one/three"));
    TELL(rmdir("one"));
    list(".");
}

static void entries(void)
{
    char buffer[4096];
    TELL(mkdir("many", 0700));
    int fd = (int)TELL(open("many", O_RDONLY));
    for (int i = 0; i < 300; i++) {
        char name[64];
        snprintf(name, sizeof name, "entry-with-a-long-name-%d", i);
        close(openat(fd, name, O_CREAT | O_WRONLY, 0600));
    }
    long count = 0, got, calls = 0;
    while ((got = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0) {
        for (long at = 0; at < got; at += ((struct dirent64 *)(void *)(buffer + at))->d_reclen) {
            count++;
        }
        calls++;
    }
    printf("%ld entries, several calls %d, last %ld\n", count, calls > 1, got);
    TELL(lseek(fd, 0, SEEK_SET));
    TELL(syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0);
    TELL(lseek(fd, 0, SEEK_SET));
    TELL(syscall(SYS_getdents64, fd, buffer, 10));
    TELL(syscall(SYS_getdents64, fd, NOWHERE, 4096));
    TELL(syscall(SYS_getdents64, 99, buffer, 4096));
    TELL(syscall(SYS_getdents64, 0, buffer, 4096) < 0);
    for (int i = 0; i < 300; i++) {
        char name[64];
        snprintf(name, sizeof name, "entry-with-a-long-name-%d", i);
        unlinkat(fd, name, 0);
    }
    TELL(rmdir("many"));
    TELL(syscall(SYS_getdents64, fd, buffer, sizeof buffer) <= 0);
    TELL(close(fd));
}

static void telling_places(void)
{
    DIR *directory = opendir("/");
    long place = 0;
    char name[256] = "";
    TELL(directory != NULL);
    for (int i = 0; readdir(directory); i++) {
        if (i == 1) {
            place = telldir(directory);
            struct dirent *next = readdir(directory);
            snprintf(name, sizeof name, "%s", next ? next->d_name : "");
        }
    }
    seekdir(directory, place);
    struct dirent *again = readdir(directory);
    TELL(again ? strcmp(again->d_name, name) : name[0]);
    TELL(dirfd(directory) > 2);
    closedir(directory);
}

int main(void)
{
    umask(022);
    making();
    changing();
    removing();
    entries();
    telling_places();
    return 0;
}
