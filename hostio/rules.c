/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading network policies. A text is a range of bytes, cut into smaller ones as it is read.
 */
#include "hostio/parts.h"

enum {
    RULE_SIZE = 127,
    PORT_LAST = 65535,
    BYTE_LAST = 255,
    INET_BYTES = 4,
    INET_BITS = 32,
    INET6_BYTES = 16,
    INET6_BITS = 128,
    GROUP_DIGITS = 4
};

struct text {
    const char *at, *end;
};

static uint64_t text_length(struct text text)
{
    return (uint64_t)(text.end - text.at);
}

static bool text_is(struct text text, const char *wanted)
{
    for (; text.at < text.end && *wanted == *text.at; text.at++)
        wanted++;
    return text.at == text.end && !*wanted;
}

/* Cut `text` at its first, or last, `separator`; what is behind it goes to `rest`. False: there is none, and `rest` is
 * empty. */
static bool text_cut(struct text *text, char separator, bool is_last, struct text *rest)
{
    const char *found = NULL;
    for (const char *at = text->at; at < text->end && (is_last || !found); at++)
        if (*at == separator)
            found = at;
    *rest = (struct text){found ? found + 1 : text->end, text->end};
    text->end = found ? found : text->end;
    return found;
}

/* Decimal digits and nothing else, up to `max`. */
static bool number_parse(unsigned *number, struct text text, unsigned max)
{
    unsigned value = 0;
    uint64_t length = text_length(text);
    if (length == 0 || length > 5)
        return false;
    for (; text.at < text.end; text.at++) {
        if (*text.at < '0' || *text.at > '9')
            return false;
        value = 10 * value + (unsigned)(*text.at - '0');
    }
    *number = value;
    return value <= max;
}

static const char *ports_parse(struct hostio_rule *rule, struct text text)
{
    unsigned first = 0, last = PORT_LAST;
    if (!text_is(text, "*")) {
        struct text end;
        bool is_range = text_cut(&text, '-', true, &end);
        if (!number_parse(&first, text, PORT_LAST) || !number_parse(&last, is_range ? end : text, PORT_LAST))
            return "its port is neither *, a number up to 65535 nor two with - between";
    }
    if (last < first)
        return "its last port comes before its first";
    rule->port_first = (uint16_t)first;
    rule->port_last = (uint16_t)last;
    return NULL;
}

/* Four numbers with points between, none with a zero in front. */
static bool inet_parse(uint8_t address[INET_BYTES], struct text text)
{
    for (unsigned i = 0; i < INET_BYTES; i++) {
        struct text rest;
        unsigned byte;
        bool is_more = text_cut(&text, '.', false, &rest);
        if (is_more != (i + 1 < INET_BYTES) || !number_parse(&byte, text, BYTE_LAST) ||
            (text_length(text) > 1 && *text.at == '0'))
            return false;
        address[i] = (uint8_t)byte;
        text = rest;
    }
    return true;
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool group_parse(uint8_t bytes[2], struct text text)
{
    unsigned value = 0;
    if (text_length(text) == 0 || text_length(text) > GROUP_DIGITS)
        return false;
    for (; text.at < text.end; text.at++) {
        int digit = digit_of(*text.at);
        if (digit < 0)
            return false;
        value = value << 4 | (unsigned)digit;
    }
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)value;
    return true;
}

/* Groups with colons between: how many bytes, or -1. The last may be an address of IPv4. */
static int groups_parse(uint8_t bytes[INET6_BYTES], struct text text)
{
    unsigned count = 0;
    bool is_more = text_length(text) > 0;
    while (is_more) {
        struct text rest;
        is_more = text_cut(&text, ':', false, &rest);
        if (!is_more && count + INET_BYTES <= INET6_BYTES && inet_parse(bytes + count, text)) {
            count += INET_BYTES;
        } else {
            if (count + 2 > INET6_BYTES || !group_parse(bytes + count, text))
                return -1;
            count += 2;
        }
        text = rest;
    }
    return (int)count;
}

static bool inet6_parse(uint8_t address[INET6_BYTES], struct text text)
{
    uint8_t tail[INET6_BYTES];
    struct text rest = {text.end, text.end};
    for (const char *at = text.at; at + 1 < text.end; at++) {
        if (at[0] == ':' && at[1] == ':') {
            rest.at = at + 2;
            text.end = at;
            break;
        }
    }
    bool is_cut = rest.at != rest.end || text.end != rest.end;
    int front = groups_parse(address, text), back = groups_parse(tail, rest);
    if (front < 0 || back < 0 || (is_cut ? front + back >= INET6_BYTES : front != INET6_BYTES))
        return false;
    for (int i = 0; i < INET6_BYTES - front; i++)
        address[front + i] = i < INET6_BYTES - front - back ? 0 : tail[i - (INET6_BYTES - front - back)];
    return true;
}

