/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text of fields KEY=VALUE, each ended by a zero: orders and the messages of the control socket.
 */
#ifndef SELKIE_MANAGER_TEXT_H
#define SELKIE_MANAGER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <sel4/sel4.h>

/* `size` counts the last zero; text that does not end with one has no fields. */
struct order_text {
    const char *text;
    size_t size;
};

/* The value of the first field with this key behind the value `after`, or of all if that is NULL; NULL: none. */
const char *text_value(struct order_text text, const char *key, const char *after);

/* The value of the last one; `otherwise` if there is none. */
const char *text_last(struct order_text text, const char *key, const char *otherwise);

/* Digits up to the end or another character, which `end` gets unless it is NULL. Too large a number is the largest. */
seL4_Word text_number(const char *digits, const char **end);

/* A message to be sent: what does not fit is left out, and has_room becomes false. */
struct text_writer {
    char *buffer;
    size_t size, used;
    bool has_room;
};

void text_add(struct text_writer *writer, const char *key, const char *value);
void text_add_number(struct text_writer *writer, const char *key, seL4_Word value);

#endif
