/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8042. See keyboard.h for the table of commands and its source.
 */
#include "device/keyboard.h"

enum {
    PORT_DATA = 0x60,
    COMMAND_READ_BYTE = 0x20,
    COMMAND_WRITE_BYTE = 0x60,
    COMMAND_DISABLE_MOUSE = 0xa7,
    COMMAND_ENABLE_MOUSE = 0xa8,
    COMMAND_TEST_MOUSE = 0xa9,
    COMMAND_TEST_SELF = 0xaa,
    COMMAND_TEST_KEYBOARD = 0xab,
    COMMAND_DISABLE_KEYBOARD = 0xad,
    COMMAND_ENABLE_KEYBOARD = 0xae,
    COMMAND_READ_PORT = 0xd0,
    COMMAND_WRITE_PORT = 0xd1,
    COMMAND_PULSE = 0xf0,
    STATUS_ANSWER = 0x01,
    STATUS_SYSTEM = 0x04,
    STATUS_COMMAND = 0x08,
    STATUS_NOT_LOCKED = 0x10,
    BYTE_SYSTEM = 0x04,
    BYTE_NO_KEYBOARD = 0x10,
    BYTE_NO_MOUSE = 0x20,
    PORT_NO_RESET = 0x01,
    PORT_A20 = 0x02
};

void keyboard_init(struct keyboard *keyboard)
{
    *keyboard = (struct keyboard){.command_byte = BYTE_SYSTEM | BYTE_NO_KEYBOARD | BYTE_NO_MOUSE,
                                  .output_port = PORT_NO_RESET | PORT_A20};
}

uint8_t keyboard_read(struct keyboard *keyboard, uint16_t port)
{
    if (port == PORT_DATA) {
        keyboard->has_answer = false;
        return keyboard->answer;
    }
    return (uint8_t)((keyboard->has_answer ? STATUS_ANSWER : 0) | STATUS_NOT_LOCKED |
                     (keyboard->was_command ? STATUS_COMMAND : 0) |
                     (keyboard->command_byte & BYTE_SYSTEM ? STATUS_SYSTEM : 0));
}

static void answer(struct keyboard *keyboard, uint8_t value)
{
    keyboard->answer = value;
    keyboard->has_answer = true;
}

static bool data_write(struct keyboard *keyboard, uint8_t value)
{
    uint8_t command = keyboard->waiting;
    keyboard->waiting = 0;
    if (command == COMMAND_WRITE_BYTE) {
        keyboard->command_byte = value;
    } else if (command == COMMAND_WRITE_PORT) {
        keyboard->output_port = value;
        return !(value & PORT_NO_RESET);
    }
    return false;
}

static bool command_write(struct keyboard *keyboard, uint8_t command)
{
    keyboard->waiting = 0;
    switch (command) {
    case COMMAND_READ_BYTE:
        answer(keyboard, keyboard->command_byte);
        break;
    case COMMAND_WRITE_BYTE:
    case COMMAND_WRITE_PORT:
        keyboard->waiting = command;
        break;
    case COMMAND_DISABLE_MOUSE:
        keyboard->command_byte |= BYTE_NO_MOUSE;
        break;
    case COMMAND_ENABLE_MOUSE:
        keyboard->command_byte &= (uint8_t)~BYTE_NO_MOUSE;
        break;
    case COMMAND_DISABLE_KEYBOARD:
        keyboard->command_byte |= BYTE_NO_KEYBOARD;
        break;
    case COMMAND_ENABLE_KEYBOARD:
        keyboard->command_byte &= (uint8_t)~BYTE_NO_KEYBOARD;
        break;
    case COMMAND_TEST_SELF:
        answer(keyboard, 0x55);
        break;
    case COMMAND_TEST_KEYBOARD:
    case COMMAND_TEST_MOUSE:
        answer(keyboard, 0x00);
        break;
    case COMMAND_READ_PORT:
        answer(keyboard, keyboard->output_port);
        break;
    default: /* a bit that is zero is pulsed low */
        return command >= COMMAND_PULSE && !(command & PORT_NO_RESET);
    }
    return false;
}

bool keyboard_write(struct keyboard *keyboard, uint16_t port, uint8_t value)
{
    keyboard->was_command = port != PORT_DATA;
    return keyboard->was_command ? command_write(keyboard, value) : data_write(keyboard, value);
}
