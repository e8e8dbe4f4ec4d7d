/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Following a loop that has no exit. Instructions that move and add could also walk through memory and end in a
 * fault; who asks for those has seen the thread go round for long.
 */
#include "engine/x86_64/endless.h"

#include <string.h>

enum {
    LONGEST = 15,
    INSTRUCTIONS_MAX = 12 /* in a loop */
};

enum {
    MODE_REGISTER = 3,
    RM_SIB = 4,
    BASE_NONE = 5
};

/* Of a ModRM byte, what follows it, and `immediate` bytes behind. */
static unsigned operand_length(const unsigned char *bytes, unsigned size, unsigned immediate)
{
    if (size < 2)
        return 0;
    unsigned mode = bytes[0] >> 6, rm = bytes[0] & 7, length = 1;
    if (mode == MODE_REGISTER)
        return length + immediate;
    unsigned base = rm;
    if (rm == RM_SIB) {
        base = bytes[1] & 7;
        length++;
    }
    if (mode == 1)
        length += 1;
    else if (mode == 2 || base == BASE_NONE) /* an address alone, or relative to the next instruction */
        length += 4;
    return length + immediate;
}

/* Moves and additions, behind prefixes. */
static unsigned working_length(const unsigned char *bytes, unsigned size)
{
    unsigned immediate = 0;
    if (size < 2)
        return 0;
    if (bytes[0] == 0x0f && bytes[1] == 0xc1) { /* xadd */
        unsigned operand = operand_length(bytes + 2, size - 2, 0);
        return operand ? operand + 2 : 0;
    }
    switch (bytes[0]) {
    case 0x01: /* add */
    case 0x03:
    case 0x63: /* movslq */
    case 0x89: /* mov */
    case 0x8b:
    case 0x8d: /* lea */
        break;
    case 0x83: /* add $imm8 */
        if ((bytes[1] >> 3 & 7) != 0)
            return 0;
        immediate = 1;
        break;
    case 0xc7: /* mov $imm32 */
        if ((bytes[1] >> 3 & 7) != 0)
            return 0;
        immediate = 4;
        break;
    case 0xff: /* inc, dec */
        if ((bytes[1] >> 3 & 7) > 1)
            return 0;
        break;
    default:
        return 0;
    }
    unsigned operand = operand_length(bytes + 1, size - 1, immediate);
    return operand ? operand + 1 : 0;
}

unsigned endless_instruction(const unsigned char *bytes, unsigned size, bool is_idle, int64_t *next)
{
    unsigned length = 0;
    int32_t distance;
    if (size >= 2 && bytes[0] == 0xeb) { /* jmp */
        length = 2;
        *next = 2 + (int8_t)bytes[1];
        return length;
    }
    if (size >= 5 && bytes[0] == 0xe9) {
        memcpy(&distance, bytes + 1, sizeof(distance));
        length = 5;
        *next = 5 + (int64_t)distance;
        return length;
    }
    if (size >= 1 && bytes[0] == 0x90) { /* nop */
        length = 1;
    } else if (size >= 2 && bytes[0] == 0xf3 && bytes[1] == 0x90) { /* pause */
        length = 2;
    } else if (!is_idle) {
        unsigned prefix = size >= 1 && bytes[0] == 0xf0 ? 1 : 0;            /* LOCK */
        prefix += size > prefix && (bytes[prefix] & 0xf0) == 0x40 ? 1 : 0; /* REX */
        unsigned working = working_length(bytes + prefix, size - prefix);
        length = working ? prefix + working : 0;
    }
    *next = length;
    return length <= size ? length : 0;
}

bool endless_loop(const struct kernel *k, uint64_t vspace, uint64_t ip, bool is_idle)
{
    unsigned char bytes[LONGEST];
    uint64_t at = ip;
    for (unsigned i = 0; i < INSTRUCTIONS_MAX; i++) {
        int64_t next = 0;
        unsigned size = (unsigned)kernel_read_user(k, vspace, at, bytes, sizeof(bytes));
        if (endless_instruction(bytes, size, is_idle, &next) == 0)
            return false;
        at += (uint64_t)next;
        if (at == ip)
            return true;
    }
    return false;
}
