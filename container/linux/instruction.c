/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lengths of instructions: prefixes, opcode, ModRM, SIB, displacement, immediate, as the opcode maps of the
 * manufacturers' manuals (AMD volume 3, appendix A; Intel volume 2, appendix A) say.
 */
#include "container/linux/instruction.h"

#include <stdint.h>

/* What follows an opcode: a row of 16 letters for each row of the map.
 *   .  nothing    m  ModRM      b  1 byte      w  2 bytes     z  2 or 4 bytes by operand size    v  as z, 8 with REX.W
 *   B  ModRM and 1 byte         Z  ModRM and z         r  relative, 1 byte       R  relative, 4 bytes
 *   a  an absolute address, 4 or 8 bytes by address size      e  3 bytes (enter)
 *   g  group 3: immediate only for the first two of its eight            x  not in 64-bit mode
 *   s  ModRM, and 2 bytes if there is a prefix 66 or F2 (extrq, insertq)  */
static const char ONE_BYTE[16][17] = {
    "mmmmbzxxmmmmbzx_", "mmmmbzxxmmmmbzxx", "mmmmbz_xmmmmbz_x", "mmmmbz_xmmmmbz_x",
    "________________", "................", "xxxm____zZbB....", "rrrrrrrrrrrrrrrr",
    "BZxBmmmmmmmmmmmm", "..........x.....", "aaaa....bz......", "bbbbbbbbvvvvvvvv",
    "BBw.__BZe.w..bx.", "mmmmxxx.mmmmmmmm", "rrrrbbbbRRxr....", "_.__..Gg......mm",
};

static const char TWO_BYTES[16][17] = {
    "mmmmx.....x.xm.B", "mmmmmmmmmmmmmmmm", "xxxxxxxxmmmmmmmm", "......x.mxBxxxxx",
    "mmmmmmmmmmmmmmmm", "mmmmmmmmmmmmmmmm", "mmmmmmmmmmmmmmmm", "BBBBmmm.smxxmmmm",
    "RRRRRRRRRRRRRRRR", "mmmmmmmmmmmmmmmm", "...mBmmm...mBmmm", "mmmmmmmmmmBmmmmm",
    "mmBmBBBm........", "mmmmmmmmmmmmmmmm", "mmmmmmmmmmmmmmmm", "mmmmmmmmmmmmmmmm",
};

struct cursor {
    const unsigned char *at, *end;
};

struct prefixes {
    bool is_operand_short, is_address_short, is_wide, has_f2;
};

static bool skip(struct cursor *cursor, unsigned count)
{
    if ((size_t)(cursor->end - cursor->at) < count) {
        return false;
    }
    cursor->at += count;
    return true;
}

static bool next(struct cursor *cursor, unsigned char *byte)
{
    if (cursor->at == cursor->end) {
        return false;
    }
    *byte = *cursor->at++;
    return true;
}

/* ModRM, SIB and displacement. `*extension` is the middle field. */
static bool operand_skip(struct cursor *cursor, unsigned *extension, bool *is_relative)
{
    unsigned char modrm, sib;
    if (!next(cursor, &modrm)) {
        return false;
    }
    unsigned mode = modrm >> 6, base = modrm & 7;
    *extension = modrm >> 3 & 7;
    if (mode == 3) {
        return true;
    }
    if (base == 4) {
        if (!next(cursor, &sib)) {
            return false;
        }
        base = sib & 7;
    } else if (mode == 0 && base == 5) {
        *is_relative = true;
    }
    unsigned displacement = mode == 1 ? 1 : mode == 2 || base == 5 ? 4 : 0;
    return skip(cursor, mode == 0 && base != 5 ? 0 : displacement);
}

static bool prefixes_skip(struct cursor *cursor, struct prefixes *prefixes, unsigned char *opcode)
{
    for (;;) {
        if (!next(cursor, opcode)) {
            return false;
        }
        switch (*opcode) {
        case 0x66:
            prefixes->is_operand_short = true;
            break;
        case 0x67:
            prefixes->is_address_short = true;
            break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65:
        case 0xf0:
        case 0xf3:
            break;
        case 0xf2:
            prefixes->has_f2 = true;
            break;
        default:
            if ((*opcode & 0xf0) != 0x40) {
                return true;
            }
            prefixes->is_wide = *opcode & 8;
            return next(cursor, opcode) && (*opcode & 0xf0) != 0x40;
        }
    }
}

