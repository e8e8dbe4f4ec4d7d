/* SPDX-License-Identifier: BSD-2-Clause */
/* The client: has nothing of the host, lists and reads files by asking the server, and looks for ways around it. */
#include <selkie/host.h>

#include "protocol.h"

enum {
    MAX_NAMES = 32,
    NAME_SIZE = 64
};

static struct name {
    char text[NAME_SIZE];
    bool is_directory;
} names[MAX_NAMES];
static unsigned name_count;

static long ask(enum request request, seL4_Word words)
{
    seL4_Call(SLOT_SERVICE, seL4_MessageInfo_new(request, 0, 0, words));
    return (long)seL4_GetMR(0);
}

static long file_open(const char *path)
{
    seL4_Word length = strlen(path);
    seL4_SetMR(0, length);
    memcpy(message_bytes(1), path, length);
    return ask(REQUEST_OPEN, 1 + message_words(length));
}

/* What came is in the message, from word 1 on. */
static long file_get(enum request request, long file)
{
    seL4_SetMR(0, (seL4_Word)file);
    seL4_SetMR(1, MAX_DATA);
    return ask(request, 2);
}

static long file_close(long file)
{
    seL4_SetMR(0, (seL4_Word)file);
    return ask(REQUEST_CLOSE, 1);
}

/* Keep the names in order: the host has them in any. */
static void name_insert(const char *text, bool is_directory)
{
    if (name_count == MAX_NAMES || strlen(text) >= NAME_SIZE || text[0] == '.') {
        return;
    }
    unsigned at = name_count++;
    for (; at > 0 && strcmp(names[at - 1].text, text) > 0; at--) {
        names[at] = names[at - 1];
    }
    strcpy(names[at].text, text);
    names[at].is_directory = is_directory;
}

static void names_read(const char *directory)
{
    long file = file_open(directory);
    long size;
    name_count = 0;
    while ((size = file_get(REQUEST_LIST, file)) > 0) {
        for (long at = 0; at < size;) {
            const char *bytes = (const char *)message_bytes(1) + at;
            uint16_t entry_size;
            memcpy(&entry_size, bytes + offsetof(struct selkie_host_dirent, size), sizeof(entry_size));
            name_insert(bytes + offsetof(struct selkie_host_dirent, name),
                        bytes[offsetof(struct selkie_host_dirent, type)] == SELKIE_DT_DIR);
            at += entry_size;
        }
    }
    file_close(file);
}

/* FNV-1a, 32 bits. */
static uint32_t checksum_add(uint32_t sum, const unsigned char *bytes, long count)
{
    for (long i = 0; i < count; i++) {
        sum = (sum ^ bytes[i]) * 16777619u;
    }
    return sum;
}

static void file_show(const char *path)
{
    uint32_t sum = 2166136261u;
    seL4_Word bytes = 0;
    long file = file_open(path);
    long count;
    while ((count = file_get(REQUEST_READ, file)) > 0) {
        sum = checksum_add(sum, message_bytes(1), count);
        bytes += (seL4_Word)count;
    }
    file_close(file);
    sel4_util_printf("client: %s: %lu bytes, checksum %08x\n", path, bytes, sum);
}

static void directory_show(void)
{
    names_read("");
    for (unsigned i = 0; i < name_count; i++) {
        if (names[i].is_directory) {
            sel4_util_printf("client: %s is a directory\n", names[i].text);
        } else {
            file_show(names[i].text);
        }
    }
}

static void attempt(const char *path)
{
    long answer = file_open(path);
    if (answer < 0) {
        sel4_util_printf("client: %s: error %ld\n", path, -answer);
    } else {
        sel4_util_printf("client: %s opens, and should not\n", path);
        file_close(answer);
    }
}

/* Try every slot but those of endpoint and notifications, where asking would be talking. */
static void slots_try(void)
{
    unsigned found = 0;
    for (seL4_CPtr slot = 0; slot < SLOT_COUNT; slot++) {
        if (slot != SLOT_SERVICE && slot != SLOT_DONE && slot != SLOT_GO_ON) {
            found += selkie_host_object_kind(slot, NULL) >= 0;
        }
    }
    sel4_util_printf("client: of my %d slots %u hold a host object\n", SLOT_COUNT, found);
}

/* One that is open when the root task takes everything back. */
static void revoked_try(void)
{
    long file = file_open(names[0].text);
    seL4_Signal(SLOT_DONE);
    seL4_Wait(SLOT_GO_ON, NULL);
    sel4_util_printf("client: reading the file that I had open: %s\n",
                     sel4_util_error_name(selkie_host_sel4_error(file_get(REQUEST_READ, file))));
    sel4_util_printf("client: opening another: %s\n",
                     sel4_util_error_name(selkie_host_sel4_error(file_open(names[0].text))));
    seL4_Signal(SLOT_DONE);
}

int main(void)
{
    directory_show();
    attempt("missing.txt");
    attempt("../protocol.h");
    attempt("/etc/passwd");
    slots_try();
    revoked_try();
    return 0;
}
