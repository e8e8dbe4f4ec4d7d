/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ABI that an image's own enumerators tell: libsel4 declares every
 * invocation label and system call that the build enables, so their presence says which
 * release and which switches it was built for.
 */
#ifndef SELKIE_RUN_ABI_DWARF_H
#define SELKIE_RUN_ABI_DWARF_H

#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>

#include "abi/abi.h"

enum {
    ABI_DWARF_NUMBERS = 160,
    ABI_DWARF_NAME = 48
};

struct abi_dwarf_number {
    char name[ABI_DWARF_NAME]; /* as abi_operation_name or abi_syscall_name spell it */
    int64_t value;
    bool is_syscall;
};

struct abi_dwarf {
    bool has_labels;      /* the general invocations were seen, all of them */
    bool has_arch_labels; /* and those of x86 */
    bool has_syscalls;
    uint64_t seen; /* which telling enumerators were seen; bits are abi_dwarf.c's */
    bool has_six;  /* a system call has the number that only 16 gives it */
    unsigned number_count;
    struct abi_dwarf_number number[ABI_DWARF_NUMBERS];
};

/* Read the image's enumerators. Says nothing (all false) for an image without debug information. */
void abi_dwarf_read(struct abi_dwarf *dwarf, Elf *elf);

/* The release, or 0 if it is not told. Where 15 and 16 cannot be told apart they number alike: 16. */
unsigned abi_dwarf_release(const struct abi_dwarf *dwarf);

/* Put the switches that are told into `config`. */
void abi_dwarf_switches(const struct abi_dwarf *dwarf, struct abi_config *config);

/* Do the numbers of `abi` agree with the image's? If not, `name` is the first that differs. */
bool abi_dwarf_agrees(const struct abi_dwarf *dwarf, const struct abi *abi, const char **name);

#endif
