/* SPDX-License-Identifier: BSD-2-Clause */
/* No C library: two system calls. */
static long call(long number, long a, long b, long c)
{
    long result;
    asm volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

void _start(void)
{
    static const char text[] = "hello from a container\n";
    call(1, 1, (long)text, sizeof text - 1);
    call(231, 7, 0, 0);
    for (;;) {
    }
}
