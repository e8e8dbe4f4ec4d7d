/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first stack: strings on top, then the auxiliary vector, the environment, the arguments and their number.
 * System V ABI for x86-64, getauxval(3).
 */
#include <cpuid.h>

#include "container/linux/identity.h"
#include "container/linux/heap.h"
#include "container/linux/loader.h"
#include "container/linux/signal.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"

enum {
    AT_NULL,
    AT_PHDR = 3,
    AT_PHENT,
    AT_PHNUM,
    AT_PAGESZ,
    AT_BASE,
    AT_FLAGS,
    AT_ENTRY,
    AT_UID = 11,
    AT_EUID,
    AT_GID,
    AT_EGID,
    AT_PLATFORM,
    AT_HWCAP,
    AT_CLKTCK,
    AT_SECURE = 23,
    AT_RANDOM = 25,
    AT_HWCAP2,
    AT_EXECFN = 31,
    AT_SYSINFO_EHDR = 33,
    AT_MINSIGSTKSZ = 51,
    HEADER_SIZE = 56,
    RANDOM_SIZE = 16
};

/* A word list that grows downwards is written in one piece. */
enum {
    WORDS_OF_KERNEL = 64 /* all but the strings' addresses */
};

static uint64_t hardware_capabilities(void)
{
    unsigned a, b, c, d = 0;
    __get_cpuid(1, &a, &b, &c, &d);
    return d;
}

static unsigned auxiliary_write(uint64_t *at, const struct image *image, const struct process *process,
                                uint64_t random, uint64_t platform, uint64_t name)
{
    const uint64_t pairs[][2] = {
        {AT_HWCAP, hardware_capabilities()},
        {AT_PAGESZ, PAGE_SIZE},
        {AT_CLKTCK, 100},
        {AT_PHDR, image->headers},
        {AT_PHENT, HEADER_SIZE},
        {AT_PHNUM, image->header_count},
        {AT_BASE, image->interpreter},
        {AT_FLAGS, 0},
        {AT_ENTRY, image->entry},
        {AT_UID, identity_real_user()},
        {AT_EUID, identity_user()},
        {AT_GID, identity_real_group()},
        {AT_EGID, identity_group()},
        {AT_SECURE, identity_is_secure()},
        {AT_RANDOM, random},
        {AT_HWCAP2, 0},
        {AT_EXECFN, name},
        {AT_PLATFORM, platform},
        {AT_MINSIGSTKSZ, signal_stack_minimum()},
        {image->vdso ? AT_SYSINFO_EHDR : AT_NULL, image->vdso},
        {AT_NULL, 0},
    };
    (void)process;
    memcpy(at, pairs, sizeof pairs);
    return sizeof pairs / sizeof *at;
}

/* Addresses of `count` strings from `at` on, which are also there as `text`; the address behind them. */
static uint64_t strings_list(uint64_t *to, uint32_t count, const char **text, uint64_t at)
{
    for (uint32_t i = 0; i < count; i++) {
        size_t size = strlen(*text) + 1;
        to[i] = at;
        at += size;
        *text += size;
    }
    to[count] = 0;
    return at;
}

static size_t strings_size(const char *text, uint32_t count)
{
    const char *at = text;
    while (count-- > 0) {
        at += strlen(at) + 1;
    }
    return (size_t)(at - text);
}

long stack_build(struct process *process, const struct image *image, const struct program *program,
                 uint64_t *sp)
{
    const char *text = program->text;
    uint32_t argument_count = program->argument_count, environment_count = program->environment_count;
    struct region region = {.start = SPACE_STACK_TOP - SPACE_STACK,
                            .end = SPACE_STACK_TOP,
                            .protection = PROT_READ | PROT_WRITE,
                            .is_stack = true};
    unsigned char random[RANDOM_SIZE];
    size_t room = (argument_count + environment_count + WORDS_OF_KERNEL) * sizeof(uint64_t);
    uint64_t *words = room < SPACE_STACK / 4 ? heap_alloc(room) : NULL;
    if (!words) {
        return -E2BIG;
    }
    long error = space_map(&region);
    if (error) {
        return error;
    }
    size_t text_size = strings_size(text, argument_count + environment_count);
    uint64_t name = SPACE_STACK_TOP - 8 - (strlen(program->name) + 1);
    uint64_t strings = name - text_size, platform = strings - 8, random_at = (platform - RANDOM_SIZE) & ~15ul;
    process->arguments_start = strings;
    process->arguments_end = strings + strings_size(text, argument_count);
    process->environment_end = name;
    random_fill(random, sizeof random);
    unsigned count = 0;
    words[count++] = argument_count;
    const char *source = text;
    uint64_t at = strings_list(words + count, argument_count, &source, strings);
    count += argument_count + 1;
    strings_list(words + count, environment_count, &source, at);
    count += environment_count + 1;
    unsigned auxiliary = count;
    count += auxiliary_write(words + count, image, process, random_at, platform, name);
    *sp = (random_at - count * sizeof *words) & ~15ul;
    process->auxiliary_start = *sp + auxiliary * sizeof *words;
    process->auxiliary_end = *sp + count * sizeof *words;
    error = user_write(name, program->name, strlen(program->name) + 1);
    error = error ? error : user_write(strings, text, text_size);
    error = error ? error : user_write(platform, "x86_64", 7);
    error = error ? error : user_write(random_at, random, sizeof random);
    error = error ? error : user_write(*sp, words, count * sizeof *words);
    heap_free(words, room);
    return error;
}
