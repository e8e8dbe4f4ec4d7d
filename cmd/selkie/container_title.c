/* SPDX-License-Identifier: BSD-2-Clause */
/* proc(5): /proc/PID/cmdline is memory of the process, between two addresses that stat tells. */
#include "container_title.h"

#include <stdio.h>
#include <string.h>

void container_title_set(const char *title)
{
    char text[2048]; /* more than there are fields of the longest numbers */
    unsigned long start = 0, end = 0;
    FILE *file = fopen("/proc/self/stat", "re");
    size_t length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file) {
        (void)fclose(file);
    }
    text[length] = '\0';
    const char *at = strrchr(text, ')'); /* the end of the second field */
    for (unsigned field = 2; at && field < 48; field++) {
        at = strchr(at + 1, ' ');
    }
    if (at && sscanf(at, "%lu %lu", &start, &end) == 2 && end - start > strlen(title)) {
        memset((char *)start, 0, end - start);
        memcpy((char *)start, title, strlen(title));
    }
}
