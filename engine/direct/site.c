/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Deciding about a `syscall` site, and encoding its jump and its thunk.
 */
#include <Zydis/Zydis.h>
#include <string.h>

#include "engine/direct/site.h"

/* Opcodes that 64-bit mode does not have, in one byte. No prefix and nothing that APX or an older extension
 * reused. */
static const unsigned char NO_INSTRUCTION[] = {0x06, 0x07, 0x0e, 0x16, 0x17, 0x1e, 0x1f, 0x27, 0x2f,
                                               0x37, 0x3f, 0x60, 0x61, 0x82, 0x9a, 0xce, 0xd6, 0xea};

const char *site_refusal_text(enum site_refusal refusal)
{
    static const char *const text[SITE_REFUSALS] = {
        [SITE_OK] = "patched",
        [SITE_NO_SYSCALL] = "no syscall instruction",
        [SITE_PREFIXED] = "an operand size prefix",
        [SITE_PAGE_END] = "too close to the end of the page",
        [SITE_UNDECODABLE] = "no instruction behind it",
        [SITE_BRANCH] = "a branch behind it",
        [SITE_RELATIVE] = "an operand relative to rip behind it",
        [SITE_ENTRY] = "another entry or privileged instruction behind it",
        [SITE_SHOWS_ADDRESS] = "an x87 or flags instruction behind it",
        [SITE_DATA] = "possibly data behind it",
        [SITE_OVERLAP] = "inside another patch",
        [SITE_LARGE_PAGE] = "in a large page",
        [SITE_DEVICE] = "in device memory",
        [SITE_WRITTEN] = "the program writes to the page",
        [SITE_ENTERED] = "entered in the middle of an instruction",
        [SITE_NO_PLACE] = "no place for a thunk",
        [SITE_NO_ROOM] = "tables full",
        [SITE_HOST_REFUSED] = "refused by the host",
    };
    return refusal < SITE_REFUSALS ? text[refusal] : "unknown";
}

bool site_is_no_instruction(unsigned byte)
{
    return memchr(NO_INSTRUCTION, (int)byte, sizeof(NO_INSTRUCTION)) != NULL;
}

static bool is_plain_return(const ZydisDecodedInstruction *instruction)
{
    return instruction->mnemonic == ZYDIS_MNEMONIC_RET &&
           instruction->meta.branch_type == ZYDIS_BRANCH_TYPE_NEAR;
}

static bool enters_kernel(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_SYSCALL:
    case ZYDIS_CATEGORY_SYSRET:
    case ZYDIS_CATEGORY_INTERRUPT:
        return true;
    default:
        return instruction->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED;
    }
}

/* The x87 unit stores the address of its last instruction. A trap flag that is loaded takes effect one
 * instruction later, and the thunk has one more. */
static bool shows_address(const ZydisDecodedInstruction *instruction)
{
    switch (instruction->mnemonic) {
    case ZYDIS_MNEMONIC_POPF:
    case ZYDIS_MNEMONIC_POPFD:
    case ZYDIS_MNEMONIC_POPFQ:
        return true;
    default:
        return instruction->meta.isa_ext == ZYDIS_ISA_EXT_X87;
    }
}

static bool branches(const ZydisDecodedInstruction *instruction)
{
    if (is_plain_return(instruction))
        return false;
    switch (instruction->meta.category) {
    case ZYDIS_CATEGORY_CALL:
    case ZYDIS_CATEGORY_COND_BR:
    case ZYDIS_CATEGORY_UNCOND_BR:
    case ZYDIS_CATEGORY_RET:
        return true;
    default:
        return instruction->meta.branch_type != ZYDIS_BRANCH_TYPE_NONE;
    }
}

static enum site_refusal instruction_decide(const ZydisDecodedInstruction *instruction)
{
    if (enters_kernel(instruction))
        return SITE_ENTRY;
    if (shows_address(instruction))
        return SITE_SHOWS_ADDRESS;
    if (branches(instruction))
        return SITE_BRANCH;
    return instruction->attributes & ZYDIS_ATTRIB_IS_RELATIVE ? SITE_RELATIVE : SITE_OK;
}

static bool is_padding(const ZydisDecodedInstruction *instruction, unsigned char first)
{
    return instruction->mnemonic == ZYDIS_MNEMONIC_NOP || (instruction->length == 1 && first == 0xcc);
}

/* One instruction at bytes[offset]; `is_behind_return`: nothing falls through to it. */
static enum site_refusal step_decide(const ZydisDecoder *decoder, const unsigned char *bytes, size_t size,
                                     bool *is_behind_return, uint8_t *length)
{
    ZydisDecodedInstruction instruction;
    ZyanStatus status = ZydisDecoderDecodeInstruction(decoder, NULL, bytes, size, &instruction);
    if (status == ZYDIS_STATUS_NO_MORE_DATA)
        return SITE_PAGE_END;
    if (!ZYAN_SUCCESS(status))
        return *is_behind_return ? SITE_DATA : SITE_UNDECODABLE;
    *length = instruction.length;
    if (*is_behind_return)
        return is_padding(&instruction, bytes[0]) ? SITE_OK : SITE_DATA;
    *is_behind_return = is_plain_return(&instruction);
    return instruction_decide(&instruction);
}

