/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device registers in memory: loads and stores that a device model answers.
 *
 * A disassembler says which bytes the instruction reads and writes. Plain moves, which
 * is what drivers do, are carried out here. Any other instruction is stepped: a scratch page takes the
 * device's place for the length of one single step, with the register's value in
 * it, and what the step left there is what was written. So every instruction with a
 * memory operand works as the processor does it.
 *
 * DIFFERS: an access that is not 1, 2, 4 or 8 aligned bytes reads all ones and writes nothing.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "engine/ptrace/state.h"
#include "engine/x86_64/mmio_decode.h"

enum {
    PAGE = 1 << ABI_SMALL_PAGE_BITS
};

/* The scratch page: the second of the region that starts with the page of ones (engine.c). */
static unsigned char *scratch_view(const struct engine *e)
{
    return (unsigned char *)e->stubs + PAGE;
}

static int scratch_map(struct engine *e, struct process *p, uint64_t page, bool is_writable)
{
    const struct stub_call call = {SYS_mmap,
                                   {page, PAGE, PROT_READ | (is_writable ? PROT_WRITE : 0),
                                    MAP_SHARED | MAP_FIXED, STUB_FD_STUBS, PAGE}};
    unsigned failed;
    int64_t result;
    int error = inject_calls(e, p, &call, 1, &failed, &result);
    if (!error && failed == 0)
        error = diag_errno(e->diag, (int)result, "cannot map a device page in guest process %d", (int)p->pid);
    return error;
}

int mmio_release(struct engine *e, struct process *p, uint64_t address)
{
    const struct stub_call call = {SYS_munmap, {address & ~(uint64_t)(PAGE - 1), PAGE}};
    unsigned failed;
    int64_t result;
    return inject_calls(e, p, &call, 1, &failed, &result);
}

/* One instruction of the guest. A kick comes before it; *stop is 0, or what else kept it from ending. */
static int guest_step(struct engine *e, struct process *p, struct context *context, int *stop)
{
    struct user_regs_struct after;
    int error = registers_load(e, p, context);
    *stop = KICK_SIGNAL;
    while (!error && *stop == KICK_SIGNAL) {
        if (ptrace(PTRACE_SINGLESTEP, p->pid, NULL, NULL) < 0)
            return diag_errno(e->diag, EOWNERDEAD, "guest process %d is gone", (int)p->pid);
        *stop = tracee_wait(e, p);
        if (*stop < 0)
            return *stop;
    }
    if (error || *stop != SIGTRAP)
        return error;
    *stop = 0;
    error = tracee_get_registers(e, p, &after);
    if (!error)
        registers_save(context, &after);
    return error;
}

int mmio_access(struct engine *e, struct process *p, struct context *context, uint64_t address,
                const struct translation *t, bool *is_done, int *stop)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    uint64_t page = address & ~(uint64_t)(PAGE - 1);
    uint64_t paddr = t->paddr + (page & ((1ull << t->size_bits) - 1));
    struct access access;
    uint64_t value = UINT64_MAX;

    *stop = 0;
    *is_done = bus->mmio_is_claimed && bus->mmio_is_claimed(bus->world, paddr) &&
               access_decode(e->k, p->vspace, context, address, &access) &&
               (!access.is_write || t->is_writable);
    if (!*is_done || access_move(e->k, context, &access, paddr))
        return 0;
    bool is_plain = access_is_plain(&access);
    unsigned char *place = scratch_view(e) + access.offset;
    memset(scratch_view(e), 0xff, PAGE);
    if (is_plain && access.is_read) {
        value = bus->mmio_read(bus->world, paddr + access.offset, access.width);
        memcpy(place, &value, access.width);
    }
    int error = scratch_map(e, p, page, t->is_writable);
    if (!error)
        error = guest_step(e, p, context, stop);
    if (error || *stop)
        return error;
    error = mmio_release(e, p, page);
    if (!error && is_plain && access.is_write) {
        value = 0;
        memcpy(&value, place, access.width);
        bus->mmio_write(bus->world, paddr + access.offset, access.width, value);
    }
    return error;
}
