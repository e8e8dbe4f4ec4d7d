/* SPDX-License-Identifier: BSD-2-Clause */
/* sendfile(2), copy_file_range(2), splice(2), tee(2), memfd_create(2), extended attributes, /proc and /dev. */
#include <dirent.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>

#include "tell.h"

static char text[4096];

static void between_files(void)
{
    long offset = 3, to = 0;
    file_write("from", "0123456789");
    int in = open("from", O_RDONLY), out = open("to", O_RDWR | O_CREAT, 0600), ends[2];
    TELL(sendfile(out, in, NULL, 4));
    TELL(lseek(in, 0, SEEK_CUR));
    TELL(sendfile(out, in, &offset, 100));
    TELL(offset);
    TELL(lseek(in, 0, SEEK_CUR));
    file_show("to");
    TELL(sendfile(out, in, &offset, 10));
    TELL(sendfile(99, in, NULL, 1));
    TELL(sendfile(out, 99, NULL, 1));
    TELL(sendfile(in, out, NULL, 1));
    TELL(pipe(ends));
    TELL(sendfile(ends[1], in, NULL, 100));
    TELL(read(ends[0], text, 100));
    TELL(sendfile(out, ends[0], NULL, 1));
    offset = 0;
    TELL(copy_file_range(in, &offset, out, &to, 5, 0));
    TELL(offset);
    TELL(copy_file_range(in, NULL, out, NULL, 5, 7));
    TELL(copy_file_range(99, NULL, out, NULL, 5, 0));
    TELL(copy_file_range(out, NULL, in, NULL, 5, 0));
    file_show("to");
    offset = 0;
    TELL(splice(in, &offset, ends[1], NULL, 4, 0));
    TELL(splice(ends[0], NULL, out, &to, 10, 0));
    TELL(to);
    TELL(splice(in, NULL, out, NULL, 4, 0));
    TELL(splice(ends[0], NULL, out, NULL, 4, SPLICE_F_NONBLOCK));
    file_show("to");
    close(ends[0]);
    close(ends[1]);
    close(in);
    close(out);
}

static void memory_files(void)
{
    struct stat status;
    int fd = (int)TELL(memfd_create("name", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    TELL(fcntl(fd, F_GETFD));
    TELL(write(fd, "memory", 6));
    TELL(fstat(fd, &status));
    TELL(status.st_size);
    TELL(S_ISREG(status.st_mode));
    TELL(ftruncate(fd, 8192));
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    TELL(map != MAP_FAILED);
    if (map != MAP_FAILED) {
        map[4096] = 'M';
        TELL(pread(fd, text, 1, 4096));
        TELL(text[0]);
        TELL(strcmp(map, "memory"));
    }
    TELL(memfd_create("name", 0x1000));
    TELL(close(fd));
}

static void attributes(void)
{
    TELL(getxattr("from", "user.none", text, 10) < 0);
    TELL(setxattr("missing", "user.x", "1", 1, 0));
    TELL(getxattr("missing", "user.x", text, 10));
    TELL(listxattr("missing", text, 10));
    TELL(listxattr("from", text, sizeof text));
    TELL(fgetxattr(99, "user.x", text, 10));
    TELL(flistxattr(99, text, 10));
}

static void made_up(void)
{
    char link[4096] = "";
    int fd = open("/proc/self/exe", O_RDONLY);
    TELL(read(fd, text, 4));
    TELL(memcmp(text, "\177ELF", 4));
    close(fd);
    TELL(readlink("/proc/self/exe", link, sizeof link) > 1);
    TELL(strcmp(strrchr(link, '/'), "/calls_copying") == 0 || strrchr(link, '/') != NULL);
    fd = open("from", O_RDONLY);
    snprintf(text, sizeof text, "/proc/self/fd/%d", fd);
    memset(link, 0, sizeof link);
    TELL(readlink(text, link, sizeof link - 1) > 0);
    TELL(strcmp(strrchr(link, '/'), "/from"));
    int again = open(text, O_RDONLY);
    TELL(lseek(again, 3, SEEK_SET));
    TELL(lseek(fd, 0, SEEK_CUR));
    close(again);
    close(fd);
    DIR *directory = opendir("/proc/self/fd");
    int count = 0;
    for (struct dirent *entry; directory && (entry = readdir(directory));) {
        count += entry->d_name[0] != '.';
    }
    TELL(count >= 3);
    if (directory) {
        closedir(directory);
    }
    const char *const texts[] = {"/proc/self/maps",
                                 "/proc/self/status",
                                 "/proc/self/stat",
                                 "/proc/self/cmdline",
                                 "/proc/meminfo",
                                 "/proc/cpuinfo",
                                 "/proc/self/statm",
                                 "/proc/uptime",
                                 "/proc/loadavg",
                                 "/proc/version",
                                 "/proc/stat",
                                 "/proc/self/mounts",
                                 "/proc/sys/kernel/pid_max",
                                 "/proc/sys/vm/overcommit_memory"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        fd = open(texts[i], O_RDONLY);
        printf("%s: %d\n", texts[i], fd >= 0 && read(fd, text, sizeof text) > 0);
        close(fd);
    }
    TELL(open("/proc/none", O_RDONLY));
    TELL(open("/proc/999999999/stat", O_RDONLY));
    TELL(mkdir("/proc/x", 0700));
    TELL(getrandom(text, 100, 0));
    TELL(getrandom(text, 10, 0x1000));
    TELL(getrandom(NOWHERE, 10, 0));
    fd = open("/dev/urandom", O_RDONLY);
    TELL(read(fd, text, 100));
    close(fd);
    fd = open("/dev/full", O_RDWR);
    TELL(write(fd, "x", 1));
    TELL(read(fd, text, 10));
    close(fd);
    TELL(close(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0644)) == 0);
    TELL(access("/dev/stdout", F_OK));
    int ends[2];
    TELL(pipe(ends));
    snprintf(text, sizeof text, "/dev/fd/%d", ends[1]);
    fd = open(text, O_WRONLY);
    TELL(write(fd, "by name", 7));
    TELL(read(ends[0], text, 100));
}

int main(void)
{
    between_files();
    memory_files();
    attributes();
    made_up();
    return 0;
}
