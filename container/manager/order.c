/* SPDX-License-Identifier: BSD-2-Clause */
/* From the order's text to what a personality reads. */
#include "manager.h"

/* The value of the field at `at` if its key is `key`, else NULL. */
static const char *field_value(const char *at, const char *key)
{
    size_t length = strlen(key);
    return strncmp(at, key, length) == 0 && at[length] == '=' ? at + length + 1 : NULL;
}

static const char *field_next(struct order_text order, const char *at)
{
    const char *next = at + strlen(at) + 1;
    return next < order.text + order.size ? next : NULL;
}

static const char *order_first(struct order_text order)
{
    return order.size > 0 && order.text[order.size - 1] == '\0' ? order.text : NULL;
}

seL4_Word order_memory(struct order_text order, seL4_Word otherwise)
{
    seL4_Word memory = otherwise;
    for (const char *at = order_first(order); at; at = field_next(order, at)) {
        const char *value = field_value(at, "memory");
        if (value) {
            memory = 0;
            for (; *value >= '0' && *value <= '9'; value++) {
                memory = memory * 10 + (seL4_Word)(*value - '0');
            }
        }
    }
    return memory;
}

static seL4_Error text_add(struct container_order *to, const char *value)
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
static seL4_Error values_add(struct container_order *to, struct order_text from, const char *key,
                             uint32_t *count)
{
    seL4_Error error = seL4_NoError;
    for (const char *at = order_first(from); at && !error; at = field_next(from, at)) {
        const char *value = field_value(at, key);
        if (value) {
            error = text_add(to, value);
            (*count)++;
        }
    }
    return error;
}

seL4_Error order_write(struct container_order *to, struct order_text from)
{
    const char *directory = "/";
    for (const char *at = order_first(from); at; at = field_next(from, at)) {
        const char *value = field_value(at, "workdir");
        directory = value ? value : directory;
    }
    to->text_size = to->argument_count = to->environment_count = 0;
    seL4_Error error = values_add(to, from, "arg", &to->argument_count);
    error = error ? error : values_add(to, from, "env", &to->environment_count);
    error = error ? error : text_add(to, directory);
    return to->argument_count ? error : seL4_InvalidArgument;
}
