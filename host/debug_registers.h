/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The processor's debug registers as another process of ours sees them: four addresses and a control word
 * (DR7), and which of the four were hit (DR6). They are set by ptrace and stay when ptrace has gone.
 *
 * Functions return 0 or -errno.
 */
#ifndef SELKIE_HOST_DEBUG_REGISTERS_H
#define SELKIE_HOST_DEBUG_REGISTERS_H

#include <stdint.h>
#include <sys/types.h>

enum {
    DEBUG_REGISTERS = 4
};

/* Of a process that is traced and stopped. Addresses that the host has no breakpoints at are left out. */
int debug_registers_write(pid_t pid, const uint64_t address[DEBUG_REGISTERS], uint64_t control);
int debug_registers_hits(pid_t pid, uint32_t *status); /* of its last debug exception, which is forgotten */

/* Stop a child that nobody traces, and let it go on. */
struct debug_pause {
    pid_t pid;
    int signal_number; /* that it was about to take */
};
int debug_pause(pid_t pid, struct debug_pause *pause);
void debug_resume(const struct debug_pause *pause);

#endif
