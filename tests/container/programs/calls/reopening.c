/* SPDX-License-Identifier: BSD-2-Clause */
/* Open files by their names in /proc/self/fd, with and without a path that leads to them; /proc/self/exe; getcwd(3). */
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "tell.h"

static char text[4200], link_text[64];

/* The name of a descriptor below the working directory; digits of inodes are #. */
static void shown(int fd)
{
    char here[4096], *at = text;
    snprintf(link_text, sizeof link_text, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link_text, text, sizeof text - 1);
    text[size < 0 ? 0 : size] = '\0';
    if (getcwd(here, sizeof here) && strcmp(here, "/") != 0 && strncmp(text, here, strlen(here)) == 0) {
        at += strlen(here);
    }
    for (char *digit = at, *to = at; *to; digit++) {
        bool is_digit = *digit >= '0' && *digit <= '9';
        if (is_digit && to > at && to[-1] == '#') {
            continue;
        }
        *to = is_digit ? '#' : *digit;
        to += *to != '\0';
        if (!*digit) {
            break;
        }
    }
    printf("shown: %s\n", size < 0 ? strerrorname_np(errno) : at);
}

static int again(int fd, int flags)
{
    snprintf(link_text, sizeof link_text, "/proc/self/fd/%d", fd);
    return open(link_text, flags, 0600);
}

static void read_all(int fd)
{
    char bytes[64] = "";
    ssize_t size = read(fd, bytes, sizeof bytes - 1);
    printf("read %zd [%s]\n", size, bytes);
}

/* A new open file: its own position, mode and flags. */
static void use(int fd)
{
    struct stat one, two;
    TELL(lseek(fd, 3, SEEK_SET));
    int other = again(fd, O_RDONLY);
    TELL(other >= 0);
    read_all(other);
    read_all(other);
    TELL(lseek(fd, 0, SEEK_CUR));
    TELL(lseek(other, -2, SEEK_END));
    read_all(other);
    TELL(lseek(other, 1, SEEK_SET));
    TELL(lseek(other, 1, SEEK_CUR));
    TELL(lseek(other, -5, SEEK_CUR));
    TELL(lseek(other, 0, 17));
    TELL(lseek(other, 0, SEEK_DATA));
    TELL(lseek(other, 0, SEEK_HOLE));
    TELL(lseek(fd, 0, SEEK_CUR));
    TELL(write(other, "x", 1));
    TELL(fstat(fd, &one));
    TELL(fstat(other, &two));
    TELL(one.st_ino == two.st_ino && one.st_dev == two.st_dev && one.st_size == two.st_size);
    TELL(one.st_nlink);
    TELL(one.st_mode);
    snprintf(link_text, sizeof link_text, "/proc/self/fd/%d", other);
    TELL(stat(link_text, &two));
    TELL(one.st_ino == two.st_ino);
    TELL(lstat(link_text, &two));
    TELL(S_ISLNK(two.st_mode));
    TELL(again(fd, O_RDONLY | O_NOFOLLOW));
    TELL(again(fd, O_RDONLY | O_DIRECTORY));
    TELL(again(fd, O_RDWR | O_CREAT | O_EXCL));
    TELL(fcntl(other, F_GETFL));
    shown(other);
    void *at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, other, 0);
    TELL(at != MAP_FAILED && memcmp(at, "hello", 5) == 0);
    close(other);
    other = again(fd, O_RDWR | O_APPEND);
    TELL(other >= 0);
    TELL(write(other, "++", 2));
    TELL(lseek(other, 0, SEEK_CUR));
    TELL(pwrite(other, "--", 2, 0));
    TELL(lseek(other, 0, SEEK_SET));
    read_all(other);
    close(other);
    other = again(fd, O_RDWR | O_TRUNC);
    TELL(fstat(fd, &one));
    TELL(one.st_size);
    TELL(write(other, "hello, world", 12));
    TELL(pread(fd, text, 12, 0));
    fflush(stdout);
    if (fork() == 0) {
        TELL(lseek(other, 7, SEEK_SET));
        read_all(other);
        shown(other);
        _exit(0);
    }
    wait(NULL);
    shown(fd);
    close(other);
}

