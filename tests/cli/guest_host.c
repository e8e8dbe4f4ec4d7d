/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Does with host objects what a script says: the file "script" in the directory of that name. Prints a line for each
 * of its lines: the number of the line, a colon, the answer of the last invocation, and what it brought.
 *
 * Words are separated by blanks. OBJECT is a number of 0 to 31, each with memory of its own; DIRECTORY is the number
 * of an open one or the name of a capability from the command line. The path "-" is empty.
 */
#include <selkie/host.h>
#include <sel4_util.h>

enum {
    OBJECTS = 32,
    WORDS = 8,
    SCRIPT_SIZE = 16384,
    BUFFER_SIZE = 65536,
    READ_ONLY_VADDR = 0x20000000,
    WINDOW_VADDR = 0x40000000
};

static struct sel4_util_allocator allocator;
static const seL4_BootInfo *bootinfo;
static seL4_CPtr objects, pieces; /* slots of object 0 and of its memory; the others follow */
static seL4_Untyped pool;         /* all their memory */
static seL4_CPtr notification;
static char script[SCRIPT_SIZE];
static char buffer[BUFFER_SIZE];
static char *word[WORDS];
static char *next;

/* --- words --- */

static bool line_take(void)
{
    char *at = next;
    for (unsigned i = 0; i < WORDS; i++) {
        word[i] = "";
    }
    for (unsigned i = 0; *at && *at != '\n'; i += i + 1 < WORDS) {
        word[i] = at;
        while (*at && *at != ' ' && *at != '\n') {
            at++;
        }
        if (*at == ' ') {
            *at++ = '\0';
        }
    }
    bool is_line = *at == '\n';
    *at = '\0';
    next = at + is_line;
    return is_line;
}

static bool is_number(const char *text)
{
    return (*text >= '0' && *text <= '9') || (*text == '-' && text[1]);
}

/* Decimal, or octal behind a 0. */
static long number(const char *text)
{
    long sign = *text == '-' ? -1 : 1;
    long base = text[sign < 0] == '0' ? 8 : 10;
    long value = 0;
    for (text += sign < 0; *text >= '0' && *text <= '9'; text++) {
        value = value * base + (*text - '0');
    }
    return sign * value;
}

static const char *path(const char *text)
{
    return strcmp(text, "-") == 0 ? "" : text;
}

static seL4_CPtr cap(const char *text)
{
    return is_number(text) ? objects + (seL4_CPtr)number(text) : selkie_host_find(bootinfo, text);
}

/* An empty object there, whatever was there before. */
static seL4_CPtr fresh(const char *text)
{
    seL4_CPtr slot = cap(text);
    SEL4_UTIL_CHECK(seL4_CNode_Delete(allocator.cnode, slot, seL4_WordBits));
    SEL4_UTIL_CHECK(selkie_host_make(pieces + (slot - objects), allocator.cnode, slot, 1));
    return slot;
}

static struct selkie_host_inet_address inet(const char *last, const char *port)
{
    return selkie_host_inet(127, 0, 0, (uint8_t)number(last), (uint16_t)number(port));
}

/* --- what takes more than one invocation --- */

static void show(long count)
{
    for (long i = 0; i < count; i++) {
        sel4_util_putchar(buffer[i] == '\n' ? '|' : buffer[i]);
    }
}

static long do_read(void)
{
    long size = number(word[2]);
    long count =
        selkie_host_file_read(cap(word[1]), buffer, (seL4_Word)(size < BUFFER_SIZE ? size : BUFFER_SIZE));
    show(count);
    return count;
}

static long do_list(void)
{
    long entries = 0;
    long size;
    while ((size = selkie_host_directory_list(cap(word[1]), buffer, 4096)) > 0) {
        for (long at = 0; at < size; entries++) {
            const struct selkie_host_dirent *entry = (const void *)(buffer + at);
            sel4_util_printf("%s/", entry->name);
            at += entry->size;
        }
    }
    return size < 0 ? size : entries;
}

/* Open again and again: how often it worked. */
static long do_hammer(void)
{
    long worked = 0;
    for (long i = number(word[4]); i > 0; i--) {
        worked += selkie_host_directory_open(cap(word[1]), path(word[3]), 0, 0, fresh(word[2])) >= 0;
    }
    return worked;
}

