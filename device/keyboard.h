/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The keyboard controller (8042) of a PC without keyboard and mouse. Its self-tests pass, its command byte can be
 * read back, nothing is ever typed (DIFFERS); and it is the classic way to reset the machine.
 *
 * Source: IBM PC AT Technical Reference, "Keyboard controller".
 *
 *   0x60  read: the answer to a command, else 0; write: the byte that a command waits for (or to the keyboard: nobody)
 *   0x64  read: 0 an answer is there, 2 system flag, 3 last write was a command, 4 not locked
 *         write: 0x20 and 0x60 read and write the command byte, 0xAA self-test (0x55), 0xA9 and 0xAB port tests (0),
 *         0xD0 and 0xD1 read and write the output port (0: low resets), 0xF0 to 0xFF pulse its bits (0: resets)
 */
#ifndef SELKIE_DEVICE_KEYBOARD_H
#define SELKIE_DEVICE_KEYBOARD_H

#include <stdbool.h>
#include <stdint.h>

struct keyboard {
    uint8_t command_byte, output_port;
    uint8_t answer;
    uint8_t waiting; /* the command that the next byte at 0x60 belongs to; 0 */
    bool has_answer, was_command;
};

void keyboard_init(struct keyboard *keyboard);
uint8_t keyboard_read(struct keyboard *keyboard, uint16_t port);

/* Returns true if this resets the machine. */
bool keyboard_write(struct keyboard *keyboard, uint16_t port, uint8_t value);

#endif
