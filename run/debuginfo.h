/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the image's debug information says: enumerators, and the line and function
 * of an address. An image without any, or with a broken one, says nothing; it never fails.
 */
#ifndef SELKIE_RUN_DEBUGINFO_H
#define SELKIE_RUN_DEBUGINFO_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct debuginfo_visitor {
    void *world;
    /* An enumerator of some enumeration in the image. */
    void (*enumerator)(void *world, const char *name, int64_t value);
    /* Asked after each enumeration: is there more to learn? */
    bool (*wants_more)(void *world);
};

/* Walk the enumerations of every compilation unit. Returns false if there is no debug information. */
bool debuginfo_enumerate(Elf *elf, const struct debuginfo_visitor *visitor);

struct debuginfo_place {
    char function[128]; /* empty: unknown */
    uint64_t offset;    /* into the function */
    char file[256];     /* empty: unknown */
    int line;
};

/* Function by symbol table, line by DWARF. */
struct debuginfo_place debuginfo_place(Elf *elf, uint64_t address);

#endif