static long do_hammer_remove(void)
{
    long worked = 0;
    for (long i = number(word[3]); i > 0; i--) {
        worked += selkie_host_directory_remove(cap(word[1]), path(word[2]), 0) >= 0;
    }
    return worked;
}

/* Until there is a file, which the other side makes. */
static long do_wait(void)
{
    struct selkie_host_stat stat;
    while (selkie_host_directory_stat(cap(word[1]), path(word[2]), 0, &stat) < 0) {
        seL4_Yield();
    }
    return 0;
}

static long do_take(void)
{
    struct host_event event;
    seL4_Word badge;
    seL4_Wait(notification, &badge);
    long count = selkie_host_ready_take(cap(word[1]), &event, 1);
    if (count == 1) {
        sel4_util_printf("token %lu events %lu badge %lu", event.token, event.events, badge);
    }
    return count;
}

static void memory_split(void)
{
    SEL4_UTIL_CHECK(
        seL4_Untyped_Retype(pool, seL4_UntypedObject, HOST_IO_BITS, allocator.cnode, 0, 0, pieces, OBJECTS));
}

static long do_revoke(void)
{
    SEL4_UTIL_CHECK(seL4_CNode_Revoke(allocator.cnode, pool, seL4_WordBits));
    memory_split();
    return 0;
}

/* A copy with rights r, w or both. */
static long do_mint(void)
{
    bool reads = word[3][0] == 'r';
    bool writes = word[3][0] == 'w' || word[3][1] == 'w';
    seL4_CNode_Delete(allocator.cnode, cap(word[1]), seL4_WordBits);
    return selkie_host_failed((seL4_Error)seL4_CNode_Mint(allocator.cnode, cap(word[1]), seL4_WordBits,
                                                          allocator.cnode, cap(word[2]), seL4_WordBits,
                                                          seL4_CapRights_new(0, 0, reads, writes), 0));
}

static long do_kind(void)
{
    seL4_Word access;
    long kind = selkie_host_object_kind(cap(word[1]), &access);
    sel4_util_printf("access %lu", access);
    return kind;
}

static long do_port(void)
{
    struct selkie_host_inet_address address;
    seL4_Word length;
    long answer = selkie_host_socket_name(cap(word[1]), 0, &address, sizeof(address), &length);
    return answer < 0 ? answer : address.port[0] << 8 | address.port[1];
}

static long do_stat(void)
{
    struct selkie_host_stat stat;
    long answer = selkie_host_directory_stat(cap(word[1]), path(word[2]), (seL4_Word)number(word[3]), &stat);
    if (answer == 0) {
        sel4_util_printf("mode %o size %lu", stat.mode, (seL4_Word)stat.size);
    }
    return answer;
}

static long do_clock(void)
{
    struct selkie_host_time now;
    long answer = selkie_host_clock_read(cap(word[1]), (seL4_Word)number(word[2]), &now);
    sel4_util_printf("%ld.%ld", (long)now.seconds, (long)now.nanoseconds);
    return answer;
}

/* --- the commands --- */

static long do_open(void)
{
    return selkie_host_directory_open(cap(word[1]), path(word[3]), (seL4_Word)number(word[4]),
                                      (seL4_Word)number(word[5]), fresh(word[2]));
}

/* Into memory that is not there, the kernel's, or may not be written. */
static long do_read_to(void)
{
    static const seL4_Word places[] = {0x70000000000, 0xffffffff80000000, READ_ONLY_VADDR};
    return SELKIE_HOST_INVOKE(cap(word[1]), HOST_FILE_READ, seL4_CapNull, NULL, places[number(word[2]) % 3],
                              16, (seL4_Word)SELKIE_HOST_AT_POSITION, 0);
}

static long do_write(void)
{
    return selkie_host_file_write(cap(word[1]), word[2], strlen(word[2]));
}

static long do_close(void)
{
    return selkie_host_failed((seL4_Error)seL4_CNode_Delete(allocator.cnode, cap(word[1]), seL4_WordBits));
}

static long do_make(void)
{
    return selkie_host_directory_make(cap(word[1]), path(word[2]), 0755);
}