static void removed(void)
{
    int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0640);
    TELL(write(fd, "hello, world", 12));
    printf("there:\n");
    use(fd);
    TELL(unlink("file"));
    printf("removed:\n");
    use(fd);
    file_write("file", "another one");
    int named = open("file", O_RDONLY);
    snprintf(link_text, sizeof link_text, "/proc/self/fd/%d", named);
    TELL(linkat(AT_FDCWD, link_text, AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
    file_show("second");
    TELL(unlink("second"));
    close(named);
    printf("another one has its name:\n");
    use(fd);
    file_show("file");
    close(fd);
    fd = open("file", O_RDONLY);
    TELL(rename("file", "moved"));
    shown(fd);
    TELL(symlink("moved", "link"));
    int by_link = open("link", O_RDONLY);
    shown(by_link);
    TELL(unlink("moved"));
    shown(by_link);
    close(fd);
    close(by_link);
    fd = open("link", O_PATH | O_NOFOLLOW);
    shown(fd);
    close(fd);
}

static void nameless(void)
{
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    if (fd >= 0) {
        TELL(write(fd, "hello, world", 12));
        use(fd);
        close(fd);
    }
    umask(077);
    fd = memfd_create("some name", MFD_CLOEXEC);
    umask(022);
    TELL(write(fd, "hello, world", 12));
    use(fd);
    TELL(fcntl(fd, F_GETFL));
    TELL(fcntl(fd, F_GETFD));
    close(fd);
}

static void directories(void)
{
    struct stat status;
    char here[4096];
    TELL(mkdir("sub", 0755));
    file_write("sub/inner", "inner");
    int fd = open("sub", O_RDONLY | O_DIRECTORY);
    shown(fd);
    snprintf(link_text, sizeof link_text, "/proc/self/fd/%d/inner", fd);
    TELL(stat(link_text, &status));
    TELL(status.st_size);
    int inner = open(link_text, O_RDONLY);
    TELL(inner >= 0);
    shown(inner);
    close(inner);
    TELL(unlink("sub/inner"));
    TELL(fchdir(fd));
    TELL(rmdir("../sub"));
    TELL((long)getcwd(here, sizeof here));
    TELL(open("x", O_CREAT | O_RDWR, 0600));
    snprintf(link_text, sizeof link_text, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link_text, text, sizeof text);
    TELL(size > 10 && strncmp(text + size - 10, " (deleted)", 10) == 0);
    size = readlink("/proc/self/cwd", text, sizeof text);
    TELL(size > 10 && strncmp(text + size - 10, " (deleted)", 10) == 0);
    TELL(chdir(".."));
    close(fd);
}

static void others(void)
{
    int ends[2];
    TELL(pipe(ends));
    shown(ends[0]);
    shown(99);
    int fd = open("/dev/null", O_RDWR);
    shown(fd);
    close(fd);
    shown(0);
    fd = open("/proc", O_RDONLY | O_DIRECTORY);
    int proc = again(fd, O_RDONLY | O_DIRECTORY);
    TELL(proc >= 0);
    shown(proc);
    close(proc);
    close(fd);
    TELL(access("/proc/self/fd/", R_OK));
    TELL(access("/proc/self/fd/.", R_OK));
    TELL(open("/dev/null/", O_RDONLY));
    TELL(access("/proc/self/stat/", R_OK));
    close(ends[0]);
    close(ends[1]);
}

/* What the program is told about itself, under the names that it is run by. */
static int child(const char *how)
{
    struct stat one, two;
    char name[16] = "";
    ssize_t size = readlink("/proc/self/exe", text, sizeof text - 1);
    text[size < 0 ? 0 : size] = '\0';
    const char *last = strrchr(text, '/');
    const char *given = (const char *)getauxval(AT_EXECFN);
    FILE *comm = fopen("/proc/self/comm", "r");
    bool is_named = comm && fgets(name, sizeof name, comm);
    if (comm) {
        fclose(comm);
    }
    printf("%s: exe %s, started as %s, called %s\n", how, last ? last : "?", given,
           strcmp(how, "fexecve") == 0 || !is_named ? "-" : name);
    TELL(stat("/proc/self/exe", &one));
    int fd = open("/proc/self/exe", O_RDONLY);
    TELL(fd >= 0);
    TELL(fstat(fd, &two));
    TELL(one.st_ino == two.st_ino && one.st_size > 1000);
    TELL(read(fd, text, 4) == 4 && memcmp(text, "\177ELF", 4) == 0);
    fflush(stdout);
    if (fork() == 0) {
        size = readlink("/proc/self/exe", text, sizeof text - 1);
        text[size < 0 ? 0 : size] = '\0';
        printf("its child: %s\n", strrchr(text, '/'));
        fflush(stdout);
        _exit(0);
    }
    wait(NULL);
    return 0;
}

static void started(const char *path, const char *how)
{
    fflush(stdout);
    if (fork() == 0) {
        execl(path, path, "child", how, NULL);
        printf("%s: %s\n", path, strerrorname_np(errno));
        fflush(stdout);
        _exit(1);
    }
    wait(NULL);
}

/* A copy of this program in a new file. */
static void copy_to(int fd)
{
    int from = open("/proc/self/exe", O_RDONLY);
    static char part[65536];
    for (ssize_t size; (size = read(from, part, sizeof part)) > 0;) {
        if (write(fd, part, (size_t)size) != size) {
            perror("write");
        }
    }
    close(from);
}

/* The open program, which may have no name. */
static void started_open(int fd)
{
    char *arguments[] = {"memory", "child", "fexecve", NULL}, *environment[] = {NULL};
    fflush(stdout);
    if (fork() == 0) {
        fexecve(fd, arguments, environment);
        printf("fexecve: %s\n", strerrorname_np(errno));
        fflush(stdout);
        _exit(1);
    }
    wait(NULL);
}

static void programs(void)
{
    int fd = open("copy", O_WRONLY | O_CREAT, 0755);
    copy_to(fd);
    close(fd);
    started("./copy", "by its name");
    TELL(symlink("copy", "alias"));
    TELL(symlink("./alias", "alias-of-alias"));
    started("./alias", "by a link");
    started("./alias-of-alias", "by two links");
    TELL(mkdir("folder", 0755));
    TELL(symlink("folder", "way"));
    TELL(link("copy", "folder/second"));
    started("way/second", "through a link");
    fd = open("script", O_WRONLY | O_CREAT, 0755);
    TELL(dprintf(fd, "#!./alias child\n") > 0);
    close(fd);
    started("./script", "by a script");
    fd = open("copy", O_RDONLY);
    TELL(unlink("copy"));
    started_open(fd);
    close(fd);
    fd = memfd_create("program", MFD_CLOEXEC);
    copy_to(fd);
    started_open(fd);
    close(fd);
    TELL(unlink("folder/second"));
}

int main(int argc, char **argv)
{
    umask(022);
    if (argc > 2 && strcmp(argv[1], "child") == 0) {
        return child(argv[2]);
    }
    removed();
    nameless();
    directories();
    others();
    programs();
    return 0;
}
