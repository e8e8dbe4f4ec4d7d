/* SPDX-License-Identifier: BSD-2-Clause */
/* From the order's text to what a personality reads. */
#include "manager.h"

seL4_Word order_memory(struct order_text order, seL4_Word otherwise)
{
    const char *memory = text_last(order, "memory", NULL);
    return memory ? text_number(memory, NULL) : otherwise;
}

seL4_Word order_permille(struct order_text order)
{
    seL4_Word permille = text_number(text_last(order, "cpu", "0"), NULL);
    return permille < 1000 ? permille : 0;
}

static seL4_Error string_add(struct container_order *to, const char *value)
{
    size_t size = strlen(value) + 1;
    if (size > CONTAINER_TEXT_SIZE - to->text_size) {
        return seL4_InvalidArgument;
    }
    memcpy(to->text + to->text_size, value, size);
    to->text_size += (uint32_t)size;
    return seL4_NoError;
}

/* All values of one key; how many. */
static seL4_Error strings_add(struct container_order *to, struct order_text from, const char *key,
                              uint32_t *count)
{
    seL4_Error error = seL4_NoError;
    for (const char *value = NULL; !error && (value = text_value(from, key, value));) {
        error = string_add(to, value);
        (*count)++;
    }
    return error;
}

static size_t name_length(const char *variable)
{
    size_t length = 0;
    while (variable[length] && variable[length] != '=') {
        length++;
    }
    return length;
}

/* Does the order set this variable behind `after`? */
static bool is_set(struct order_text order, const char *variable, const char *after)
{
    size_t length = name_length(variable);
    for (const char *value = after; (value = text_value(order, "env", value));) {
        if (name_length(value) == length && strncmp(value, variable, length) == 0) {
            return true;
        }
    }
    return false;
}

/* The last one counts, as programs take the first that they find. What `other` sets is left to that. */
static seL4_Error environment_add(struct container_order *to, struct order_text from, struct order_text other)
{
    seL4_Error error = seL4_NoError;
    for (const char *value = NULL; !error && (value = text_value(from, "env", value));) {
        if (!is_set(from, value, value) && !is_set(other, value, NULL)) {
            error = string_add(to, value);
            to->environment_count++;
        }
    }
    return error;
}

/* NAME:PATH, with the name of a host capability that it has. */
static seL4_Error mount_add(struct container_order *to, const char *value)
{
    size_t name = 0;
    while (value[name] && value[name] != ':') {
        name++;
    }
    size_t path_size = value[name] ? strlen(value + name + 1) + 1 : 0;
    struct container_mount *mount = &to->mount[to->mount_count];
    if (to->mount_count == CONTAINER_MOUNTS || path_size < 2 || path_size > sizeof mount->path) {
        return seL4_InvalidArgument;
    }
    for (uint32_t i = 0; i < to->host_count; i++) {
        if (strncmp(to->host[i].name, value, name) == 0 && !to->host[i].name[name]) {
            *mount = (struct container_mount){.host = i};
            memcpy(mount->path, value + name + 1, path_size);
            to->mount_count++;
            return seL4_NoError;
        }
    }
    return seL4_InvalidArgument;
}

/* A number of at most `max`, and the separator behind it. */
static const char *number_read(const char *at, char separator, seL4_Word max, seL4_Word *number)
{
    const char *end = at;
    *number = at ? text_number(at, &end) : 0;
    return end && end > at && *end == separator && *number <= max ? end + (separator != '\0') : NULL;
}

/* A.B.C.D, then the separator. Network byte order. */
static const char *address_read(const char *at, char separator, uint32_t *address)
{
    *address = 0;
    for (unsigned i = 0; i < 4; i++) {
        seL4_Word byte;
        at = number_read(at, i < 3 ? '.' : separator, 255, &byte);
        *address |= (uint32_t)byte << 8 * i;
    }
    return at;
}