static long do_node(void)
{
    return selkie_host_directory_make_node(cap(word[1]), path(word[2]), (seL4_Word)number(word[3]));
}

static long do_remove(void)
{
    return selkie_host_directory_remove(cap(word[1]), path(word[2]), (seL4_Word)number(word[3]));
}

static long do_rename(void)
{
    return selkie_host_directory_rename(cap(word[1]), path(word[2]), cap(word[3]), path(word[4]), 0);
}

static long do_link(void)
{
    return selkie_host_directory_link(cap(word[1]), path(word[2]), cap(word[3]), path(word[4]));
}

static long do_symlink(void)
{
    return selkie_host_directory_symlink(cap(word[1]), path(word[2]), word[3]);
}

static long do_read_link(void)
{
    long count = selkie_host_directory_read_link(cap(word[1]), path(word[2]), buffer, 4096);
    show(count);
    return count;
}

static long do_chmod(void)
{
    return selkie_host_directory_set_mode(cap(word[1]), path(word[2]), (seL4_Word)number(word[3]));
}

/* The first day of time. */
static long do_times(void)
{
    static const struct selkie_host_time times[2];
    return selkie_host_directory_set_times(cap(word[1]), path(word[2]), (seL4_Word)number(word[3]), times);
}

static long do_size(void)
{
    return selkie_host_file_set_size(cap(word[1]), (seL4_Word)number(word[2]));
}

static long do_control(void)
{
    return selkie_host_file_control(cap(word[1]), (seL4_Word)number(word[2]), buffer);
}

static long do_socket(void)
{
    return selkie_host_network_socket(cap(word[1]), (seL4_Word)number(word[3]), (seL4_Word)number(word[4]), 0,
                                      fresh(word[2]));
}

static long do_bind(void)
{
    struct selkie_host_inet_address address = inet(word[2], word[3]);
    return selkie_host_socket_bind(cap(word[1]), &address, sizeof(address));
}

static long do_connect(void)
{
    struct selkie_host_inet_address address = inet(word[2], word[3]);
    return selkie_host_socket_connect(cap(word[1]), &address, sizeof(address));
}

static long do_send_to(void)
{
    struct selkie_host_inet_address address = inet(word[2], word[3]);
    return selkie_host_socket_send(cap(word[1]), word[4], strlen(word[4]), 0, &address, sizeof(address));
}

static long do_listen(void)
{
    return selkie_host_socket_listen(cap(word[1]), 8);
}

static long do_accept(void)
{
    return selkie_host_socket_accept(cap(word[1]), fresh(word[2]), NULL, 0, NULL);
}

static long do_set(void)
{
    long answer = selkie_host_ready_make(fresh(word[1]));
    return answer < 0 ? answer : selkie_host_ready_bind(cap(word[1]), notification);
}

static long do_watch(void)
{
    return selkie_host_file_watch(cap(word[1]), cap(word[2]), (seL4_Word)number(word[3]),
                                  (seL4_Word)number(word[4]));
}

static long do_poll(void)
{
    return selkie_host_file_poll(cap(word[1]), (seL4_Word)number(word[2]));
}

static long do_timer(void)
{
    long answer = selkie_host_clock_timer(cap(word[1]), SELKIE_CLOCK_MONOTONIC, fresh(word[2]));
    return answer < 0 ? answer : selkie_host_timer_set(cap(word[2]), (seL4_Word)number(word[3]), 0, 0);
}

static long do_pipe(void)
{
    fresh(word[1]);
    return selkie_host_pipe_make(cap(word[1]), fresh(word[2]));
}

static long do_pair(void)
{
    fresh(word[1]);
    return selkie_host_socket_pair_make(cap(word[1]), (seL4_Word)number(word[3]), fresh(word[2]));
}

static long do_event(void)
{
    return selkie_host_event_make(fresh(word[1]), (seL4_Word)number(word[2]), 0);
}

static long do_terminal(void)
{
    fresh(word[1]);
    return selkie_host_terminal_make(cap(word[1]), fresh(word[2]));
}

static long do_duplicate(void)
{
    return selkie_host_object_duplicate(cap(word[1]), fresh(word[2]));
}

