/* SPDX-License-Identifier: BSD-2-Clause */
/* What the three agree upon: who has which capability, and how the server is asked. */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include <sel4_util.h>

/* Slots of the components. The kernel knows no names; these numbers are all that connects them. */
enum slot {
    SLOT_SERVICE = SEL4_UTIL_COMPONENT_SLOT_FREE, /* the endpoint at which files are asked for */
    /* of the client */
    SLOT_DONE,  /* a notification: the client has come to a point */
    SLOT_GO_ON, /* and goes on */
    /* of the server */
    SLOT_FILES,                      /* the host directory */
    SLOT_MEMORY,                     /* untyped, for host objects */
    SLOT_CNODE,                      /* the server's own */
    SLOT_REPLY,                      /* a reply object, on the MCS kernel */
    SLOT_OBJECTS = 16,               /* a host object for each file */
    SLOT_PIECES = SLOT_OBJECTS + 16, /* and the memory of each */
    SLOT_COUNT = 1 << SEL4_UTIL_COMPONENT_CNODE_BITS
};

enum {
    MAX_FILES = SLOT_PIECES - SLOT_OBJECTS,
    MAX_DATA = 100 * sizeof(seL4_Word), /* bytes of a path, or of what was read */
    MEMORY_BITS = 12                    /* MAX_FILES host objects of 256 bytes */
};

/* The label of a request. Word 0 of an answer is a result: 0 or more, or what selkie/host.h calls a negative
 * answer. */
enum request {
    REQUEST_OPEN, /* bytes of a path from word 1 on, word 0: how many; a file's number */
    REQUEST_READ, /* word 0: the file, word 1: how many bytes; the bytes follow the result */
    REQUEST_LIST, /* the same of a directory: as many entries as fit (struct selkie_host_dirent) */
    REQUEST_CLOSE /* word 0: the file */
};

/* Bytes in a message, from a word on. */
static inline void *message_bytes(int word)
{
    return &seL4_GetIPCBuffer()->msg[word];
}

static inline seL4_Word message_words(seL4_Word bytes)
{
    return (bytes + sizeof(seL4_Word) - 1) / sizeof(seL4_Word);
}

#endif
