/* SPDX-License-Identifier: BSD-2-Clause */
/* mmap(2), munmap(2), mprotect(2), madvise(2), msync(2), mincore(2), brk(2). Faults: those of system calls. */
#include <sys/mman.h>
#include <sys/syscall.h>

#include "tell.h"

enum {
    PAGE = 4096
};

#define GOOD(map) ((map) != MAP_FAILED)

/* Can the kernel read it? And write to it? */
static int readable(const void *at)
{
    int ends[2], result = pipe(ends);
    result = write(ends[1], at, 1) == 1;
    close(ends[0]);
    close(ends[1]);
    return result;
}

static int writable(void *at)
{
    int fd = open("/dev/zero", O_RDONLY);
    int result = read(fd, at, 1) == 1;
    close(fd);
    return result;
}

static char *map(size_t pages, int protection)
{
    return mmap(NULL, pages * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void anonymous(void)
{
    char *at = map(16, PROT_READ | PROT_WRITE);
    TELL(GOOD(at));
    TELL(at[0] == 0 && at[16 * PAGE - 1] == 0);
    memset(at, 7, 16 * PAGE);
    TELL(munmap(at + 4 * PAGE, 4 * PAGE));
    TELL(readable(at + 3 * PAGE));
    TELL(readable(at + 4 * PAGE));
    TELL(readable(at + 8 * PAGE));
    TELL(mmap(at + 4 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
         at + 4 * PAGE);
    TELL(at[4 * PAGE]);
    TELL(writable(at + 4 * PAGE));
    TELL(mprotect(at, 2 * PAGE, PROT_READ));
    TELL(writable(at));
    TELL(at[0]);
    TELL(mprotect(at, PAGE, PROT_NONE));
    TELL(readable(at));
    TELL(mprotect(at, 2 * PAGE, PROT_READ | PROT_WRITE));
    TELL(at[0]);
    TELL(writable(at));
    TELL(mprotect(at, 16 * PAGE, PROT_READ));
    TELL(mprotect(at + 1, PAGE, PROT_READ));
    TELL(mprotect(at, 0, PROT_READ));
    TELL(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ, -1));
    TELL(syscall(SYS_pkey_mprotect, at, PAGE, PROT_READ, 20));
    TELL(syscall(SYS_pkey_alloc, 1, 0));
    TELL(syscall(SYS_pkey_alloc, 0, 4));
    TELL(syscall(SYS_pkey_free, 20));
    TELL(mprotect(at, PAGE, 0x100));
    TELL(mprotect(at + 5 * PAGE, PAGE, PROT_READ));
    TELL(munmap(at, 16 * PAGE));
    TELL(munmap(at, 16 * PAGE));
    TELL(munmap(at + 1, PAGE));
    TELL(munmap(at, 0));
    TELL(munmap(at, (size_t)-PAGE));
    TELL(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
    TELL(GOOD(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0)));
    TELL(errno == EEXIST);
    TELL(mmap(at + 7, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != at);
    TELL(munmap(at, PAGE));
    TELL(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0);
    TELL(mmap(NULL, PAGE, PROT_READ, MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0);
    TELL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, -1, 0) == MAP_FAILED ? errno : 0);
    TELL(mmap(at + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? errno
                                                                                                     : 0);
    TELL(mmap(NULL, (size_t)1 << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno
                                                                                                  : 0);
    TELL(mmap(NULL, SIZE_MAX, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    TELL(GOOD(shared));
    shared[PAGE] = 5;
    TELL(shared[PAGE]);
    TELL(munmap(shared, 2 * PAGE));
    char *lazy = mmap(NULL, (size_t)1 << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    TELL(GOOD(lazy));
    TELL(mprotect(lazy + PAGE, PAGE, PROT_READ | PROT_WRITE));
    TELL(writable(lazy + PAGE));
    TELL(readable(lazy));
    TELL(munmap(lazy, (size_t)1 << 36));
}

static void of_files(void)
{
    char text[PAGE];
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    memset(text, 'f', PAGE);
    TELL(write(fd, text, PAGE));
    TELL(write(fd, "tail", 4));
    char *private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    char *shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TELL(GOOD(private) && GOOD(shared));
    TELL(strcmp(private + PAGE, "tail"));
    private[0] = 'P';
    TELL(shared[0]);
    shared[1] = 'S';
    TELL(private[1] == 'S' || private[1] == 'f');
    TELL(pread(fd, text, 2, 0));
    printf("%.2s\n", text);
    TELL(msync(shared, 2 * PAGE, MS_SYNC));
    TELL(pwrite(fd, "W", 1, 2));
    TELL(shared[2]);
    char *again = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    shared[3] = 'A';
    TELL(again[3]);
    TELL(munmap(again, PAGE));
    TELL(munmap(shared, 2 * PAGE));
    TELL(munmap(private, 2 * PAGE));
    TELL(pread(fd, text, 4, 0));
    printf("%.4s\n", text);
    char *tail = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
    TELL(GOOD(tail));
    TELL(strcmp(tail, "tail"));
    TELL(munmap(tail, PAGE));
    TELL(GOOD(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 1)));
    TELL(errno);
    int reader = open("file", O_RDONLY), writer = open("file", O_WRONLY);
    TELL(GOOD(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0)));
    TELL(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, reader, 0) == MAP_FAILED ? errno : 0);
    TELL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, writer, 0) == MAP_FAILED ? errno : 0);
    TELL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 99, 0) == MAP_FAILED ? errno : 0);
    char *read_only = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, reader, 0);
    TELL(mprotect(read_only, PAGE, PROT_READ | PROT_WRITE));
    int directory = open(".", O_RDONLY);
    TELL(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, directory, 0) == MAP_FAILED ? errno : 0);
    close(directory);
    char *stays = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, reader, 0);
    TELL(close(reader) | close(writer) | unlink("file"));
    TELL(stays[0] == 'f' || stays[0] == 'P');
    int zero = open("/dev/zero", O_RDWR);
    char *zeros = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, zero, 0);
    TELL(GOOD(zeros) ? zeros[9] : -1);
    close(zero);
    close(fd);
}

