/* SPDX-License-Identifier: BSD-2-Clause */
/* The log. */
#include <sel4/sel4.h>
#include <sel4_util.h>

#include "container/linux/host.h"

static cap_address chosen;

void log_to(uint64_t file)
{
    chosen = file;
}

/* To the container's standard error, else to the kernel's console. */
void log_text(const char *text)
{
    char line[LOG_LINE + 16];
    size_t length = (size_t)format_text(line, sizeof line, "linux: %s\n", text);
    cap_address file = chosen ? chosen : host_find("stderr");
    if (!file || HOST(file, HOST_FILE_WRITE, 0, NULL, (uint64_t)line, length, ~0ul, 0) != (long)length) {
        sel4_util_puts(line);
    }
}

const char *error_text(long error)
{
    static const struct {
        int error;
        const char *text;
    } TEXTS[] = {
        {EPERM, "operation not permitted"},
        {ENOENT, "no such file or directory"},
        {EIO, "input/output error"},
        {E2BIG, "argument list too long"},
        {ENOEXEC, "exec format error"},
        {ENOMEM, "cannot allocate memory"},
        {EACCES, "permission denied"},
        {ENOTDIR, "not a directory"},
        {EISDIR, "is a directory"},
        {EINVAL, "invalid argument"},
        {EMFILE, "too many open files"},
        {ENAMETOOLONG, "file name too long"},
        {ELOOP, "too many levels of symbolic links"},
    };
    static char other[32];
    for (unsigned i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        if (TEXTS[i].error == -error) {
            return TEXTS[i].text;
        }
    }
    format_text(other, sizeof other, "error %ld", -error);
    return other;
}

const char broken_prefix[] = "linux: broken: ";
