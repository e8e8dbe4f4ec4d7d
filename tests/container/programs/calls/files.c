/* SPDX-License-Identifier: BSD-2-Clause */
/* open(2), read(2), write(2), lseek(2), ftruncate(2), fallocate(2) on regular files. */
#include "tell.h"

static char text[8192], name[5000];

static void opening(void)
{
    TELL(open("missing", O_RDONLY));
    TELL(open("", O_RDONLY));
    TELL(open(NOWHERE, O_RDONLY));
    TELL(open((char *)NOWHERE - 8, O_RDONLY));
    memset(name, 'n', 256);
    TELL(open(name, O_RDWR | O_CREAT, 0600));
    memset(name, 'n', sizeof name - 1);
    TELL(open(name, O_RDWR | O_CREAT, 0600));
    TELL(open("file", O_RDWR | O_CREAT | O_EXCL, 0640));
    TELL(open("file", O_RDWR | O_CREAT | O_EXCL, 0640));
    TELL(open("file/below", O_RDONLY));
    TELL(open("file/", O_RDONLY));
    TELL(open("file/.", O_RDONLY));
    TELL(open("file", O_RDONLY | O_DIRECTORY));
    TELL(open("missing/", O_RDWR | O_CREAT, 0600));
    TELL(open("missing/file", O_RDWR | O_CREAT, 0600));
    TELL(open(".", O_RDWR));
    TELL(open(".", O_WRONLY | O_CREAT, 0600));
    TELL(open(".", O_RDONLY | O_DIRECTORY));
    TELL(open(".", O_PATH));
    TELL(open("file", O_PATH));
    TELL(read(6, text, 1));
    TELL(write(6, text, 1));
    TELL(fcntl(6, F_GETFL));
    TELL(close(6));
    TELL(close(6));
    TELL(openat(3, "x", O_RDONLY));
    TELL(openat(99, "x", O_RDONLY));
    TELL(openat(99, "/", O_RDONLY));
    TELL(close(3));
    TELL(close(4));
    TELL(close(5));
    TELL(close(6));
}

static void reading(void)
{
    int fd = (int)TELL(open("data", O_RDWR | O_CREAT | O_TRUNC, 0600));
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)('a' + i % 23);
    }
    TELL(write(fd, text, 5000));
    TELL(lseek(fd, 0, SEEK_CUR));
    TELL(read(fd, text, 10));
    TELL(lseek(fd, -10, SEEK_END));
    TELL(read(fd, text, 100));
    TELL(read(fd, text, 100));
    TELL(read(fd, text, 0));
    TELL(read(fd, NOWHERE, 0));
    TELL(lseek(fd, 0, SEEK_SET));
    TELL(read(fd, NOWHERE, 10));
    TELL(write(fd, NOWHERE, 10));
    TELL(read(-1, text, 1));
    TELL(read(99, NOWHERE, 1));
    TELL(lseek(fd, -1, SEEK_SET));
    TELL(lseek(fd, -6000, SEEK_CUR));
    TELL(lseek(fd, 0, 17));
    TELL(lseek(99, 0, SEEK_SET));
    TELL(lseek(fd, 100000, SEEK_SET));
    TELL(read(fd, text, 1));
    TELL(write(fd, "end", 3));
    TELL(lseek(fd, 0, SEEK_END));
    TELL(pread(fd, text, 10, 50000));
    TELL(text[0] == 0 && text[9] == 0);
    TELL(pread(fd, text, 10, -1));
    TELL(pwrite(fd, text, 10, -1));
    TELL(pwrite(fd, "P", 1, 2));
    TELL(pread(fd, text, 3, 0));
    TELL(text[2]);
    TELL(lseek(fd, 0, SEEK_CUR));
    TELL(lseek(fd, 0, SEEK_HOLE) <= 100003);
    TELL(lseek(fd, 200000, SEEK_DATA));
    TELL(close(fd));
    TELL(fd = open("data", O_RDONLY));
    TELL(write(fd, "x", 1));
    TELL(ftruncate(fd, 0));
    TELL(close(fd));
    TELL(fd = open("data", O_WRONLY));
    TELL(read(fd, text, 1));
    TELL(close(fd));
    TELL(fd = open(".", O_RDONLY));
    TELL(read(fd, text, 1));
    TELL(write(fd, text, 1));
    TELL(pread(fd, text, 1, 0));
    TELL(ftruncate(fd, 1));
    TELL(close(fd));
}

