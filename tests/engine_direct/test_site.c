/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decisions about `syscall` sites, and their jumps and thunks, taken apart again by the disassembler.
 */
#include <Zydis/Zydis.h>
#include <stdlib.h>

#include "engine/direct/pad/patch_table.h"
#include "engine/direct/site.h"
#include "tests/check.h"

static const uint64_t SITE = 0x401234, THUNK = 0x60aabbc0, LITERAL = 0x60aab000;

struct shape {
    const char *what;
    enum site_refusal refusal;
    unsigned char length, count; /* if it is SITE_OK */
    unsigned char size;
    unsigned char bytes[24];
};

#define BYTES(...)                                                                                           \
    sizeof((unsigned char[]){__VA_ARGS__}),                                                                  \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static const struct shape SHAPES[] = {
    {"mov %rbx,%rsp", SITE_OK, 5, 1, BYTES(0x0f, 0x05, 0x48, 0x89, 0xdc, 0x90)},
    {"three pops", SITE_OK, 5, 3, BYTES(0x0f, 0x05, 0x5b, 0x5d, 0x58)},
    {"pop, movabs", SITE_OK, 13, 2, BYTES(0x0f, 0x05, 0x5b, 0x48, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8)},
    {"ends at the page end", SITE_OK, 5, 1, BYTES(0x0f, 0x05, 0x48, 0x89, 0xdc)},
    {"pops, ret", SITE_OK, 5, 2, BYTES(0x0f, 0x05, 0x41, 0x5c, 0xc3)},
    {"ret, nops", SITE_OK, 5, 3, BYTES(0x0f, 0x05, 0xc3, 0x90, 0x90, 0x55)},
    {"ret, long nop", SITE_OK, 8, 2, BYTES(0x0f, 0x05, 0xc3, 0x0f, 0x1f, 0x44, 0x00, 0x00)},
    {"ret, int3", SITE_OK, 5, 3, BYTES(0x0f, 0x05, 0xc3, 0xcc, 0xcc)},
    {"rdtsc", SITE_OK, 6, 2, BYTES(0x0f, 0x05, 0x0f, 0x31, 0x89, 0xc3)},
    {"rep movsb", SITE_OK, 5, 2, BYTES(0x0f, 0x05, 0xf3, 0xa4, 0x90)},
    {"ud2", SITE_OK, 5, 2, BYTES(0x0f, 0x05, 0x0f, 0x0b, 0x90)},
    {"addps", SITE_OK, 5, 1, BYTES(0x0f, 0x05, 0x0f, 0x58, 0xc1)},
    {"nothing", SITE_NO_SYSCALL, 0, 0, BYTES(0x90, 0x90, 0x90, 0x90, 0x90)},
    {"sysenter itself", SITE_NO_SYSCALL, 0, 0, BYTES(0x0f, 0x34, 0x48, 0x89, 0xdc)},
    {"half of it", SITE_NO_SYSCALL, 0, 0, BYTES(0x0f)},
    {"page end at once", SITE_PAGE_END, 0, 0, BYTES(0x0f, 0x05)},
    {"page end in an instruction", SITE_PAGE_END, 0, 0, BYTES(0x0f, 0x05, 0x48, 0x89)},
    {"page end between instructions", SITE_PAGE_END, 0, 0, BYTES(0x0f, 0x05, 0x5b, 0x5b)},
    {"page end in the long last one", SITE_PAGE_END, 0, 0, BYTES(0x0f, 0x05, 0x5b, 0x48, 0xb8, 1, 2, 3)},
    {"no instruction", SITE_UNDECODABLE, 0, 0, BYTES(0x0f, 0x05, 0x06, 0x90, 0x90)},
    {"jmp", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xeb, 0xfc, 0x90)},
    {"jnz", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0x75, 0xfc, 0x90)},
    {"loop", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xe2, 0xfc, 0x90)},
    {"jrcxz", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xe3, 0xfc, 0x90)},
    {"call", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xe8, 1, 2, 3, 4)},
    {"call *%rax", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xff, 0xd0, 0x90)},
    {"jmp *%rax", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xff, 0xe0, 0x90)},
    {"far ret", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xcb, 0x90, 0x90)},
    {"xbegin", SITE_BRANCH, 0, 0, BYTES(0x0f, 0x05, 0xc7, 0xf8, 1, 2, 3, 4)},
    {"lea 0(%rip),%rax", SITE_RELATIVE, 0, 0, BYTES(0x0f, 0x05, 0x48, 0x8d, 0x05, 0, 0, 0, 0)},
    {"mov %eax,0(%eip)", SITE_RELATIVE, 0, 0, BYTES(0x0f, 0x05, 0x67, 0x89, 0x05, 0, 0, 0, 0)},
    {"syscall", SITE_ENTRY, 0, 0, BYTES(0x0f, 0x05, 0x90, 0x0f, 0x05)},
    {"sysenter", SITE_ENTRY, 0, 0, BYTES(0x0f, 0x05, 0x90, 0x0f, 0x34)},
    {"int 0x80", SITE_ENTRY, 0, 0, BYTES(0x0f, 0x05, 0xcd, 0x80, 0x90)},
    {"int3", SITE_ENTRY, 0, 0, BYTES(0x0f, 0x05, 0xcc, 0x90, 0x90)},
    {"int1", SITE_ENTRY, 0, 0, BYTES(0x0f, 0x05, 0xf1, 0x90, 0x90)},
    {"hlt", SITE_ENTRY, 0, 0, BYTES(0x0f, 0x05, 0xf4, 0x90, 0x90)},
    {"wrmsr", SITE_ENTRY, 0, 0, BYTES(0x0f, 0x05, 0x0f, 0x30, 0x90)},
    {"popfq", SITE_SHOWS_ADDRESS, 0, 0, BYTES(0x0f, 0x05, 0x9d, 0x90, 0x90)},
    {"fld1", SITE_SHOWS_ADDRESS, 0, 0, BYTES(0x0f, 0x05, 0xd9, 0xe8, 0x90)},
    {"fnstenv", SITE_SHOWS_ADDRESS, 0, 0, BYTES(0x0f, 0x05, 0xd9, 0x34, 0x24)},
    {"ret, then code", SITE_DATA, 0, 0, BYTES(0x0f, 0x05, 0xc3, 0x55, 0x90)},
    {"ret, then no instruction", SITE_DATA, 0, 0, BYTES(0x0f, 0x05, 0xc3, 0x06, 0x90)},
};

