/* SPDX-License-Identifier: BSD-2-Clause */
/* Digests with nettle, which libarchive links anyway; decompressing with libarchive. */
#include "container_digest.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCK = 1 << 16
};

bool digest_is(const char *hex)
{
    return strlen(hex) == DIGEST_LENGTH && strspn(hex, "0123456789abcdef") == DIGEST_LENGTH;
}

static int digest_compare(struct sha256_ctx *context, const char *hex, const char *name, struct diag *diag)
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    char text[DIGEST_LENGTH + 1];
    sha256_digest(context, sizeof(digest), digest);
    for (unsigned i = 0; i < sizeof(digest); i++) {
        (void)snprintf(text + 2 * (size_t)i, 3, "%02x", digest[i]);
    }
    return strcmp(text, hex) == 0
               ? 0
               : diag_wrong(diag, EBADMSG, "%s: its digest is sha256:%s, the image says sha256:%s", name,
                            text, hex);
}

int digest_check(int fd, const char *hex, const char *name, struct diag *diag)
{
    struct sha256_ctx context;
    unsigned char block[BLOCK];
    ssize_t count;
    off_t at = 0;
    sha256_init(&context);
    for (; (count = pread(fd, block, sizeof(block), at)) > 0; at += count) {
        sha256_update(&context, (size_t)count, block);
    }
    return count < 0 ? diag_errno(diag, errno, "cannot read %s", name)
                     : digest_compare(&context, hex, name, diag);
}

int digest_check_content(int fd, const char *hex, const char *name, struct diag *diag)
{
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    struct sha256_ctx context;
    unsigned char block[BLOCK];
    la_ssize_t count = -1;
    sha256_init(&context);
    if (archive && lseek(fd, 0, SEEK_SET) == 0 && archive_read_support_filter_all(archive) >= ARCHIVE_WARN &&
        archive_read_support_format_raw(archive) == ARCHIVE_OK &&
        archive_read_open_fd(archive, fd, BLOCK) == ARCHIVE_OK &&
        archive_read_next_header(archive, &entry) >= ARCHIVE_WARN) {
        while ((count = archive_read_data(archive, block, sizeof(block))) > 0) {
            sha256_update(&context, (size_t)count, block);
        }
    }
    int error = count < 0 ? diag_wrong(diag, EBADMSG, "%s is damaged", name)
                          : digest_compare(&context, hex, name, diag);
    (void)archive_read_free(archive);
    return lseek(fd, 0, SEEK_SET) < 0 && !error ? diag_errno(diag, errno, "cannot read %s", name) : error;
}
