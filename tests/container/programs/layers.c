/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs do with a file system whose files were there before: run in a directory that overlay.py made, natively
 * and as a container's root with that directory as lower layer, it must print the same.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "calls/tell.h"

enum {
    NAMES = 4096,
    BIG = 48 << 20
};

static struct stat status_of(const char *path)
{
    struct stat status = {0};
    (void)lstat(path, &status);
    return status;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, with types; numbers must be those of stat. */
static void list(const char *path)
{
    static char *names[NAMES];
    size_t count = 0;
    DIR *stream = opendir(path);
    printf("%s:", path);
    for (struct dirent *entry; stream && count < NAMES && (entry = readdir(stream));) {
        char whole[512];
        struct stat status;
        snprintf(whole, sizeof whole, "%s/%s", path, entry->d_name);
        if (strcmp(entry->d_name, "..") != 0 && lstat(whole, &status) == 0 && status.st_ino != entry->d_ino) {
            printf(" (%s: %lx, not %lx)", entry->d_name, entry->d_ino, status.st_ino);
        }
        names[count++] = strdup(entry->d_name);
    }
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        if (count <= 40) {
            printf(" %s", names[i]);
        }
        free(names[i]);
    }
    printf(" %zu\n", count);
    if (stream) {
        closedir(stream);
    }
}

static void writing(void)
{
    struct stat before = status_of("d/f"), above = status_of("d");
    int fd = (int)TELL(open("d/f", O_RDWR));
    TELL(write(fd, "UPPER", 5));
    TELL(close(fd));
    file_show("d/f");
    struct stat after = status_of("d/f"), above_after = status_of("d");
    TELL(before.st_ino == after.st_ino && before.st_dev == after.st_dev);
    TELL(above.st_mtim.tv_nsec == above_after.st_mtim.tv_nsec && above.st_ino == above_after.st_ino);
    TELL(after.st_mode);
    fd = (int)TELL(open("d/appended", O_WRONLY | O_APPEND));
    TELL(write(fd, "+", 1));
    TELL(close(fd));
    file_show("d/appended");
    file_write("d/cut", "new");
    file_show("d/cut");
    TELL(truncate("d/shorter", 3));
    file_show("d/shorter");
    TELL(open("d/f", O_RDWR | O_CREAT | O_EXCL, 0600));
    TELL(open("d/f/x", O_RDWR | O_CREAT, 0600));
    TELL(open("nothing/x", O_RDWR | O_CREAT, 0600));
    TELL(open("d", O_RDWR));
    TELL(open("d", O_RDONLY | O_CREAT, 0600));
    fd = (int)TELL(open("link", O_RDWR));
    TELL(write(fd, "by link", 7));
    TELL(close(fd));
    file_show("stay");
    TELL((status_of("link").st_mode & S_IFMT) == S_IFLNK);
    fd = (int)TELL(open("dlink/sub/../f", O_RDONLY));
    TELL(close(fd));
    fd = (int)TELL(open("deep/a/b/c/new", O_WRONLY | O_CREAT, 0640));
    TELL(close(fd));
    TELL(status_of("deep/a/b/c/new").st_mode);
    list("deep/a/b/c");
    TELL(open("loop", O_RDONLY));
}

static void removing(void)
{
    TELL(unlink("gone"));
    file_show("gone");
    TELL(unlink("gone"));
    int fd = (int)TELL(open("gone", O_WRONLY | O_CREAT | O_EXCL, 0600));
    TELL(close(fd));
    file_show("gone");
    TELL(unlink("gone"));
    TELL(access("gone", F_OK));
    TELL(rmdir("tree"));
    TELL(unlink("tree"));
    TELL(rmdir("stay"));
    TELL(unlink("tree/one"));
    TELL(unlink("tree/two"));
    TELL(rmdir("tree/sub"));
    list("tree");
    TELL(rmdir("tree"));
    TELL(access("tree/one", F_OK));
    TELL(mkdir("tree", 0750));
    list("tree");
    TELL(status_of("tree").st_mode);
    file_write("tree/three", "3");
    list("tree");
    TELL(mkdir("tree", 0755));
    TELL(mkdir("d/sub", 0755));
    TELL(mkdir("d/sub/made", 0755));
    list("d/sub");
    TELL(rmdir("d/sub/made"));
    TELL(unlink("dangling"));
    TELL(symlink("d", "dangling"));
    TELL(access("dangling/f", F_OK));
    TELL(mkfifo("fifo", 0600));
    TELL(unlink("fifo"));
    list(".");
}

