/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * instructions FILE...: does instruction_decode agree with Zydis about every place in these files where there is an
 * instruction, about every opcode of every map with every prefix and ModRM, and about noise (the same in every run)?
 * And are sites found, or not, where they should be?
 */
#include <Zydis/Zydis.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container/linux/instruction.h"
#include "container/linux/site_find.h"

enum {
    SHOWN = 10,
    NOISE_ROUNDS = 2000000,
    PAGE = 4096
};

static ZydisDecoder decoder;
static unsigned long total, wrong;

/* A prefix behind REX makes that one void; compilers write no such thing, and we take it for no instruction. */
static bool has_void_rex(const unsigned char *bytes, unsigned length)
{
    static const char PREFIXES[] = "\x66\x67\x26\x2e\x36\x3e\x64\x65\xf0\xf2\xf3";
    for (unsigned i = 0; i + 1 < length; i++) {
        if ((bytes[i] & 0xf0) == 0x40 && ((bytes[i + 1] & 0xf0) == 0x40 || strchr(PREFIXES, bytes[i + 1]))) {
            return true;
        }
    }
    return false;
}

/* Not for programs; or of a processor that was never sold, and means something else to others. */
static bool is_odd(const ZydisDecodedInstruction *instruction)
{
    return instruction->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED ||
           instruction->mnemonic == ZYDIS_MNEMONIC_JKZD || instruction->mnemonic == ZYDIS_MNEMONIC_JKNZD ||
           instruction->mnemonic == ZYDIS_MNEMONIC_XBEGIN;
}

static void place_check(const unsigned char *bytes)
{
    ZydisDecodedInstruction expected;
    struct instruction got;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, INSTRUCTION_LONGEST, &expected)) ||
        is_odd(&expected)) {
        return;
    }
    bool is_decoded = instruction_decode(bytes, INSTRUCTION_LONGEST, &got);
    bool is_relative = expected.attributes & ZYDIS_ATTRIB_IS_RELATIVE;
    total++;
    if (is_decoded ? got.length == expected.length && got.is_relative == is_relative
                   : has_void_rex(bytes, expected.length)) {
        return;
    }
    if (wrong++ < SHOWN) {
        printf("%s: %u bytes, not %u:", ZydisMnemonicGetString(expected.mnemonic), expected.length,
               is_decoded ? got.length : 0);
        for (unsigned i = 0; i < expected.length; i++) {
            printf(" %02x", bytes[i]);
        }
        printf("\n");
    }
}

static bool file_check(const char *name)
{
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || status.st_size < INSTRUCTION_LONGEST) {
        printf("%s: cannot be read\n", name);
        return false;
    }
    size_t size = (size_t)status.st_size;
    const unsigned char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    for (size_t at = 0; bytes != MAP_FAILED && at + INSTRUCTION_LONGEST < size; at++) {
        place_check(bytes + at);
    }
    return bytes != MAP_FAILED;
}

