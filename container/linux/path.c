/* SPDX-License-Identifier: BSD-2-Clause */
/* Joining paths, volumes, and the walk through links. */
#include "container/linux/path.h"

#include "container/linux/host.h"
#include "container/linux/overlay.h"
#include "container/linux/path_text.h"
#include "container/linux/place.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"

#define SHM "/dev/shm"

enum {
    LINKS_MAX = 40
};

struct path call_path;

static const struct container_order *the_order;
static cap_address root;
static struct container_mount
    shm;                     /* /dev/shm, unless a volume is there; its path is empty if there is none */

void path_init(const struct container_order *order)
{
    the_order = order;
    root = host_find("rootfs");
    overlay_init(root);
    for (uint32_t i = 0; i < order->host_count; i++) {
        if (strcmp(order->host[i].name, "shm") == 0) {
            shm = (struct container_mount){.host = i, .path = SHM};
        }
    }
}

cap_address path_root(void)
{
    return root;
}

static const struct container_mount *mount_of(const char *text)
{
    const struct container_mount *found = NULL;
    size_t longest = 0;
    for (uint64_t i = 0; the_order && i < the_order->mount_count; i++) {
        const struct container_mount *mount = &the_order->mount[i];
        size_t length = strlen(mount->path);
        if (length > longest && text_is_under(text, mount->path)) {
            found = mount;
            longest = length;
        }
    }
    return longest < sizeof SHM - 1 && shm.path[0] && text_is_under(text, SHM) ? &shm : found;
}

bool path_has_shm(void)
{
    const struct container_mount *mount = mount_of(SHM);
    return mount && mount->path[1];
}

static bool place_find(const char *text, struct place *place)
{
    const struct container_mount *mount = mount_of(text);
    size_t skip = mount && mount->path[1] ? strlen(mount->path) : 0;
    place->root = place->directory = mount ? CONTAINER_SLOT_HOST + mount->host : root;
    place->below = text + skip + (text[skip] == '/');
    place->length = strlen(place->below);
    place->is_overlay = place->root == root && overlay_is_on();
    return place->root != 0;
}

/* Is it the working directory, which knows its parent even so? */
static bool is_removed(const struct process *process, const char *text)
{
    return strcmp(text, process->directory) == 0 && path_working_is_gone();
}

/* The target of a link: its length, 0 when it is none; -ENOENT when there is nothing. */
static long link_read(const struct process *process, const char *text, char target[PATH_ROOM])
{
    struct place place;
    if (synthetic_covers(text)) {
        return synthetic_way(process, text, target);
    }
    if (!place_find(text, &place)) {
        return -ENOENT;
    }
    long length = place.length ? place_read_link(&place, target, PATH_ROOM - 1) : 0;
    target[length > 0 ? length : 0] = '\0';
    return length == -EINVAL || (length == -ENOENT && is_removed(process, text)) ? 0 : length;
}

/* May ".." be taken from here? */
static long directory_check(const struct process *process, const char *text)
{
    static struct statx status;
    struct place place;
    if (synthetic_covers(text)) {
        long error = synthetic_stat(process, text, &status);
        return error ? error : (status.mode & S_IFMT) == S_IFDIR ? 0 : -ENOTDIR;
    }
    if (!place_find(text, &place)) {
        return -ENOENT;
    }
    long error = place_stat(&place, 0, &status);
    if (error == -ENOENT && is_removed(process, text)) {
        return 0;
    }
    return error < 0 ? error : (status.mode & S_IFMT) == S_IFDIR ? 0 : -ENOTDIR;
}

/* Put a link's target in front of what is left to walk. */
static long link_enter(char *text, char *rest, const char **at, const char *target, unsigned *links)
{
    size_t target_length = strlen(target), rest_length = strlen(*at);
    if (++*links > LINKS_MAX) {
        return -ELOOP;
    }
    if (target_length + rest_length + 2 > PATH_ROOM) {
        return -ENAMETOOLONG;
    }
    memmove(rest + target_length, *at, rest_length + 1);
    memcpy(rest, target, target_length);
    *at = rest;
    if (target[0] == '/') {
        text[1] = '\0';
    } else {
        text_drop(text);
    }
    return 0;
}

