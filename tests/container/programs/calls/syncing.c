/* SPDX-License-Identifier: BSD-2-Clause */
/* fsync(2), fdatasync(2), syncfs(2), sync(2) of whatever can be open. */
#include "tell.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

static void sync_all(const char *what, int fd)
{
    printf("%s\n", what);
    TELL(fsync(fd));
    TELL(fdatasync(fd));
    TELL(syncfs(fd));
    close(fd);
}

int main(void)
{
    int pair[2];
    file_write("file", "text");
    TELL(mkdir("folder", 0755));
    sync_all("file, writing", open("file", O_WRONLY));
    sync_all("file, reading", open("file", O_RDONLY));
    sync_all("file, as a path", open("file", O_PATH));
    sync_all("folder", open("folder", O_RDONLY | O_DIRECTORY));
    sync_all("folder, as a path", open("folder", O_PATH | O_DIRECTORY));
    sync_all("here", open(".", O_RDONLY));
    sync_all("null", open("/dev/null", O_RDWR));
    sync_all("eventfd", eventfd(0, 0));
    TELL(pipe(pair));
    sync_all("pipe, reading", pair[0]);
    sync_all("pipe, writing", pair[1]);
    TELL(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    sync_all("socket", pair[0]);
    close(pair[1]);
    sync_all("nothing", 99);
    sync();
    TELL(close(open("file", O_WRONLY | O_DSYNC)));
    TELL(fcntl(open("file", O_WRONLY | O_SYNC), F_GETFL) & O_SYNC);
    return 0;
}
