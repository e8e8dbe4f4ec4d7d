/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * /etc/resolv.conf, /etc/hosts and /etc/hostname, and directories for /dev, /proc, /sys and volumes, in a container's
 * upper layer. An image's own files of these names are from where the image was made, and say nothing here; those of a
 * directory of the host (--rootfs=DIR:O) stay, unless they are empty or missing.
 *
 * Nothing is made where the layers below have a link on the way, or a directory whose owner is in their index: it would
 * have to be copied up with what it is, which is the container's own work.
 */
#define _GNU_SOURCE
#include "container_root.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_tree.h"
#include "host/fd.h"

#define RESOLV             "/etc/resolv.conf"
#define RESOLV_OF_RESOLVED "/run/systemd/resolve/resolv.conf"

enum {
    TEXT_SIZE = 16384,
    MODE_BITS = 0777,
    FILE_MODE = 0644,
    FOLDER_MODE = 0755
};

static const char host_name[] = "selkie"; /* as uname(2) says inside */

/* The directory NAME in the upper layer, as the lower one has it. Descriptors of both, -1 where the lower one has none. */
static bool folder_enter(int *upper, int *lower, const char *name)
{
    struct stat status = {.st_mode = S_IFDIR | FOLDER_MODE};
    bool is_below = *lower >= 0 && fstatat(*lower, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (is_below && (!S_ISDIR(status.st_mode) || status.st_mode & S_ISVTX)) {
        return false;
    }
    bool is_new = mkdirat(*upper, name, S_IRWXU) == 0;
    int above = openat(*upper, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (above < 0) {
        return false;
    }
    if (is_new) {
        const struct timespec times[2] = {status.st_atim, status.st_mtim};
        (void)fchmod(above, status.st_mode & MODE_BITS);
        (void)(is_below && futimens(above, times) == 0);
    }
    int below = is_below ? openat(*lower, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
    (void)close(*upper);
    if (*lower >= 0) {
        (void)close(*lower);
    }
    *upper = above;
    *lower = below;
    return true;
}

/* A place for a volume, unless something is there. */
static void place_make(const struct container_root *root, const char *path, bool is_file)
{
    struct stat status;
    char part[NAME_MAX + 1];
    HOST_FD int present = tree_open(root->lower, path[1] ? path + 1 : ".", O_PATH);
    int upper = fcntl(root->upper, F_DUPFD_CLOEXEC, 0), lower = fcntl(root->lower, F_DUPFD_CLOEXEC, 0);
    bool goes_on = present < 0 && upper >= 0 && lower >= 0;
    for (const char *at = path; goes_on && *at;) {
        at += strspn(at, "/");
        size_t length = strcspn(at, "/");
        bool is_last = !at[length + strspn(at + length, "/")];
        goes_on = length > 0 && length <= NAME_MAX;
        if (!goes_on) {
            break;
        }
        (void)snprintf(part, sizeof(part), "%.*s", (int)length, at);
        if (!strcmp(part, ".") || !strcmp(part, "..") || strncmp(part, ".wh.", 4) == 0) {
            break;
        }
        if (is_last && is_file && (lower < 0 || fstatat(lower, part, &status, AT_SYMLINK_NOFOLLOW) != 0)) {
            HOST_FD int file =
                openat(upper, part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
            (void)(file >= 0 && fchmod(file, FILE_MODE) == 0);
            break;
        }
        goes_on = folder_enter(&upper, &lower, part);
        at += length;
    }
    (void)(upper >= 0 && close(upper) == 0);
    (void)(lower >= 0 && close(lower) == 0);
}

static void places_make(const struct container_root *root, const struct container_options *options)
{
    static const char *const MADE_UP[] = {"/dev", "/proc", "/sys"};
    for (unsigned i = 0; options->image && i < sizeof(MADE_UP) / sizeof(*MADE_UP); i++) {
        place_make(root, MADE_UP[i], false);
    }
    for (unsigned i = 0; i < options->volume_count; i++) {
        struct stat status;
        bool is_file = stat(options->volume[i].host, &status) == 0 && !S_ISDIR(status.st_mode);
        place_make(root, options->volume[i].inside, is_file);
    }
}

static size_t file_read(const char *path, char text[TEXT_SIZE])
{
    HOST_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t count = fd < 0 ? 0 : read(fd, text, TEXT_SIZE - 1);
    text[count > 0 ? count : 0] = '\0';
    return count > 0 ? (size_t)count : 0;
}

/* Does it name a server, and one that is not on a loopback network? */
static bool names_server(const char *text)
{
    bool does = false;
    for (const char *line = text; line && !does; line = strchr(line, '\n')) {
        line += *line == '\n';
        const char *address =
            strncmp(line, "nameserver", 10) == 0 ? line + 10 + strspn(line + 10, " \t") : NULL;
        does = address && strncmp(address, "127.", 4) != 0 && strncmp(address, "::1", 3) != 0;
    }
    return does;
}

/* The host's. A server on its loopback network can be reached by who may reach any address, since 127.0.0.1 means
 * there what it means here; for others there may be a file that names the servers behind it. */
static void resolv_text(const struct container_options *options, char text[TEXT_SIZE])
{
    static char behind[TEXT_SIZE];
    if (!options->network[0]) {
        (void)snprintf(text, TEXT_SIZE, "# This container has no network.\n");
        return;
    }
    (void)file_read(RESOLV, text);
    if (strcmp(options->network, "any") != 0 && !names_server(text) &&
        file_read(RESOLV_OF_RESOLVED, behind) && names_server(behind)) {
        memcpy(text, behind, TEXT_SIZE);
    }
}

static void hosts_text(const char *name, char text[TEXT_SIZE])
{
    (void)snprintf(text, TEXT_SIZE,
                   "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.0.1\t%s%s%s\n",
                   host_name, strcmp(name, host_name) ? " " : "", strcmp(name, host_name) ? name : "");
}

static bool is_wanted(const struct container_root *root, const struct container_options *options,
                      const char *path)
{
    struct stat status;
    HOST_FD int fd = options->image ? -1 : tree_open(root->lower, path, O_RDONLY | O_NONBLOCK);
    return options->image || fd < 0 ||
           (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && !status.st_size);
}

static void file_write(int folder, const char *name, const char *text)
{
    HOST_FD int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    size_t size = strlen(text);
    if (fd >= 0 && (write(fd, text, size) != (ssize_t)size || fchmod(fd, FILE_MODE) < 0)) {
        (void)unlinkat(folder, name, 0);
    }
}

static void names_make(const struct container_root *root, const struct container_options *options,
                       const char *name)
{
    static char text[TEXT_SIZE];
    struct stat status;
    bool has_etc = fstatat(root->lower, "etc", &status, AT_SYMLINK_NOFOLLOW) == 0;
    int upper = fcntl(root->upper, F_DUPFD_CLOEXEC, 0), lower = fcntl(root->lower, F_DUPFD_CLOEXEC, 0);
    bool wants[] = {is_wanted(root, options, "etc/resolv.conf"), is_wanted(root, options, "etc/hosts"),
                    is_wanted(root, options, "etc/hostname")};
    bool wants_any = (wants[0] || wants[1] || wants[2]) && (has_etc || options->image);
    if (wants_any && upper >= 0 && folder_enter(&upper, &lower, "etc")) {
        if (wants[0]) {
            resolv_text(options, text);
            file_write(upper, "resolv.conf", text);
        }
        if (wants[1]) {
            hosts_text(name, text);
            file_write(upper, "hosts", text);
        }
        if (wants[2]) {
            (void)snprintf(text, TEXT_SIZE, "%s\n", host_name);
            file_write(upper, "hostname", text);
        }
    }
    (void)(upper >= 0 && close(upper) == 0);
    (void)(lower >= 0 && close(lower) == 0);
}

void layer_begin(const struct container_root *root, const struct container_options *options, const char *name)
{
    if (root->upper >= 0 && root->lower >= 0) {
        names_make(root, options, name);
        places_make(root, options);
    }
}
