/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The root task: one container as the order says, until it ends; then the system comes to rest. If there is a host
 * capability "control", a service for many containers instead (service.c).
 *
 * Host capabilities: "order" (file: the text of manager.h), "status" (file: gets "exit N" or "signal N" and a
 * newline), and what is the container's: "rootfs", "stdin", "stdout", "stderr", "network", "clock".
 */
#include <selkie/host.h>

#include "manager.h"
#include "service.h"

enum {
    ORDER_ROOM = CONTAINER_ORDER_PAGES * 4096,
    DEFAULT_MEMORY = 256 << 20,
    SIGNAL_MASK = 127
};

SEL4_UTIL_EMBEDDED(image_personality);
extern const unsigned char image_program_start[] __attribute__((weak));
extern const unsigned char image_program_end[] __attribute__((weak));

static char order_text[ORDER_ROOM];
static struct sel4_util_allocator allocator;

/* What to do where nobody said it: a program that lies in this image. */
static const char order_default[] = "arg=program";

static struct order_text order_read(const seL4_BootInfo *info)
{
    seL4_CPtr file = selkie_host_find(info, "order");
    size_t size = 0;
    long got = 1;
    while (file && got > 0 && size < sizeof order_text) {
        got = selkie_host_file_read(file, order_text + size, sizeof order_text - size);
        size += got > 0 ? (size_t)got : 0;
    }
    return size ? (struct order_text){order_text, size}
                : (struct order_text){order_default, sizeof order_default};
}

/* Everything but what is the manager's own. */
static void hosts_list(const seL4_BootInfo *info, struct container_config *config)
{
    const struct host_bootinfo *host = selkie_host_bootinfo(info);
    for (seL4_Word i = 0; host && i < host->count; i++) {
        const struct host_bootinfo_entry *entry = &host->entry[i];
        if (strcmp(entry->name, "order") == 0 || strcmp(entry->name, "status") == 0 ||
            config->host_count == CONTAINER_HOSTS) {
            continue;
        }
        struct container_host *to = &config->host[config->host_count];
        *to = (struct container_host){.kind = entry->kind, .access = entry->access};
        memcpy(to->name, entry->name, sizeof to->name);
        config->host_cap[config->host_count++] = selkie_host_slot(info, host, i);
    }
}

static void status_report(const seL4_BootInfo *info, const char *word, seL4_Word number)
{
    char line[64];
    int length = sel4_util_snprintf(line, sizeof line, "%s %lu\n", word, number);
    seL4_CPtr file = selkie_host_find(info, "status");
    if (file) {
        selkie_host_file_write(file, line, (size_t)length);
    } else {
        sel4_util_printf("container: %s", line);
    }
}

/* Wait for the container's last message and report it. */
static void container_wait(const seL4_BootInfo *info, struct container *container)
{
    seL4_Word badge;
    seL4_MessageInfo_t message;
#ifdef CONFIG_KERNEL_MCS
    seL4_CPtr reply = sel4_util_object_alloc(&allocator, seL4_ReplyObject, 0);
    do {
        message = seL4_Recv(container->control, &badge, reply);
    } while (share_message(container, message, reply, seL4_CapNull));
#else
    message = seL4_Recv(container->control, &badge);
#endif
    seL4_Word label = seL4_MessageInfo_get_label(message), status = seL4_GetMR(0);
    if (label == CONTAINER_EXITED) {
        bool is_signal = status & SIGNAL_MASK;
        status_report(info, is_signal ? "signal" : "exit",
                      is_signal ? status & SIGNAL_MASK : status >> 8 & 255);
        return;
    }
    if (label != CONTAINER_BROKEN) {
        sel4_util_printf("container: the personality faulted (%lu) at ip 0x%lx, address 0x%lx\n", label,
                         status, seL4_GetMR(1));
    }
    status_report(info, "broken", label);
}

/* Take back all memory: threads, timers and watched files go, and the system comes to rest. */
static void containers_end(const seL4_BootInfo *info)
{
    for (seL4_CPtr untyped = info->untyped.start; untyped < info->untyped.end; untyped++) {
        seL4_CNode_Revoke(seL4_CapInitThreadCNode, untyped, seL4_WordBits);
    }
}

int main(seL4_BootInfo *info)
{
    static struct container container;
    static struct container_config config;
    if (selkie_host_find(info, "control")) {
        service_run(info);
        containers_end(info);
        return 0;
    }
    sel4_util_allocator_init(&allocator, info);
    config.order = order_read(info);
    config.memory = order_memory(config.order, DEFAULT_MEMORY) & ~0xffful;
    config.personality = image_personality_start;
    config.personality_size = SEL4_UTIL_EMBEDDED_SIZE(image_personality);
    if (image_program_start) {
        config.program = image_program_start;
        config.program_size = (size_t)(image_program_end - image_program_start);
    }
    hosts_list(info, &config);
    share_open(&allocator);
    seL4_CPtr control = sel4_util_object_alloc(&allocator, seL4_EndpointObject, 0);
    seL4_Error error = container_make(&container, &allocator, &allocator, control, &config);
    if (error == seL4_NoError) { /* nobody writes on this board */
        error = container_page(&container, CONTAINER_BOARD, seL4_ReadWrite, NULL, NULL);
    }
    if (error == seL4_NoError) {
        error = container_start(&container);
    }
    if (error == seL4_NoError) {
        container_wait(info, &container);
    } else {
        sel4_util_printf("container: cannot be made: %s\n", sel4_util_error_name(error));
        status_report(info, "broken", 0);
    }
    containers_end(info);
    return 0;
}