long path_resolve(const struct process *process, struct path *path, bool follow)
{
    static char rest[2 * PATH_ROOM], target[PATH_ROOM];
    unsigned links = 0;
    long error = 0;
    size_t size = strlen(path->text);
    size_t asks = size > 1 && path->text[size - 1] == '/'            ? 1
                  : size > 2 && !strcmp(path->text + size - 2, "/.") ? 2
                                                                     : 0;
    bool is_directory = asks;
    memcpy(rest, path->text, size + 1);
    rest[size - asks] = '\0';
    path->text[1] = '\0';
    path->near = 0;
    for (const char *at = rest; *at && !error;) {
        size_t length = text_component(at);
        const char *name = at;
        at += length;
        if (text_is_here(name, length)) {
            at += !length;
            continue;
        }
        if (text_is_up(name, length)) {
            error = directory_check(process, path->text);
            text_drop(path->text);
            continue;
        }
        error = text_append(path->text, name, length);
        long found = error || (!*at && !follow && (!is_directory || path->is_name))
                         ? 0
                         : link_read(process, path->text, target);
        if (found > 0) {
            error = link_enter(path->text, rest, &at, target, &links);
        } else if (found < 0 && !*at) {
            break; /* to be made, perhaps */
        } else {
            error = error ? error : found;
        }
    }
    size = strlen(path->text);
    if (is_directory && !error && synthetic_covers(path->text)) {
        error = directory_check(process, path->text);
    } else if (is_directory && !error && size > 1 && size + 2 <= PATH_ROOM) {
        memcpy(path->text + size, "/", 2);
    }
    return error;
}

/* Paths that the host must not walk alone: ".." or links may lead from or to where it does not know. */
static bool must_walk(const char *text)
{
    static const char *const SYNTHETIC[] = {"dev", "proc", "sys"};
    bool is_parted = the_order->mount_count > 0 || overlay_is_on() || text_is_under(text, "/proc/self");
    if (is_parted || !text_has_up(text)) {
        return is_parted;
    }
    if (path_working_is_gone()) {
        return true;
    }
    for (const char *at = text; *at;) {
        size_t length = text_component(at);
        for (unsigned i = 0; i < sizeof SYNTHETIC / sizeof *SYNTHETIC; i++) {
            if (length == strlen(SYNTHETIC[i]) && memcmp(at, SYNTHETIC[i], length) == 0) {
                return true;
            }
        }
        at += length + (at[length] == '/');
    }
    return false;
}

/* What is there, if no link is on the way: else -ELOOP. */
static long look(const struct place *place, uint32_t *mode)
{
    static struct overlay_node node;
    long error = place->is_overlay
                     ? overlay_look(place->below, &node)
                     : HOST(place->directory, HOST_DIRECTORY_STAT, 0, NULL, (uint64_t)place->below,
                            place->length, AT_SYMLINK_NOFOLLOW | HOST_IO_NO_LINKS, (uint64_t)&node.status);
    *mode = node.status.mode & S_IFMT;
    return error;
}

/* Can it be found at once, without walking through links here? */
static bool is_plain(const struct path *path, bool follow)
{
    struct place place;
    uint32_t mode;
    if (text_has_up(path->text) || synthetic_covers(path->text) || !place_find(path->text, &place)) {
        return false;
    }
    long error = look(&place, &mode);
    return error < 0 ? error != -ELOOP && (error != -ENOTDIR || path->is_name) : !(mode == S_IFLNK && follow);
}

long path_set(struct path *to, const char *text)
{
    to->near = 0;
    to->is_name = false;
    overlay_begin();
    return text_join(to->text, "/", text);
}

