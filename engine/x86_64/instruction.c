/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading and classifying one instruction of a guest.
 */
#include "engine/x86_64/instruction.h"

bool instruction_decode(const struct kernel *k, uint64_t vspace, uint64_t ip, struct instruction *instruction)
{
    unsigned char bytes[ZYDIS_MAX_INSTRUCTION_LENGTH];
    ZydisDecoder decoder;
    size_t size = kernel_read_user(k, vspace, ip, bytes, sizeof(bytes));
    return ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)) &&
           ZYAN_SUCCESS(
               ZydisDecoderDecodeFull(&decoder, bytes, size, &instruction->info, instruction->operand));
}

static bool register_is_fpu(ZydisRegister name)
{
    switch (ZydisRegisterGetClass(name)) {
    case ZYDIS_REGCLASS_X87:
    case ZYDIS_REGCLASS_MMX:
    case ZYDIS_REGCLASS_XMM:
    case ZYDIS_REGCLASS_YMM:
    case ZYDIS_REGCLASS_ZMM:
    case ZYDIS_REGCLASS_MASK:
        return true;
    default:
        return name == ZYDIS_REGISTER_MXCSR;
    }
}

bool instruction_uses_fpu(const struct instruction *instruction)
{
    switch (instruction->info.meta.category) {
    case ZYDIS_CATEGORY_X87_ALU:
    case ZYDIS_CATEGORY_FCMOV:
    case ZYDIS_CATEGORY_XSAVE:
    case ZYDIS_CATEGORY_XSAVEOPT:
    case ZYDIS_CATEGORY_MMX:
        return true;
    default:
        break;
    }
    for (unsigned i = 0; i < instruction->info.operand_count; i++) {
        const ZydisDecodedOperand *operand = &instruction->operand[i];
        if (operand->type == ZYDIS_OPERAND_TYPE_REGISTER && register_is_fpu(operand->reg.value))
            return true;
    }
    return false;
}
