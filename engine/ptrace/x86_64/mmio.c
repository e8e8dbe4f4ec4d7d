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
#include "engine/ptrace/x86_64/instruction.h"

enum {
    PAGE = 1 << ABI_SMALL_PAGE_BITS
};

struct access {
    unsigned offset; /* in the page */
    unsigned width;
    bool is_read, is_write;
    unsigned index; /* of the memory operand */
    struct instruction instruction;
};

/* The scratch page: the second of the region that starts with the page of ones (engine.c). */
static unsigned char *scratch_view(const struct engine *e)
{
    return (unsigned char *)e->stubs + PAGE;
}

static const struct {
    ZydisRegister name;
    enum context_register place;
} REGISTERS[] = {
    {ZYDIS_REGISTER_RAX, REG_RAX}, {ZYDIS_REGISTER_RBX, REG_RBX},      {ZYDIS_REGISTER_RCX, REG_RCX},
    {ZYDIS_REGISTER_RDX, REG_RDX}, {ZYDIS_REGISTER_RSI, REG_RSI},      {ZYDIS_REGISTER_RDI, REG_RDI},
    {ZYDIS_REGISTER_RBP, REG_RBP}, {ZYDIS_REGISTER_RSP, REG_RSP},      {ZYDIS_REGISTER_R8, REG_R8},
    {ZYDIS_REGISTER_R9, REG_R9},   {ZYDIS_REGISTER_R10, REG_R10},      {ZYDIS_REGISTER_R11, REG_R11},
    {ZYDIS_REGISTER_R12, REG_R12}, {ZYDIS_REGISTER_R13, REG_R13},      {ZYDIS_REGISTER_R14, REG_R14},
    {ZYDIS_REGISTER_R15, REG_R15}, {ZYDIS_REGISTER_RIP, REG_FAULT_IP},
};
enum {
    REGISTERS_COUNT = sizeof(REGISTERS) / sizeof(*REGISTERS)
};

static void register_context_set(ZydisRegisterContext *values, const struct context *context)
{
    memset(values, 0, sizeof(*values));
    for (unsigned i = 0; i < REGISTERS_COUNT; i++)
        values->values[REGISTERS[i].name] = context->reg[REGISTERS[i].place];
}

/* The place of a register that is named in full; NULL for parts of 8 and 16 bits and all others. */
static uint64_t *register_place(struct context *context, ZydisRegister name)
{
    if (ZydisRegisterGetClass(name) == ZYDIS_REGCLASS_GPR32)
        name = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, name);
    for (unsigned i = 0; i < REGISTERS_COUNT; i++) {
        if (REGISTERS[i].name == name && name != ZYDIS_REGISTER_RIP)
            return &context->reg[REGISTERS[i].place];
    }
    return NULL;
}

/* The operand's address, segment base included. */
static bool operand_address(const ZydisDecodedInstruction *instruction, const ZydisDecodedOperand *operand,
                            const struct context *context, uint64_t *address)
{
    ZydisRegisterContext values;
    ZyanU64 result;
    register_context_set(&values, context);
    if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddressEx(instruction, operand, context->next_ip, &values, &result)))
        return false;
    if (operand->mem.segment == ZYDIS_REGISTER_FS)
        result += context->reg[REG_FS_BASE];
    if (operand->mem.segment == ZYDIS_REGISTER_GS)
        result += context->reg[REG_GS_BASE];
    *address = result;
    return true;
}

/* Which part of the page around `fault` does the instruction touch? */
static bool access_decode(const struct engine *e, const struct process *p, const struct context *context,
                          uint64_t fault, struct access *access)
{
    const struct instruction *instruction = &access->instruction;
    if (!instruction_decode(e->k, p->vspace, context->next_ip, &access->instruction))
        return false;
    for (unsigned i = 0; i < instruction->info.operand_count; i++) {
        const ZydisDecodedOperand *operand = &instruction->operand[i];
        uint64_t address;
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY ||
            !operand_address(&instruction->info, operand, context, &address) ||
            address / PAGE != fault / PAGE)
            continue;
        access->index = i;
        access->offset = (unsigned)(address % PAGE);
        access->width = operand->size / 8;
        access->is_read = operand->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
        access->is_write = operand->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
        return true;
    }
    return false;
}

static bool access_is_plain(const struct access *access)
{
    bool is_power = access->width == 1 || access->width == 2 || access->width == 4 || access->width == 8;
    return is_power && access->offset % access->width == 0;
}

/* A plain move of 4 or 8 bytes between the device and a register or a constant. False: it is something else. */
static bool access_move(const struct engine *e, struct context *context, const struct access *access,
                        uint64_t paddr)
{
    const struct machine_bus *bus = &e->k->machine->bus;
    const ZydisDecodedOperand *other = &access->instruction.operand[1 - access->index % 2];
    if (access->instruction.info.mnemonic != ZYDIS_MNEMONIC_MOV || access->width < 4 ||
        !access_is_plain(access))
        return false;
    uint64_t *place = NULL;
    if (other->type == ZYDIS_OPERAND_TYPE_REGISTER && !(place = register_place(context, other->reg.value)))
        return false;
    if (!place && other->type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return false;
    if (access->is_write)
        bus->mmio_write(bus->world, paddr + access->offset, access->width,
                        place ? *place : other->imm.value.u);
    else
        *place = bus->mmio_read(bus->world, paddr + access->offset, access->width);
    context->next_ip += access->instruction.info.length;
    context->reg[REG_FAULT_IP] = context->next_ip;
    return true;
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
               access_decode(e, p, context, address, &access) && (!access.is_write || t->is_writable);
    if (!*is_done || access_move(e, context, &access, paddr))
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
