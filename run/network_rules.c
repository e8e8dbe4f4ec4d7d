/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading network policies.
 */
#include "run/network_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    RULE_SIZE = 128,
    PORT_LAST = 65535,
    INET_BITS = 32,
    INET6_BITS = 128
};

/* Decimal digits and nothing else, up to `max`. */
static bool number_parse(unsigned *number, const char *text, unsigned max)
{
    unsigned long value = 0;
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 5 || text[length]) {
        return false;
    }
    value = strtoul(text, NULL, 10);
    *number = (unsigned)value;
    return value <= max;
}

/* Cut `text` at the last `separator`; NULL if there is none. */
static char *cut(char *text, char separator)
{
    char *at = strrchr(text, separator);
    if (at) {
        *at++ = '\0';
    }
    return at;
}

static const char *ports_parse(struct hostio_rule *rule, char *text)
{
    unsigned first = 0, last = PORT_LAST;
    if (strcmp(text, "*") != 0) {
        char *end = cut(text, '-');
        if (!number_parse(&first, text, PORT_LAST) || !number_parse(&last, end ? end : text, PORT_LAST)) {
            return "its port is neither *, a number up to 65535 nor two with - between";
        }
    }
    if (last < first) {
        return "its last port comes before its first";
    }
    rule->port_first = (uint16_t)first;
    rule->port_last = (uint16_t)last;
    return NULL;
}

static bool has_bits_behind(const struct hostio_rule *rule)
{
    for (unsigned bit = rule->prefix; bit < INET6_BITS; bit++) {
        if (rule->address[bit / 8] >> (7 - bit % 8) & 1) {
            return true;
        }
    }
    return false;
}

static bool is_mapped(const struct hostio_rule *rule)
{
    struct in6_addr address;
    memcpy(&address, rule->address, sizeof(address));
    return rule->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address);
}

static const char *address_parse(struct hostio_rule *rule, char *text)
{
    char *bits = cut(text, '/');
    size_t length = strlen(text);
    bool is_inet6 = text[0] == '[' && text[length - 1] == ']';
    unsigned max = is_inet6 ? INET6_BITS : INET_BITS;
    unsigned prefix = max;
    static const uint8_t zeros[sizeof(rule->address)];
    if (is_inet6) {
        text[length - 1] = '\0';
        text++;
    }
    rule->family = is_inet6 ? AF_INET6 : AF_INET;
    if (inet_pton(rule->family, text, rule->address) != 1) {
        return "its address is neither *, one of IPv4 nor one of IPv6 in brackets";
    }
    if (bits && !number_parse(&prefix, bits, max)) {
        return "what follows the / is no number of leading bits of its address";
    }
    if (!bits && memcmp(rule->address, zeros, sizeof(zeros)) == 0) {
        prefix = 0;
    }
    rule->prefix = (uint8_t)prefix;
    if (is_mapped(rule)) {
        return "its address is one of IPv4; write it so";
    }
    return has_bits_behind(rule) ? "its address goes on behind the bits that count" : NULL;
}

static bool rule_add(struct hostio_policy *policy, const struct hostio_rule *rule)
{
    if (policy->count == HOSTIO_RULES) {
        return false;
    }
    policy->rule[policy->count++] = *rule;
    return true;
}

static const char too_many[] = "there is room for no more";

static const char *everywhere_add(struct hostio_policy *policy, struct hostio_rule rule)
{
    rule.family = AF_INET;
    bool has_room = rule_add(policy, &rule);
    rule.family = AF_INET6;
    return has_room && rule_add(policy, &rule) ? NULL : too_many;
}

/* NULL, or what is wrong with it. */
static const char *rule_parse(struct hostio_policy *policy, char *text)
{
    struct hostio_rule rule = {0};
    char *host = strchr(text, ':');
    if (!host) {
        return "it has no :";
    }
    *host++ = '\0';
    rule.is_listen = strcmp(text, "listen") == 0;
    if (!rule.is_listen && strcmp(text, "connect") != 0) {
        return "it begins with neither listen nor connect";
    }
    if (strcmp(host, "unix") == 0) {
        rule.family = AF_UNIX;
        return rule_add(policy, &rule) ? NULL : too_many;
    }
    char *ports = cut(host, ':');
    if (!ports || !*host) {
        return "it is not of the form listen:HOST:PORTS";
    }
    const char *error = ports_parse(&rule, ports);
    if (!error && strcmp(host, "*") == 0) {
        return everywhere_add(policy, rule);
    }
    if (!error) {
        error = address_parse(&rule, host);
    }
    return error || rule_add(policy, &rule) ? error : too_many;
}

static bool rule_read(struct hostio_policy *policy, const char *text, size_t length, struct diag *diag)
{
    char copy[RULE_SIZE];
    const char *error = length == 0 ? "it is empty" : "it is too long";
    if (length > 0 && length < sizeof(copy)) {
        memcpy(copy, text, length);
        copy[length] = '\0';
        error = rule_parse(policy, copy);
    }
    if (error) {
        diag_add(diag, "rule '%.*s': %s", (int)(length < RULE_SIZE ? length : RULE_SIZE), text, error);
    }
    return !error;
}

bool network_rules_parse(struct hostio_policy *policy, const char *text, struct diag *diag)
{
    static const char any[] = "listen:*:*,connect:*:*";
    *policy = (struct hostio_policy){0};
    const char *at = strcmp(text, "any") == 0 ? any : text;
    for (;;) {
        size_t length = strcspn(at, ",");
        if (!rule_read(policy, at, length, diag)) {
            return false;
        }
        if (!at[length]) {
            return true;
        }
        at += length + 1;
    }
}