static void test_shapes(void)
{
    for (size_t i = 0; i < sizeof(SHAPES) / sizeof(SHAPES[0]); i++) {
        const struct shape *shape = &SHAPES[i];
        struct pad_site site = {0};
        enum site_refusal refusal = site_decide(shape->bytes, shape->size, SITE, &site);
        bool holds = refusal == shape->refusal;
        if (refusal == SITE_OK)
            holds =
                holds && site.length == shape->length && site.count == shape->count && site.address == SITE;
        if (!check_report(holds, __FILE__, __LINE__, shape->what))
            fprintf(stderr, "  said: %s, %u bytes, %u instructions\n", site_refusal_text(refusal),
                    site.length, site.count);
    }
}

static void test_texts(void)
{
    for (unsigned i = 0; i < SITE_REFUSALS; i++)
        CHECK(site_refusal_text((enum site_refusal)i) != NULL);
}

static void test_prefixes(void)
{
    const unsigned char plain[] = {0x48, 0x89, 0xe3}, rex[] = {0x90, 0x66, 0x48}, size[] = {0x90, 0x66},
                        hidden[] = {0x66, 0x2e, 0xf3}, segment[] = {0x90, 0x2e};
    CHECK(!site_is_prefixed(plain, sizeof(plain)));
    CHECK(!site_is_prefixed(rex, sizeof(rex))); /* a size of 64 bits wins */
    CHECK(!site_is_prefixed(segment, sizeof(segment)));
    CHECK(!site_is_prefixed(plain, 0));
    CHECK(site_is_prefixed(size, sizeof(size)));
    CHECK(site_is_prefixed(hidden, sizeof(hidden)));
}

static bool decode(const unsigned char *bytes, size_t size, ZydisDecodedInstruction *instruction,
                   ZydisDecodedOperand *operands)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, size, instruction, operands));
}

static bool check_jump(const unsigned char *bytes, uint64_t address, uint64_t target)
{
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t found = 0;
    return CHECK(decode(bytes, SITE_JUMP_SIZE, &instruction, operands)) &&
           CHECK(instruction.mnemonic == ZYDIS_MNEMONIC_JMP && instruction.length == SITE_JUMP_SIZE) &&
           CHECK(ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction, &operands[0], address, &found))) &&
           CHECK_EQ(found, target);
}

/* lea to(%rip), %reg; seven bytes */
static bool check_lea(const unsigned char *bytes, uint64_t address, ZydisRegister reg, uint64_t to)
{
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t found = 0;
    return CHECK(decode(bytes, 7, &instruction, operands)) && CHECK(instruction.length == 7) &&
           CHECK(instruction.mnemonic == ZYDIS_MNEMONIC_LEA && operands[0].reg.value == reg) &&
           CHECK(ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction, &operands[1], address, &found))) &&
           CHECK_EQ(found, to);
}

/* lea site+2(%rip), %rcx; lea tail(%rip), %r11; jmp *literal(%rip) */
static bool check_head(const unsigned char *thunk, uint64_t site)
{
    ZydisDecodedInstruction instruction;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    uint64_t found = 0;
    return check_lea(thunk, THUNK, ZYDIS_REGISTER_RCX, site + 2) &&
           check_lea(thunk + 7, THUNK + 7, ZYDIS_REGISTER_R11, THUNK + SITE_ENTRY_SIZE) &&
           CHECK(decode(thunk + 14, 6, &instruction, operands)) && CHECK(instruction.length == 6) &&
           CHECK(instruction.mnemonic == ZYDIS_MNEMONIC_JMP &&
                 operands[0].type == ZYDIS_OPERAND_TYPE_MEMORY) &&
           CHECK(ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&instruction, &operands[0], THUNK + 14, &found))) &&
           CHECK_EQ(found, LITERAL);
}

