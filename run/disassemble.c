/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Disassembly by Zydis.
 */
#include "run/disassemble.h"

#include <Zydis/Zydis.h>

size_t disassemble(char text[DISASSEMBLE_TEXT], const unsigned char *bytes, size_t size, uint64_t address)
{
    ZydisDisassembledInstruction instruction;
    text[0] = '\0';
    if (!ZYAN_SUCCESS(
            ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, address, bytes, size, &instruction))) {
        return 0;
    }
    size_t length = 0;
    while (instruction.text[length] && length + 1 < DISASSEMBLE_TEXT) {
        text[length] = instruction.text[length];
        length++;
    }
    text[length] = '\0';
    return instruction.info.length;
}