static void advice(void)
{
    unsigned char there[4];
    char *at = map(4, PROT_READ | PROT_WRITE);
    memset(at, 9, 4 * PAGE);
    TELL(madvise(at + PAGE, PAGE, MADV_DONTNEED));
    TELL(at[0] + at[PAGE] + at[2 * PAGE]);
    TELL(madvise(at, 4 * PAGE, MADV_WILLNEED));
    TELL(madvise(at, 4 * PAGE, MADV_NORMAL));
    TELL(madvise(at, 4 * PAGE, 12345));
    TELL(madvise(at + 1, PAGE, MADV_DONTNEED));
    TELL(madvise(at, 0, MADV_DONTNEED));
    TELL(madvise(at, 4 * PAGE, MADV_HUGEPAGE) <= 0);
    TELL(mincore(at, 4 * PAGE, there));
    TELL(there[0] & 1);
    TELL(mincore(at + 1, PAGE, there));
    TELL(mincore(at, 4 * PAGE, NOWHERE));
    TELL(msync(at, PAGE, MS_ASYNC | MS_SYNC));
    TELL(msync(at + 1, PAGE, MS_SYNC));
    TELL(msync(at, PAGE, MS_ASYNC));
    TELL(mlock(at, PAGE));
    TELL(munlock(at, PAGE));
    TELL(munmap(at, 4 * PAGE));
    TELL(madvise(at, PAGE, MADV_DONTNEED));
    TELL(mincore(at, PAGE, there));
    TELL(msync(at, PAGE, MS_SYNC));
    TELL(mlock(at, PAGE));
}

static void the_break(void)
{
    char *start = sbrk(0);
    TELL(sbrk(3 * PAGE) == start);
    memset(start, 3, 3 * PAGE);
    TELL(sbrk(-2 * PAGE) == start + 3 * PAGE);
    TELL(sbrk(2 * PAGE) == start + PAGE);
    TELL(start[0] + start[2 * PAGE]);
    TELL(brk(start));
    TELL(brk((char *)NOWHERE + PAGE));
    TELL(sbrk(0) == start);
}

static void moving(void)
{
    char *at = map(4, PROT_READ | PROT_WRITE);
    memset(at, 1, 4 * PAGE);
    TELL(mremap(at, 4 * PAGE, 2 * PAGE, 0) == at);
    TELL(readable(at + 2 * PAGE));
    char *bigger = mremap(at, 2 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    TELL(GOOD(bigger));
    TELL(bigger[0] + bigger[2 * PAGE - 1] + bigger[2 * PAGE] + bigger[64 * PAGE - 1]);
    char *place = map(64, PROT_NONE);
    TELL(mremap(bigger, 64 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    TELL(place[0]);
    TELL(readable(bigger));
    TELL(readable(place + 8 * PAGE));
    TELL(mremap(place, 8 * PAGE, 128 * PAGE, 0) == MAP_FAILED ? errno == ENOMEM : 1);
    TELL(mremap(place + 1, PAGE, PAGE, 0) == MAP_FAILED ? errno : 0);
    TELL(mremap(place, PAGE, 0, 0) == MAP_FAILED ? errno : 0);
    TELL(mremap(place, PAGE, PAGE, 77) == MAP_FAILED ? errno : 0);
    TELL(mremap((char *)NOWHERE + 4088, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? errno : 0);
    TELL(mremap(place, PAGE, PAGE, MREMAP_FIXED, at) == MAP_FAILED ? errno : 0);
    int fd = open("moved", O_RDWR | O_CREAT, 0600);
    TELL(ftruncate(fd, 4 * PAGE));
    TELL(pwrite(fd, "third", 5, 2 * PAGE));
    char *file = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 2 * PAGE);
    TELL(strcmp(file, "third"));
    file = mremap(file, PAGE, 2 * PAGE, MREMAP_MAYMOVE);
    TELL(GOOD(file) ? strcmp(file, "third") : -1);
    TELL(file[PAGE]);
    close(fd);
}

int main(void)
{
    anonymous();
    of_files();
    advice();
    the_break();
    moving();
    return 0;
}
