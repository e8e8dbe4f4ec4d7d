/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A descriptor that somebody sends along with data becomes an object, and an object's goes along.
 *
 * Whoever sends it may use it still, so its open file is not made nonblocking: what could wait is opened anew, as
 * what the command line gives is (run/grant.c). What cannot be opened anew, and waits, is refused.
 */
#include <asm/ioctls.h>
#include <asm/socket.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#include "hostio/parts.h"

enum {
    CONTROL_RIGHTS = 1, /* SCM_RIGHTS */
    LENGTH_SHIFT = 32   /* of an address, beside whether there is an object */
};

/* struct cmsghdr with one descriptor; without room for a second, the host lets no second through */
struct control {
    uint64_t size;
    int32_t level, type;
    int32_t fd;
} __attribute__((packed));

static int64_t flags_of(const struct hostio *h, int64_t fd)
{
    return host3(h, __NR_fcntl, (uint64_t)fd, F_GETFL, 0);
}

/* Pipes, terminals and devices: the same once more, nonblocking. Takes `fd`. */
static int64_t open_anew(const struct hostio *h, int64_t fd, int64_t flags)
{
    char path[] = "/proc/self/fd/0123456789";
    const struct {
        uint64_t flags, mode, resolve;
    } how = {((uint64_t)flags & (O_ACCMODE | O_APPEND)) | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0, 0};
    unsigned at = sizeof("/proc/self/fd/") - 1, digits = 1;
    for (int64_t rest = fd / 10; rest; rest /= 10)
        digits++;
    path[at + digits] = '\0';
    for (int64_t rest = fd; digits > 0; rest /= 10)
        path[at + --digits] = (char)('0' + rest % 10);
    int64_t anew =
        host4(h, __NR_openat2, (uint64_t)AT_FDCWD, address_of(path), address_of(&how), sizeof(how));
    descriptor_close(h, fd);
    return anew;
}

static int64_t option_of(const struct hostio *h, int64_t fd, uint64_t name)
{
    int32_t value = 0, size = sizeof(value);
    int64_t result =
        host5(h, __NR_getsockopt, (uint64_t)fd, SOL_SOCKET, name, address_of(&value), address_of(&size));
    return result < 0 ? result : value;
}

/* Sockets are used with calls that do not wait, but for accepting and for closing one that lingers. */
static bool socket_is_usable(const struct hostio *h, int64_t fd)
{
    const int32_t yes = 1, linger[2] = {0, 0};
    int64_t domain = option_of(h, fd, SO_DOMAIN);
    if (domain != FAMILY_UNIX && domain != FAMILY_INET && domain != FAMILY_INET6)
        return false;
    if (option_of(h, fd, SO_ACCEPTCONN) && host3(h, __NR_ioctl, (uint64_t)fd, FIONBIO, address_of(&yes)) < 0)
        return false;
    return host5(h, __NR_setsockopt, (uint64_t)fd, SOL_SOCKET, SO_LINGER, address_of(linger),
                 sizeof(linger)) >= 0;
}

static int64_t socket_answer(struct hostio *h, struct machine_host_call *call, int64_t fd)
{
    if (socket_is_usable(h, fd))
        return entry_give(h, call, fd, HOST_SOCKET, HOST_READ | HOST_WRITE, POLICY_NOTHING);
    descriptor_close(h, fd);
    return -EOPNOTSUPP;
}

static int64_t file_answer(struct hostio *h, struct machine_host_call *call, int64_t fd, int64_t flags,
                           uint16_t mode)
{
    static const uint8_t of_mode[] = {HOST_READ, HOST_WRITE, HOST_READ | HOST_WRITE, 0};
    uint8_t access = flags & O_PATH ? 0 : of_mode[flags & O_ACCMODE];
    bool is_known = S_ISREG(mode) || S_ISFIFO(mode) || S_ISCHR(mode);
    if (!is_known || access == 0) {
        descriptor_close(h, fd);
        return -EOPNOTSUPP;
    }
    return entry_answer(h, call, S_ISREG(mode) ? fd : open_anew(h, fd, flags), HOST_FILE, access,
                        POLICY_NOTHING);
}

/* The descriptor becomes the new object, or is closed. */
static int64_t descriptor_answer(struct hostio *h, struct machine_host_call *call, int64_t fd)
{
    union {
        struct statx status;
        unsigned char bytes[HOST_IO_SMALL];
    } u;
    int64_t flags = flags_of(h, fd);
    int64_t result = flags < 0 ? flags : descriptor_status(h, fd, &u);
    if (result < 0) {
        descriptor_close(h, fd);
        return result;
    }
    uint16_t mode = u.status.stx_mode;
    if (S_ISDIR(mode))
        return entry_give(h, call, fd, HOST_DIRECTORY, HOST_READ | HOST_WRITE, POLICY_NOTHING);
    return S_ISSOCK(mode) ? socket_answer(h, call, fd) : file_answer(h, call, fd, flags, mode);
}

int64_t receive_object(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    struct control control = {0};
    uint64_t size = sizeof(control);
    if (!table_has_room(h))
        return -ENFILE;
    int64_t got = socket_receive_with(h, entry, call, call->argument[2], call->argument[4], &control, &size);
    bool has_rights =
        got >= 0 && size == sizeof(control) && control.level == SOL_SOCKET && control.type == CONTROL_RIGHTS;
    call->second = got < 0 ? 0 : call->second << LENGTH_SHIFT | has_rights;
    if (!has_rights)
        return got;
    int64_t result = descriptor_answer(h, call, control.fd);
    return result < 0 ? result : got;
}

/* Does a descriptor of this file say what its capability does? It may be opened anew for no more than that. */
static int64_t sending_check(const struct hostio *h, const struct hostio_entry *file, uint8_t access)
{
    static const uint8_t of_mode[] = {HOST_READ, HOST_WRITE, HOST_READ | HOST_WRITE, 0xff};
    union {
        struct statx status;
        unsigned char bytes[HOST_IO_SMALL];
    } u;
    int64_t flags = flags_of(h, file->fd);
    int64_t result = flags < 0 ? flags : descriptor_status(h, file->fd, &u);
    if (result < 0)
        return result;
    bool is_known = S_ISREG(u.status.stx_mode) || S_ISFIFO(u.status.stx_mode);
    return is_known && !(flags & O_PATH) && (of_mode[flags & O_ACCMODE] & ~access) == 0 ? 0 : -EPERM;
}

int64_t send_object(struct hostio *h, const struct hostio_entry *entry, const struct machine_host_call *call)
{
    const struct hostio_entry *file = entry_find(h, call->other);
    if (!file || file->kind != HOST_FILE)
        return -EBADF;
    struct {
        struct control control;
        uint32_t padding;
    } message = {
        .control = {
            .size = sizeof(struct control), .level = SOL_SOCKET, .type = CONTROL_RIGHTS, .fd = file->fd}};
    int64_t result = sending_check(h, file, call->other_access);
    return result < 0 ? result
                      : socket_send_with(h, entry, call, call->argument[2], call->small_size, &message,
                                         sizeof(message));
}
