/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the control socket. */
#include "container_message.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "run/say.h"

bool message_add(struct message *message, const char *key, const char *value)
{
    size_t room = sizeof(message->text) - message->size;
    int length = snprintf(message->text + message->size, room, "%s=%s", key, value);
    if (length < 0 || (size_t)length >= room) {
        say("container: arguments and environment are more than %d bytes", CONTROL_MESSAGE);
        return false;
    }
    message->size += (size_t)length + 1;
    return true;
}

bool message_add_number(struct message *message, const char *key, unsigned long long value)
{
    char digits[32];
    (void)snprintf(digits, sizeof(digits), "%llu", value);
    return message_add(message, key, digits);
}

const char *message_value(const struct message *message, const char *key, const char *after)
{
    size_t length = strlen(key);
    const char *end = message->text + message->size;
    for (const char *at = after ? after + strlen(after) + 1 : message->text; at < end; at += strlen(at) + 1) {
        if (strncmp(at, key, length) == 0 && at[length] == '=') {
            return at + length + 1;
        }
    }
    return NULL;
}

bool message_is(const struct message *message, const char *key)
{
    return message_value(message, key, NULL) == message->text + strlen(key) + 1;
}

int message_send(int socket, const struct message *message, int descriptor)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec data = {.iov_base = (void *)(unsigned char *)message->text, .iov_len = message->size};
    struct msghdr header = {.msg_iov = &data, .msg_iovlen = 1};
    if (descriptor >= 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = sizeof(control.bytes);
        control.header = (struct cmsghdr){
            .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(descriptor));
    }
    ssize_t sent;
    do {
        sent = sendmsg(socket, &header, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

int message_receive(int socket, struct message *message, int timeout_ms)
{
    struct pollfd ready = {.fd = socket, .events = POLLIN};
    int count = poll(&ready, 1, timeout_ms);
    message->size = 0;
    if (count <= 0) {
        return count < 0 ? -errno : -ETIMEDOUT;
    }
    ssize_t size = recv(socket, message->text, sizeof(message->text), MSG_DONTWAIT);
    if (size < 0) {
        return errno == ECONNRESET ? 0 : -errno;
    }
    if (size > 0 && message->text[size - 1]) {
        return -EPROTO;
    }
    message->size = (size_t)size;
    return size > 0;
}
