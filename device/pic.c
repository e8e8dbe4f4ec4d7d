/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8259As that interrupt nobody. See pic.h.
 */
#include "device/pic.h"

enum {
    PORT_SECOND = 0x80, /* bit of the ports of the second chip */
    PORT_MASK = 0x01,
    ICW1 = 0x10,
    ICW1_NEEDS_ICW4 = 0x01,
    ICW1_SINGLE = 0x02
};

void pic_init(struct pic *pic)
{
    *pic = (struct pic){.chip = {{.mask = 0xff}, {.mask = 0xff}}};
}

uint8_t pic_read(const struct pic *pic, uint16_t port)
{
    const struct pic_chip *chip = &pic->chip[port & PORT_SECOND ? 1 : 0];
    return port & PORT_MASK ? chip->mask : 0;
}

void pic_write(struct pic *pic, uint16_t port, uint8_t value)
{
    struct pic_chip *chip = &pic->chip[port & PORT_SECOND ? 1 : 0];
    if (!(port & PORT_MASK)) {
        if (value & ICW1) {
            chip->mask = 0;
            chip->words_left = (uint8_t)(1 + !(value & ICW1_SINGLE) + (value & ICW1_NEEDS_ICW4));
        }
    } else if (chip->words_left) {
        chip->words_left--;
    } else {
        chip->mask = value;
    }
}
