/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions have no marks where they begin. So each `syscall` is approached from many places: an instruction is
 * at most 15 bytes long, so among any 15 neighbouring bytes one at least begins an instruction of the program. What
 * all ways agree on is what the program has.
 */
#include "container/linux/site_find.h"

#include "container/linux/instruction.h"

#define PAGE_BYTES 4096ul

enum {
    FAR = 56,             /* bytes in front of a `syscall` where ways to it begin ... */
    NEAR = 32,            /* ... and end */
    NUMBER_SIGRETURN = 15 /* the bytes of whose call say "signal frame" to who unwinds the stack */
};

/* Not 0 if one of the eight bytes is 0x05. */
static uint64_t fives(uint64_t word)
{
    uint64_t zero = word ^ 0x0505050505050505;
    return (zero - 0x0101010101010101) & ~zero & 0x8080808080808080;
}

/* The last `0f 05` that begins before `end`; NULL when there is none from `start` on. */
static const unsigned char *syscall_last(const unsigned char *start, const unsigned char *end)
{
    while (end > start) {
        uint64_t word; /* the second bytes of the eight places in front of `end` */
        if (end - start > 8 && (__builtin_memcpy(&word, end - 7, sizeof word), !fives(word))) {
            end -= 8;
            continue;
        }
        end--;
        if (end[0] == 0x0f && end[1] == 0x05) {
            return end;
        }
    }
    return NULL;
}

/* Where a way to the `syscall` leads. */
enum way {
    WAY_BROKEN, /* to what is no instruction: no program goes it */
    WAY_ACROSS, /* into one that begins in front of the `syscall` and ends behind that */
    WAY_FIRST   /* to the instruction that begins so many bytes less this in front of it */
};

/* The lengths of all instructions on ways from between FAR and NEAR, by their distance; 0: it is none, or not on any.
 * Ways meet soon, so this is much less than to go each of them. */
static void ways_walk(const unsigned char *syscall, uint8_t lengths[FAR + 1])
{
    bool is_on_way[FAR + 1] = {false};
    for (unsigned distance = FAR; distance > 0; distance--) {
        struct instruction instruction;
        lengths[distance] = 0;
        if (distance <= NEAR && !is_on_way[distance]) {
            continue;
        }
        if (instruction_decode(syscall - distance, INSTRUCTION_LONGEST, &instruction)) {
            lengths[distance] = instruction.length;
            if (instruction.length < distance) {
                is_on_way[distance - instruction.length] = true;
            }
        }
    }
}

static uint8_t way_of(unsigned distance, unsigned length, const uint8_t *ways)
{
    if (length == 0) {
        return WAY_BROKEN;
    }
    if (length > distance) {
        return WAY_ACROSS;
    }
    return length == distance ? (uint8_t)(WAY_FIRST + distance) : ways[distance - length];
}

/* The instruction in front that all ways agree on, or NULL. */
static const unsigned char *predecessor(const unsigned char *syscall, const unsigned char *start)
{
    uint8_t lengths[FAR + 1], ways[FAR + 1], agreed = WAY_BROKEN;
    if (syscall - start < FAR) {
        return NULL;
    }
    ways_walk(syscall, lengths);
    for (unsigned distance = 1; distance <= FAR; distance++) {
        ways[distance] = way_of(distance, lengths[distance], ways);
        if (distance <= NEAR || ways[distance] == WAY_BROKEN) {
            continue;
        }
        if (ways[distance] == WAY_ACROSS || (agreed != WAY_BROKEN && agreed != ways[distance])) {
            return NULL;
        }
        agreed = ways[distance];
    }
    return agreed == WAY_BROKEN ? NULL : syscall - (agreed - WAY_FIRST);
}

