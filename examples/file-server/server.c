/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file server: the only one with a capability to the host's directory. A client gets a number for each file that
 * it opens, and may use its own numbers only; who speaks, the badge says.
 *
 * The memory of host objects comes from whoever started the server, in pieces of one object each: so a piece is free
 * again as soon as its file is closed, and the server can never have more than MAX_FILES open.
 */
#include <selkie/host.h>

#include "protocol.h"

static struct file {
    bool is_open;
    seL4_Word owner; /* badge of the client */
} files[MAX_FILES];

static unsigned char data[MAX_DATA];

static seL4_CPtr object_of(seL4_Word file)
{
    return SLOT_OBJECTS + file;
}

static long object_make(seL4_Word file)
{
    return selkie_host_make(SLOT_PIECES + file, SLOT_CNODE, object_of(file), 1);
}

/* The last capability to a file goes: the host closes it, and its memory is free. */
static void object_delete(seL4_Word file)
{
    seL4_CNode_Delete(SLOT_CNODE, object_of(file), SEL4_UTIL_COMPONENT_CNODE_BITS);
}

static bool may_use(seL4_Word file, seL4_Word owner)
{
    return file < MAX_FILES && files[file].is_open && files[file].owner == owner;
}

static long serve_open(seL4_Word owner, const char *path)
{
    seL4_Word file = 0;
    while (file < MAX_FILES && files[file].is_open) {
        file++;
    }
    if (file == MAX_FILES) {
        return -SELKIE_EMFILE;
    }
    long answer = object_make(file);
    if (answer < 0) {
        return answer;
    }
    answer = selkie_host_directory_open(SLOT_FILES, path, SELKIE_O_RDONLY, 0, object_of(file));
    if (answer < 0) {
        object_delete(file);
        return answer;
    }
    files[file] = (struct file){.is_open = true, .owner = owner};
    return (long)file;
}

static long serve_close(seL4_Word file)
{
    object_delete(file);
    files[file].is_open = false;
    return 0;
}

/* The path of a request; false if it is none. */
static bool path_take(char path[MAX_DATA], seL4_Word length, seL4_Word words)
{
    if (length >= MAX_DATA || message_words(length) + 1 > words) {
        return false;
    }
    memcpy(path, message_bytes(1), length);
    path[length] = '\0';
    return true;
}

/* The result; `data` has as many bytes for the client if it read. */
static long serve(enum request request, seL4_Word owner, seL4_Word words)
{
    char path[MAX_DATA];
    seL4_Word first = words > 0 ? seL4_GetMR(0) : 0;
    seL4_Word size = words > 1 ? seL4_GetMR(1) : 0;
    size = size < MAX_DATA ? size : MAX_DATA;
    if (request == REQUEST_OPEN) {
        return path_take(path, first, words) ? serve_open(owner, path) : -SELKIE_EINVAL;
    }
    if (!may_use(first, owner)) {
        return -SELKIE_EBADF;
    }
    switch (request) {
    case REQUEST_READ:
        return selkie_host_file_read(object_of(first), data, size);
    case REQUEST_LIST:
        return selkie_host_directory_list(object_of(first), data, size);
    case REQUEST_CLOSE:
        return serve_close(first);
    default:
        return -SELKIE_ENOSYS;
    }
}

static seL4_MessageInfo_t answer_to(seL4_MessageInfo_t message, seL4_Word owner)
{
    enum request request = (enum request)seL4_MessageInfo_get_label(message);
    long result = serve(request, owner, seL4_MessageInfo_get_length(message));
    seL4_Word bytes =
        result > 0 && (request == REQUEST_READ || request == REQUEST_LIST) ? (seL4_Word)result : 0;
    seL4_SetMR(0, (seL4_Word)result);
    memcpy(message_bytes(1), data, bytes);
    return seL4_MessageInfo_new(0, 0, 0, 1 + message_words(bytes));
}

/* Classic kernels keep the right to answer in the thread, the MCS kernel in an object. */
#ifdef CONFIG_KERNEL_MCS
static seL4_MessageInfo_t first_request(seL4_Word *badge)
{
    return seL4_Recv(SLOT_SERVICE, badge, SLOT_REPLY);
}

static seL4_MessageInfo_t next_request(seL4_MessageInfo_t answer, seL4_Word *badge)
{
    return seL4_ReplyRecv(SLOT_SERVICE, answer, badge, SLOT_REPLY);
}
#else
static seL4_MessageInfo_t first_request(seL4_Word *badge)
{
    return seL4_Recv(SLOT_SERVICE, badge);
}

static seL4_MessageInfo_t next_request(seL4_MessageInfo_t answer, seL4_Word *badge)
{
    return seL4_ReplyRecv(SLOT_SERVICE, answer, badge);
}
#endif

int main(void)
{
    SEL4_UTIL_CHECK(seL4_Untyped_Retype(SLOT_MEMORY, seL4_UntypedObject, HOST_IO_BITS, SLOT_CNODE, 0, 0,
                                        SLOT_PIECES, MAX_FILES));
    seL4_Word owner;
    seL4_MessageInfo_t message = first_request(&owner);
    for (;;) {
        message = next_request(answer_to(message, owner), &owner);
    }
}
