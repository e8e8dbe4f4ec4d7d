/* SPDX-License-Identifier: BSD-2-Clause */
/* stat(2), statx(2), access(2), chmod(2), utimensat(2), umask(2), chown(2), statfs(2). */
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <utime.h>

#include "tell.h"

static struct stat status;

static void show(const char *path)
{
    if (lstat(path, &status)) {
        printf("%s: %s\n", path, strerrorname_np(errno));
        return;
    }
    printf("%s: mode %o links %lu user %d group %d size %ld\n", path, status.st_mode,
           S_ISDIR(status.st_mode) ? 0 : (long)status.st_nlink, status.st_uid, status.st_gid,
           S_ISDIR(status.st_mode) ? 0 : (long)status.st_size);
}

static void modes(void)
{
    TELL(umask(0));
    TELL(umask(0777));
    TELL(umask(022));
    TELL(umask(07777));
    TELL(umask(027));
    TELL(close(open("file", O_CREAT | O_WRONLY, 0666)));
    TELL(mkdir("directory", 0777));
    TELL(mkfifo("fifo", 0666));
    TELL(symlink("file", "link"));
    show("file");
    show("directory");
    show("fifo");
    show("link");
    TELL(chmod("file", 04755));
    show("file");
    TELL(chmod("link", 0611));
    show("file");
    show("link");
    TELL(chmod("directory", 01777));
    show("directory");
    TELL(chmod("missing", 0600));
    TELL(chmod("", 0600));
    TELL(chmod(NOWHERE, 0600));
    int fd = (int)TELL(open("file", O_RDONLY));
    TELL(fchmod(fd, 0640));
    show("file");
    TELL(fchmod(99, 0600));
    TELL(fchmodat(AT_FDCWD, "file", 0600, 0));
    TELL(fchmodat(99, "file", 0600, 0));
    TELL(close(fd));
    fd = (int)TELL(open("directory", O_RDONLY));
    TELL(fchmod(fd, 0750));
    TELL(fchmodat(fd, "../file", 0644, 0));
    TELL(close(fd));
    show("directory");
    TELL(chown("file", 0, 0));
    TELL(chown("file", (uid_t)-1, (gid_t)-1));
    TELL(chown("missing", 0, 0));
    TELL(lchown("link", 0, 0));
    TELL(fchown(99, 0, 0));
}

static void looking(void)
{
    struct statx wide;
    struct stat other;
    TELL(stat("missing", &status));
    TELL(stat("file/below", &status));
    TELL(stat("file", NOWHERE));
    TELL(stat("", &status));
    TELL(fstat(99, &status));
    TELL(fstatat(AT_FDCWD, "", &status, AT_EMPTY_PATH));
    TELL(S_ISDIR(status.st_mode));
    TELL(fstatat(99, "", &status, AT_EMPTY_PATH));
    TELL(fstatat(AT_FDCWD, "link", &status, 0x40000000));
    TELL(stat("link", &status));
    TELL(S_ISREG(status.st_mode));
    int fd = (int)TELL(open("file", O_RDWR));
    TELL(fstat(fd, &other));
    TELL(other.st_ino == status.st_ino && other.st_dev == status.st_dev);
    TELL(write(fd, "0123456789", 10));
    TELL(fstatat(fd, "", &other, AT_EMPTY_PATH));
    TELL(other.st_size);
    TELL(other.st_blksize);
    TELL(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &wide));
    TELL((long)wide.stx_size);
    TELL(statx(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, STATX_ALL, &wide));
    TELL(wide.stx_mode);
    TELL(makedev(wide.stx_dev_major, wide.stx_dev_minor) == status.st_dev);
    TELL(statx(AT_FDCWD, "missing", 0, STATX_ALL, &wide));
    TELL(statx(AT_FDCWD, "file", 0x7000, STATX_ALL, &wide));
    TELL(statx(AT_FDCWD, "file", 0x10000000, STATX_ALL, &wide));
    TELL(statx(AT_FDCWD, "file", 0, STATX_ALL, NOWHERE));
    TELL(close(fd));
    TELL(stat("/dev/null", &status));
    TELL(S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3));
    TELL(stat("/dev/zero", &status));
    TELL((status.st_mode & 0777) == 0666 && status.st_rdev == makedev(1, 5));
    TELL(stat("/proc/self/exe", &status));
    TELL(S_ISREG(status.st_mode) && status.st_size > 1000);
    TELL(lstat("/proc/self/exe", &status));
    TELL(S_ISLNK(status.st_mode));
    TELL(stat(".", &status));
    TELL(stat("directory/..", &other));
    TELL(status.st_ino == other.st_ino);
}