static long do_restrict(void)
{
    return selkie_host_network_restrict(cap(word[1]), word[3], fresh(word[2]));
}

static long do_pipe_size(void)
{
    return selkie_host_file_pipe_size(cap(word[1]), (seL4_Word)number(word[2]));
}

static long do_receive(void)
{
    seL4_Word has_object;
    long count =
        selkie_host_socket_receive_object(cap(word[1]), buffer, BUFFER_SIZE, fresh(word[2]), &has_object);
    show(count);
    sel4_util_printf(" object %lu", has_object);
    return count;
}

static long do_window(void)
{
    return selkie_host_file_window(cap(word[1]), (seL4_Word)number(word[3]), (seL4_Word)number(word[4]),
                                   fresh(word[2]));
}

static seL4_CPtr window_untyped;

static long do_window_take(void)
{
    long answer = selkie_host_window_take(cap(word[1]), allocator.cnode, allocator.slot_next, seL4_WordBits);
    if (answer >= 0) {
        window_untyped = allocator.slot_next++;
    }
    return answer;
}

/* Pages, or one large one, from a multiple of 2 MiB on. */
static long do_window_map(void)
{
    bool is_large = strcmp(word[2], "large") == 0;
    seL4_Word vaddr = WINDOW_VADDR + (seL4_Word)number(word[1]), count = (seL4_Word)number(word[3]);
    seL4_CPtr frames = allocator.slot_next;
    long answer = selkie_host_failed(
        (seL4_Error)seL4_Untyped_Retype(window_untyped, is_large ? seL4_X86_LargePageObject : seL4_X86_4K, 0,
                                        allocator.cnode, 0, 0, frames, count));
    allocator.slot_next += count;
    for (seL4_Word i = 0; answer == 0 && i < count; i++) {
        sel4_util_map(&allocator, allocator.vspace, frames + i, vaddr + i * 4096, seL4_ReadWrite);
    }
    return answer;
}

static long do_peek(void)
{
    const volatile char *memory = (const volatile char *)(WINDOW_VADDR + (seL4_Word)number(word[1]));
    for (long i = 0; i < number(word[2]); i++) {
        sel4_util_putchar(memory[i]);
    }
    return 0;
}

static long do_poke(void)
{
    volatile char *memory = (volatile char *)(WINDOW_VADDR + (seL4_Word)number(word[1]));
    for (unsigned i = 0; word[2][i]; i++) {
        memory[i] = word[2][i];
    }
    return 0;
}

/* Read from the file to where the window is. */
static long do_window_read(void)
{
    return selkie_host_file_read(cap(word[1]), (void *)WINDOW_VADDR, 16);
}