static void renaming(void)
{
    TELL(rename("r/one", "r/moved"));
    file_show("r/one");
    file_show("r/moved");
    TELL(rename("r/two", "d/f"));
    file_show("d/f");
    TELL(rename("d/f", "r/three"));
    file_show("r/three");
    TELL(rename("r/three", "r/missing/x"));
    TELL(rename("r/three", "r/sub"));
    TELL(rename("r/sub", "r/three"));
    list("r");
    TELL(mkdir("fresh", 0700));
    file_write("fresh/in", "in");
    TELL(rename("fresh", "r/sub"));
    TELL(unlink("r/sub/x"));
    TELL(rename("fresh", "r/sub"));
    list("r/sub");
    TELL(rename("r/sub", "r/again"));
    list("r");
    list("r/again");
    TELL(mkdir("r/sub", 0700));
    list("r/sub");
    TELL(renameat2(AT_FDCWD, "r/swap1", AT_FDCWD, "r/swap2", RENAME_EXCHANGE));
    file_show("r/swap1");
    file_show("r/swap2");
    TELL(renameat2(AT_FDCWD, "r/swap1", AT_FDCWD, "r/swap2", RENAME_NOREPLACE));
    TELL(rename("link", "r/link"));
    TELL(access("link", F_OK));
    TELL(access("r/link", F_OK));
}

static void linking(void)
{
    TELL(link("l/a", "l/b"));
    TELL(status_of("l/a").st_nlink);
    TELL(status_of("l/a").st_ino == status_of("l/b").st_ino);
    file_write("l/b", "through b");
    file_show("l/a");
    TELL(unlink("l/a"));
    file_show("l/b");
    TELL(link("l", "l2"));
    TELL(link("l/b", "l/c"));
    TELL(link("l/b", "l/c"));
    TELL(link("l/none", "l/d"));
    TELL(unlink("l/c"));
    list("l");
}

static void telling(void)
{
    struct timespec times[2] = {{1000, 5}, {2000, 7}};
    int fd = (int)TELL(open("t/mode", O_RDONLY));
    TELL(fchmod(fd, 0640));
    TELL(status_of("t/mode").st_mode);
    TELL(futimens(fd, times));
    TELL(status_of("t/mode").st_mtim.tv_sec);
    TELL(close(fd));
    TELL(chmod("t/mode2", 04711));
    TELL(status_of("t/mode2").st_mode);
    TELL(chmod("t/mode2", 0444));
    TELL(status_of("t/mode2").st_mode);
    TELL(utimensat(AT_FDCWD, "t/times", times, 0));
    TELL(status_of("t/times").st_mtim.tv_sec);
    TELL(status_of("t/times").st_atim.tv_nsec);
    TELL(chmod("t/dir", 01777));
    TELL(status_of("t/dir").st_mode);
    file_write("t/dir/x", "x");
    TELL(status_of("t/dir").st_mode);
    TELL(chmod("t/dir", 0500));
    TELL(status_of("t/dir").st_mode);
    TELL(mkdir("t/new", 01700));
    TELL(status_of("t/new").st_mode);
    TELL(mkdir("t/setgid", 0700));
    TELL(chmod("t/setgid", 02755));
    TELL(mkdir("t/setgid/below", 0700));
    TELL(status_of("t/setgid/below").st_mode);
    fd = (int)TELL(open("t/special", O_WRONLY | O_CREAT, 06755));
    TELL(close(fd));
    TELL(status_of("t/special").st_mode);
    fd = (int)TELL(open("t/kept", O_RDWR));
    TELL(unlink("t/kept"));
    struct stat status;
    TELL(fstat(fd, &status));
    TELL(status.st_nlink);
    TELL(fchmod(fd, 0600));
    TELL(close(fd));
}

