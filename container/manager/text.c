/* SPDX-License-Identifier: BSD-2-Clause */
/* Fields KEY=VALUE. */
#include "text.h"

#include <sel4_util.h>

enum {
    NUMBER_SIZE = 24
};

static const char *field_value(const char *field, const char *key)
{
    size_t length = strlen(key);
    return strncmp(field, key, length) == 0 && field[length] == '=' ? field + length + 1 : NULL;
}

const char *text_value(struct order_text text, const char *key, const char *after)
{
    if (text.size == 0 || text.text[text.size - 1]) {
        return NULL;
    }
    const char *end = text.text + text.size;
    for (const char *at = after ? after + strlen(after) + 1 : text.text; at < end; at += strlen(at) + 1) {
        const char *value = field_value(at, key);
        if (value) {
            return value;
        }
    }
    return NULL;
}

const char *text_last(struct order_text text, const char *key, const char *otherwise)
{
    const char *last = otherwise;
    for (const char *value = NULL; (value = text_value(text, key, value));) {
        last = value;
    }
    return last;
}

seL4_Word text_number(const char *digits, const char **end)
{
    seL4_Word value = 0;
    bool is_too_large = false;
    for (; *digits >= '0' && *digits <= '9'; digits++) {
        is_too_large |= __builtin_mul_overflow(value, 10ul, &value);
        is_too_large |= __builtin_add_overflow(value, (seL4_Word)(*digits - '0'), &value);
    }
    if (end) {
        *end = digits;
    }
    return is_too_large ? ~0ul : value;
}

void text_add(struct text_writer *writer, const char *key, const char *value)
{
    size_t key_length = strlen(key), length = strlen(value);
    if (writer->size - writer->used < key_length + length + 2) {
        writer->has_room = false;
        return;
    }
    char *to = writer->buffer + writer->used;
    memcpy(to, key, key_length);
    to[key_length] = '=';
    memcpy(to + key_length + 1, value, length + 1);
    writer->used += key_length + length + 2;
}

void text_add_number(struct text_writer *writer, const char *key, seL4_Word value)
{
    char digits[NUMBER_SIZE];
    (void)sel4_util_snprintf(digits, sizeof digits, "%lu", value);
    text_add(writer, key, digits);
}
