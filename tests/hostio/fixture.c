/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * See fixture.h.
 */
#define _GNU_SOURCE
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture fixture;

static int64_t host_system(uint64_t number, const uint64_t a[6])
{
    bool is_known = false;
    for (unsigned i = 0; i < hostio_system_call_count; i++) {
        is_known |= hostio_system_calls[i] == number;
    }
    fixture.foreign_calls += !is_known;
    long result = syscall((long)number, a[0], a[1], a[2], a[3], a[4], a[5]);
    return result < 0 ? -errno : result;
}

const char *outside(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", fixture.top, name);
    return path;
}

void make_file(const char *name, const char *text)
{
    FILE *file = fopen(outside(name), "w");
    if (CHECK(file != NULL)) {
        (void)fputs(text, file);
        (void)fclose(file);
    }
}

bool exists(const char *name)
{
    struct stat status;
    return lstat(outside(name), &status) == 0;
}

void fixture_begin(void)
{
    struct hostio_roots roots = {.count = ROOTS};
    int32_t fds[ROOTS] = {-1, -1, -1, -1};
    memset(&fixture, 0, sizeof(fixture));
    (void)signal(SIGPIPE, SIG_IGN);
    (void)strcpy(fixture.top, "/tmp/selkie_hostio_XXXXXX");
    CHECK(mkdtemp(fixture.top) != NULL);
    CHECK_EQ(mkdir(outside("in"), 0755), 0);
    CHECK_EQ(mkdir(outside("in/sub"), 0755), 0);
    make_file("secret", "secret");
    make_file("in/file", "0123456789");
    make_file("in/sub/deep", "deep");
    for (int i = 0; i < 2; i++) {
        fds[i] = open(outside("in"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        roots.root[i] = (struct hostio_root){.fd = fds[i], .kind = HOST_DIRECTORY};
    }
    roots.root[NETWORK] = (struct hostio_root){.fd = -1, .kind = HOST_NETWORK};
    roots.root[CLOCK] = (struct hostio_root){.fd = -1, .kind = HOST_CLOCK};
    fixture.epoll = epoll_create1(EPOLL_CLOEXEC);
    fixture.h = calloc(1, sizeof(*fixture.h));
    hostio_init(fixture.h, &roots, fds, fixture.epoll);
    fixture.h->system = host_system;
    fixture.h->arena = fixture.arena;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
    (void)status;
    (void)flag;
    (void)walk;
    return remove(path);
}

void fixture_end(void)
{
    for (uint32_t i = 0; i < fixture.h->used; i++) {
        hostio_close(fixture.h, i);
    }
    CHECK_EQ(fixture.h->watched, 0);
    CHECK_EQ(fixture.foreign_calls, 0);
    (void)close(fixture.epoll);
    free(fixture.h);
    (void)nftw(fixture.top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int64_t call_with(uint8_t access, enum host_operation operation, uint32_t handle, const char *path,
                  const char *new_path, const uint64_t argument[6])
{
    struct machine_host_call *call = &fixture.call;
    call->operation = operation;
    call->handle = handle;
    call->access = access;
    call->path = path;
    call->new_path = new_path;
    call->small = fixture.small;
    call->pieces = fixture.piece;
    call->second = 0;
    memcpy(call->argument, argument, sizeof(call->argument));
    return hostio_call(fixture.h, call);
}

void pieces_set(unsigned count, uint64_t size, uint64_t gap)
{
    fixture.call.piece_count = count;
    for (unsigned i = 0; i < count; i++) {
        fixture.piece[i] = (struct machine_host_piece){.paddr = i * (size + gap), .size = size};
    }
}

void small_set(const void *bytes, uint64_t size)
{
    memset(fixture.small, 0, sizeof(fixture.small));
    memcpy(fixture.small, bytes, size);
    fixture.call.small_size = size;
}

int64_t open_in(uint32_t handle, const char *path, uint64_t flags)
{
    uint8_t access = handle == ROOT_READ_ONLY ? HOST_READ : HOST_READ | HOST_WRITE;
    const uint64_t argument[6] = {0, 0, flags, 0644};
    int64_t result = call_with(access, HOST_DIRECTORY_OPEN, handle, path, NULL, argument);
    return result < 0 ? result : fixture.call.new_handle;
}

bool reads(uint32_t handle, const char *path, const char *text)
{
    int64_t file = open_in(handle, path, O_RDONLY);
    if (file < 0) {
        return false;
    }
    memset(fixture.arena, 0, 64);
    pieces_set(1, 64, 0);
    int64_t got = CALL(HOST_FILE_READ, (uint32_t)file, NULL, NULL, 0, 64, UINT64_MAX, 0);
    hostio_close(fixture.h, (uint32_t)file);
    return got == (int64_t)strlen(text) && memcmp(fixture.arena, text, strlen(text)) == 0;
}

unsigned descriptors_open(void)
{
    unsigned count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory)) {
        count++;
    }
    if (directory) {
        (void)closedir(directory);
    }
    return count;
}

uint64_t event_take(void)
{
    struct epoll_event event;
    uint64_t cookie = UINT64_MAX;
    if (epoll_wait(fixture.epoll, &event, 1, 50) == 1 && !hostio_take(fixture.h, event.data.u64, &cookie)) {
        CHECK_EQ(event.data.u64, UINT64_MAX); /* an event for nobody */
    }
    return cookie;
}
