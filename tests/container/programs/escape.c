/* SPDX-License-Identifier: BSD-2-Clause */
/* escape SECONDS: tries to reach a file called "secret", which lies beside the container's root, in every way that
 * paths offer, while the host moves directories about. Prints what it got at. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long tries, reached;

static void try_open(int directory, const char *path)
{
    char text[64];
    int fd = openat(directory, path, O_RDONLY);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text);
    tries++;
    if (size > 0 && memmem(text, (size_t)size, "outside", 7)) {
        reached++;
        printf("reached by %s\n", path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void try_all(int directory)
{
    static const char *const PATHS[] = {"../secret",
                                        "../../secret",
                                        "../../../../secret",
                                        "/../secret",
                                        "/a/../../secret",
                                        "/a/b/c/../../../../secret",
                                        "/up/secret",
                                        "/a/up/secret",
                                        "/absolute",
                                        "/a/b/up/../secret",
                                        "/proc/self/root/../secret",
                                        "/proc/self/cwd/../../secret",
                                        "/proc/1/root/../secret",
                                        "/proc/self/../../../secret",
                                        "/dev/../../secret",
                                        "/dev/fd/../../../secret"};
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        try_open(directory, PATHS[i]);
    }
}

static void try_descriptors(int directory)
{
    char path[64];
    for (int fd = 3; fd < 20; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d/../secret", fd);
        try_open(directory, path);
        try_open(fd, "../secret");
    }
}

int main(int count, char **arguments)
{
    time_t end = time(NULL) + (count > 1 ? atoi(arguments[1]) : 1);
    do {
        int deep = open("/a/b/c", O_RDONLY | O_DIRECTORY);
        try_all(AT_FDCWD);
        if (deep >= 0) {
            try_all(deep);
            try_descriptors(deep);
            if (fchdir(deep) == 0) {
                try_all(AT_FDCWD);
                if (chdir("../..") == 0) {
                    try_all(AT_FDCWD);
                }
            }
            close(deep);
        }
        if (chdir("/") != 0 || link("/../secret", "/stolen") == 0 || rename("/../secret", "/stolen") == 0) {
            reached++;
            puts("taken");
        }
        if (symlink("../../../../secret", "/a/made") == 0) {
            try_open(AT_FDCWD, "/a/made");
            unlink("/a/made");
        }
    } while (time(NULL) < end);
    printf("%s, %ld reached\n", tries > 100 ? "many tries" : "few tries", reached);
    return reached != 0;
}