/* The same noise everywhere (Marsaglia, "Xorshift RNGs", 2003). */
static uint64_t noise(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* What follows these bytes is every opcode with every ModRM, and noise as SIB, displacement and immediate. */
static void opcodes_check(const char *start, size_t size)
{
    unsigned char bytes[24];
    for (unsigned both = 0; both < 65536; both++) {
        uint64_t tail[2] = {noise(), noise()};
        memcpy(bytes, start, size);
        bytes[size] = (unsigned char)(both >> 8);
        bytes[size + 1] = (unsigned char)both;
        memcpy(bytes + size + 2, tail, sizeof tail);
        place_check(bytes);
    }
}

static void maps_check(void)
{
    static const struct {
        const char *bytes;
        size_t size;
    } maps[] = {{"", 0}, {"\x0f", 1}, {"\x0f\x38", 2}, {"\x0f\x3a", 2}},
      prefixes[] = {{"", 0},         {"\x66", 1},     {"\xf2", 1},        {"\xf3", 1},     {"\x67", 1},
                    {"\x48", 1},     {"\x44", 1},     {"\x66\x48", 2},    {"\xf2\x48", 2}, {"\xf3\x48", 2},
                    {"\x66\xf2", 2}, {"\x66\xf3", 2}, {"\x66\xf2\x4f", 3}};
    for (size_t prefix = 0; prefix < sizeof prefixes / sizeof prefixes[0]; prefix++) {
        for (size_t map = 0; map < sizeof maps / sizeof maps[0]; map++) {
            char start[8];
            memcpy(start, prefixes[prefix].bytes, prefixes[prefix].size);
            memcpy(start + prefixes[prefix].size, maps[map].bytes, maps[map].size);
            opcodes_check(start, prefixes[prefix].size + maps[map].size);
        }
    }
}

/* Noise, and noise behind what begins VEX, EVEX and XOP. */
static void noise_check(void)
{
    static const unsigned char STARTS[] = {0xc4, 0xc5, 0x62, 0x8f};
    for (unsigned i = 0; i < NOISE_ROUNDS; i++) {
        uint64_t bytes[3] = {noise(), noise(), noise()};
        place_check((unsigned char *)bytes);
        *(unsigned char *)bytes = STARTS[i % sizeof STARTS];
        place_check((unsigned char *)bytes);
    }
}

static unsigned char page[PAGE] __attribute__((aligned(PAGE)));

/* A page of no-operations but for these bytes at `at`. Is there a site `before` bytes in front of the `syscall`? */
static void site_check(const char *name, size_t at, const char *bytes, size_t size, int before, int number,
                       int hop)
{
    struct found_site found = {.number = -2};
    uint64_t end = (uint64_t)page + PAGE;
    memset(page, 0x90, sizeof page);
    memcpy(page + at, bytes, size);
    bool is_found = site_find((uint64_t)page, &end, &found);
    const unsigned char *syscall = memmem(page, PAGE, "\x0f\x05", 2);
    bool is_right = !before ? !is_found
                            : is_found && found.address == (uint64_t)syscall - (unsigned)before &&
                                  found.length == before && found.number == number && found.hop == hop;
    total++;
    if (!is_right) {
        wrong++;
        printf("%s: %s\n", name, is_found ? "found something else" : "not found");
    }
}

#define SITE(name, at, bytes, before, number, hop)                                                           \
    site_check(name, at, bytes, sizeof(bytes) - 1, before, number, hop)

static void sites_check(void)
{
    SITE("usual", 512, "\xb8\x6e\0\0\0\x0f\x05", 5, 110, 0);
    SITE("wide", 512, "\x48\xc7\xc0\x6e\0\0\0\x0f\x05", 7, 110, 0);
    SITE("other", 512, "\x4c\x8b\x4c\x24\x08\x0f\x05", 5, -1, 0);
    SITE("another register", 512, "\x41\xb8\x6e\0\0\0\x0f\x05", 6, -1, 0);
    SITE("an operand's bytes", 512, "\xc7\x44\x24\xb8\x6e\0\0\0\x0f\x05", 8, -1, 0);
    SITE("sigreturn", 512, "\x48\xc7\xc0\x0f\0\0\0\x0f\x05", 0, 0, 0);
    SITE("relative", 512, "\x8b\x05\x6e\0\0\0\x0f\x05", 0, 0, 0);
    SITE("short, no padding", 512, "\x31\xc0\x0f\x05\x48\x3d\0\xf0\xff\xff\x77\x5b", 0, 0, 0);
    SITE("short", 512, "\x31\xc0\x0f\x05\x48\x3d\0\xf0\xff\xff\x77\x5b\xc3\x66\x2e\x0f\x1f\x84\0\0\0\0\0", 2,
         0, 13);
    SITE("padding that is run into", 512, "\x31\xc0\x0f\x05\x48\x89\xc2\x66\x2e\x0f\x1f\x84\0\0\0\0\0", 0, 0,
         0);
    SITE("a call in front", 512, "\xe8\x6e\0\0\0\x0f\x05", 0, 0, 0);
    SITE("an operand", 512, "\xb8\x0f\x05\0\0\x90", 0, 0, 0);
    SITE("start of what is known", 16, "\xb8\x6e\0\0\0\x0f\x05", 0, 0, 0);
    SITE("last of a page", PAGE - 7, "\xb8\x6e\0\0\0\x0f\x05", 5, 110, 0);
    SITE("across pages", PAGE - 6, "\xb8\x6e\0\0\0\x0f", 0, 0, 0);
}

int main(int argument_count, char **arguments)
{
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    sites_check();
    maps_check();
    noise_check();
    for (int i = 1; i < argument_count; i++) {
        wrong += !file_check(arguments[i]);
    }
    printf("%lu checked, %lu wrong\n", total, wrong);
    return wrong || !total;
}
