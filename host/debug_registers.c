/* SPDX-License-Identifier: BSD-2-Clause */
/* See debug_registers.h. */
#include "host/debug_registers.h"

#include <errno.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

enum {
    STATUS = 6,
    CONTROL = 7,
    CONTROL_FIELD = 16, /* of the first register; 4 bits each */
};

#define HOST_TOP 0x7ffffffff000ull

static int write_one(pid_t pid, unsigned number, uint64_t value)
{
    size_t offset = offsetof(struct user, u_debugreg) + number * sizeof(uint64_t);
    return ptrace(PTRACE_POKEUSER, pid, offset, value) < 0 ? -errno : 0;
}

static uint64_t fields_of(unsigned number)
{
    return 3ull << 2 * number | 15ull << (CONTROL_FIELD + 4 * number);
}

int debug_registers_write(pid_t pid, const uint64_t address[DEBUG_REGISTERS], uint64_t control)
{
    int error = write_one(pid, CONTROL, 0);
    for (unsigned i = 0; i < DEBUG_REGISTERS && !error; i++) {
        if (!(control >> 2 * i & 3) || address[i] >= HOST_TOP)
            control &= ~fields_of(i);
        else
            error = write_one(pid, i, address[i]);
    }
    if (!error && control)
        error = write_one(pid, CONTROL, control);
    return error;
}

int debug_registers_hits(pid_t pid, uint32_t *status)
{
    errno = 0;
    long value =
        ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, u_debugreg) + STATUS * sizeof(uint64_t), NULL);
    if (value == -1 && errno)
        return -errno;
    *status = (uint32_t)value;
    return write_one(pid, STATUS, 0);
}

int debug_pause(pid_t pid, struct debug_pause *pause)
{
    siginfo_t info = {0};
    int status = 0;
    if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0 || ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
        return -errno;
    /* Its end is somebody else's business, so that is left where it is. */
    while (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) < 0)
        if (errno != EINTR)
            return -errno;
    if (info.si_code != CLD_TRAPPED && info.si_code != CLD_STOPPED)
        return -ESRCH;
    if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
        return -ESRCH;
    *pause = (struct debug_pause){.pid = pid, .signal_number = status >> 16 ? 0 : WSTOPSIG(status)};
    return 0;
}

void debug_resume(const struct debug_pause *pause)
{
    ptrace(PTRACE_DETACH, pause->pid, NULL, (long)pause->signal_number);
}