static bool has_bits_behind(const struct hostio_rule *rule)
{
    for (unsigned bit = rule->prefix; bit < INET6_BITS; bit++)
        if (rule->address[bit / 8] >> (7 - bit % 8) & 1)
            return true;
    return false;
}

static bool is_mapped(const struct hostio_rule *rule)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    return rule->family == FAMILY_INET6 && __builtin_memcmp(rule->address, mapped, sizeof mapped) == 0;
}

static bool is_zero(const struct hostio_rule *rule)
{
    static const uint8_t zeros[INET6_BYTES];
    return __builtin_memcmp(rule->address, zeros, sizeof zeros) == 0;
}

static const char *address_parse(struct hostio_rule *rule, struct text text)
{
    struct text bits;
    bool has_bits = text_cut(&text, '/', true, &bits);
    bool is_inet6 = text_length(text) > 1 && text.at[0] == '[' && text.end[-1] == ']';
    unsigned max = is_inet6 ? INET6_BITS : INET_BITS;
    unsigned prefix = max;
    rule->family = is_inet6 ? FAMILY_INET6 : FAMILY_INET;
    if (is_inet6 ? !inet6_parse(rule->address, (struct text){text.at + 1, text.end - 1})
                 : !inet_parse(rule->address, text))
        return "its address is neither *, one of IPv4 nor one of IPv6 in brackets";
    if (has_bits && !number_parse(&prefix, bits, max))
        return "what follows the / is no number of leading bits of its address";
    if (!has_bits && is_zero(rule))
        prefix = 0;
    rule->prefix = (uint8_t)prefix;
    if (is_mapped(rule))
        return "its address is one of IPv4; write it so";
    return has_bits_behind(rule) ? "its address goes on behind the bits that count" : NULL;
}

static bool rule_add(struct hostio_policy *policy, const struct hostio_rule *rule)
{
    if (policy->count >= HOSTIO_RULES)
        return false;
    policy->rule[policy->count++] = *rule;
    return true;
}

static const char too_many[] = "there is room for no more";

static const char *everywhere_add(struct hostio_policy *policy, struct hostio_rule rule)
{
    rule.family = FAMILY_INET;
    bool has_room = rule_add(policy, &rule);
    rule.family = FAMILY_INET6;
    return has_room && rule_add(policy, &rule) ? NULL : too_many;
}

/* The beginning of an abstract name. */
static const char *unix_name_parse(struct hostio_rule *rule, struct text name)
{
    uint64_t length = text_length(name);
    if (length == 0 || length >= sizeof(rule->address))
        return "what follows the @ is no name of 1 to 15 characters";
    for (uint64_t i = 0; i < length; i++) {
        char c = name.at[i];
        bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
        if (!is_letter && !(c >= '0' && c <= '9') && c != '.' && c != '-')
            return "what follows the @ has other characters than letters, digits, dots and dashes";
        rule->address[i] = (uint8_t)c;
    }
    rule->family = FAMILY_UNIX;
    rule->prefix = (uint8_t)(8 * length);
    return NULL;
}

/* NULL, or what is wrong with it. */
static const char *rule_parse(struct hostio_policy *policy, struct text text)
{
    struct hostio_rule rule = {0};
    struct text host, ports, name;
    if (text_length(text) == 0)
        return "it is empty";
    if (text_length(text) > RULE_SIZE)
        return "it is too long";
    if (!text_cut(&text, ':', false, &host))
        return "it has no :";
    rule.is_listen = text_is(text, "listen");
    if (!rule.is_listen && !text_is(text, "connect"))
        return "it begins with neither listen nor connect";
    if (text_is(host, "unix")) {
        rule.family = FAMILY_UNIX;
        return rule_add(policy, &rule) ? NULL : too_many;
    }
    struct text family = host;
    if (text_cut(&family, '@', false, &name) && text_is(family, "unix")) {
        const char *wrong = unix_name_parse(&rule, name);
        return wrong || rule_add(policy, &rule) ? wrong : too_many;
    }
    if (!text_cut(&host, ':', true, &ports) || text_length(host) == 0)
        return "it is not of the form listen:HOST:PORTS";
    const char *error = ports_parse(&rule, ports);
    if (!error && text_is(host, "*"))
        return everywhere_add(policy, rule);
    if (!error)
        error = address_parse(&rule, host);
    return error || rule_add(policy, &rule) ? error : too_many;
}

bool rules_parse(struct hostio_policy *policy, const char *rules, struct rules_error *error)
{
    static const char any[] = "listen:*:*,connect:*:*";
    struct text text = {rules, rules};
    while (*text.end)
        text.end++;
    if (text_is(text, "any"))
        text = (struct text){any, any + sizeof(any) - 1};
    *policy = (struct hostio_policy){0};
    for (bool is_more = true; is_more;) {
        struct text rest;
        is_more = text_cut(&text, ',', false, &rest);
        const char *wrong = rule_parse(policy, text);
        if (wrong) {
            *error = (struct rules_error){wrong, text.at, text_length(text)};
            return false;
        }
        text = rest;
    }
    return true;
}