/* A single name in an open directory, where nothing is mounted. */
static void near_find(struct path *path, const char *text, const struct file *directory)
{
    size_t length = text_component(text);
    if (!directory || text[length] || text_is_here(text, length) || text_is_up(text, length) ||
        synthetic_covers(path->text) || !file_host_cap(directory)) {
        return;
    }
    for (uint64_t i = 0; i < the_order->mount_count; i++) {
        if (text_is_under(the_order->mount[i].path, path->text)) {
            return;
        }
    }
    path->near = file_host_cap(directory);
    path->name = strlen(path->text) - length;
}

long path_text(const struct process *process, const char *text, struct path *to)
{
    to->near = 0;
    to->is_name = false;
    overlay_begin();
    return text_join(to->text, text[0] == '/' ? "/" : process->directory, text);
}

long path_read(const struct process *process, uint64_t directory_fd, uint64_t address, struct path *to)
{
    static char text[PATH_ROOM];
    long length = user_string(text, address, sizeof text);
    overlay_begin();
    if (length <= 0) {
        return length ? length : -ENOENT;
    }
    if (text[0] == '/') {
        return path_set(to, text);
    }
    const char *base = process->directory;
    const struct file *directory = path_working();
    if ((int)directory_fd != AT_FDCWD) {
        directory = file_of(process, directory_fd);
        if (!directory || !directory->path || !file_is_directory(directory)) {
            return directory ? -ENOTDIR : -EBADF;
        }
        base = directory->path;
    }
    to->near = 0;
    to->is_name = false;
    long error = text_join(to->text, base, text);
    if (!error) {
        near_find(to, text, directory);
    }
    return error;
}

/* The place of a path that was looked up in a directory itself; false: the text decides. */
static bool near_place(struct path *path, bool follow, struct place *place)
{
    static char target[PATH_ROOM];
    const char *name = path->text + path->name;
    if (!path->near || (follow && HOST(path->near, HOST_DIRECTORY_READ_LINK, 0, NULL, (uint64_t)name,
                                       strlen(name), (uint64_t)target, sizeof target) >= 0)) {
        return false;
    }
    const struct container_mount *mount = mount_of(path->text);
    *place = (struct place){path->near, name, strlen(name), mount ? CONTAINER_SLOT_HOST + mount->host : root,
                            false};
    return true;
}

/* The host found nothing. Does a link lead out of its sight? */
static bool may_lead_out(const struct process *process, struct path *path, bool follow)
{
    static char target[PATH_ROOM];
    static struct path parent;
    if (follow && link_read(process, path->text, target) > 0) {
        return true;
    }
    memcpy(parent.text, path->text, strlen(path->text) + 1);
    text_drop(parent.text);
    return parent.text[1] && directory_check(process, parent.text) != 0;
}

static long path_place(const struct process *process, struct path *path, bool follow, struct place *place)
{
    if (near_place(path, follow, place)) {
        return 0;
    }
    bool must = synthetic_covers(path->text) || must_walk(path->text);
    long error = must && !is_plain(path, follow) ? path_resolve(process, path, follow) : 0;
    return error                           ? error
           : synthetic_covers(path->text)  ? PATH_SYNTHETIC
           : place_find(path->text, place) ? 0
                                           : -ENOENT;
}

long path_do(const struct process *process, struct path *path, bool follow,
             long (*operation)(void *argument, const struct place *place), void *argument)
{
    struct place place;
    long result = path_place(process, path, follow, &place);
    if (result) {
        return result;
    }
    result = operation(argument, &place);
    if (result != -ENOENT || path->near || must_walk(path->text) || !may_lead_out(process, path, follow)) {
        return result;
    }
    if (path_resolve(process, path, follow) || !place_find(path->text, &place)) {
        return result;
    }
    return synthetic_covers(path->text) ? PATH_SYNTHETIC : operation(argument, &place);
}

long path_pair_do(const struct process *process, struct path *old, struct path *new,
                  long (*operation)(void *argument, const struct place *old, const struct place *new),
                  void *argument)
{
    struct place from, to;
    long error = path_place(process, old, false, &from);
    error = error ? error : path_place(process, new, false, &to);
    if (error) {
        return error == PATH_SYNTHETIC ? -EXDEV : error;
    }
    return from.root == to.root ? operation(argument, &from, &to) : -EXDEV;
}
