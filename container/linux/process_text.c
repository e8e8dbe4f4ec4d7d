/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What /proc says of a process of this personality and of its threads: stat, status, statm, and what lies in its memory.
 * It is the process itself that says it, also to others (proc.c).
 */
#include "container/linux/file.h"
#include "container/linux/identity.h"
#include "container/linux/loader.h"
#include "container/linux/page_map.h"
#include "container/linux/proc.h"
#include "container/linux/pty.h"
#include "container/linux/signal.h"
#include "container/linux/space.h"
#include "container/linux/terminal.h"
#include "container/linux/texts.h"
#include "container/linux/usage.h"

enum {
    KIB_PAGES = PAGE_SIZE / 1024,
    PRIORITY = 20,
    ALL_CAPABILITIES_BITS = 41
};

/* The calling thread is the one that asks; what does not wait computes. */
static char state_of(const struct process *process, const struct thread *thread)
{
    bool runs = false;
    if (process->is_stopped) {
        return 'T';
    }
    for (unsigned i = 0; i < thread_end; i++) {
        const struct thread *at = &threads[i];
        runs |= at->id && at->process == process && (!thread || at == thread) &&
                (at->wait == WAIT_NOTHING || at == thread_current);
    }
    return runs ? 'R' : 'S';
}

static const char *state_text(char state)
{
    return state == 'T' ? "T (stopped)" : state == 'R' ? "R (running)" : "S (sleeping)";
}

struct sizes {
    uint64_t all, data, stack, code;
};

static struct sizes sizes_get(void)
{
    const struct region *regions;
    size_t count = space_regions(&regions);
    struct sizes sizes = {0};
    for (size_t i = 0; i < count; i++) {
        uint64_t size = regions[i].end - regions[i].start;
        bool is_code = regions[i].protection & PROT_EXEC;
        sizes.all += size;
        sizes.stack += regions[i].is_stack ? size : 0;
        sizes.code += is_code ? size : 0;
        sizes.data +=
            !is_code && !regions[i].is_stack && !regions[i].is_shared && (regions[i].protection & PROT_WRITE)
                ? size
                : 0;
    }
    return sizes;
}

struct signals {
    uint64_t thread, process, blocked, ignored, caught;
};

static struct signals signals_get(const struct process *process, const struct thread *thread)
{
    thread = thread ? thread : thread_find(process->id);
    struct signals signals = {.thread = thread ? thread->pending.mask : 0,
                              .process = process->pending.mask,
                              .blocked = thread ? thread->signal_mask : 0};
    for (int i = 1; i < SIGNALS; i++) {
        uint64_t handler = process->action[i].handler;
        signals.ignored |= handler == SIG_IGN ? signal_bit(i) : 0;
        signals.caught |= handler > SIG_IGN ? signal_bit(i) : 0;
    }
    return signals;
}

static const char *name_of(const struct process *process, const struct thread *thread)
{
    return thread && thread->id != process->id ? thread->name : process->name;
}

static int64_t ticks(int64_t ns)
{
    return ns / TICK_NS;
}

/* With zeros in front: one, and as many as it takes for that many digits. */
static const char *octal(uint64_t number, size_t digits)
{
    static char text[24];
    char *at = text + sizeof text - 1, *end = at;
    for (*at = '\0'; number; number >>= 3) {
        *--at = (char)('0' + (number & 7));
    }
    do {
        *--at = '0';
    } while (at > end - digits);
    return at;
}

/* The server knows its family. */
static void info_of(const struct process *process, struct process_info *info)
{
    memset(info, 0, sizeof *info);
    (void)proc_info(process->id, info);
}

