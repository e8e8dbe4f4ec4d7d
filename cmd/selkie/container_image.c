/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an image to a directory with its files.
 *
 * The cache has a directory per image, named by the digest of its manifest: `root`, `index` (container/index.h),
 * `config.json`. It is made under another name and renamed when it is whole, so that two commands at once do no harm;
 * after that nobody writes to it. What the image says has a digest is read only if it has that one.
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

#include "container_digest.h"
#include "container_tree.h"
#include "container_unpack.h"
#include "host/fd.h"

enum {
    PATH_SIZE = 4096,
    KEY_SIZE = 80,
    INDEX_DEPTH = 3
};

/* An image that is being looked at: an OCI layout, or what an archive holds. */
struct image {
    int layout;     /* its directory */
    json_t *layers; /* array of paths below the layout */
    char config[PATH_SIZE];
    char key[KEY_SIZE];
    bool is_docker; /* layers have the digests that the configuration says, of what is in them */
    bool is_bad;    /* a digest is wrong, `diag` says which */
    struct diag *diag;
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
    if (!digest || strncmp(digest, prefix, sizeof(prefix) - 1) != 0 || !digest_is(hex)) {
        return false;
    }
    (void)snprintf(path, PATH_SIZE, "blobs/sha256/%s", hex);
    return true;
}

/* The digits at the end of a path, in `hex`; "" if there are none. */
static void path_digest(const char *path, char hex[KEY_SIZE])
{
    const char *last = strrchr(path, '/');
    (void)snprintf(hex, KEY_SIZE, "%.*s", DIGEST_LENGTH, last ? last + 1 : path);
    hex[strspn(hex, "0123456789abcdef")] = '\0';
    hex[digest_is(hex) ? DIGEST_LENGTH : 0] = '\0';
}

/* One whose path ends with its digest. */
static json_t *json_open_checked(struct image *image, const char *path)
{
    char hex[KEY_SIZE];
    HOST_FD int fd = tree_open(image->layout, path, O_RDONLY);
    path_digest(path, hex);
    if (fd < 0 || digest_check(fd, hex, path, image->diag) != 0) {
        image->is_bad = fd >= 0;
        return NULL;
    }
    return json_loadfd(fd, 0, NULL);
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
            is_good = image->key[0] && manifest_read(image, json);
            break;
        }
        bool has_path = blob_path(digest, path);
        (void)snprintf(image->key, sizeof(image->key), "%.*s", (int)sizeof(image->key) - 1,
                       has_path ? path + sizeof("blobs/sha256/") - 1 : "");
        json_decref(json);
        json = has_path ? json_open_checked(image, path) : NULL;
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
        (void)snprintf(image->config, sizeof(image->config), "%s", config);
        path_digest(config, image->key);
        image->is_docker = true;
        image->layers = json_deep_copy(layers);
    }
    json_decref(json);
    return is_good && strlen(image->key) == DIGEST_LENGTH;
}

static int layer_check(const struct image *image, const json_t *content_digests, size_t index, int fd,
                       const char *path, struct diag *diag)
{
    char hex[KEY_SIZE];
    const char *content = json_string_value(json_array_get(content_digests, index));
    if (!image->is_docker) {
        path_digest(path, hex);
        return digest_check(fd, hex, path, diag);
    }
    return content && strncmp(content, "sha256:", 7) == 0 ? digest_check_content(fd, content + 7, path, diag)
                                                          : 0;
}

