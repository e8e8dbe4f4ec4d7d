/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Socket addresses: from inside to the host's, and back. ip(7), ipv6(7).
 *
 * Inside, sockets of IPv6 reach what those of IPv4 reach: the host is told IPv4 addresses in IPv6's clothes.
 */
#include "container/linux/address.h"

#include "container/linux/socket.h"

enum {
    LOOPBACK = 127, /* the first byte of such an address, which is the lowest of the word */
    INET_SIZE = 16,
    INET6_SIZE = 24, /* without the scope */
    INET6_WHOLE = 28
};

struct inet_address {
    uint16_t family, port; /* network byte order, as all that follows */
    uint32_t address;
};

struct inet6_address {
    uint16_t family, port;
    uint32_t flow, word[4], scope;
};

static const uint32_t local_host = 0x0100007f, mapped_word = 0xffff0000, one_word = 0x01000000;
static union {
    struct inet_address inet;
    struct inet6_address inet6;
    unsigned char bytes[INET6_WHOLE];
} copy;

static const struct container_order *order(void)
{
    return (const struct container_order *)CONTAINER_ORDER;
}

bool address_is_mapped(void)
{
    return order()->loopback || order()->port_count;
}

static bool is_local(uint32_t address)
{
    return address == 0 || (address & 255) == LOOPBACK;
}

static const struct container_port *port_published(uint16_t port)
{
    for (uint64_t i = 0; i < order()->port_count && i < CONTAINER_PORTS; i++) {
        if (order()->port[i].container == port) {
            return &order()->port[i];
        }
    }
    return NULL;
}

/* `any` is where to connect to what listens at every address. */
static void outward(uint32_t *address, uint16_t *port, uint32_t any)
{
    const struct container_port *published = is_local(*address) ? port_published(*port) : NULL;
    if (published) {
        *address = published->address ? published->address : any;
        *port = published->host;
    } else if (is_local(*address) && order()->loopback) {
        *address = order()->loopback;
    }
}

static void inward(uint32_t *address, uint16_t *port)
{
    for (uint64_t i = 0; i < order()->port_count && i < CONTAINER_PORTS; i++) {
        const struct container_port *published = &order()->port[i];
        if (published->host == *port && (published->address == *address || !published->address)) {
            *port = published->container;
            *address = *address && *address == published->address ? local_host : *address;
            return;
        }
    }
    if (*address && *address == order()->loopback) {
        *address = local_host;
    }
}

/* The IPv4 address that it stands for. */
static bool inet6_read(const struct inet6_address *inet6, uint32_t *address)
{
    const uint32_t *word = inet6->word;
    *address = word[2] ? word[3] : word[3] ? local_host : 0;
    return !word[0] && !word[1] && (word[2] ? word[2] == mapped_word : !word[3] || word[3] == one_word);
}

static void inet6_write(struct inet6_address *inet6, uint32_t address)
{
    inet6->word[2] = mapped_word;
    inet6->word[3] = address;
}

static uint64_t convert(uint64_t from, uint64_t size, uint32_t any)
{
    uint32_t address;
    if (!address_is_mapped() || size < INET_SIZE || size > sizeof copy) {
        return from;
    }
    memset(&copy, 0, sizeof copy);
    memcpy(&copy, (const void *)from, size);
    if (copy.inet.family == AF_INET) {
        outward(&copy.inet.address, &copy.inet.port, any);
        return (uint64_t)&copy;
    }
    if (copy.inet6.family != AF_INET6 || size < INET6_SIZE || !inet6_read(&copy.inet6, &address)) {
        return from;
    }
    outward(&address, &copy.inet6.port, any);
    inet6_write(&copy.inet6, address);
    return (uint64_t)&copy;
}

uint64_t address_to_bind(uint64_t address, uint64_t size)
{
    return convert(address, size, 0);
}

uint64_t address_to_nowhere(uint64_t address, uint64_t size)
{
    uint32_t inet = 1;
    memset(&copy, 0, sizeof copy);
    memcpy(&copy, (const void *)address, size < sizeof copy ? size : sizeof copy);
    if (!order()->loopback || !inet6_read(&copy.inet6, &inet) || inet) {
        return 0;
    }
    copy.inet6.port = 0;
    inet6_write(&copy.inet6, order()->loopback);
    return (uint64_t)&copy;
}

uint64_t address_to_connect(uint64_t address, uint64_t size)
{
    return convert(address, size, local_host);
}

bool address_is_inet6(uint64_t address, uint64_t size)
{
    return size >= INET6_SIZE && *(const uint16_t *)address == AF_INET6;
}

void address_show(void *address, uint64_t size)
{
    uint32_t inet;
    if (!address_is_mapped() || size < INET_SIZE || size > sizeof copy) {
        return;
    }
    memcpy(&copy, address, size);
    if (copy.inet.family == AF_INET) {
        inward(&copy.inet.address, &copy.inet.port);
    } else if (copy.inet6.family == AF_INET6 && size >= INET6_SIZE && copy.inet6.word[2] == mapped_word) {
        inet = copy.inet6.word[3];
        inward(&inet, &copy.inet6.port);
        inet6_write(&copy.inet6, inet);
    }
    memcpy(address, &copy, size);
}