static bool check_thunk(const unsigned char *bytes, struct pad_site *site)
{
    unsigned char thunk[2 * PATCH_SLOT], at = SITE_SYSCALL_SIZE;
    memset(thunk, 0xee, sizeof(thunk));
    size_t size = site_thunk(site, bytes, THUNK, LITERAL, thunk);
    bool holds = CHECK(size <= PATCH_SLOT) && CHECK_EQ(site->to[0], SITE_ENTRY_SIZE) &&
                 CHECK(thunk[size] == 0xee) && CHECK_EQ(site->thunk, THUNK) &&
                 check_head(thunk, site->address) && CHECK(site->count >= 1 && site->count <= 3);
    for (unsigned i = 0; holds && i < site->count; i++) {
        ZydisDecodedInstruction instruction;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        holds = CHECK_EQ(site->from[i], at) &&
                CHECK(decode(thunk + site->to[i], 15, &instruction, operands)) &&
                CHECK(memcmp(thunk + site->to[i], bytes + at, instruction.length) == 0) &&
                CHECK(instruction.meta.branch_type == ZYDIS_BRANCH_TYPE_NONE ||
                      instruction.mnemonic == ZYDIS_MNEMONIC_RET) &&
                CHECK(!(instruction.attributes & ZYDIS_ATTRIB_IS_RELATIVE)) &&
                CHECK_EQ(site->to[i + 1], site->to[i] + instruction.length);
        at = (unsigned char)(at + instruction.length);
    }
    return holds && CHECK_EQ(site->from[site->count], at) && CHECK_EQ(site->length, at) &&
           CHECK_EQ(site->to[site->count] + SITE_JUMP_SIZE, size) && CHECK(at >= SITE_JUMP_SIZE) &&
           check_jump(thunk + site->to[site->count], THUNK + site->to[site->count],
                      site->address + site->length);
}

static bool check_patch(struct pad_site *site)
{
    unsigned char out[32];
    site->thunk = (site_jump_choice(site->address, (unsigned)rand() % SITE_JUMPS) + 63) & ~63ull;
    if (site->thunk < 0x10000)
        return true;
    bool holds = CHECK(site_is_reachable(site, site->thunk));
    site_jump(site, out);
    holds = holds && check_jump(out, site->address, site->thunk);
    for (unsigned i = 0; holds && i < site->count; i++)
        holds = CHECK(site_is_no_instruction(out[site->from[i]]));
    for (unsigned i = SITE_JUMP_SIZE; holds && i < site->length; i++)
        holds = CHECK(site_is_no_instruction(out[i]));
    return holds;
}

static void test_random_bytes(void)
{
    unsigned movable = 0;
    srand(1);
    for (unsigned round = 0; round < 200000; round++) {
        unsigned char bytes[48] = {0x0f, 0x05};
        size_t size = 2 + (size_t)rand() % 40;
        for (size_t i = 2; i < sizeof(bytes); i++)
            bytes[i] = (unsigned char)rand();
        struct pad_site site = {0};
        if (site_decide(bytes, size, SITE + (unsigned)rand() % 4096, &site) != SITE_OK)
            continue;
        movable++;
        if (!CHECK(site.length <= size) || !check_thunk(bytes, &site) || !check_patch(&site))
            return;
    }
    CHECK(movable > 20000);
}

static void test_choices_suit_every_shape(void)
{
    const uint64_t sites[] = {0x400000, 0x401fff, 0x7fffdeadbee0, 0x7fff00000000, 0x123456789ab};
    for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++) {
        struct pad_site site = {.address = sites[i], .length = 5, .count = 3, .from = {2, 3, 4, 5}};
        unsigned usable = 0;
        for (unsigned j = 0; j < SITE_JUMPS; j++) {
            uint64_t choice = site_jump_choice(sites[i], j);
            if (choice == 0)
                continue;
            usable++;
            CHECK(site_is_reachable(&site, choice) && site_is_reachable(&site, choice + 127));
        }
        CHECK(usable >= 256);
    }
}

static void test_reach(void)
{
    struct pad_site site = {.address = 0x100000000, .length = 5, .count = 0};
    CHECK(site_is_reachable(&site, 0x100000000 + 0x7ffffe00));
    CHECK(!site_is_reachable(&site, 0x100000000 + 0x80000010));
    CHECK(site_is_reachable(&site, 0x100000000 - 0x7ffffe00));
    CHECK(!site_is_reachable(&site, 0x100000000 - 0x80000000));
    CHECK(!site_is_reachable(&site, 0x7f0000000000));
}

CHECK_MAIN(CHECK_TEST(test_shapes), CHECK_TEST(test_texts), CHECK_TEST(test_prefixes),
           CHECK_TEST(test_random_bytes), CHECK_TEST(test_choices_suit_every_shape), CHECK_TEST(test_reach))
