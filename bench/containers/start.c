/* SPDX-License-Identifier: BSD-2-Clause */
/* A static program that writes one byte when main has begun: how long does a start take? With an argument it stays. */
#include <unistd.h>

int main(int argument_count, char **arguments)
{
    (void)arguments;
    if (write(1, "m", 1) != 1) {
        return 1;
    }
    while (argument_count > 1) {
        pause();
    }
    return 0;
}
