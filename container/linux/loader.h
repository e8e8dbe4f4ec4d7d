/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting a program: execve(2) as the first thing a container does. */
#ifndef SELKIE_LINUX_LOADER_H
#define SELKIE_LINUX_LOADER_H

#include "container/linux/thread.h"

/* Make the process and its first thread from the order, or for a command (NULL: none). -ENOENT, -ENOEXEC, -EACCES,
 * -ENOMEM, or 0. */
long program_start(struct process *process, const struct container_order *order,
                   const struct container_command *command);

struct image {      /* what loading tells the auxiliary vector */
    uint64_t entry; /* of the program */
    uint64_t start; /* where to start: there, or in its interpreter */
    uint64_t headers, header_count;
    uint64_t interpreter; /* base address; 0: none */
    uint64_t end;         /* the break starts here */
    uint64_t vdso;        /* address of the vDSO; 0: none */
};

/* A program that was found, and the strings that it gets: arguments, then the environment, each with its zero. */
struct file;
struct program {
    struct file *file;
    char *path; /* where it was looked for, absolute, PATH_ROOM bytes; `file` knows where that leads */
    char *name; /* how the caller names it, or the script, PATH_ROOM bytes */
    char *text;
    size_t text_size, text_room;
    uint32_t argument_count, environment_count;
};

/* Empty, with room for paths. */
bool program_init(struct program *program);

/* Open what `path` names, as the shell would or as execve(2) does; scripts change the arguments. Nothing else has
 * changed when this fails: -ENOENT, -EACCES, -ENOEXEC, -ELOOP, -E2BIG, -ENOMEM. */
long program_find(const struct process *process, struct program *program, const char *path, bool must_search);
void program_drop(struct program *program);

/* Fill the empty address space. What fails here is for good. */
long program_load(struct process *process, const struct program *program, uint64_t *ip, uint64_t *sp);

/* After the last component of this path. */
void process_name_set(struct process *process, const char *path);

/* Tell the server the name, and the arguments if there are any. */
void process_name_tell(const struct process *process, const char *arguments, size_t size);

/* The arguments as they are in its memory, which it may have written over: how many bytes. */
size_t process_title(const struct process *process, char *text, size_t room);
void process_title_tell(const struct process *process);

/* Map an ELF file and its interpreter; or only look whether that may be done. In elf.c. */
long image_check(const struct process *process, struct file *file);
long image_load(const struct process *process, struct file *file, struct image *image);

/* Lay out the first stack; in stack.c. */
long stack_build(struct process *process, const struct image *image, const struct program *program,
                 uint64_t *sp);

#endif
