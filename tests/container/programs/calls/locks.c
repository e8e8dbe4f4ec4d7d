/* SPDX-License-Identifier: BSD-2-Clause */
/* fcntl(2) locks, locks of open files, flock(2), within one process. */
#include <pthread.h>
#include <sys/file.h>

#include "tell.h"

static int first, second;

static struct flock lock_of(short type, long start, long length)
{
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static void show(const char *what, int fd, int command, short type, long start, long length)
{
    struct flock lock = lock_of(type, start, length);
    int result = fcntl(fd, command, &lock);
    printf("%s: %s, type %d whence %d start %ld length %ld\n", what, result ? strerrorname_np(errno) : "ok",
           lock.l_type, lock.l_whence, (long)lock.l_start, (long)lock.l_len);
}

static void of_process(void)
{
    show("get free", first, F_GETLK, F_WRLCK, 0, 0);
    show("set", first, F_SETLK, F_WRLCK, 0, 10);
    show("own", second, F_GETLK, F_WRLCK, 0, 10);
    show("again", second, F_SETLK, F_WRLCK, 5, 10);
    show("read", first, F_SETLKW, F_RDLCK, 0, 0);
    show("unlock", first, F_SETLK, F_UNLCK, 0, 0);
    show("bad type", first, F_SETLK, 17, 0, 0);
    show("bad start", first, F_SETLK, F_WRLCK, -5, 0);
    show("no file", 99, F_SETLK, F_WRLCK, 0, 0);
    TELL(fcntl(first, F_SETLK, NOWHERE));
    TELL(fcntl(first, F_GETLK, NOWHERE));
    int fd = (int)TELL(open("file", O_RDONLY));
    show("write lock of a reader", fd, F_SETLK, F_WRLCK, 0, 0);
    show("read lock of a reader", fd, F_SETLK, F_RDLCK, 0, 0);
    TELL(close(fd));
    fd = (int)TELL(open("file", O_WRONLY));
    show("read lock of a writer", fd, F_SETLK, F_RDLCK, 0, 0);
    TELL(close(fd));
    int ends[2];
    TELL(pipe(ends));
    show("pipe", ends[1], F_SETLK, F_WRLCK, 0, 0);
    close(ends[0]);
    close(ends[1]);
}

static void of_open_file(void)
{
    show("set", first, F_OFD_SETLK, F_WRLCK, 0, 10);
    show("other", second, F_OFD_SETLK, F_WRLCK, 5, 10);
    show("who", second, F_OFD_GETLK, F_WRLCK, 5, 10);
    show("behind", second, F_OFD_SETLK, F_WRLCK, 10, 10);
    show("both", first, F_OFD_SETLK, F_RDLCK, 0, 15);
    show("unlock", second, F_OFD_SETLK, F_UNLCK, 0, 0);
    show("now", first, F_OFD_SETLK, F_RDLCK, 0, 15);
    show("shared", second, F_OFD_SETLK, F_RDLCK, 0, 15);
    show("upgrade", first, F_OFD_SETLK, F_WRLCK, 0, 15);
    show("unlock", second, F_OFD_SETLK, F_UNLCK, 0, 0);
    show("upgrade", first, F_OFD_SETLK, F_WRLCK, 0, 15);
    show("split", first, F_OFD_SETLK, F_UNLCK, 5, 5);
    show("hole", second, F_OFD_SETLK, F_WRLCK, 5, 5);
    show("edge", second, F_OFD_SETLK, F_WRLCK, 4, 1);
    show("edge", second, F_OFD_SETLK, F_WRLCK, 10, 1);
    show("behind", second, F_OFD_SETLK, F_WRLCK, 15, 0);
    show("unlock", first, F_OFD_SETLK, F_UNLCK, 0, 0);
    show("unlock", second, F_OFD_SETLK, F_UNLCK, 0, 0);
    int copy = dup(first);
    show("set", first, F_OFD_SETLK, F_WRLCK, 0, 0);
    show("copy", copy, F_OFD_SETLK, F_WRLCK, 0, 0);
    TELL(close(copy));
    show("still", second, F_OFD_SETLK, F_WRLCK, 0, 0);
    show("unlock", first, F_OFD_SETLK, F_UNLCK, 0, 0);
    int third = open("file", O_RDWR);
    show("third", third, F_OFD_SETLK, F_WRLCK, 0, 0);
    show("no", second, F_OFD_SETLK, F_WRLCK, 0, 0);
    TELL(close(third));
    show("yes", second, F_OFD_SETLK, F_WRLCK, 0, 0);
    show("unlock", second, F_OFD_SETLK, F_UNLCK, 0, 0);
}

static void *unlock_later(void *argument)
{
    (void)argument;
    usleep(30000);
    flock(first, LOCK_UN);
    return NULL;
}

static void of_files(void)
{
    TELL(flock(first, LOCK_EX));
    TELL(flock(second, LOCK_EX | LOCK_NB));
    TELL(flock(second, LOCK_SH | LOCK_NB));
    TELL(flock(first, LOCK_SH));
    TELL(flock(second, LOCK_SH | LOCK_NB));
    TELL(flock(first, LOCK_EX | LOCK_NB));
    TELL(flock(second, LOCK_UN));
    TELL(flock(first, LOCK_EX | LOCK_NB));
    TELL(flock(first, 77));
    TELL(flock(99, LOCK_EX));
    pthread_t thread;
    pthread_create(&thread, NULL, unlock_later, NULL);
    long start = milliseconds();
    TELL(flock(second, LOCK_EX));
    TELL(milliseconds() - start >= 25);
    pthread_join(thread, NULL);
    int third = open("file", O_RDWR);
    TELL(flock(third, LOCK_EX | LOCK_NB));
    TELL(close(second));
    TELL(flock(third, LOCK_EX | LOCK_NB));
    TELL(close(third));
    TELL(flock(first, LOCK_EX | LOCK_NB));
}

int main(void)
{
    first = (int)TELL(open("file", O_RDWR | O_CREAT, 0600));
    second = (int)TELL(open("file", O_RDWR));
    of_process();
    of_open_file();
    of_files();
    return 0;
}
