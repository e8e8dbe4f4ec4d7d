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

/* How an abstract name begins; of another one, and of none, nothing. */
static void unix_read(struct target *target, const void *address, uint64_t size)
{
    const uint64_t skipped = sizeof(uint16_t) + 1;
    const unsigned char *bytes = address;
    uint64_t length = size > skipped && bytes[sizeof(uint16_t)] == 0 ? size - skipped : 0;
    __builtin_memcpy(target->address, bytes + skipped,
                     length < sizeof(target->address) ? length : sizeof(target->address));
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
    else if (family == FAMILY_UNIX)
        unix_read(target, address, size);
    else
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
    if (rule->family == FAMILY_UNIX)
        return prefix_is_equal(rule->address, target->address, rule->prefix);
    return (target->port >= rule->port_first && target->port <= rule->port_last &&
            prefix_is_equal(rule->address, target->address, rule->prefix));
}

static bool policy_allows_one(const struct hostio_policy *policy, bool is_listen, const struct target *target)
{
    for (unsigned i = 0; i < policy->count && i < HOSTIO_RULES; i++)
        if (rule_allows(&policy->rule[i], is_listen, target))
            return true;
    return false;
}

/* The policy that `policy` restricts, plus 1; 0: none. A restriction is made after what it restricts, so chains end,
 * but on the direct engine this memory is within reach of guests. */
static uint32_t policy_parent(const struct hostio *h, uint32_t policy, unsigned *steps)
{
    return (*steps)++ < HOSTIO_POLICIES ? h->policy_use[policy % HOSTIO_POLICIES].parent : 0;
}

static bool policy_allows(const struct hostio *h, uint32_t policy, bool is_listen,
                          const struct target *target)
{
    unsigned steps = 0;
    for (uint32_t at = policy + 1; at; at = policy_parent(h, at - 1, &steps))
        if (!policy_allows_one(&h->policy[(at - 1) % HOSTIO_POLICIES], is_listen, target))
            return false;
    return true;
}

bool policy_allows_listen(const struct hostio *h, uint32_t policy, const struct target *target)
{
    return policy_allows(h, policy, true, target);
}

bool policy_allows_connect(const struct hostio *h, uint32_t policy, const struct target *target)
{
    struct target where = *target;
    if (where.is_any && where.family == FAMILY_INET) {
        where.address[0] = 127;
        where.address[3] = 1;
    } else if (where.is_any) {
        where.address[15] = 1;
    }
    return policy_allows(h, policy, false, &where);
}

/* IPv4 goes through sockets of IPv6, too. */
static bool family_is_allowed(const struct hostio_policy *policy, uint64_t family)
{
    for (unsigned i = 0; i < policy->count && i < HOSTIO_RULES; i++)
        if (policy->rule[i].family == family ||
            (policy->rule[i].family == FAMILY_INET && family == FAMILY_INET6))
            return true;
    return false;
}

bool policy_has_family(const struct hostio *h, uint32_t policy, uint64_t family)
{
    unsigned steps = 0;
    for (uint32_t at = policy + 1; at; at = policy_parent(h, at - 1, &steps))
        if (!family_is_allowed(&h->policy[(at - 1) % HOSTIO_POLICIES], family))
            return false;
    return true;
}

void policy_hold(struct hostio *h, uint32_t policy)
{
    h->policy_use[policy % HOSTIO_POLICIES].users++;
}

void policy_release(struct hostio *h, uint32_t policy)
{
    uint32_t at = policy % HOSTIO_POLICIES;
    while (--h->policy_use[at].users == 0 && at > POLICY_NOTHING && h->policy_use[at].parent) {
        uint32_t parent = (h->policy_use[at].parent - 1) % HOSTIO_POLICIES;
        h->policy_use[at].parent = 0;
        h->policy[at].count = 0;
        at = parent;
    }
}

/* A free place for a restriction; 0: there is none. */
static uint32_t policy_find_free(const struct hostio *h)
{
    for (uint32_t i = POLICY_NOTHING + 1; i < HOSTIO_POLICIES; i++)
        if (h->policy_use[i].users == 0)
            return i;
    return 0;
}

int64_t network_restrict(struct hostio *h, const struct hostio_entry *entry, struct machine_host_call *call)
{
    struct rules_error error;
    uint32_t at = policy_find_free(h);
    if (!table_has_room(h) || at == 0)
        return -ENFILE;
    if (!rules_parse(&h->policy[at], call->path, &error)) {
        h->policy[at].count = 0;
        return -EINVAL;
    }
    h->policy_use[at].parent = entry->policy + 1;
    policy_hold(h, entry->policy);
    return entry_give(h, call, -1, HOST_NETWORK, call->access, at);
}