size_t thread_stat_text(const struct process *process, const struct thread *thread, char *text, size_t room)
{
    struct process_info info;
    info_of(process, &info);
    struct usage used = thread               ? usage_of_thread(thread)
                        : process->is_hosted ? process->usage
                                             : usage_of_process(NULL);
    struct usage children = process->children;
    struct signals signals = signals_get(process, thread);
    const struct thread *first = thread ? thread : thread_find(process->id);
    int nice = first ? first->schedule.nice : 0;
    bool is_timed = first && first->schedule.priority;
    int length = format_text(
        text, room, "%d (%s) %c %lu %lu %lu %u %ld 4194304 0 0 0 0 %ld %ld %ld %ld %d %d %u 0 %lu %lu %lu ",
        thread ? thread->id : process->id, name_of(process, thread), state_of(process, thread), info.parent,
        info.group, info.session, info.terminal ? pty_device(info.terminal - 1) : 0,
        info.terminal ? (long)info.foreground : -1L, ticks(used.user_ns), ticks(used.system_ns),
        ticks(children.user_ns), ticks(children.system_ns),
        is_timed ? -1 - first->schedule.priority : PRIORITY + nice, nice, process->thread_count,
        proc_start_ticks(info.start_tsc), sizes_get().all, page_count());
    /* Signals as they were told when there were 31; addresses are nobody's business but the process' own. */
    const uint64_t word = 0x7ffffffful;
    length += format_text(
        text + length, room - (size_t)length,
        "18446744073709551615 %lu 0 0 0 0 %lu %lu %lu %lu 0 0 0 17 0 %u %u 0 0 0 0 0 0 %lu %lu %lu %lu 0\n",
        1ul, (signals.thread | signals.process) & word, signals.blocked & word, signals.ignored & word,
        signals.caught & word, is_timed ? (unsigned)first->schedule.priority : 0u,
        first ? (unsigned)first->schedule.policy : 0u, process->arguments_start, process->arguments_end,
        process->arguments_end, process->environment_end);
    return (size_t)length;
}

size_t stat_text(const struct process *process, char *text, size_t room)
{
    return thread_stat_text(process, NULL, text, room);
}

static size_t ids_text(char *text, size_t room)
{
    const uint32_t *users = identity_ids(false), *own = identity_ids(true);
    unsigned count;
    const uint32_t *groups = identity_groups(&count);
    int length = format_text(text, room, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", users[0], users[1],
                             users[2], users[1], own[0], own[1], own[2], own[1]);
    length += format_text(text + length, room - (size_t)length, "FDSize:\t256\nGroups:\t");
    for (unsigned i = 0; i < count; i++) {
        length += format_text(text + length, room - (size_t)length, "%u ", groups[i]);
    }
    return (size_t)length + (size_t)format_text(text + length, room - (size_t)length, "\n");
}

static size_t memory_text(char *text, size_t room)
{
    struct sizes sizes = sizes_get();
    uint64_t resident = page_count() * KIB_PAGES;
    return (size_t)format_text(
        text, room,
        "VmPeak:\t%8lu kB\nVmSize:\t%8lu kB\nVmLck:\t%8u kB\nVmPin:\t%8u kB\nVmHWM:\t%8lu kB\nVmRSS:\t%8lu "
        "kB\n"
        "RssAnon:\t%8lu kB\nRssFile:\t%8u kB\nRssShmem:\t%8u kB\nVmData:\t%8lu kB\nVmStk:\t%8lu kB\n"
        "VmExe:\t%8lu kB\nVmLib:\t%8u kB\nVmPTE:\t%8lu kB\nVmSwap:\t%8u kB\n",
        sizes.all / 1024, sizes.all / 1024, 0, 0, resident, resident, resident, 0, 0, sizes.data / 1024,
        sizes.stack / 1024, sizes.code / 1024, 0, resident / 512 + 4, 0);
}

