/* SPDX-License-Identifier: BSD-2-Clause */
/* The console where the kernel does not print: the first serial port of a PC, for the initial thread. */
#include "internal.h"

enum {
    SERIAL_BASE = 0x3f8,
    SERIAL_LAST = 0x3ff,
    SERIAL_DATA = 0x3f8,
    SERIAL_LINE_STATUS = 0x3fd,
    LINE_STATUS_CAN_SEND = 0x20
};

static seL4_X86_IOPort serial_port; /* null: nothing is printed */

void sel4_util_console_open(const seL4_BootInfo *info)
{
    if (!info) {
        return;
    }
    seL4_CPtr slot = info->empty.end - 1;
    if (seL4_X86_IOPortControl_Issue(seL4_CapIOPortControl, SERIAL_BASE, SERIAL_LAST, seL4_CapInitThreadCNode,
                                     slot, seL4_WordBits) == seL4_NoError) {
        serial_port = slot;
    }
}

static void serial_put(char c)
{
    seL4_X86_IOPort_In8_t status;
    do {
        status = seL4_X86_IOPort_In8(serial_port, SERIAL_LINE_STATUS);
    } while (status.error == seL4_NoError && !(status.result & LINE_STATUS_CAN_SEND));
    seL4_X86_IOPort_Out8(serial_port, SERIAL_DATA, (seL4_Word)(unsigned char)c);
}

void sel4_util_putchar(char c)
{
    if (!serial_port) {
        return;
    }
    if (c == '\n') {
        serial_put('\r');
    }
    serial_put(c);
}
