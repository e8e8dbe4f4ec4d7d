/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an image to a root directory.
 *
 * The cache has a directory per image, named by the digest of its manifest: `root`, `config.json`. It is made under
 * another name and renamed when it is whole, so that two commands at once do no harm.
 */
#define _GNU_SOURCE
#include "container_image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container_tree.h"
#include "container_unpack.h"
#include "host/fd.h"

enum {
    PATH_SIZE = 4096,
    KEY_SIZE = 80,
    DIGEST_LENGTH = 64,
    INDEX_DEPTH = 3
};

/* An image that is being looked at: an OCI layout, or what an archive holds. */
struct image {
    int layout;     /* its directory */
    json_t *layers; /* array of paths below the layout */
    char config[PATH_SIZE];
    char key[KEY_SIZE];
};

static json_t *json_open(int layout, const char *path)
{
    HOST_FD int fd = tree_open(layout, path, O_RDONLY);
    return fd < 0 ? NULL : json_loadfd(fd, 0, NULL);
}

/* "sha256:..." to a path of the layout. */
static bool blob_path(const char *digest, char path[PATH_SIZE])
{
    static const char prefix[] = "sha256:";
    const char *hex = digest ? digest + sizeof(prefix) - 1 : "";
    if (!digest || strncmp(digest, prefix, sizeof(prefix) - 1) != 0 || strlen(hex) != DIGEST_LENGTH ||
        strspn(hex, "0123456789abcdef") != DIGEST_LENGTH) {
        return false;
    }
    (void)snprintf(path, PATH_SIZE, "blobs/sha256/%s", hex);
    return true;
}

static const char *digest_of(const json_t *descriptor)
{
    return json_string_value(json_object_get(descriptor, "digest"));
}

/* The manifest for this processor, else the first. */
static const char *manifest_choose(const json_t *index)
{
    const json_t *manifests = json_object_get(index, "manifests"), *entry;
    size_t i;
    json_array_foreach(manifests, i, entry)
    {
        const json_t *platform = json_object_get(entry, "platform");
        const char *architecture = json_string_value(json_object_get(platform, "architecture"));
        if (architecture && strcmp(architecture, "amd64") == 0) {
            return digest_of(entry);
        }
    }
    return digest_of(json_array_get(manifests, 0));
}

static bool manifest_read(struct image *image, const json_t *manifest)
{
    const json_t *layers = json_object_get(manifest, "layers"), *entry;
    char path[PATH_SIZE];
    size_t i;
    image->layers = json_array();
    json_array_foreach(layers, i, entry)
    {
        if (!blob_path(digest_of(entry), path) ||
            json_array_append_new(image->layers, json_string(path)) < 0) {
            return false;
        }
    }
    return blob_path(digest_of(json_object_get(manifest, "config")), image->config);
}

/* index.json, perhaps over further indices, to the manifest. */
static bool layout_read(struct image *image)
{
    json_t *json = json_open(image->layout, "index.json");
    bool is_good = false;
    for (unsigned depth = 0; json && depth < INDEX_DEPTH; depth++) {
        char path[PATH_SIZE];
        const char *digest = manifest_choose(json);
        if (json_object_get(json, "layers")) {
            is_good = manifest_read(image, json);
            break;
        }
        bool has_path = blob_path(digest, path);
        (void)snprintf(image->key, sizeof(image->key), "%.*s", (int)sizeof(image->key) - 1,
                       has_path ? path + sizeof("blobs/sha256/") - 1 : "");
        json_decref(json);
        json = has_path ? json_open(image->layout, path) : NULL;
    }
    json_decref(json);
    return is_good;
}

/* manifest.json of docker save. Its configuration's name is its digest. */
static bool docker_read(struct image *image)
{
    json_t *json = json_open(image->layout, "manifest.json");
    const json_t *first = json_array_get(json, 0), *layers = json_object_get(first, "Layers");
    const char *config = json_string_value(json_object_get(first, "Config"));
    bool is_good = config && json_is_array(layers) && strlen(config) < sizeof(image->config);
    if (is_good) {
        const char *last = strrchr(config, '/');
        (void)snprintf(image->config, sizeof(image->config), "%s", config);
        (void)snprintf(image->key, sizeof(image->key), "%.64s", last ? last + 1 : config);
        image->key[strspn(image->key, "0123456789abcdef")] = '\0';
        image->layers = json_deep_copy(layers);
    }
    json_decref(json);
    return is_good && strlen(image->key) == DIGEST_LENGTH;
}

