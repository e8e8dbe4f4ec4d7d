/* SPDX-License-Identifier: BSD-2-Clause */
/* readv(2), writev(2), preadv2(2) and their errors. */
#include <limits.h>
#include <sys/uio.h>

#include "tell.h"

static char text[100];
static struct iovec many[IOV_MAX + 1];

int main(void)
{
    int fd = (int)TELL(open("file", O_RDWR | O_CREAT, 0600));
    struct iovec vector[4] = {{"abc", 3}, {NULL, 0}, {"defgh", 5}, {"", 0}};
    TELL(writev(fd, vector, 4));
    TELL(writev(fd, vector, 0));
    TELL(writev(fd, vector, odd_count));
    TELL(writev(fd, NOWHERE, 2));
    TELL(writev(99, vector, 2));
    TELL(lseek(fd, 0, SEEK_CUR));
    TELL(lseek(fd, 0, SEEK_SET));
    struct iovec into[3] = {{text, 2}, {text + 10, 4}, {text + 20, 50}};
    TELL(readv(fd, into, 3));
    printf("%.2s %.4s %.2s\n", text, text + 10, text + 20);
    TELL(readv(fd, into, 3));
    TELL(preadv(fd, into, 2, 3));
    printf("%.2s %.4s\n", text, text + 10);
    TELL(preadv(fd, into, 2, -1));
    TELL(pwritev(fd, vector, 1, 6));
    TELL(pwritev(fd, vector, 1, -1));
    TELL(preadv2(fd, into, 2, 0, 0));
    TELL(preadv2(fd, into, 2, -1, 0));
    TELL(preadv2(fd, into, 2, 0, 0x4000));
    TELL(pwritev2(fd, vector, 1, 0, RWF_APPEND));
    TELL(pwritev2(fd, vector, 1, -1, RWF_DSYNC));
    file_show("file");
    into[1].iov_base = NOWHERE;
    TELL(preadv(fd, into, 2, 0));
    into[0].iov_base = NOWHERE;
    TELL(preadv(fd, into, 2, 0));
    into[0] = (struct iovec){text, SIZE_MAX};
    TELL(readv(fd, into, 1));
    for (int i = 0; i <= IOV_MAX; i++) {
        many[i] = (struct iovec){"x", 1};
    }
    TELL(pwritev(fd, many, IOV_MAX, 0));
    TELL(pwritev(fd, many, IOV_MAX + 1, 0));
    TELL(lseek(fd, 0, SEEK_END));
    int ends[2];
    into[0] = (struct iovec){text, 3};
    TELL(pipe(ends));
    TELL(writev(ends[1], vector, 3));
    TELL(preadv(ends[0], into, 1, 0));
    TELL(pwrite(ends[1], "x", 1, 0));
    into[0] = (struct iovec){text, 3};
    into[1] = (struct iovec){text + 10, 50};
    TELL(readv(ends[0], into, 2));
    printf("%.3s %.5s\n", text, text + 10);
    TELL(writev(ends[0], vector, 1));
    TELL(readv(ends[1], into, 1));
    TELL(close(ends[0]));
    TELL(close(ends[1]));
    return 0;
}
