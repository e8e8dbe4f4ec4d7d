/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library, memory and files. Linked both statically and dynamically. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void memory(void)
{
    char *reserved = mmap(NULL, 1ul << 34, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    printf("reserved %d\n", reserved != MAP_FAILED);
    printf("protect %d\n", mprotect(reserved + 4096, 8192, PROT_READ | PROT_WRITE));
    reserved[4096] = 1;
    reserved[12287] = 2;
    printf("values %d %d %d\n", reserved[4096], reserved[4097], reserved[12287]);
    char *moved = mremap(reserved + 4096, 8192, 65536, MREMAP_MAYMOVE);
    printf("moved %d %d %d\n", moved != MAP_FAILED, moved[0], moved[8191]);
    madvise(moved, 4096, MADV_DONTNEED);
    printf("forgotten %d\n", moved[0]);
    printf("unmap %d\n", munmap(reserved, 1ul << 34));
    char *many = malloc(8 << 20);
    memset(many, 7, 8 << 20);
    printf("last %d\n", many[(8 << 20) - 1]);
    free(many);
    errno = 0;
    printf("too much %d", mmap(NULL, 1ul << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    printf(" %d\n", errno);
    errno = 0;
    const void *volatile nowhere = (void *)16;
    ssize_t put = write(1, nowhere, 4);
    printf("bad pointer %zd %d\n", put, errno);
}

static void files(const char *self)
{
    struct stat status;
    char magic[4] = "";
    int fd = open(self, O_RDONLY);
    ssize_t got = read(fd, magic, 4);
    printf("open %d read %zd %.3s\n", fd, got, magic + 1);
    printf("size %d\n", fstat(fd, &status) == 0 && status.st_size > 1000);
    printf("seek %ld\n", (long)lseek(fd, 100, SEEK_SET));
    char *mapped = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    mapped[0] = 'x';
    printf("mapped %.4s\n", mapped);
    printf("close %d %d\n", close(fd), close(fd));
    printf("absent %d", open("/nonexistent/file", O_RDONLY));
    printf(" %d\n", errno);
    int ends[2];
    printf("pipe %d\n", pipe(ends));
    printf("put %zd\n", write(ends[1], "pipe", 4));
    got = read(ends[0], magic, 4);
    printf("got %zd %.4s\n", got, magic);
    close(ends[1]);
    printf("end %zd\n", read(ends[0], magic, 4));
    fd = open("/dev/zero", O_RDONLY);
    got = read(fd, magic, 4);
    printf("zero %zd %d\n", got, magic[3]);
}

int main(int count, char **arguments)
{
    printf("%d arguments\n", count);
    for (int i = 1; i < count; i++) {
        printf("'%s'\n", arguments[i]);
    }
    memory();
    files(arguments[0]);
    return 42;
}