static const struct command {
    const char *name;
    long (*perform)(void);
} commands[] = {
    {"open", do_open},                   /* DIRECTORY OBJECT PATH FLAGS MODE */
    {"hammer", do_hammer},               /* DIRECTORY OBJECT PATH TIMES */
    {"hammer_remove", do_hammer_remove}, /* DIRECTORY PATH TIMES */
    {"wait", do_wait},                   /* DIRECTORY PATH */
    {"stat", do_stat},                   /* DIRECTORY PATH FLAGS */
    {"make", do_make},                   /* DIRECTORY PATH */
    {"node", do_node},                   /* DIRECTORY PATH MODE */
    {"remove", do_remove},               /* DIRECTORY PATH FLAGS */
    {"rename", do_rename},               /* DIRECTORY PATH DIRECTORY PATH */
    {"link", do_link},                   /* DIRECTORY PATH DIRECTORY PATH */
    {"symlink", do_symlink},             /* DIRECTORY PATH TEXT */
    {"readlink", do_read_link},          /* DIRECTORY PATH */
    {"chmod", do_chmod},                 /* DIRECTORY PATH MODE */
    {"times", do_times},                 /* DIRECTORY PATH FLAGS */
    {"list", do_list},                   /* DIRECTORY */
    {"read", do_read},                   /* OBJECT BYTES */
    {"read_to", do_read_to},             /* OBJECT 0|1|2 */
    {"write", do_write},                 /* OBJECT TEXT */
    {"size", do_size},                   /* OBJECT BYTES */
    {"control", do_control},             /* OBJECT REQUEST */
    {"kind", do_kind},                   /* OBJECT */
    {"mint", do_mint},                   /* OBJECT OBJECT r|w|rw */
    {"close", do_close},                 /* OBJECT */
    {"revoke", do_revoke},               /* */
    {"socket", do_socket},               /* NETWORK OBJECT DOMAIN TYPE */
    {"bind", do_bind},                   /* OBJECT HOST PORT, of 127.0.0.HOST */
    {"connect", do_connect},             /* OBJECT HOST PORT */
    {"send_to", do_send_to},             /* OBJECT HOST PORT TEXT */
    {"listen", do_listen},               /* OBJECT */
    {"accept", do_accept},               /* OBJECT OBJECT */
    {"port", do_port},                   /* OBJECT */
    {"set", do_set},                     /* OBJECT */
    {"watch", do_watch},                 /* OBJECT OBJECT EVENTS TOKEN */
    {"poll", do_poll},                   /* OBJECT EVENTS */
    {"take", do_take},                   /* OBJECT */
    {"clock", do_clock},                 /* CLOCK ID */
    {"timer", do_timer},                 /* CLOCK OBJECT NANOSECONDS */
    {"pipe", do_pipe},                   /* OBJECT OBJECT */
    {"pair", do_pair},                   /* OBJECT OBJECT TYPE */
    {"event", do_event},                 /* OBJECT COUNT */
    {"terminal", do_terminal},           /* OBJECT OBJECT */
    {"duplicate", do_duplicate},         /* OBJECT OBJECT */
    {"restrict", do_restrict},           /* NETWORK OBJECT RULES */
    {"pipe_size", do_pipe_size},         /* OBJECT BYTES */
    {"receive", do_receive},             /* OBJECT OBJECT */
    {"window", do_window},               /* OBJECT OBJECT OFFSET SIZE */
    {"window_take", do_window_take},     /* OBJECT */
    {"window_map", do_window_map},       /* WHERE small|large COUNT, from what was taken last */
    {"window_read", do_window_read},     /* OBJECT */
    {"peek", do_peek},                   /* WHERE BYTES */
    {"poke", do_poke},                   /* WHERE TEXT */
};

static void read_only_map(void)
{
    SEL4_UTIL_CHECK(sel4_util_map(&allocator, allocator.vspace,
                                  sel4_util_object_alloc(&allocator, seL4_X86_4K, 0), READ_ONLY_VADDR,
                                  seL4_CanRead));
}

static void line_perform(unsigned line)
{
    for (unsigned i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(word[0], commands[i].name) == 0) {
            sel4_util_printf("%u:", line);
            sel4_util_printf(" %ld\n", commands[i].perform());
            return;
        }
    }
    sel4_util_printf("%u: no such command\n", line);
}

static void script_read(void)
{
    seL4_CPtr directory = selkie_host_find(bootinfo, "script");
    long answer = selkie_host_directory_open(directory, "script", 0, 0, fresh("0"));
    for (long size = 0; answer >= 0; size += answer) {
        answer = selkie_host_file_read(objects, script + size, (seL4_Word)(SCRIPT_SIZE - 1 - size));
        if (answer == 0) {
            break;
        }
    }
    if (answer < 0) {
        sel4_util_panic("no script: %ld\n", answer);
    }
    SEL4_UTIL_CHECK(seL4_CNode_Delete(allocator.cnode, objects, seL4_WordBits));
}

int main(seL4_BootInfo *info)
{
    bootinfo = info;
    sel4_util_allocator_init(&allocator, info);
    pool = sel4_util_object_alloc(&allocator, seL4_UntypedObject, HOST_IO_BITS + 5);
    notification = sel4_util_cap_mint(
        &allocator, sel4_util_object_alloc(&allocator, seL4_NotificationObject, 0), seL4_AllRights, 7);
    objects = allocator.slot_next;
    pieces = objects + OBJECTS;
    allocator.slot_next += 2 * OBJECTS;
    memory_split();
    read_only_map();
    script_read();
    next = script;
    for (unsigned line = 1; line_take(); line++) {
        line_perform(line);
    }
    sel4_util_printf("script: done\n");
    return 0;
}
