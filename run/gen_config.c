/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading gen_config.json: one flat object in which switches are booleans and
 * numbers are strings. A table says which of its keys matter here.
 */
#include "run/gen_config.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct config_switch {
    const char *key;
    size_t offset;
};

struct config_number {
    const char *key;
    size_t offset;
    unsigned size;  /* bytes of the field */
    unsigned scale; /* of the field's unit in the file's */
    uint64_t min, max;
};

#define SWITCH(key, field)                                                                                   \
    {                                                                                                        \
        key, offsetof(struct abi_config, field)                                                              \
    }
static const struct config_switch switches[] = {
    SWITCH("KERNEL_MCS", is_mcs),
    SWITCH("DEBUG_BUILD", is_debug),
    SWITCH("PRINTING", is_printing),
    SWITCH("ENABLE_SMP_SUPPORT", is_smp),
    SWITCH("HARDWARE_DEBUG_API", has_hardware_debug),
    SWITCH("VTX", has_vtx),
    SWITCH("X86_64_VTX_64BIT_GUESTS", has_vtx_64bit_guests),
    SWITCH("IOMMU", has_iommu),
    SWITCH("ENABLE_BENCHMARKS", has_benchmarks),
    SWITCH("BENCHMARK_TRACK_UTILISATION", has_benchmark_utilisation),
    SWITCH("KERNEL_X86_DANGEROUS_MSR", has_dangerous_msr),
    SWITCH("IRQ_PIC", has_pic),
    SWITCH("SET_TLS_BASE_SELF", has_set_tls_base_self),
};

#define NUMBER(key, field, scale, min, max)                                                                  \
    {                                                                                                        \
        key, offsetof(struct abi_config, field), sizeof(((struct abi_config *)NULL)->field), scale, min, max \
    }
static const struct config_number numbers[] = {
    NUMBER("ROOT_CNODE_SIZE_BITS", root_cnode_bits, 1, 4, 27),
    NUMBER("NUM_DOMAINS", domains, 1, 1, 256),
    NUMBER("NUM_DOMAIN_SCHEDULES", domain_schedules, 1, 2, 256),
    NUMBER("MAX_NUM_NODES", max_nodes, 1, 1, 256),
    NUMBER("TIMER_TICK_MS", timer_tick_ms, 1, 1, 100000),
    NUMBER("TIME_SLICE", time_slice_ticks, 1, 1, 100000),
    NUMBER("BOOT_THREAD_TIME_SLICE", boot_thread_time_slice_us, 1000, 1, 1000000),
    NUMBER("MAX_NUM_BOOTINFO_UNTYPED_CAPS", max_boot_untypeds, 1, 1, 240),
    NUMBER("RETYPE_FAN_OUT_LIMIT", retype_fan_out, 1, 1, 1u << 20),
    NUMBER("MAX_NUM_WORK_UNITS_PER_PREEMPTION", revoke_work_units, 1, 1, 1u << 30),
    NUMBER("RESET_CHUNK_BITS", reset_chunk_bits, 1, 4, 30),
    NUMBER("XSAVE_SIZE", xsave_size, 1, 512, 4096),
};

static int refuse(struct diag *diag, const char *path, const char *reason)
{
    diag_add(diag, "%s: %s", path, reason);
    return -EINVAL;
}

static int switch_read(struct abi_config *config, const struct config_switch *entry, const json_t *root,
                       const char *path, struct diag *diag)
{
    const json_t *value = json_object_get(root, entry->key);
    if (!value) {
        return 0;
    }
    if (!json_is_boolean(value)) {
        diag_add(diag, "%s: %s is neither true nor false", path, entry->key);
        return -EINVAL;
    }
    bool is_on = json_is_true(value);
    memcpy((char *)config + entry->offset, &is_on, sizeof(is_on));
    return 0;
}

/* A number is a decimal string; newer tools might write a plain one. */
static bool number_value(const json_t *value, uint64_t *number)
{
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *number = (uint64_t)json_integer_value(value);
        return true;
    }
    const char *text = json_string_value(value);
    if (!text || !*text || strlen(text) > 18 || text[strspn(text, "0123456789")]) {
        return false;
    }
    *number = strtoull(text, NULL, 10);
    return true;
}

static int number_read(struct abi_config *config, const struct config_number *entry, const json_t *root,
                       const char *path, struct diag *diag)
{
    uint64_t number = 0;
    const json_t *value = json_object_get(root, entry->key);
    if (!value || json_is_false(value)) { /* false: the build has no such parameter */
        return 0;
    }
    if (!number_value(value, &number) || number < entry->min || number > entry->max) {
        diag_add(diag, "%s: %s is not a number from %llu to %llu", path, entry->key,
                 (unsigned long long)entry->min, (unsigned long long)entry->max);
        return -EINVAL;
    }
    uint64_t scaled = number * entry->scale;
    memcpy((char *)config + entry->offset, &scaled, entry->size); /* little-endian: the low bytes */
    return 0;
}

static int architecture_check(const json_t *root, const char *path, struct diag *diag)
{
    const char *arch = json_string_value(json_object_get(root, "SEL4_ARCH"));
    const char *platform = json_string_value(json_object_get(root, "PLAT"));
    if (!arch) {
        return refuse(diag, path, "is not a kernel's gen_config.json: it has no SEL4_ARCH");
    }
    if (strcmp(arch, "x86_64") != 0 || (platform && strcmp(platform, "pc99") != 0)) {
        diag_add(diag, "%s: a build for %s on %s; Selkie runs x86_64 on pc99", path, arch,
                 platform ? platform : "?");
        return -EINVAL;
    }
    return 0;
}

static int object_read(struct abi_config *config, const json_t *root, const char *path, struct diag *diag)
{
    if (!json_is_object(root)) {
        return refuse(diag, path, "is not a JSON object");
    }
    int error = architecture_check(root, path, diag);
    for (size_t i = 0; !error && i < sizeof(switches) / sizeof(switches[0]); i++) {
        error = switch_read(config, &switches[i], root, path, diag);
    }
    for (size_t i = 0; !error && i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        error = number_read(config, &numbers[i], root, path, diag);
    }
    return error;
}

int gen_config_read(struct abi_config *config, const char *path, struct diag *diag)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int error = diag_errno(diag, errno, "%s", path);
        if (fd >= 0) {
            (void)close(fd);
        }
        return error;
    }
    if (!S_ISREG(status.st_mode)) {
        (void)close(fd);
        return refuse(diag, path, "is not a regular file");
    }
    json_error_t where;
    json_t *root = json_loadfd(fd, 0, &where);
    (void)close(fd);
    if (!root) {
        diag_add(diag, "%s: line %d: %s", path, where.line, where.text);
        return -EINVAL;
    }
    int error = object_read(config, root, path, diag);
    json_decref(root);
    return error;
}

bool gen_config_find(const char *image, char path[PATH_MAX])
{
    static const char inside[] = "/kernel/gen_config/kernel/gen_config.json";
    char folder[PATH_MAX];
    if (!realpath(image, folder)) {
        return false;
    }
    for (int level = 0; level < 5; level++) {
        char *slash = strrchr(folder, '/');
        if (!slash) {
            return false;
        }
        *slash = '\0';
        if (strlen(folder) + sizeof(inside) > PATH_MAX) {
            continue;
        }
        strcpy(path, folder);
        strcat(path, inside);
        if (access(path, F_OK) == 0) {
            return true;
        }
    }
    return false;
}