/* ADDRESS:HOST:CONTAINER */
static seL4_Error port_add(struct container_order *to, const char *value)
{
    seL4_Word host = 0, container = 0;
    uint32_t address;
    const char *at = address_read(value, ':', &address);
    at = number_read(at, ':', UINT16_MAX, &host);
    at = number_read(at, '\0', UINT16_MAX, &container);
    if (!at || to->port_count == CONTAINER_PORTS) {
        return seL4_InvalidArgument;
    }
    to->port[to->port_count++] = (struct container_port){
        .container = __builtin_bswap16((uint16_t)container),
        .host = __builtin_bswap16((uint16_t)host),
        .address = address,
    };
    return seL4_NoError;
}

static seL4_Error each(struct container_order *to, struct order_text from, const char *key,
                       seL4_Error (*add)(struct container_order *to, const char *value))
{
    seL4_Error error = seL4_NoError;
    for (const char *value = NULL; !error && (value = text_value(from, key, value));) {
        error = add(to, value);
    }
    return error;
}

static seL4_Error user_read(struct container_order *to, const char *value)
{
    seL4_Word user, group;
    const char *at = number_read(value, ':', UINT32_MAX - 1, &user);
    at = number_read(at, '\0', UINT32_MAX - 1, &group);
    to->user = (uint32_t)user;
    to->group = (uint32_t)group;
    return at ? seL4_NoError : seL4_InvalidArgument;
}

static seL4_Error sockets_read(struct container_order *to, const char *value)
{
    size_t length = strlen(value);
    if (length >= sizeof to->sockets) {
        return seL4_InvalidArgument;
    }
    memcpy(to->sockets, value, length + 1);
    return seL4_NoError;
}

static seL4_Error loopback_read(struct container_order *to, const char *value)
{
    return address_read(value, '\0', &to->loopback) ? seL4_NoError : seL4_InvalidArgument;
}

seL4_Error order_write(struct container_order *to, struct order_text from)
{
    to->text_size = to->argument_count = to->environment_count = 0;
    to->mount_count = to->port_count = to->user = to->group = to->loopback = 0;
    to->is_terminal = text_value(from, "terminal", NULL) != NULL;
    to->sockets[0] = '\0';
    seL4_Error error = strings_add(to, from, "arg", &to->argument_count);
    error = error ? error : environment_add(to, from, (struct order_text){NULL, 0});
    error = error ? error : string_add(to, text_last(from, "workdir", "/"));
    error = error ? error : each(to, from, "mount", mount_add);
    error = error ? error : each(to, from, "port", port_add);
    error = error ? error : each(to, from, "user", user_read);
    error = error ? error : each(to, from, "loopback", loopback_read);
    error = error ? error : each(to, from, "sockets", sockets_read);
    return to->argument_count ? error : seL4_InvalidArgument;
}

seL4_Error order_write_command(struct container_command *to, struct order_text from,
                               struct order_text container)
{
    static union {
        struct container_order order;
        unsigned char bytes[CONTAINER_ORDER_SIZE];
    } page;
    struct container_order *order = &page.order;
    const char *user = text_last(from, "user", text_last(container, "user", NULL));
    order->text_size = order->argument_count = order->environment_count = order->user = order->group = 0;
    seL4_Error error = strings_add(order, from, "arg", &order->argument_count);
    error = error ? error : environment_add(order, container, from);
    error = error ? error : environment_add(order, from, (struct order_text){NULL, 0});
    error =
        error ? error : string_add(order, text_last(from, "workdir", text_last(container, "workdir", "/")));
    error = error || !user ? error : user_read(order, user);
    if (error || !order->argument_count) {
        return seL4_InvalidArgument;
    }
    *to = (struct container_command){.user = order->user,
                                     .group = order->group,
                                     .is_terminal = text_value(from, "terminal", NULL) != NULL,
                                     .argument_count = order->argument_count,
                                     .environment_count = order->environment_count,
                                     .text_size = order->text_size};
    memcpy(to->text, order->text, order->text_size);
    return seL4_NoError;
}
