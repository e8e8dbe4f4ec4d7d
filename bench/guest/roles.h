/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the server image can be, and the protocol of the file service of macro_calls: the client asks the file
 * server, and that asks the block server. Shared by the root task and the servers.
 */
#ifndef SELKIE_BENCH_GUEST_ROLES_H
#define SELKIE_BENCH_GUEST_ROLES_H

#include <sel4_util.h>

/* The first argument of the server image. */
enum role {
    ROLE_ANSWERS, /* calls to the first capability, without words */
    ROLE_SIGNALS, /* the second capability whenever the first was signalled */
    ROLE_FILES,   /* serves the first capability, asks the second; has FILE_BUFFER_VADDR mapped */
    ROLE_BLOCKS   /* serves the first capability */
};

enum {
    ROLE_SLOT_FIRST = SEL4_UTIL_COMPONENT_SLOT_FREE,
    ROLE_SLOT_SECOND
};

/* The disk: whole files in a row, so file n starts at block n * FILE_BLOCKS. */
enum {
    BLOCK_WORDS = 64,
    FILE_BLOCKS = 8,
    FILE_WORDS = FILE_BLOCKS * BLOCK_WORDS,
    FILE_DIRECTORIES = 4,
    FILE_DIRECTORY_FILES = 4,
    FILE_COUNT = FILE_DIRECTORIES * FILE_DIRECTORY_FILES,
    DISK_BLOCKS = FILE_COUNT * FILE_BLOCKS,
    DISK_WORDS = DISK_BLOCKS * BLOCK_WORDS,
    FILE_MESSAGE_WORDS = 32, /* longer reads go through the buffer */
    FILE_READ_WORDS_MAX = 128
};

/* A page that the client and the file server share. */
#define FILE_BUFFER_VADDR 0x0e000000ul

/* Labels of requests. The words are in the order of the message registers. An answer has the label 0, or 1
 * and no words if the request is wrong. */
enum file_request {
    FILE_LOOKUP, /* directory, name -> file */
    FILE_OPEN,   /* file -> handle, length in words */
    FILE_READ,   /* handle, first word, words -> checksum, and the data here or in the buffer */
    FILE_CLOSE,  /* handle -> */
    BLOCK_READ   /* block -> BLOCK_WORDS words */
};

_Noreturn void role_files(seL4_CPtr requests, seL4_CPtr blocks);
_Noreturn void role_blocks(seL4_CPtr requests);

/* What the disk holds at a word. */
static inline seL4_Word disk_word(seL4_Word index)
{
    seL4_Word word = (index + 1) * 0x9e3779b97f4a7c15;
    word = (word ^ word >> 30) * 0xbf58476d1ce4e5b9;
    return word ^ word >> 27;
}

/* The name of a file within its directory. */
static inline seL4_Word file_name(seL4_Word file)
{
    return disk_word(~file);
}

/* Depends on the order of the words. */
static inline seL4_Word words_checksum(const seL4_Word *words, seL4_Word count)
{
    seL4_Word sum = count;
    for (seL4_Word i = 0; i < count; i++) {
        sum = (sum << 5 | sum >> 59) + words[i];
    }
    return sum;
}

#endif