enum site_refusal site_decide(const unsigned char *bytes, size_t size, uint64_t address,
                              struct pad_site *site)
{
    ZydisDecoder decoder;
    bool is_behind_return = false;
    if (size < SITE_SYSCALL_SIZE || bytes[0] != 0x0f || bytes[1] != 0x05)
        return SITE_NO_SYSCALL;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return SITE_UNDECODABLE;
    site->address = address;
    site->length = SITE_SYSCALL_SIZE;
    site->count = 0;
    while (site->length < SITE_JUMP_SIZE) {
        uint8_t length = 0;
        enum site_refusal refusal =
            step_decide(&decoder, bytes + site->length, size - site->length, &is_behind_return, &length);
        if (refusal != SITE_OK)
            return refusal;
        site->from[site->count++] = site->length;
        site->length = (uint8_t)(site->length + length);
    }
    site->from[site->count] = site->length;
    return SITE_OK;
}

static bool is_prefix(unsigned char byte)
{
    static const unsigned char prefix[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf2, 0xf3};
    return memchr(prefix, byte, sizeof(prefix)) != NULL;
}

bool site_is_prefixed(const unsigned char *before, size_t size)
{
    while (size > 0 && is_prefix(before[size - 1]))
        if (before[--size] == 0x66)
            return true;
    return false;
}

static unsigned char *put(unsigned char *out, const void *bytes, size_t size)
{
    memcpy(out, bytes, size);
    return out + size;
}

/* A displacement from the end of a four byte field, `at` being the field's own address. */
static unsigned char *put_relative(unsigned char *out, uint64_t at, uint64_t target)
{
    uint32_t displacement = (uint32_t)(target - at - sizeof(displacement));
    return put(out, &displacement, sizeof(displacement));
}

size_t site_thunk(struct pad_site *site, const unsigned char *bytes, uint64_t thunk, uint64_t literal,
                  unsigned char *out)
{
    static const unsigned char load_rcx[] = {0x48, 0x8d, 0x0d}, load_r11[] = {0x4c, 0x8d, 0x1d},
                               jump_literal[] = {0xff, 0x25}, jump = 0xe9;
    const uint64_t tail = thunk + SITE_ENTRY_SIZE;
    unsigned char *at = put(out, load_rcx, sizeof(load_rcx));
    at = put_relative(at, thunk + (uint64_t)(at - out), site->address + SITE_SYSCALL_SIZE);
    at = put(at, load_r11, sizeof(load_r11));
    at = put_relative(at, thunk + (uint64_t)(at - out), tail);
    at = put(at, jump_literal, sizeof(jump_literal));
    at = put_relative(at, thunk + (uint64_t)(at - out), literal);
    site->thunk = thunk;
    for (unsigned i = 0; i <= site->count; i++)
        site->to[i] = (uint8_t)(at - out + site->from[i] - SITE_SYSCALL_SIZE);
    at = put(at, bytes + SITE_SYSCALL_SIZE, site->length - (size_t)SITE_SYSCALL_SIZE);
    at = put(at, &jump, sizeof(jump));
    at = put_relative(at, thunk + (uint64_t)(at - out), site->address + site->length);
    return (size_t)(at - out);
}

void site_jump(const struct pad_site *site, unsigned char *out)
{
    memset(out, SITE_NO_INSTRUCTION, site->length);
    out[0] = 0xe9;
    put_relative(out + 1, site->address + 1, site->thunk);
}

bool site_is_reachable(const struct pad_site *site, uint64_t thunk)
{
    uint64_t displacement = thunk - site->address - SITE_JUMP_SIZE;
    int64_t margin = 256; /* the thunk's own jump back must reach, too */
    if ((int64_t)displacement > INT32_MAX - margin || (int64_t)displacement < INT32_MIN + margin)
        return false;
    for (unsigned i = 0; i < site->count && site->from[i] < SITE_JUMP_SIZE; i++)
        if (!site_is_no_instruction(displacement >> 8 * (site->from[i] - 1) & 0xff))
            return false;
    return true;
}

uint64_t site_jump_choice(uint64_t site, unsigned index)
{
    /* From the middle of the upper half on: as far as can be from the program and what it puts behind itself.
     * Then the lower half, for programs at the end of user space. */
    static const unsigned char first[] = {0x60, 0x61, 0x3f, 0x37, 0x2f, 0x27, 0x9a,
                                          0xce, 0xd6, 0xea, 0x1f, 0x1e, 0x17};
    unsigned count = 16;
    uint32_t displacement = (uint32_t)first[index / (count * count) % sizeof(first)] << 24 |
                            (uint32_t)NO_INSTRUCTION[index / count % count] << 16 |
                            (uint32_t)NO_INSTRUCTION[index % count] << 8;
    uint64_t address = site + SITE_JUMP_SIZE + (uint64_t)(int64_t)(int32_t)displacement;
    return address < ABI_USER_TOP - 0x1000 ? address : 0;
}
