/* SPDX-License-Identifier: BSD-2-Clause */
/* limits WHAT [ARGUMENT]: tries what a container may not be able to, and prints the error number. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void show(const char *what, int is_bad)
{
    printf("%s: %d\n", what, is_bad ? errno : 0);
}

static void read_file(const char *path)
{
    char text[64];
    int fd = open(path, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (size < 0) {
        show("read", 1);
    } else {
        printf("%.*s\n", (int)size, text);
    }
}

static void eat(void)
{
    for (;;) {
        char *page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED) {
            memset(page, 1, 65536);
        } else {
            static volatile char *more; /* refused in time: then by touching */
            more = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                        -1, 0);
            for (int i = 0; i < 64 << 20; i += 4096) {
                more[i] = 1;
            }
        }
    }
}

/* Pages that a child touched before it was refused or killed. With an argument, it then stays. */
static void fill(const char *argument)
{
    unsigned *pages = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        char *page;
        while ((page = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) !=
               MAP_FAILED) {
            for (int at = 0; at < 65536; at += 4096, ++*pages) {
                page[at] = 1;
            }
            if (*argument && *pages >= (unsigned)atoi(argument)) {
                break;
            }
        }
        if (!*argument) {
            _exit(0);
        }
        printf("filled: %u\n", *pages);
        fflush(stdout);
        pause();
    }
    waitpid(child, &status, 0);
    printf("filled: %u, status %x\n", *pages, (unsigned)status);
}

int main(int count, char **arguments)
{
    const char *what = count > 1 ? arguments[1] : "", *argument = count > 2 ? arguments[2] : "";
    if (strcmp(what, "fault") == 0) {
        volatile int *volatile nowhere = (int *)16;
        *nowhere = 1;
    } else if (strcmp(what, "abort") == 0) {
        abort();
    } else if (strcmp(what, "exit") == 0) {
        return atoi(argument);
    } else if (strcmp(what, "socket") == 0) {
        show(what, socket(AF_INET, SOCK_STREAM, 0) < 0);
    } else if (strcmp(what, "create") == 0) {
        show(what, open(argument, O_WRONLY | O_CREAT, 0644) < 0);
    } else if (strcmp(what, "allocate") == 0) {
        show(what,
             mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    } else if (strcmp(what, "fill") == 0) {
        fill(argument);
    } else if (strcmp(what, "sleep") == 0) {
        pause();
    } else if (strcmp(what, "eat") == 0) {
        eat();
    } else if (strcmp(what, "read") == 0) {
        read_file(argument);
    }
    return 0;
}
