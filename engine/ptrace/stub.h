/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The stub region: all that a guest process maps besides its guest's frames.
 *
 * One page of code and arguments, which the guest can read and run but not write,
 * and a signal stack, which only the host's kernel has reason to write. Both are
 * shared with the monitor. The code makes host system calls from a list, and
 * stops; run by the guest itself it reaches nothing, since each system call of a
 * guest is intercepted (fault.c takes it as the fetch fault it is).
 *
 * DIFFERS: an access of the guest to the 32 KiB of the stub region does not fault.
 * A frame that the guest maps there makes the stub move (stub_places).
 */
#ifndef SELKIE_ENGINE_PTRACE_STUB_H
#define SELKIE_ENGINE_PTRACE_STUB_H

#include <stdint.h>

enum {
    STUB_CODE_SIZE = 128,
    STUB_CALLS = 64,
    STUB_FRAME_SIZE = 7 * 4096, /* room for a signal frame with all vector state there is */
    STUB_PLACES = 8,
    STUB_FD_ARENA = 0, /* descriptors of a guest process */
    STUB_FD_STUBS = 1
};

struct stub_call {
    uint64_t number;
    uint64_t argument[6];
};

/* What rt_sigaction and sigaltstack read. */
struct stub_sigaction {
    uint64_t handler, flags, restorer, mask;
};
struct stub_sigstack {
    uint64_t base;
    uint64_t flags;
    uint64_t size;
};

struct stub {
    unsigned char code[STUB_CODE_SIZE];
    struct stub_sigaction action;
    struct stub_sigstack stack;
    struct stub_call call[STUB_CALLS];
    unsigned char frame[STUB_FRAME_SIZE] __attribute__((aligned(4096)));
};
_Static_assert(sizeof(struct stub) == 8 * 4096, "the stub region is eight pages");

/* Where the region may lie; guest addresses chosen to be in nobody's way. */
extern const uint64_t stub_places[STUB_PLACES];

/* The code (x86_64/stub.S). At its start: make the calls from %rbx to %rbp, stop; %rbx is then the one
 * that failed, with %rax its result. `bases`: set the segment bases from %rax and %rcx, stop. `handler`: the
 * signal handler. `syscall`: the one system call instruction. */
extern const unsigned char stub_code[], stub_code_syscall[], stub_code_bases[], stub_code_handler[],
    stub_code_end[];

/* A system call and a stop, for the program that a guest process starts with. */
extern const unsigned char stub_boot[], stub_boot_end[];

#endif