static void appending(void)
{
    file_write("log", "one\n");
    int fd = (int)TELL(open("log", O_WRONLY | O_APPEND));
    TELL(write(fd, "two\n", 4));
    TELL(lseek(fd, 0, SEEK_SET));
    TELL(write(fd, "three\n", 6));
    TELL(pwrite(fd, "four\n", 5, 0));
    TELL(fcntl(fd, F_SETFL, 0));
    TELL(lseek(fd, 0, SEEK_SET));
    TELL(write(fd, "O", 1));
    TELL(close(fd));
    file_show("log");
    TELL(fd = open("log", O_WRONLY));
    TELL(fcntl(fd, F_SETFL, O_APPEND));
    TELL(fcntl(fd, F_GETFL) & O_APPEND);
    TELL(write(fd, "five\n", 5));
    TELL(close(fd));
    file_show("log");
    TELL(close(open("log", O_WRONLY | O_TRUNC)));
    file_show("log");
}

static void sizes(void)
{
    struct stat status;
    int fd = (int)TELL(open("size", O_RDWR | O_CREAT, 0600));
    TELL(ftruncate(fd, 10000));
    TELL(fstat(fd, &status));
    TELL(status.st_size);
    TELL(truncate("size", 5));
    TELL(truncate("missing", 5));
    TELL(truncate(".", 5));
    TELL(truncate("size", -1));
    TELL(truncate("", 1));
    TELL(ftruncate(fd, -1));
    TELL(ftruncate(99, 1));
    TELL(fstat(fd, &status));
    TELL(status.st_size);
    TELL(fallocate(fd, 0, 0, 8192));
    TELL(fstat(fd, &status));
    TELL(status.st_size);
    TELL(fallocate(fd, 0, 0, 0));
    TELL(fallocate(fd, 0, -1, 10));
    TELL(fallocate(99, 0, 0, 10));
    TELL(fallocate(0, 0, 0, 10) < 0);
    TELL(posix_fallocate(fd, 0, 20000));
    TELL(lseek(fd, 0, SEEK_END));
    TELL(fsync(fd));
    TELL(fdatasync(fd));
    TELL(fsync(99));
    TELL(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL));
    TELL(posix_fadvise(fd, 0, 0, 77));
    TELL(posix_fadvise(99, 0, 0, POSIX_FADV_NORMAL));
    TELL(sync_file_range(fd, 0, 100, SYNC_FILE_RANGE_WRITE));
    TELL(syncfs(fd));
    TELL(syncfs(99));
    TELL(readahead(fd, 0, 4096));
    TELL(readahead(99, 0, 4096));
    TELL(unlink("size"));
    TELL(fstat(fd, &status));
    TELL(status.st_nlink);
    TELL(write(fd, "still", 5));
    TELL(close(fd));
    TELL(access("size", F_OK));
    fd = (int)TELL(open(".", O_TMPFILE | O_RDWR, 0600));
    TELL(write(fd, "hidden", 6));
    TELL(pread(fd, text, 6, 0));
    TELL(fstat(fd, &status));
    TELL(status.st_nlink);
    TELL(close(fd));
    TELL(open(".", O_TMPFILE | O_RDONLY, 0600));
    TELL(creat("created", 0604));
    TELL(read(fd, text, 1));
    TELL(close(fd));
}

int main(void)
{
    umask(022);
    opening();
    reading();
    appending();
    sizes();
    return 0;
}