static int layer_unpack(const struct image *image, const json_t *config, size_t index, int root, int owners,
                        struct diag *diag)
{
    const json_t *contents = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
    const char *path = json_string_value(json_array_get(image->layers, index));
    HOST_FD int fd = path ? tree_open(image->layout, path, O_RDONLY) : -EBADMSG;
    int error = fd < 0 ? diag_errno(diag, fd, "%s", path ? path : "?")
                       : layer_check(image, contents, index, fd, path, diag);
    error = error ? error : archive_unpack(fd, root, owners, diag);
    if (error) {
        diag_add(diag, "cannot unpack layer %zu", index + 1);
    }
    return error;
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

static int config_keep(const json_t *config, int work, struct diag *diag)
{
    HOST_FD int fd = openat(work, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return fd < 0 || json_dumpfd(config, fd, 0) < 0 ? diag_errno(diag, EIO, "cannot write to the cache") : 0;
}

static int directory_make(int work, const char *name, mode_t mode)
{
    int fd = mkdirat(work, name, S_IRWXU) < 0 ? -1 : openat(work, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd >= 0 && fchmod(fd, mode) < 0 ? -1 : fd;
}

/* All of the image into `work`. */
static int image_fill(struct image *image, int work, struct diag *diag)
{
    json_t *config = json_open_checked(image, image->config);
    HOST_FD int root = directory_make(work, "root", 0755);
    HOST_FD int owners = directory_make(work, "index", S_IRWXU);
    int error;
    if (!config) {
        error = image->is_bad ? -EBADMSG : diag_wrong(diag, EBADMSG, "its configuration is missing or damaged");
    } else if (root < 0 || owners < 0) {
        error = diag_errno(diag, EIO, "cannot write to the cache");
    } else {
        error = config_keep(config, work, diag);
    }
    for (size_t i = 0; i < json_array_size(image->layers) && !error; i++) {
        error = layer_unpack(image, config, i, root, owners, diag);
    }
    json_decref(config);
    return error;
}

/* Is it there, with all that belongs to it? */
static bool is_cached(int cache, const char *key)
{
    char path[PATH_SIZE];
    (void)snprintf(path, sizeof(path), "%s/index", key);
    return faccessat(cache, path, F_OK, 0) == 0;
}

/* All layers into the cache, unless they are there. */
static int image_cache(struct image *image, int cache, struct diag *diag)
{
    char name[KEY_SIZE];
    if (is_cached(cache, image->key)) {
        return 0;
    }
    HOST_FD int work = work_make(cache, name, diag);
    if (work < 0) {
        return work;
    }
    int error = image_fill(image, work, diag);
    if (!error && renameat(cache, name, cache, image->key) < 0 && !is_cached(cache, image->key)) {
        (void)tree_remove(cache, image->key); /* one without an index */
        error = renameat(cache, name, cache, image->key) < 0 && !is_cached(cache, image->key)
                    ? diag_errno(diag, errno, "cannot write to the cache")
                    : 0;
    }
    (void)tree_remove(cache, name); /* if it did not go well, or somebody else was first */
    return error;
}

static int layout_use(int layout, const char *path, int cache, char key[KEY_SIZE], struct diag *diag)
{
    struct image image = {.layout = layout, .diag = diag};
    bool is_image = layout_read(&image) || (!image.is_bad && docker_read(&image));
    int error = is_image ? image_cache(&image, cache, diag)
                : image.is_bad
                    ? -EBADMSG
                    : diag_wrong(diag, EBADMSG, "neither an OCI layout nor an archive of docker save");
    if (error) {
        diag_add(diag, "%s", path);
    }
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
    key[length > 0 ? length : 0] = '\0';
    if (length > 0 && is_cached(cache, key)) {
        return 0;
    }
    HOST_FD int work = work_make(cache, name, diag);
    int error = work < 0 ? work : archive_unpack(archive, work, -1, diag);
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

static int root_open_cached(int cache, const char *key, int *root, int *owners, struct image_config *config,
                            struct diag *diag)
{
    HOST_FD int directory = openat(cache, key, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0) {
        config_read(config, directory);
        *root = openat(directory, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *owners = openat(directory, "index", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return directory < 0 || *root < 0 || *owners < 0
               ? diag_errno(diag, errno, "cannot open the image's files")
               : 0;
}

int image_root_open(const char *path, int *root, int *owners, struct image_config *config, struct diag *diag)
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
    return error ? error : root_open_cached(cache, key, root, owners, config, diag);
}

void image_config_drop(struct image_config *config)
{
    json_decref(config->json);
    config->json = NULL;
}
