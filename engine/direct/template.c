/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting the template: a tiny static program, which maps the pad and jumps there (pad/start.c).
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "engine/direct/monitor.h"
#include "host/fd.h"
#include "host/spawn.h"

enum {
    BOOT_CODE_SIZE = 256
};

/* What the program does: make these calls, and jump to `start` with stack pointer `stack`. */
struct boot_list {
    struct {
        uint64_t number, argument[6];
    } call[6];
    uint64_t end; /* ~0 */
    uint64_t start, stack;
};

/* The program: code (boot.S), and the list behind it. */
struct program {
    unsigned char code[BOOT_CODE_SIZE];
    struct boot_list list;
};
_Static_assert(sizeof(struct program) <= SPAWN_CODE_MAX, "it fits");

extern const unsigned char boot_code[], boot_code_end[];

static struct boot_list boot_list_make(const struct engine *e, uint64_t start)
{
    const uint64_t base = e->core->base, size = e->k->memory_size, shared = MAP_SHARED | MAP_FIXED;
    const uint64_t data = PROT_READ | PROT_WRITE, reserve = MAP_NORESERVE;
    return (struct boot_list){
        .call = {{SYS_mmap, {base, PAD_CORE, PROT_READ | PROT_EXEC, shared, PAD_FD_PAD, 0}},
                 {SYS_mmap, {base + PAD_CORE, PAD_PRIVATE - PAD_CORE, data, shared, PAD_FD_PAD, PAD_CORE}},
                 {SYS_mmap,
                  {base + PAD_PRIVATE, PAD_PRIVATE_SIZE, data, shared, PAD_FD_PAD,
                   PAD_PRIVATE + (uint64_t)PAD_TEMPLATE * PAD_PRIVATE_SIZE}},
                 {SYS_mmap, {base + PAD_HOSTIO_AT, PAD_HOSTIO_SIZE, data, shared, PAD_FD_PAD, PAD_HOSTIO}},
                 {SYS_mmap, {base + PAD_ARENA, size, data, shared | reserve, PAD_FD_ARENA, 0}},
                 {SYS_mmap, {base + PAD_ARENA + size, 2 * size, data, shared | reserve, PAD_FD_VECTOR, 0}}},
        .end = UINT64_MAX,
        .start = start,
        .stack = base + PAD_PRIVATE + PRIVATE_STACK_TOP - 8, /* as if start had been called */
    };
}

static int program_make(struct engine *e, uint64_t start)
{
    struct program program = {.list = boot_list_make(e, start)};
    memcpy(program.code, boot_code, (size_t)(boot_code_end - boot_code));
    return spawn_program_make(&program, sizeof(program), e->diag);
}

static bool has_said_hello(const struct engine *e)
{
    return e->core->entry != 0;
}

int template_start(struct engine *e, uint64_t start)
{
    HOST_FD int program_fd = program_make(e, start);
    if (program_fd < 0)
        return program_fd;
    struct spawn_plan plan = {
        .fd = {[PAD_FD_ARENA] = e->arena_fd,
               [PAD_FD_VECTOR] = e->vector_fd,
               [PAD_FD_PAD] = e->pad_fd,
               [PAD_FD_DOORBELL] = e->doorbell_fd},
        .fd_count = PAD_FD_DOORBELL + 1,
        .program_fd = program_fd,
    };
    for (unsigned i = 0; i < e->host_fd_count; i++)
        plan.fd[plan.fd_count++] = e->host_fd[i];
    pid_t pid = spawn_program(&plan, e->diag);
    if (pid < 0)
        return pid;
    e->template.pid = pid;
    int error = guest_watch(e, &e->template);
    return error ? error : doorbell_wait(e, has_said_hello);
}