static size_t signals_text(const struct process *process, const struct thread *thread, char *text,
                           size_t room)
{
    struct signals signals = signals_get(process, thread);
    uint64_t capable = identity_user() == 0 ? (1ul << ALL_CAPABILITIES_BITS) - 1 : 0;
    return (size_t)format_text(
        text, room,
        "SigQ:\t0/1024\nSigPnd:\t%016lx\nShdPnd:\t%016lx\nSigBlk:\t%016lx\nSigIgn:\t%016lx\nSigCgt:\t%016lx\n"
        "CapInh:\t%016lx\nCapPrm:\t%016lx\nCapEff:\t%016lx\nCapBnd:\t%016lx\nCapAmb:\t%016lx\n"
        "NoNewPrivs:\t%u\nSeccomp:\t0\nSeccomp_filters:\t0\n",
        signals.thread, signals.process, signals.blocked, signals.ignored, signals.caught, 0ul, capable,
        capable, capable, 0ul, process->task.has_no_new_privileges);
}

size_t thread_status_text(const struct process *process, const struct thread *thread, char *text, size_t room)
{
    struct process_info info;
    info_of(process, &info);
    int id = thread ? thread->id : process->id;
    size_t length = (size_t)format_text(
        text, room,
        "Name:\t%s\nUmask:\t%s\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%lu\nTracerPid:\t0\n",
        name_of(process, thread), octal(process->umask, 4), state_text(state_of(process, thread)),
        process->id, id, info.parent);
    length += ids_text(text + length, room - length);
    length += (size_t)format_text(text + length, room - length,
                                  "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%lu\nNSsid:\t%lu\n", process->id, id,
                                  info.group, info.session);
    length += memory_text(text + length, room - length);
    length += (size_t)format_text(text + length, room - length, "CoreDumping:\t0\nThreads:\t%u\n",
                                  process->thread_count);
    length += signals_text(process, thread, text + length, room - length);
    return length + (size_t)format_text(text + length, room - length,
                                        "Cpus_allowed:\t1\nCpus_allowed_list:\t0\nMems_allowed:\t1\n"
                                        "Mems_allowed_list:\t0\nvoluntary_ctxt_switches:\t0\n"
                                        "nonvoluntary_ctxt_switches:\t0\n");
}

size_t status_text(const struct process *process, char *text, size_t room)
{
    return thread_status_text(process, NULL, text, room);
}

size_t statm_text(const struct process *process, char *text, size_t room)
{
    struct sizes sizes = sizes_get();
    (void)process;
    return (size_t)format_text(text, room, "%lu %lu 0 %lu 0 %lu 0\n", sizes.all / PAGE_SIZE, page_count(),
                               sizes.code / PAGE_SIZE, (sizes.data + sizes.stack) / PAGE_SIZE);
}

static size_t memory_read(char *text, uint64_t start, uint64_t end, size_t room)
{
    size_t size = end - start < room ? end - start : room;
    return user_read(text, start, size) ? 0 : size;
}

size_t cmdline_text(const struct process *process, char *text, size_t room)
{
    return process_title(process, text, room);
}

size_t environ_text(const struct process *process, char *text, size_t room)
{
    return memory_read(text, process->arguments_end, process->environment_end, room);
}

size_t auxv_text(const struct process *process, char *text, size_t room)
{
    return memory_read(text, process->auxiliary_start, process->auxiliary_end, room);
}

size_t io_text(const struct process *process, char *text, size_t room)
{
    (void)process;
    return (size_t)format_text(text, room,
                               "rchar: 0\nwchar: 0\nsyscr: 0\nsyscw: 0\nread_bytes: 0\nwrite_bytes: 0\n"
                               "cancelled_write_bytes: 0\n");
}

size_t descriptor_text(const struct process *process, uint64_t number, char *text, size_t room)
{
    const struct file *file = file_of(process, number);
    if (!file) {
        return 0;
    }
    unsigned on_exec = process->files->descriptor[number].is_close_on_exec ? (unsigned)O_CLOEXEC : 0u;
    struct file *open = process->files->descriptor[number].file;
    int64_t at = open->kind->seek ? open->kind->seek(open, 0, 1) : 0;
    return (size_t)format_text(text, room, "pos:\t%ld\nflags:\t%s\nmnt_id:\t1\nino:\t0\n", at > 0 ? at : 0,
                               octal(file->flags | on_exec, 1));
}