/* What the letter says behind the opcode. */
static bool tail_skip(struct cursor *cursor, char letter, const struct prefixes *prefixes,
                      struct instruction *instruction)
{
    unsigned extension = 0, z = prefixes->is_operand_short && !prefixes->is_wide ? 2 : 4;
    bool has_operand =
        letter == 'm' || letter == 'B' || letter == 'Z' || letter == 'g' || letter == 'G' || letter == 's';
    if (has_operand && !operand_skip(cursor, &extension, &instruction->is_relative)) {
        return false;
    }
    switch (letter) {
    case '.':
    case 'm':
        return true;
    case 'b':
    case 'B':
        return skip(cursor, 1);
    case 'w':
        return skip(cursor, 2);
    case 'e':
        return skip(cursor, 3);
    case 's':
        return skip(cursor, prefixes->is_operand_short || prefixes->has_f2 ? 2 : 0);
    case 'z':
    case 'Z':
        return skip(cursor, z);
    case 'v':
        return skip(cursor, prefixes->is_wide ? 8 : z);
    case 'a':
        return skip(cursor, prefixes->is_address_short ? 4 : 8);
    case 'G':
        return skip(cursor, extension < 2 ? 1 : 0);
    case 'g':
        return skip(cursor, extension < 2 ? z : 0);
    case 'r':
    case 'R':
        instruction->is_relative = true;
        return skip(cursor, letter == 'r' ? 1 : 4);
    default:
        return false;
    }
}

/* VEX, XOP and EVEX name their map; immediates are a byte where the legacy map has one. */
static bool vector_skip(struct cursor *cursor, unsigned map, struct instruction *instruction)
{
    unsigned char opcode;
    struct prefixes none = {0};
    if (!next(cursor, &opcode)) {
        return false;
    }
    char letter = 'm';
    if (map == 1) {
        letter = opcode == 0x77 ? '.' : TWO_BYTES[opcode >> 4][opcode & 15];
        letter = letter == 'B' ? 'B' : letter == '.' && opcode == 0x77 ? '.' : 'm';
    } else if (map == 3 || map == 8) {
        letter = 'B';
    } else if (map == 10) {
        letter = 'D';
    }
    if (letter == 'D') {
        return tail_skip(cursor, 'm', &none, instruction) && skip(cursor, 4);
    }
    return tail_skip(cursor, letter, &none, instruction);
}

static bool extended_skip(struct cursor *cursor, unsigned char opcode, struct instruction *instruction)
{
    unsigned char byte;
    switch (opcode) {
    case 0xc5: /* VEX, short: map 1 */
        return skip(cursor, 1) && vector_skip(cursor, 1, instruction);
    case 0xc4:
    case 0x8f: /* XOP */
        return next(cursor, &byte) && skip(cursor, 1) && vector_skip(cursor, byte & 31, instruction);
    default: /* EVEX */
        return next(cursor, &byte) && skip(cursor, 2) && vector_skip(cursor, byte & 7, instruction);
    }
}

static bool two_bytes_skip(struct cursor *cursor, const struct prefixes *prefixes,
                           struct instruction *instruction)
{
    unsigned char opcode;
    if (!next(cursor, &opcode)) {
        return false;
    }
    if (opcode == 0x38 || opcode == 0x3a) {
        return skip(cursor, 1) && tail_skip(cursor, opcode == 0x38 ? 'm' : 'B', prefixes, instruction);
    }
    char letter = TWO_BYTES[opcode >> 4][opcode & 15];
    struct prefixes relative = *prefixes;
    return tail_skip(cursor, letter, &relative, instruction);
}

bool instruction_decode(const unsigned char *bytes, size_t size, struct instruction *instruction)
{
    struct cursor cursor = {bytes, bytes + (size < INSTRUCTION_LONGEST ? size : INSTRUCTION_LONGEST)};
    struct prefixes prefixes = {0};
    unsigned char opcode;
    *instruction = (struct instruction){0};
    if (!prefixes_skip(&cursor, &prefixes, &opcode)) {
        return false;
    }
    bool is_good;
    if (opcode == 0x0f) {
        is_good = two_bytes_skip(&cursor, &prefixes, instruction);
    } else if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62 ||
               (opcode == 0x8f && cursor.at < cursor.end && (*cursor.at & 31) >= 8)) {
        is_good = extended_skip(&cursor, opcode, instruction);
    } else {
        instruction->opcode = opcode;
        char letter = opcode == 0x8f ? 'm' : ONE_BYTE[opcode >> 4][opcode & 15];
        is_good = tail_skip(&cursor, letter, &prefixes, instruction);
    }
    instruction->length = (unsigned char)(cursor.at - bytes);
    return is_good;
}
