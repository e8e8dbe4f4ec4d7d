/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a developer of an seL4 system needs to see when a fault found no handler: the
 * thread, the fault, the instruction and where it comes from, the access, the
 * registers, and what the page tables say around the address.
 *
 * Everything is read by way of kernel_translate and kernel_read_user; nothing here
 * changes the system.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "run/debuginfo.h"
#include "run/disassemble.h"
#include "run/say.h"
#include "run/session.h"

enum {
    INSTRUCTION_MAX = 15,
    PAGE = 4096,
    TEXT = 512
};

enum {
    FAULT_WRITE = 2
}; /* bit of a page fault's error code */

static void report_place(const struct session *session, const struct fault_report *fault, uint64_t ip)
{
    if (fault->vspace != session->root_vspace) {
        say("  in a VSpace that is not the initial thread's, so its symbols are not known");
        return;
    }
    struct debuginfo_place place = debuginfo_place(session->image.elf, ip);
    if (place.function[0] && place.file[0]) {
        say("  in %s+%#" PRIx64 " (%s:%d)", place.function, place.offset, place.file, place.line);
    } else if (place.function[0]) {
        say("  in %s+%#" PRIx64, place.function, place.offset);
    }
}

static void report_instruction(const struct session *session, const struct fault_report *fault)
{
    unsigned char bytes[INSTRUCTION_MAX] = {0};
    char text[DISASSEMBLE_TEXT];
    char hex[3 * INSTRUCTION_MAX + 1] = "";
    uint64_t ip = fault->context->reg[REG_FAULT_IP];
    size_t size = kernel_read_user(&session->kernel, fault->vspace, ip, bytes, sizeof(bytes));
    size_t length = disassemble(text, bytes, size, ip);
    size_t shown = length ? length : size;
    for (size_t i = 0; i < shown; i++) {
        (void)snprintf(hex + 3 * i, 4, "%02x ", bytes[i]);
    }
    if (size == 0) {
        say("  at %#" PRIx64 ": no instruction, the address is not mapped", ip);
    } else {
        say("  at %#" PRIx64 ": %s %s", ip, hex, length ? text : "(no valid instruction)");
    }
    report_place(session, fault, ip);
}

static void report_access(const struct fault_report *fault)
{
    const char *access = fault->is_instruction         ? "execution of"
                         : fault->status & FAULT_WRITE ? "write to"
                                                       : "read of";
    if (strcmp(fault->fault_name, "vm fault") == 0) {
        say("  %s address %#" PRIx64 ", status %#" PRIx64, access, fault->address, fault->status);
    } else if (strcmp(fault->fault_name, "cap fault") == 0) {
        say("  capability pointer %#" PRIx64 ", in the %s phase", fault->address,
            fault->status ? "receive" : "send");
    } else if (strcmp(fault->fault_name, "unknown syscall") == 0) {
        say("  system call number %" PRId64, (int64_t)fault->address);
    } else {
        say("  number %" PRIu64 ", code %#" PRIx64, fault->address, fault->status);
    }
}

static void report_registers(const struct context *context)
{
    static const char *const names[REG_COUNT] = {
        "rip", "rsp", "rflags", "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp",
        "r8",  "r9",  "r10",    "r11", "r12", "r13", "r14", "r15", "fs",  "gs",
    };
    for (unsigned row = 0; row < REG_COUNT; row += 4) {
        char line[TEXT] = "";
        for (unsigned i = row; i < row + 4 && i < REG_COUNT; i++) {
            size_t used = strlen(line);
            (void)snprintf(line + used, sizeof(line) - used, "  %-6s %016" PRIx64, names[i], context->reg[i]);
        }
        say("%s", line);
    }
}

static void report_page(const struct session *session, uint64_t vspace, uint64_t vaddr, const char *which)
{
    struct translation at = kernel_translate(&session->kernel, vspace, vaddr);
    if (!at.is_present) {
        say("  page %#" PRIx64 " %s: not mapped", vaddr, which);
        return;
    }
    say("  page %#" PRIx64 " %s: %s%s, %s page at physical %#" PRIx64, vaddr, which,
        at.is_writable ? "read and write" : "read only", at.is_device ? ", device" : "",
        at.size_bits == ABI_HUGE_PAGE_BITS    ? "1 GiB"
        : at.size_bits == ABI_LARGE_PAGE_BITS ? "2 MiB"
                                              : "4 KiB",
        at.paddr);
}

static void report_mapping(const struct session *session, const struct fault_report *fault)
{
    uint64_t page = fault->address & ~(uint64_t)(PAGE - 1);
    if (!fault->vspace) {
        say("  the thread has no valid VSpace: nothing is mapped");
        return;
    }
    if (page >= ABI_USER_TOP) {
        say("  the address lies outside user space");
        return;
    }
    if (page) {
        report_page(session, fault->vspace, page - PAGE, "before");
    }
    report_page(session, fault->vspace, page, "itself");
    if (page + PAGE < ABI_USER_TOP) {
        report_page(session, fault->vspace, page + PAGE, "behind");
    }
}

bool report_fault(const struct session *session)
{
    struct fault_report fault = kernel_unhandled_fault(&session->kernel);
    if (!fault.is_present) {
        return false;
    }
    bool is_unknown = strcmp(fault.fault_name, "unknown syscall") == 0;
    say("thread \"%s\" has a%s %s that nobody handled", fault.thread_name, is_unknown ? "n" : "",
        fault.fault_name);
    report_access(&fault);
    report_instruction(session, &fault);
    if (strcmp(fault.fault_name, "vm fault") == 0) {
        report_mapping(session, &fault);
    }
    report_registers(fault.context);
    return true;
}
