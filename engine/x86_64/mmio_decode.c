/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Decoding an access to a device page.
 */
#include "engine/x86_64/mmio_decode.h"

#include <string.h>

enum {
    PAGE = 1 << ABI_SMALL_PAGE_BITS
};

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

/* A register that is named in full; REG_COUNT for parts of 8 and 16 bits and all others. */
static enum context_register register_find(ZydisRegister name)
{
    if (ZydisRegisterGetClass(name) == ZYDIS_REGCLASS_GPR32)
        name = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, name);
    for (unsigned i = 0; i < REGISTERS_COUNT; i++) {
        if (REGISTERS[i].name == name && name != ZYDIS_REGISTER_RIP)
            return REGISTERS[i].place;
    }
    return REG_COUNT;
}

static uint64_t *register_place(struct context *context, ZydisRegister name)
{
    enum context_register place = register_find(name);
    return place == REG_COUNT ? NULL : &context->reg[place];
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

bool access_decode(const struct kernel *k, uint64_t vspace, const struct context *context, uint64_t fault,
                   struct access *access)
{
    const struct instruction *instruction = &access->instruction;
    if (!instruction_decode(k, vspace, context->next_ip, &access->instruction))
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

bool access_is_plain(const struct access *access)
{
    bool is_power = access->width == 1 || access->width == 2 || access->width == 4 || access->width == 8;
    return is_power && access->offset % access->width == 0;
}

bool access_move(const struct kernel *k, struct context *context, const struct access *access, uint64_t paddr)
{
    const struct machine_bus *bus = &k->machine->bus;
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

bool access_is_load(const struct access *access, enum context_register *to)
{
    const ZydisDecodedOperand *other = &access->instruction.operand[1 - access->index % 2];
    if (access->instruction.info.mnemonic != ZYDIS_MNEMONIC_MOV || access->width != 8 || access->is_write ||
        !access_is_plain(access) || other->type != ZYDIS_OPERAND_TYPE_REGISTER)
        return false;
    *to = register_find(other->reg.value);
    return *to != REG_COUNT;
}