static int layers_unpack(const struct image *image, int root, struct diag *diag)
{
    const json_t *layer;
    size_t i;
    json_array_foreach(image->layers, i, layer)
    {
        const char *path = json_string_value(layer);
        HOST_FD int fd = path ? tree_open(image->layout, path, O_RDONLY) : -EBADMSG;
        int error =
            fd < 0 ? diag_errno(diag, fd, "%s", path ? path : "?") : archive_unpack(fd, root, true, diag);
        if (error) {
            diag_add(diag, "cannot unpack layer %zu", i + 1);
            return error;
        }
    }
    return 0;
}

/* The cache's directory. The descriptor or -errno. */
static int cache_open(struct diag *diag)
{
    char path[PATH_SIZE];
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int length = cache && cache[0] == '/' ? snprintf(path, sizeof(path), "%s/selkie/images", cache)
                 : home && home[0] == '/' ? snprintf(path, sizeof(path), "%s/.cache/selkie/images", home)
                                          : -1;
    if (length < 0 || (size_t)length >= sizeof(path)) {
        return diag_errno(diag, ENOENT, "neither XDG_CACHE_HOME nor HOME says where unpacked images may lie");
    }
    for (char *at = path + 1;; at++) {
        if (*at == '/' || *at == '\0') {
            char here = *at;
            *at = '\0';
            (void)mkdir(path, S_IRWXU);
            *at = here;
            if (!here) {
                break;
            }
        }
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? diag_errno(diag, errno, "cannot make %s", path) : fd;
}

/* A new directory below the cache with a name of its own, kept in `name`. */
static int work_make(int cache, char name[KEY_SIZE], struct diag *diag)
{
    static unsigned count;
    (void)snprintf(name, KEY_SIZE, "new-%d-%u", (int)getpid(), count++);
    (void)tree_remove(cache, name);
    int fd = mkdirat(cache, name, S_IRWXU) < 0 ? -1 : openat(cache, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? diag_errno(diag, errno, "cannot unpack images") : fd;
}

static int config_keep(const struct image *image, int work, struct diag *diag)
{
    json_t *json = json_open(image->layout, image->config);
    HOST_FD int fd = openat(work, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int error = !json ? diag_errno(diag, EBADMSG, "the image's configuration")
                : fd < 0 || json_dumpfd(json, fd, 0) < 0 ? diag_errno(diag, EIO, "cannot write to the cache")
                                                         : 0;
    json_decref(json);
    return error;
}

/* All layers into the cache, unless they are there. */
static int image_cache(const struct image *image, int cache, struct diag *diag)
{
    char name[KEY_SIZE];
    if (faccessat(cache, image->key, F_OK, 0) == 0) {
        return 0;
    }
    HOST_FD int work = work_make(cache, name, diag);
    if (work < 0) {
        return work;
    }
    int error = mkdirat(work, "root", S_IRWXU) < 0 ? -errno : 0;
    HOST_FD int root = openat(work, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = error || root < 0 ? diag_errno(diag, EIO, "cannot write to the cache")
                              : layers_unpack(image, root, diag);
    if (!error) {
        error = fchmod(root, 0755) < 0 ? -errno : config_keep(image, work, diag);
    }
    bool is_there = !error && renameat(cache, name, cache, image->key) == 0;
    if (!is_there) {
        (void)tree_remove(cache, name); /* or somebody else was first */
    }
    return error;
}

static int layout_use(int layout, const char *path, int cache, char key[KEY_SIZE], struct diag *diag)
{
    struct image image = {.layout = layout};
    bool is_image = layout_read(&image) || docker_read(&image);
    int error =
        is_image ? image_cache(&image, cache, diag)
                 : diag_errno(diag, EBADMSG, "%s: neither an OCI layout nor an archive of docker save", path);
    (void)snprintf(key, KEY_SIZE, "%s", image.key);
    json_decref(image.layers);
    return error;
}

/* An archive is unpacked as a layout first. A file that did not change is known by its name in `archives`. */
static int archive_use(int archive, const char *path, int cache, char key[KEY_SIZE], struct diag *diag)
{
    char name[KEY_SIZE], link[PATH_SIZE];
    struct stat status;
    if (fstat(archive, &status) < 0) {
        return diag_errno(diag, errno, "%s", path);
    }
    (void)snprintf(link, sizeof(link), "file-%lx-%lx-%lx-%lx-%lx", status.st_dev, status.st_ino,
                   (unsigned long)status.st_size, (unsigned long)status.st_mtim.tv_sec,
                   (unsigned long)status.st_mtim.tv_nsec);
    ssize_t length = readlinkat(cache, link, key, KEY_SIZE - 1);
    if (length > 0 && faccessat(cache, link, F_OK, 0) == 0) {
        key[length] = '\0';
        return 0;
    }
    HOST_FD int work = work_make(cache, name, diag);
    int error = work < 0 ? work : archive_unpack(archive, work, false, diag);
    if (error) {
        diag_add(diag, "%s", path);
    } else {
        error = layout_use(work, path, cache, key, diag);
    }
    (void)tree_remove(cache, name);
    if (!error && unlinkat(cache, link, 0) <= 0) {
        (void)symlinkat(key, cache, link);
    }
    return error;
}

/* The strings of an array. */
static size_t words_read(const json_t *array, const char *words[IMAGE_WORDS])
{
    const json_t *entry;
    size_t i, count = 0;
    json_array_foreach(array, i, entry)
    {
        if (count < IMAGE_WORDS && json_is_string(entry)) {
            words[count++] = json_string_value(entry);
        }
    }
    return count;
}

static void config_read(struct image_config *config, int directory)
{
    HOST_FD int fd = openat(directory, "config.json", O_RDONLY | O_CLOEXEC);
    config->json = fd < 0 ? NULL : json_loadfd(fd, 0, NULL);
    const json_t *run = json_object_get(config->json, "config");
    config->environment_count = words_read(json_object_get(run, "Env"), config->environment);
    config->entrypoint_count = words_read(json_object_get(run, "Entrypoint"), config->entrypoint);
    config->command_count = words_read(json_object_get(run, "Cmd"), config->command);
    config->workdir = json_string_value(json_object_get(run, "WorkingDir"));
    config->user = json_string_value(json_object_get(run, "User"));
}

static int root_make(int cache, const char *key, int state, struct image_config *config, struct diag *diag)
{
    HOST_FD int directory = openat(cache, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    HOST_FD int from = directory < 0 ? -1 : openat(directory, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    HOST_FD int to =
        mkdirat(state, "root", 0755) < 0 ? -1 : openat(state, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (from < 0 || to < 0) {
        return diag_errno(diag, errno, "cannot make the container's files");
    }
    config_read(config, directory);
    int error = tree_copy(from, to);
    return error ? diag_errno(diag, error, "cannot copy the image's files") : 0;
}

int image_unpack(const char *path, int state, struct image_config *config, struct diag *diag)
{
    char key[KEY_SIZE] = "";
    struct stat status;
    HOST_FD int image = open(path, O_RDONLY | O_CLOEXEC);
    HOST_FD int cache = image < 0 ? -1 : cache_open(diag);
    if (image < 0 || cache < 0) {
        return image < 0 ? diag_errno(diag, errno, "cannot open %s", path) : cache;
    }
    int error = fstat(image, &status) < 0 ? diag_errno(diag, errno, "%s", path)
                : S_ISDIR(status.st_mode) ? layout_use(image, path, cache, key, diag)
                                          : archive_use(image, path, cache, key, diag);
    return error ? error : root_make(cache, key, state, config, diag);
}

void image_config_drop(struct image_config *config)
{
    json_decref(config->json);
    config->json = NULL;
}

/* In a file like etc/passwd: the numbers behind NAME:x:, or NAME:x:UID:GID. */
static bool name_find(int state, const char *file, const char *name, unsigned *first, unsigned *second)
{
    char line[1024];
    HOST_FD int root = state < 0 ? -1 : openat(state, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int fd = root < 0 ? -1 : tree_open(root, file, O_RDONLY);
    FILE *stream = fd < 0 ? NULL : fdopen(fd, "r");
    size_t length = strlen(name);
    bool is_found = false;
    while (stream && !is_found && fgets(line, sizeof(line), stream)) {
        const char *rest =
            strncmp(line, name, length) == 0 && line[length] == ':' ? strchr(line + length + 1, ':') : NULL;
        is_found = rest && sscanf(rest, ":%u:%u", first, second) >= 1;
    }
    if (stream) {
        (void)fclose(stream);
    }
    return is_found;
}

static bool number_read(const char *text, unsigned *number)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    *number = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && !*end && value < 0xfffffffful;
}

bool image_user_find(int state, const char *text, unsigned *uid, unsigned *gid)
{
    char user[256];
    unsigned ignored;
    const char *group = strchr(text, ':');
    (void)snprintf(user, sizeof(user), "%.*s", (int)(group ? (size_t)(group - text) : strlen(text)), text);
    *gid = 0;
    if (!number_read(user, uid) && !name_find(state, "etc/passwd", user, uid, gid)) {
        return false;
    }
    return !group || number_read(group + 1, gid) || name_find(state, "etc/group", group + 1, gid, &ignored);
}
