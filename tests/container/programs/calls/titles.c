/* SPDX-License-Identifier: BSD-2-Clause */
/* What /proc says of the arguments of a process that writes over them, as setproctitle does; to itself and others. */
#include "tell.h"

#include <stdbool.h>
#include <sys/wait.h>

extern char **environ;

static void show(const char *what, const char *path)
{
    static char text[8192];
    int fd = open(path, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
    close(fd);
    printf("%s: %zd ", what, size);
    for (ssize_t i = 0; i < size && i < 100; i++) {
        putchar(text[i] ? text[i] : '|');
    }
    putchar('\n');
    fflush(stdout);
}

static void show_of(const char *what, pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    show(what, path);
}

/* A child writes over its arguments and says so; its parent looks. */
static void child_title(char *arguments, size_t size, const char *title, bool is_whole)
{
    int ready[2], done[2];
    char byte = 0;
    TELL(pipe(ready));
    TELL(pipe(done));
    pid_t child = fork();
    if (child == 0) {
        close(done[1]);
        if (is_whole) {
            memset(arguments, 'x', size);
        } else {
            memset(arguments, 0, size);
        }
        strcpy(arguments, title);
        show("its own", "/proc/self/cmdline");
        if (write(ready[1], "", 1) != 1 || read(done[0], &byte, 1) != 0) {
            _exit(1);
        }
        _exit(0);
    }
    TELL(read(ready[0], &byte, 1));
    show_of("the child's", child);
    show_of("the parent's", getpid());
    close(done[1]);
    int status;
    TELL(waitpid(child, &status, 0) == child && status == 0);
    close(done[0]);
    close(ready[0]);
    close(ready[1]);
}

/* A number that root may change, of itself and of others. */
static void adjustment(void)
{
    static const char *const texts[] = {"500", "17\n", "+3", "1001", "-1001", "12x", "x", ""};
    char path[64];
    int fd = open("/proc/self/oom_score_adj", O_RDWR);
    char first[16] = "";
    if (fd < 0 || read(fd, first, sizeof first - 1) <= 0) {
        printf("no adjustment\n");
        return;
    }
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        TELL(write(fd, texts[i], strlen(texts[i])));
        show(texts[i], "/proc/self/oom_score_adj");
    }
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        show("inherited", "/proc/self/oom_score_adj");
        snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)parent);
        file_write(path, "44");
        _exit(0);
    }
    int status;
    TELL(waitpid(child, &status, 0) == child && status == 0);
    show("by the child", "/proc/self/oom_score_adj");
    TELL(open("/proc/99999/oom_score_adj", O_RDONLY));
    file_write("/proc/self/oom_score_adj", first);
    close(fd);
}

int main(int argc, char **argv)
{
    if (argc == 1) {
        char *const words[] = {"titles", "one", "two words", "", "four", NULL};
        char *const environment[] = {"A=0123456789", "B=something that is long enough to be written over",
                                     NULL};
        execve(argv[0], words, environment);
        return 1;
    }
    char *last = argv[argc - 1];
    size_t size = (size_t)(last + strlen(last) + 1 - argv[0]);
    size_t all = (size_t)(environ[1] + strlen(environ[1]) + 1 - argv[0]);
    show("before", "/proc/self/cmdline");
    show_of("by number", getpid());
    child_title(argv[0], size, "short title", false);
    child_title(argv[0], size,
                "a title that is longer than the arguments, and goes on where the environment was", true);
    child_title(argv[0], all, "in the environment, which is empty now", false);
    adjustment();
    return 0;
}
