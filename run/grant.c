/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opening what is granted. Every descriptor is nonblocking without being so for others: a standard stream is
 * opened anew by its number, since the flag is one of the open file that it shares with whoever started us. A
 * regular file never blocks and keeps its position; a socket is used with calls that do not block.
 */
#include "run/grant.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    OPEN_PATH = 010000000 /* O_PATH */
};

static int path_open(const struct run_grant *grant, struct diag *diag)
{
    bool is_directory = grant->kind == HOST_DIRECTORY;
    int mode = is_directory || !(grant->access & HOST_WRITE) ? O_RDONLY : O_RDWR;
    int fd = open(grant->path, mode | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (is_directory ? O_DIRECTORY : 0));
    struct stat status;
    if (fd < 0) {
        return diag_errno(diag, errno, "--host-%s: cannot open %s%s", is_directory ? "directory" : "file",
                          grant->path, mode == O_RDWR ? " for reading and writing" : "");
    }
    if (!is_directory && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        (void)close(fd);
        return diag_errno(diag, EISDIR, "--host-file: %s", grant->path);
    }
    return fd;
}

/* No more than the descriptor is open for. */
static uint8_t access_of(int flags)
{
    static const uint8_t of_mode[] = {HOST_READ, HOST_WRITE, HOST_READ | HOST_WRITE, 0};
    return flags & OPEN_PATH ? 0 : of_mode[flags & O_ACCMODE];
}

/* Accepting is the one call on a socket that could wait. */
static void socket_prepare(int fd, int flags)
{
    int is_listening = 0;
    socklen_t size = sizeof(is_listening);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0 && is_listening) {
        (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    }
}

static int stream_open(const struct run_grant *grant, struct hostio_root *root, struct diag *diag)
{
    char path[32];
    struct stat status;
    int flags = fcntl(grant->stream, F_GETFL);
    if (flags < 0 || fstat(grant->stream, &status) < 0) {
        return diag_errno(diag, errno, "descriptor %d, for the system as %s", grant->stream, grant->name);
    }
    if (S_ISSOCK(status.st_mode)) {
        root->kind = HOST_SOCKET;
        socket_prepare(grant->stream, flags);
    } else if (S_ISDIR(status.st_mode)) {
        root->kind = HOST_DIRECTORY;
    } else {
        root->access &= access_of(flags);
    }
    int fd = -1;
    if (S_ISSOCK(status.st_mode) || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
        fd = fcntl(grant->stream, F_DUPFD_CLOEXEC, 0);
    } else {
        (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", grant->stream);
        fd = open(path, (flags & O_ACCMODE) | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (flags & O_APPEND));
    }
    return fd >= 0 ? fd : diag_errno(diag, errno, "cannot open %s anew for the system", grant->name);
}

static int grant_open(struct grants *grants, const struct run_grant *grant, struct diag *diag)
{
    unsigned at = grants->roots.count;
    struct hostio_root *root = &grants->roots.root[at];
    *root = (struct hostio_root){
        .fd = -1, .kind = (uint8_t)grant->kind, .access = grant->access, .policy = grant->policy};
    if (grant->is_stream) {
        root->fd = stream_open(grant, root, diag);
        grants->has_input |= grant->stream == STDIN_FILENO;
    } else if (grant->path) {
        root->fd = path_open(grant, diag);
    }
    if (root->fd < 0 && (grant->is_stream || grant->path)) {
        return root->fd;
    }
    grants->boot[at] = (struct boot_host){.kind = root->kind, .access = root->access, .handle = at};
    grants->roots.count++;
    return 0;
}

int grants_open(struct grants *grants, const struct run_options *options, struct diag *diag)
{
    grants->roots.epoll = -1;
    int error = 0;
    for (unsigned i = 0; i < options->grant_count && !error; i++) {
        error = grant_open(grants, &options->grant[i], diag);
    }
    if (error || grants->roots.count == 0) {
        return error;
    }
    grants->roots.epoll = epoll_create1(EPOLL_CLOEXEC);
    return grants->roots.epoll < 0 ? diag_errno(diag, errno, "cannot wait for what is granted of the host")
                                   : 0;
}

void grants_close(struct grants *grants)
{
    if (grants->roots.count == 0) {
        return;
    }
    for (unsigned i = 0; i < grants->roots.count; i++) {
        if (grants->roots.root[i].fd >= 0) {
            (void)close(grants->roots.root[i].fd);
        }
    }
    grants->roots.count = 0;
    if (grants->roots.epoll >= 0) {
        (void)close(grants->roots.epoll);
    }
}

/* What is ignored stays so in the engine's processes. */
void grants_silence_signals(void)
{
    static const int numbers[] = {SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)signal(numbers[i], SIG_IGN);
    }
}

bool grants_take(const struct grants *grants, struct hostio *hostio, struct trap *trap)
{
    struct epoll_event event;
    uint64_t cookie = 0;
    while (hostio && hostio->watched > 0 && epoll_wait(grants->roots.epoll, &event, 1, 0) == 1) {
        if (hostio_take(hostio, event.data.u64, &cookie)) {
            *trap = (struct trap){.kind = TRAP_HOST, .address = cookie, .status = event.events};
            return true;
        }
    }
    return false;
}
