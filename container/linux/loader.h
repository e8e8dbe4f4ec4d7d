/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting a program: execve(2) as the first thing a container does. */
#ifndef SELKIE_LINUX_LOADER_H
#define SELKIE_LINUX_LOADER_H

#include "container/linux/thread.h"

/* Make the process and its first thread from the order. -ENOENT, -ENOEXEC, -EACCES, -ENOMEM, or 0. */
long program_start(struct process *process, const struct container_order *order);

struct image {      /* what loading tells the auxiliary vector */
    uint64_t entry; /* of the program */
    uint64_t start; /* where to start: there, or in its interpreter */
    uint64_t headers, header_count;
    uint64_t interpreter; /* base address; 0: none */
    uint64_t end;         /* the break starts here */
    uint64_t vdso;        /* address of the vDSO; 0: none */
};

/* Map an ELF file and its interpreter. In elf.c. */
struct file;
long image_load(const struct process *process, struct file *file, struct image *image);

/* Lay out the first stack; in stack.c. `text` holds `argument_count` arguments and then the environment. */
long stack_build(struct process *process, const struct image *image, const char *text,
                 uint32_t argument_count, uint32_t environment_count, uint64_t *sp);

#endif