static void may(void)
{
    TELL(access("file", F_OK));
    TELL(access("file", R_OK | W_OK));
    TELL(access("file", X_OK));
    TELL(access("directory", X_OK));
    TELL(access("missing", F_OK));
    TELL(access("file", 8));
    TELL(access("", F_OK));
    TELL(access(NOWHERE, F_OK));
    TELL(chmod("file", 0700));
    TELL(access("file", X_OK));
    TELL(faccessat(AT_FDCWD, "link", F_OK, AT_SYMLINK_NOFOLLOW));
    TELL(faccessat(99, "link", F_OK, 0));
    TELL(syscall(439, AT_FDCWD, "file", F_OK, AT_EACCESS));
    TELL(syscall(439, AT_FDCWD, "file", F_OK, 0x40000000));
    TELL(euidaccess("file", W_OK));
}

static void times(void)
{
    struct timespec both[2] = {{1000000000, 123456789}, {1100000000, 987654321}};
    struct timeval old[2] = {{900000000, 5}, {800000000, 6}};
    struct utimbuf seconds = {700000000, 600000000};
    TELL(utimensat(AT_FDCWD, "file", both, 0));
    TELL(stat("file", &status));
    TELL(status.st_atim.tv_sec);
    TELL(status.st_atim.tv_nsec);
    TELL(status.st_mtim.tv_sec);
    TELL(status.st_mtim.tv_nsec);
    both[0].tv_nsec = UTIME_OMIT;
    both[1].tv_sec = 5;
    TELL(utimensat(AT_FDCWD, "file", both, 0));
    TELL(stat("file", &status));
    TELL(status.st_atim.tv_sec);
    TELL(status.st_mtim.tv_sec);
    both[1].tv_nsec = UTIME_NOW;
    TELL(utimensat(AT_FDCWD, "file", both, 0));
    TELL(stat("file", &status));
    TELL(status.st_mtim.tv_sec > 1700000000);
    both[1].tv_nsec = 1000000000;
    TELL(utimensat(AT_FDCWD, "file", both, 0));
    TELL(utimensat(AT_FDCWD, "missing", NULL, 0));
    TELL(utimensat(99, "file", NULL, 0));
    TELL(utimensat(AT_FDCWD, "file", NOWHERE, 0));
    TELL(utimensat(AT_FDCWD, "file", NULL, 0));
    both[1] = both[0] = (struct timespec){77, 0};
    TELL(utimensat(AT_FDCWD, "link", both, AT_SYMLINK_NOFOLLOW));
    TELL(lstat("link", &status));
    TELL(status.st_mtim.tv_sec);
    TELL(stat("file", &status));
    TELL(status.st_mtim.tv_sec > 1700000000);
    int fd = open("file", O_RDONLY);
    TELL(futimens(fd, both));
    TELL(fstat(fd, &status));
    TELL(status.st_mtim.tv_sec);
    TELL(futimens(99, both));
    TELL(close(fd));
    fd = open("directory", O_RDONLY);
    TELL(futimens(fd, both));
    TELL(fstat(fd, &status));
    TELL(status.st_mtim.tv_sec);
    TELL(close(fd));
    TELL(utimes("file", old));
    TELL(syscall(SYS_utimes, "file", old));
    TELL(stat("file", &status));
    TELL(status.st_atim.tv_sec);
    TELL(status.st_mtim.tv_nsec);
    TELL(syscall(SYS_utime, "file", &seconds));
    TELL(stat("file", &status));
    TELL(status.st_mtim.tv_sec);
    TELL(syscall(SYS_futimesat, AT_FDCWD, "file", old));
    TELL(stat("file", &status));
    TELL(status.st_mtim.tv_sec);
}

static void systems(void)
{
    struct statfs system;
    TELL(statfs(".", &system));
    TELL(system.f_namelen);
    TELL(system.f_bsize > 0 && system.f_blocks > 0);
    TELL(statfs("missing", &system));
    TELL(statfs(".", NOWHERE));
    TELL(fstatfs(99, &system));
    TELL(statfs("/proc", &system));
    TELL(system.f_type);
}

int main(void)
{
    modes();
    looking();
    may();
    times();
    systems();
    return 0;
}