/* Moves, additions and the like between registers and memory: they mean the same anywhere. */
static bool is_movable(const unsigned char *bytes, const struct instruction *instruction)
{
    if (instruction->is_relative) {
        return false;
    }
    switch (instruction->opcode) {
    case 0x01:
    case 0x03:
    case 0x09:
    case 0x0b:
    case 0x21:
    case 0x23:
    case 0x25:
    case 0x29:
    case 0x2b:
    case 0x31:
    case 0x33:
    case 0x35:
    case 0x63:
    case 0x81:
    case 0x83:
    case 0x89:
    case 0x8b:
    case 0x8d:
        return true;
    case 0xc7: { /* but for one that begins a transaction */
        unsigned modrm = (bytes[0] & 0xf0) == 0x40 || bytes[0] == 0x66 ? 2 : 1;
        return (bytes[modrm] >> 3 & 7) == 0;
    }
    default:
        return instruction->opcode >= 0xb8 && instruction->opcode <= 0xbf;
    }
}

static int number_of(const unsigned char *bytes, unsigned length)
{
    int number;
    if (bytes[0] == 0xb8 && length == 5) {
        __builtin_memcpy(&number, bytes + 1, sizeof number);
        return number;
    }
    if (bytes[0] == 0x48 && bytes[1] == 0xc7 && bytes[2] == 0xc0) {
        __builtin_memcpy(&number, bytes + 3, sizeof number);
        return number;
    }
    return (bytes[0] == 0x31 || bytes[0] == 0x33) && bytes[1] == 0xc0 && length == 2 ? 0 : -1;
}

static bool is_padding(const unsigned char *bytes, const struct instruction *instruction)
{
    const unsigned char *at = bytes, *end = bytes + instruction->length;
    if (instruction->opcode) {
        return instruction->opcode == 0x90 || instruction->opcode == 0xcc;
    }
    while (at < end && (*at == 0x66 || *at == 0x2e)) {
        at++;
    }
    return end - at > 2 && at[0] == 0x0f && at[1] == 0x1f;
}

/* Nothing runs into what stands behind these. */
static bool is_end_of_flow(const struct instruction *instruction)
{
    return instruction->opcode == 0xc3 || instruction->opcode == 0xe9 || instruction->opcode == 0xeb;
}

/* Padding behind the `syscall` within reach of a short jump at `from`; 0: there is none. */
static int8_t hop_find(const unsigned char *from, const unsigned char *at, const unsigned char *end)
{
    bool is_dead = false;
    while (at - from <= 127 && at + SITE_JUMP <= end) {
        struct instruction instruction;
        if (!instruction_decode(at, (size_t)(end - at), &instruction)) {
            return 0;
        }
        bool is_filler = is_padding(at, &instruction);
        if (is_dead && is_filler && instruction.length >= SITE_JUMP) {
            return (int8_t)(at - from);
        }
        is_dead = is_end_of_flow(&instruction) || (is_dead && is_filler);
        at += instruction.length;
    }
    return 0;
}

static bool site_look(const unsigned char *syscall, const unsigned char *start, struct found_site *found)
{
    const unsigned char *first = predecessor(syscall, start);
    const unsigned char *end = (const unsigned char *)(((uint64_t)syscall & ~(PAGE_BYTES - 1)) + PAGE_BYTES);
    struct instruction instruction;
    if (!first || first < end - PAGE_BYTES || syscall + SITE_SYSCALL > end ||
        !instruction_decode(first, INSTRUCTION_LONGEST, &instruction) || !is_movable(first, &instruction)) {
        return false;
    }
    *found = (struct found_site){.address = (uint64_t)first,
                                 .length = instruction.length,
                                 .number = number_of(first, instruction.length)};
    if (instruction.length < SITE_JUMP && instruction.length >= SITE_JUMP_SHORT) {
        found->hop = hop_find(first, syscall + SITE_SYSCALL, end);
    }
    return (instruction.length >= SITE_JUMP || found->hop) && found->number != NUMBER_SIGRETURN;
}

bool site_find(uint64_t start, uint64_t *end, struct found_site *found)
{
    const unsigned char *limit = (const unsigned char *)start + (*end - start);
    const unsigned char *syscall = limit - (limit > (const unsigned char *)start);
    while ((syscall = syscall_last((const unsigned char *)start, syscall))) {
        if (site_look(syscall, (const unsigned char *)start, found)) {
            *end = (uint64_t)syscall;
            return true;
        }
    }
    return false;
}
