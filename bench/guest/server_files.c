/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file server of macro_calls: directories, open files and a small cache of blocks that it gets from the
 * block server.
 */
#include "roles.h"

enum {
    HANDLES = 8,
    CACHE_BLOCKS = 16
};

struct block {
    bool is_valid;
    seL4_Word number;
    seL4_Word words[BLOCK_WORDS];
};

static seL4_CPtr block_server;
static struct block cache[CACHE_BLOCKS];
static seL4_Word names[FILE_COUNT];
static struct {
    bool is_open;
    seL4_Word file;
} handles[HANDLES];

/* NULL: the block server would not. */
static const struct block *block_get(seL4_Word number)
{
    struct block *block = &cache[number % CACHE_BLOCKS];
    if (block->is_valid && block->number == number) {
        return block;
    }
    seL4_SetMR(0, number);
    seL4_MessageInfo_t answer = seL4_Call(block_server, seL4_MessageInfo_new(BLOCK_READ, 0, 0, 1));
    if (seL4_MessageInfo_get_label(answer) || seL4_MessageInfo_get_length(answer) != BLOCK_WORDS) {
        return NULL;
    }
    for (int i = 0; i < BLOCK_WORDS; i++) {
        block->words[i] = seL4_GetMR(i);
    }
    block->number = number;
    block->is_valid = true;
    return block;
}

static bool file_read(seL4_Word *to, seL4_Word file, seL4_Word first, seL4_Word count)
{
    seL4_Word at = file * FILE_WORDS + first;
    while (count) {
        const struct block *block = block_get(at / BLOCK_WORDS);
        if (!block) {
            return false;
        }
        seL4_Word rest = BLOCK_WORDS - at % BLOCK_WORDS;
        seL4_Word words = rest < count ? rest : count;
        memcpy(to, &block->words[at % BLOCK_WORDS], words * sizeof(*to));
        to += words;
        at += words;
        count -= words;
    }
    return true;
}

static seL4_MessageInfo_t request_refuse(void)
{
    return seL4_MessageInfo_new(1, 0, 0, 0);
}

static seL4_MessageInfo_t request_lookup(seL4_Word directory, seL4_Word name)
{
    for (seL4_Word i = 0; directory < FILE_DIRECTORIES && i < FILE_DIRECTORY_FILES; i++) {
        seL4_Word file = directory * FILE_DIRECTORY_FILES + i;
        if (names[file] == name) {
            seL4_SetMR(0, file);
            return seL4_MessageInfo_new(0, 0, 0, 1);
        }
    }
    return request_refuse();
}

static seL4_MessageInfo_t request_open(seL4_Word file)
{
    for (seL4_Word i = 0; file < FILE_COUNT && i < HANDLES; i++) {
        if (!handles[i].is_open) {
            handles[i].is_open = true;
            handles[i].file = file;
            seL4_SetMR(0, i);
            seL4_SetMR(1, FILE_WORDS);
            return seL4_MessageInfo_new(0, 0, 0, 2);
        }
    }
    return request_refuse();
}

static seL4_MessageInfo_t request_read(seL4_Word handle, seL4_Word first, seL4_Word count)
{
    seL4_Word words[FILE_MESSAGE_WORDS];
    bool is_message = count <= FILE_MESSAGE_WORDS;
    seL4_Word *to = is_message ? words : (seL4_Word *)FILE_BUFFER_VADDR;
    if (handle >= HANDLES || !handles[handle].is_open || count > FILE_READ_WORDS_MAX || first > FILE_WORDS ||
        count > FILE_WORDS - first || !file_read(to, handles[handle].file, first, count)) {
        return request_refuse();
    }
    seL4_SetMR(0, words_checksum(to, count));
    for (seL4_Word i = 0; is_message && i < count; i++) {
        seL4_SetMR((int)i + 1, words[i]);
    }
    return seL4_MessageInfo_new(0, 0, 0, 1 + (is_message ? count : 0));
}

static seL4_MessageInfo_t request_close(seL4_Word handle)
{
    if (handle >= HANDLES || !handles[handle].is_open) {
        return request_refuse();
    }
    handles[handle].is_open = false;
    return seL4_MessageInfo_new(0, 0, 0, 0);
}

static seL4_MessageInfo_t request_answer(seL4_MessageInfo_t request)
{
    switch (seL4_MessageInfo_get_label(request)) {
    case FILE_LOOKUP:
        return request_lookup(seL4_GetMR(0), seL4_GetMR(1));
    case FILE_OPEN:
        return request_open(seL4_GetMR(0));
    case FILE_READ:
        return request_read(seL4_GetMR(0), seL4_GetMR(1), seL4_GetMR(2));
    case FILE_CLOSE:
        return request_close(seL4_GetMR(0));
    default:
        return request_refuse();
    }
}

_Noreturn void role_files(seL4_CPtr requests, seL4_CPtr blocks)
{
    block_server = blocks;
    for (seL4_Word file = 0; file < FILE_COUNT; file++) {
        names[file] = file_name(file);
    }
    seL4_MessageInfo_t message = seL4_Recv(requests, NULL);
    for (;;) {
        message = seL4_ReplyRecv(requests, request_answer(message), NULL);
    }
}
