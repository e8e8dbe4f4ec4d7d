/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root task. The command line gave it a directory of the host; it hands that to the server, and to the client no
 * more than a way to ask the server. In the end it takes back what it gave, and the server's files are closed.
 */
#include <selkie/host.h>

#include "protocol.h"

SEL4_UTIL_EMBEDDED(image_server);
SEL4_UTIL_EMBEDDED(image_client);

enum {
    SERVER_PRIORITY = 100,
    CLIENT_PRIORITY = 90,
    CLIENT_BADGE = 0xc
};

static struct sel4_util_allocator allocator;
static seL4_CPtr files;       /* the host directory */
static seL4_Untyped memory;   /* what the server's host objects are made of */
static seL4_CPtr service;     /* an endpoint */
static seL4_CPtr done, go_on; /* notifications */

static const char *kind_name(unsigned kind)
{
    return kind == HOST_DIRECTORY ? "a directory" : kind == HOST_NETWORK ? "a network" : "something else";
}

static void gifts_print(const seL4_BootInfo *info)
{
    const struct host_bootinfo *host = selkie_host_bootinfo(info);
    sel4_util_printf("root: host capabilities from the command line: %lu\n", host ? host->count : 0);
    for (seL4_Word i = 0; host && i < host->count; i++) {
        const struct host_bootinfo_entry *entry = &host->entry[i];
        sel4_util_printf("root: '%s' is %s, %s\n", entry->name, kind_name(entry->kind),
                         entry->access & HOST_WRITE ? "to read and to write" : "to read");
    }
}

static void load(struct sel4_util_component *component, const char *name, const unsigned char *image,
                 const unsigned char *end, seL4_Word priority)
{
    SEL4_UTIL_CHECK(sel4_util_component_load(
        component, &allocator,
        &(struct sel4_util_component_config){
            .name = name, .image = image, .image_size = (size_t)(end - image), .priority = priority}));
}

static void give(const struct sel4_util_component *component, enum slot slot, seL4_CPtr cap,
                 seL4_CapRights_t rights, seL4_Word badge)
{
    SEL4_UTIL_CHECK(sel4_util_component_give(component, slot, cap, rights, badge));
}

/* All that the server can ever reach. It gets the directory without the right to write. */
static void server_start(void)
{
    static struct sel4_util_component server;
    load(&server, "server", image_server_start, image_server_end, SERVER_PRIORITY);
    give(&server, SLOT_SERVICE, service, seL4_CanRead, 0);
    give(&server, SLOT_FILES, files, seL4_CanRead, 0);
    give(&server, SLOT_MEMORY, memory, seL4_AllRights, 0);
    give(&server, SLOT_CNODE, server.cnode, seL4_AllRights, 0);
#ifdef CONFIG_KERNEL_MCS
    give(&server, SLOT_REPLY, sel4_util_object_alloc(&allocator, seL4_ReplyObject, 0), seL4_AllRights, 0);
#endif
    SEL4_UTIL_CHECK(sel4_util_component_start(&server, 0, 0, 0, 0));
}

/* And the client: nothing of the host. */
static void client_start(void)
{
    static struct sel4_util_component client;
    load(&client, "client", image_client_start, image_client_end, CLIENT_PRIORITY);
    give(&client, SLOT_SERVICE, service, seL4_CapRights_new(1, 0, 0, 1), CLIENT_BADGE);
    give(&client, SLOT_DONE, done, seL4_CanWrite, 1);
    give(&client, SLOT_GO_ON, go_on, seL4_CanRead, 0);
    SEL4_UTIL_CHECK(sel4_util_component_start(&client, 0, 0, 0, 0));
}

int main(seL4_BootInfo *info)
{
    sel4_util_allocator_init(&allocator, info);
    gifts_print(info);
    files = selkie_host_find(info, "files");
    if (!files) {
        sel4_util_printf("root: there is no directory 'files': run me with --host-directory files=DIR\n");
        return 1;
    }
    memory = sel4_util_object_alloc(&allocator, seL4_UntypedObject, MEMORY_BITS);
    service = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    done = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    go_on = sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0);
    server_start();
    client_start();

    seL4_Wait(done, NULL);
    sel4_util_printf("root: I take the server's files and its directory back\n");
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(allocator.cnode, memory, seL4_WordBits));
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(allocator.cnode, files, seL4_WordBits));
    seL4_Signal(go_on);

    seL4_Wait(done, NULL);
    struct selkie_host_stat stat;
    long answer = selkie_host_directory_stat(files, "", 0, &stat);
    sel4_util_printf("root: my own capability %s\n", answer == 0 ? "still works" : "is gone");
    sel4_util_printf("file-server: done\n");
    return 0;
}