static void listing(void)
{
    list("many");
    DIR *stream = opendir("many");
    long middle = 0;
    char name[256] = "";
    for (unsigned i = 0; stream && i < 100; i++) {
        middle = telldir(stream);
        struct dirent *entry = readdir(stream);
        snprintf(name, sizeof name, "%s", entry ? entry->d_name : "");
    }
    seekdir(stream, middle);
    TELL(strcmp(readdir(stream)->d_name, name));
    TELL(unlink("many/7"));
    file_write("many/new", "");
    file_write("many/9", "changed");
    rewinddir(stream);
    unsigned count = 0;
    while (readdir(stream)) {
        count++;
    }
    TELL(count);
    closedir(stream);
    list("many");
}

static unsigned char pattern(size_t at)
{
    return (unsigned char)(at * 7 + (at >> 12));
}

static atomic_bool is_over;

static void *other_calls(void *argument)
{
    long *count = argument;
    while (!is_over) {
        *count += access("stay", F_OK) == 0;
    }
    return NULL;
}

static void large(void)
{
    static long count;
    static unsigned char part[1 << 16];
    pthread_t thread;
    TELL(pthread_create(&thread, NULL, other_calls, &count));
    int fd = (int)TELL(open("big", O_RDWR));
    is_over = true;
    pthread_join(thread, NULL);
    TELL(lseek(fd, 0, SEEK_END));
    TELL(pwrite(fd, "!", 1, 12345));
    size_t wrong = 0;
    for (size_t at = 0; at < BIG; at += sizeof part) {
        if (pread(fd, part, sizeof part, (off_t)at) != sizeof part) {
            wrong++;
        }
        for (size_t i = 0; i < sizeof part; i++) {
            wrong += part[i] != (at + i == 12345 ? '!' : pattern(at + i));
        }
    }
    TELL(wrong);
    TELL(close(fd));
    fd = (int)TELL(open("sparse", O_RDWR));
    TELL(status_of("sparse").st_size);
    TELL(status_of("sparse").st_blocks < 2048);
    TELL(pread(fd, part, 4, 32 << 20));
    TELL(memcmp(part, "data", 4));
    TELL(close(fd));
    fd = (int)TELL(open("stay", O_RDWR));
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    mapped[0] = 'M';
    TELL(munmap(mapped, 4096));
    TELL(close(fd));
    file_show("stay");
    fd = (int)TELL(open("d", O_TMPFILE | O_RDWR, 0600));
    TELL(write(fd, "x", 1));
    TELL(close(fd));
}

static void working_directory(void)
{
    TELL(chdir("deep/a"));
    file_show("b/file");
    file_write("b/file", "changed");
    file_show("../../deep/a/b/file");
    TELL(access("../up/a/b/file", F_OK));
    TELL(chdir("../.."));
    int fd = (int)TELL(open("deep/a", O_RDONLY | O_DIRECTORY));
    TELL(unlinkat(fd, "b/file", 0));
    TELL(mkdirat(fd, "b/file", 0700));
    TELL(faccessat(fd, "b/file/.", F_OK, 0));
    TELL(close(fd));
}

/* How often another thread is served while a large file is copied up. */
static int served(void)
{
    static long count;
    pthread_t thread;
    if (pthread_create(&thread, NULL, other_calls, &count)) {
        return 1;
    }
    long before = milliseconds();
    int fd = open("big", O_RDWR);
    long taken = milliseconds() - before, calls = count;
    is_over = true;
    pthread_join(thread, NULL);
    printf("%ld calls in %ld ms\n", calls, taken);
    return fd < 0 || calls < 3;
}

int main(int count, char **arguments)
{
    (void)arguments;
    if (count > 1) {
        return served();
    }
    umask(022);
    writing();
    removing();
    renaming();
    linking();
    telling();
    listing();
    large();
    working_directory();
    return 0;
}
