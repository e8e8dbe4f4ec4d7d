/* SPDX-License-Identifier: BSD-2-Clause */
/* SCM_CREDENTIALS, SO_PASSCRED, SO_PEERCRED. unix(7). All processes of a container are its user's. */
#include "container/linux/credentials.h"

#include "container/linux/host.h"
#include "container/linux/identity.h"
#include "container/linux/socket.h"
#include "container/linux/space.h"

enum {
    SO_PASSCRED = 16,
    SO_PEERCRED = 17,
    SO_DOMAIN = 39,
    PASSES_CREDENTIALS = 1 /* in the word SOCKET_CREDENTIALS; from bit 32 on its peer's pid */
};

bool socket_is_unix(const struct file *socket)
{
    static int32_t domain;
    domain = 0;
    return HOST(socket->box.object, HOST_SOCKET_GET_OPTION, 0, NULL, SOL_SOCKET, SO_DOMAIN, (uint64_t)&domain,
                sizeof domain) >= 0 &&
           domain == AF_UNIX;
}

struct credentials credentials_own(const struct thread *thread)
{
    return (struct credentials){thread->process->id, identity_user(), identity_group()};
}

long credentials_read(const struct thread *thread, uint64_t at, uint64_t size, struct credentials *said)
{
    if (size != sizeof *said) {
        return -EINVAL;
    }
    long error = user_read(said, at, sizeof *said);
    struct credentials own = credentials_own(thread);
    if (!error && own.user != 0 && memcmp(said, &own, sizeof own) != 0) {
        error = -EPERM;
    }
    return error;
}

void credentials_give(const struct file *socket, const struct credentials *credentials,
                      struct control_room *room)
{
    /* Of who sent no files nobody knows more than whose container it is. */
    const struct credentials unknown = {(int32_t)(socket->word[SOCKET_CREDENTIALS] >> 32), identity_user(),
                                        identity_group()};
    credentials = credentials ? credentials : &unknown;
    struct {
        struct control_header header;
        struct credentials credentials;
        uint32_t padding;
    } message = {{sizeof message.header + sizeof *credentials, SOL_SOCKET, SCM_CREDENTIALS}, *credentials, 0};
    if (!(socket->word[SOCKET_CREDENTIALS] & PASSES_CREDENTIALS)) {
        return;
    }
    if (room->size - room->used < message.header.size ||
        user_write(room->at + room->used, &message, message.header.size)) {
        room->flags |= MSG_CTRUNC;
        return;
    }
    uint64_t left = room->size - room->used;
    room->used += left < sizeof message ? left : sizeof message;
}

bool credentials_option_set(struct file *socket, uint64_t level, uint64_t name, uint64_t at, uint64_t size,
                            long *result)
{
    int32_t value;
    if (level != SOL_SOCKET || name != SO_PASSCRED) {
        return false;
    }
    *result = size < sizeof value ? -EINVAL : user_read(&value, at, sizeof value);
    if (!*result) {
        uint64_t others = socket->word[SOCKET_CREDENTIALS] & ~(uint64_t)PASSES_CREDENTIALS;
        socket->word[SOCKET_CREDENTIALS] = others | (value ? PASSES_CREDENTIALS : 0u);
    }
    return true;
}

bool credentials_option_get(const struct file *socket, uint64_t level, uint64_t name, unsigned char value[16],
                            uint64_t *size)
{
    int32_t is_on = socket->word[SOCKET_CREDENTIALS] & PASSES_CREDENTIALS;
    struct credentials peer = {(int32_t)(socket->word[SOCKET_CREDENTIALS] >> 32), identity_user(),
                               identity_group()};
    if (level != SOL_SOCKET || (name != SO_PASSCRED && name != SO_PEERCRED) || !socket_is_unix(socket)) {
        return false;
    }
    *size = name == SO_PASSCRED ? sizeof is_on : sizeof peer;
    memcpy(value, name == SO_PASSCRED ? (const void *)&is_on : (const void *)&peer, *size);
    return true;
}

void credentials_set_peer(struct file *socket, int pid)
{
    socket->word[SOCKET_CREDENTIALS] =
        (socket->word[SOCKET_CREDENTIALS] & UINT32_MAX) | (uint64_t)(uint32_t)pid << 32;
}
