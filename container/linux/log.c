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

const char broken_prefix[] = "linux: broken: ";
