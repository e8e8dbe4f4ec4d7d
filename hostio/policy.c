/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where sockets may go. What no rule allows is refused.
 *
 * A rule is about the address that an operation names. What looks like something else to the host is taken
 * for what the host takes it for: an IPv4 address mapped into IPv6, and a connection to the unspecified
 * address, which goes to the host itself. A socket that sent a datagram receives at the port that it sent
 * from, whoever answers.
 */
#include <linux/in.h>
#include <linux/in6.h>

#include "hostio/parts.h"

enum {
    INET6_SIZE_MIN = 24, /* the host accepts an address without its scope */
    MAPPED_PREFIX = 12
};

static const uint8_t mapped[MAPPED_PREFIX] = {[10] = 0xff, [11] = 0xff};

static bool is_unspecified(const struct target *target)
{
    for (unsigned i = 0; i < sizeof(target->address); i++)
        if (target->address[i])
            return false;
    return target->family != FAMILY_UNIX;
}

static uint16_t port_of(uint16_t network_order)
{
    return __builtin_bswap16(network_order);
}

static void inet_read(struct target *target, const void *address)
{
    struct sockaddr_in in;
    __builtin_memcpy(&in, address, sizeof(in));
    __builtin_memcpy(target->address, &in.sin_addr, sizeof(in.sin_addr));
    target->port = port_of(in.sin_port);
}

static void inet6_read(struct target *target, const void *address)
{
    struct sockaddr_in6 in6;
    __builtin_memcpy(&in6, address, INET6_SIZE_MIN);
    target->port = port_of(in6.sin6_port);
    if (__builtin_memcmp(&in6.sin6_addr, mapped, MAPPED_PREFIX) == 0) {
        target->family = FAMILY_INET;
        __builtin_memcpy(target->address, in6.sin6_addr.s6_addr + MAPPED_PREFIX, sizeof(struct in_addr));
    } else {
        __builtin_memcpy(target->address, &in6.sin6_addr, sizeof(in6.sin6_addr));
    }
}

int64_t target_read(struct target *target, const void *address, uint64_t size)
{
    uint16_t family;
    if (size < sizeof(family))
        return -EINVAL;
    __builtin_memcpy(&family, address, sizeof(family));
    *target = (struct target){.family = family};
    if (family == FAMILY_INET && size >= sizeof(struct sockaddr_in))
        inet_read(target, address);
    else if (family == FAMILY_INET6 && size >= INET6_SIZE_MIN)
        inet6_read(target, address);
    else if (family != FAMILY_UNIX)
        return family == FAMILY_INET || family == FAMILY_INET6 ? -EINVAL : -EAFNOSUPPORT;
    target->is_any = is_unspecified(target);
    return 0;
}

static bool prefix_is_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    return __builtin_memcmp(a, b, bytes) == 0 && (rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0);
}

static bool rule_allows(const struct hostio_rule *rule, bool is_listen, const struct target *target)
{
    if (rule->is_listen != is_listen || rule->family != target->family)
        return false;
    return rule->family == FAMILY_UNIX ||
           (target->port >= rule->port_first && target->port <= rule->port_last &&
            prefix_is_equal(rule->address, target->address, rule->prefix));
}

static bool policy_allows(const struct hostio_policy *policy, bool is_listen, const struct target *target)
{
    for (unsigned i = 0; i < policy->count && i < HOSTIO_RULES; i++)
        if (rule_allows(&policy->rule[i], is_listen, target))
            return true;
    return false;
}

bool policy_allows_listen(const struct hostio_policy *policy, const struct target *target)
{
    return policy_allows(policy, true, target);
}

bool policy_allows_connect(const struct hostio_policy *policy, const struct target *target)
{
    struct target where = *target;
    if (where.is_any && where.family == FAMILY_INET) {
        where.address[0] = 127;
        where.address[3] = 1;
    } else if (where.is_any) {
        where.address[15] = 1;
    }
    return policy_allows(policy, false, &where);
}

/* IPv4 goes through sockets of IPv6, too. */
bool policy_has_family(const struct hostio_policy *policy, uint64_t family)
{
    for (unsigned i = 0; i < policy->count && i < HOSTIO_RULES; i++)
        if (policy->rule[i].family == family ||
            (policy->rule[i].family == FAMILY_INET && family == FAMILY_INET6))
            return true;
    return false;
}
