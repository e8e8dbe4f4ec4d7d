/* SPDX-License-Identifier: BSD-2-Clause */
/* signalfd(2): files that tell which signals are pending for whoever reads them. word[0] is their mask. */
#include "container/linux/calls.h"
#include "container/linux/file.h"
#include "container/linux/signal_parts.h"
#include "container/linux/space.h"

enum {
    MASK
};

struct signal_record { /* struct signalfd_siginfo */
    uint32_t signal;
    int32_t error, code;
    uint32_t pid, uid;
    int32_t fd;
    uint32_t timer, band, overrun, trap;
    int32_t status, integer;
    uint64_t pointer, user_time, system_time, address;
    uint16_t address_bits, padding2;
    int32_t syscall;
    uint64_t call_address;
    uint32_t architecture;
    uint8_t rest[28];
};

static struct file *signalfds; /* linked by `data` */

static struct signal_record record_of(const struct siginfo *info)
{
    struct signal_record record = {
        .signal = (uint32_t)info->signal, .error = info->error, .code = info->code};
    if (info->code == SI_TIMER) {
        record.timer = (uint32_t)info->timer.id;
        record.overrun = (uint32_t)info->timer.overrun;
        record.pointer = info->timer.value;
        record.integer = (int32_t)info->timer.value;
    } else if (info->signal == SIGCHLD && info->code > 0) {
        record.pid = (uint32_t)info->child.pid;
        record.uid = info->child.uid;
        record.status = info->child.status;
        record.user_time = (uint64_t)info->child.user_time;
        record.system_time = (uint64_t)info->child.system_time;
    } else if (info->code <= 0) {
        record.pid = (uint32_t)info->from.pid;
        record.uid = info->from.uid;
        record.pointer = info->code == SI_QUEUE ? info->from.value : 0;
        record.integer = info->code == SI_QUEUE ? (int32_t)info->from.value : 0;
    } else if (info->code != SI_KERNEL) {
        record.address = info->fault.address;
    }
    return record;
}

/* The thread that reads, or, where nobody does, the first. */
static struct thread *reader(void)
{
    return thread_current ? thread_current : &threads[0];
}

static long signalfd_read(struct file *file, uint64_t to, uint64_t size, int64_t offset)
{
    struct siginfo info;
    uint64_t done = 0;
    (void)offset;
    if (size < sizeof(struct signal_record)) {
        return -EINVAL;
    }
    while (size - done >= sizeof(struct signal_record) && signal_take(reader(), file->word[MASK], &info)) {
        struct signal_record record = record_of(&info);
        memcpy((void *)(to + done), &record, sizeof record);
        done += sizeof record;
    }
    return done ? (long)done : -EAGAIN;
}

static uint64_t signalfd_poll(struct file *file, uint64_t events)
{
    return signal_pending(reader()) & file->word[MASK] ? events & POLL_IN : 0;
}

static void signalfd_close(struct file *file)
{
    struct file **at = &signalfds;
    while (*at != file) {
        at = (struct file **)&(*at)->data;
    }
    *at = file->data;
}

static const struct file_kind SIGNAL_KIND = {
    .name = "anon_inode:[signalfd]", .read = signalfd_read, .poll = signalfd_poll, .close = signalfd_close};

void signalfds_notice(uint64_t mask)
{
    for (struct file *file = signalfds, *next; file; file = next) {
        next = file->data;
        if (file->word[MASK] & mask) {
            file_changed(file);
        }
    }
}

static long signalfd_make(struct thread *thread, int fd, uint64_t mask, uint64_t flags)
{
    struct file *file = fd == -1 ? file_make(&SIGNAL_KIND, O_RDWR | ((unsigned)flags & O_NONBLOCK))
                                 : file_of(thread->process, (uint64_t)fd);
    if (!file) {
        return fd == -1 ? -ENOMEM : -EBADF;
    }
    if (file->kind != &SIGNAL_KIND) {
        return -EINVAL;
    }
    file->word[MASK] = mask & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
    if (fd != -1) {
        file_changed(file);
        return fd;
    }
    file->data = signalfds;
    signalfds = file;
    return descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}

HANDLER(call_signalfd4)
{
    uint64_t mask;
    if (ARG(2) != SIGNAL_MASK_SIZE || ARG(3) & ~(uint64_t)(O_CLOEXEC | O_NONBLOCK)) {
        return -EINVAL;
    }
    long error = user_read(&mask, ARG(1), sizeof mask);
    return error ? error : signalfd_make(thread, (int)ARG(0), mask, ARG(3));
}

HANDLER(call_signalfd)
{
    struct linux_call with_flags = *call;
    with_flags.argument[3] = 0;
    return call_signalfd4(thread, &with_flags);
}
