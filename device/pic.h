/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The old pair of interrupt controllers (8259A). An seL4 kernel that uses the I/O APIC has masked them for good, so
 * they interrupt nobody (DIFFERS); what is written to their registers can be read back, for drivers that save and restore
 * masks.
 *
 * Source: Intel 8259A datasheet (231468), "Programming the 8259A".
 *
 *   0x20, 0xA0  ICW1 (bit 4), OCW2, OCW3 (bit 3; 1:0 chooses 2 IRR or 3 ISR); read: IRR or ISR, both empty
 *   0x21, 0xA1  ICW2 to ICW4 behind an ICW1, else the mask; read: the mask
 */
#ifndef SELKIE_DEVICE_PIC_H
#define SELKIE_DEVICE_PIC_H

#include <stdint.h>

struct pic {
    struct pic_chip {
        uint8_t mask;
        uint8_t words_left; /* of an initialisation that has begun */
    } chip[2];
};

void pic_init(struct pic *pic); /* everything is masked */
uint8_t pic_read(const struct pic *pic, uint16_t port);
void pic_write(struct pic *pic, uint16_t port, uint8_t value);

#endif
