/* SPDX-License-Identifier: BSD-2-Clause */
/* SCM_RIGHTS. unix(7). */
#include "container/linux/passing.h"

#include "container/linux/eventfd.h"
#include "container/linux/heap.h"
#include "container/linux/host.h"
#include "container/linux/open.h"
#include "container/linux/pty.h"
#include "container/linux/server.h"
#include "container/linux/socket.h"
#include "container/linux/space.h"
#include "container/linux/synthetic.h"

enum {
    FILES = 253,
    LETTER_ROOM = 60000 /* less than a pipe holds */
};

#define LETTER_MAGIC 0x6c726170656c6b65ul

/* What the pipe holds: this, then a file_letter for each file, each with its path. */
struct letter {
    uint64_t magic, token;
    struct credentials credentials;
    uint32_t has_credentials, count, size;
};

enum letter_type {
    LETTER_FILE,
    LETTER_DIRECTORY,
    LETTER_EVENT,
    LETTER_TIMER,
    LETTER_MASTER,
    LETTER_PATH /* what the personality makes up, and directories without a capability: opened anew */
};

struct file_letter {
    uint32_t type, flags, path_size, is_nameless;
    uint64_t word[4];
};

/* What a message's control data says. */
struct wishes {
    int32_t fd[FILES];
    unsigned count;
    bool has_credentials;
    struct credentials credentials;
};

static long rights_read(uint64_t at, uint64_t size, struct wishes *wishes)
{
    uint64_t count = size / sizeof *wishes->fd;
    if (count > FILES - wishes->count) {
        return -EINVAL;
    }
    long error = user_read(&wishes->fd[wishes->count], at, count * sizeof *wishes->fd);
    wishes->count += (unsigned)count;
    return error;
}

static long wishes_read(const struct thread *thread, uint64_t at, uint64_t size, struct wishes *wishes)
{
    struct control_header header;
    wishes->count = 0;
    wishes->has_credentials = false;
    while (size >= sizeof header) {
        long error = user_read(&header, at, sizeof header);
        if (error || header.size < sizeof header || header.size > size) {
            return error ? error : -EINVAL;
        }
        uint64_t data = at + sizeof header, room = header.size - sizeof header;
        if (header.level == SOL_SOCKET) {
            error = header.type == SCM_RIGHTS ? rights_read(data, room, wishes)
                    : header.type == SCM_CREDENTIALS
                        ? credentials_read(thread, data, room, &wishes->credentials)
                        : -EINVAL;
            wishes->has_credentials |= header.type == SCM_CREDENTIALS;
        }
        if (error) {
            return error;
        }
        uint64_t step = (header.size + 7) & ~7ul;
        at += step;
        size = step < size ? size - step : 0;
    }
    return 0;
}

static long pass(enum server_passing what, uint64_t token, uint64_t value, cap_address slot)
{
    return SERVER(SERVER_PASS, 0, what, token, value, slot);
}

/* The letter of one file; its capability is handed in. Bytes written, or an error. */
static long file_pack(struct file *file, uint64_t token, char *to, size_t room)
{
    cap_address cap = eventfd_share(file) && timerfd_share(file) ? file_host_cap(file) : 0;
    size_t path_size = file->path ? strlen(file->path) + 1 : 0;
    bool is_event = cap && strcmp(file->kind->name, "anon_inode:[eventfd]") == 0;
    struct file_letter letter = {
        .type = !cap                        ? LETTER_PATH
                : file_is_directory(file)   ? LETTER_DIRECTORY
                : is_event                  ? LETTER_EVENT
                : file_host_is_timer(file)  ? LETTER_TIMER
                : file_host_is_master(file) ? LETTER_MASTER
                                            : LETTER_FILE,
        .flags = file->flags,
        .path_size = (uint32_t)path_size,
        .is_nameless = file->is_nameless,
    };
    if (!cap && (!file->path || !(synthetic_covers(file->path) || file_is_directory(file)))) {
        return -EOPNOTSUPP;
    }
    if (sizeof letter + path_size > room) {
        return -ETOOMANYREFS;
    }
    memcpy(letter.word, file->word, sizeof letter.word);
    memcpy(to, &letter, sizeof letter);
    if (path_size) {
        memcpy(to + sizeof letter, file->path, path_size);
    }
    uint64_t terminal = letter.type == LETTER_MASTER ? file->word[0] : 0;
    long error = cap ? pass(PASS_ADD, token, terminal, cap) : 0;
    return error ? error : (long)(sizeof letter + path_size);
}

static long letter_write(const struct thread *thread, const struct wishes *wishes, uint64_t token, char *text)
{
    struct letter *letter = (struct letter *)text;
    size_t used = sizeof *letter;
    for (unsigned i = 0; i < wishes->count; i++) {
        struct file *file = file_of(thread->process, (uint64_t)(int64_t)wishes->fd[i]);
        long size = file ? file_pack(file, token, text + used, LETTER_ROOM - used) : -EBADF;
        if (size < 0) {
            return size;
        }
        used += (size_t)size;
    }
    *letter = (struct letter){.magic = LETTER_MAGIC,
                              .token = token,
                              .credentials =
                                  wishes->has_credentials ? wishes->credentials : credentials_own(thread),
                              .has_credentials = wishes->has_credentials,
                              .count = wishes->count,
                              .size = (uint32_t)used};
    return (long)used;
}

/* The pipe with the letter in it. */
static long parcel_fill(const struct thread *thread, const struct wishes *wishes, struct parcel *parcel,
                        cap_address writer)
{
    char *text = heap_alloc(LETTER_ROOM);
    if (!text) {
        return -ENOMEM;
    }
    long result = pass(PASS_NEW, 0, 0, writer);
    if (result > 0) {
        parcel->token = (uint64_t)result;
        result = letter_write(thread, wishes, parcel->token, text);
    }
    if (result > 0) {
        long put = HOST(writer, HOST_FILE_WRITE, 0, NULL, (uint64_t)text, (uint64_t)result, ~0ul, 0);
        result = put == result ? 0 : -ETOOMANYREFS;
    }
    heap_free(text, LETTER_ROOM);
    return result;
}

long parcel_pack(struct thread *thread, const struct file *socket, uint64_t control, uint64_t size,
                 struct parcel *parcel)
{
    static struct wishes wishes;
    struct object_box writer;
    *parcel = (struct parcel){.is_there = false};
    if (!socket_is_unix(socket)) {
        return 0;
    }
    long error = wishes_read(thread, control, size, &wishes);
    if (error || (!wishes.count && !wishes.has_credentials)) {
        return error;
    }
    for (unsigned i = 0; i < wishes.count; i++) {
        if (!file_of(thread->process, (uint64_t)(int64_t)wishes.fd[i])) {
            return -EBADF;
        }
    }
    if (!host_object_make(&parcel->pipe)) {
        return -ENOMEM;
    }
    if (!host_object_make(&writer)) {
        host_object_drop(&parcel->pipe);
        return -ENOMEM;
    }
    error = HOST(parcel->pipe.object, HOST_OBJECT_MAKE_PIPE, writer.object, NULL, 0);
    error = error < 0 ? error : parcel_fill(thread, &wishes, parcel, writer.object);
    host_object_drop(&writer);
    parcel->is_there = true;
    if (error) {
        parcel_sent(parcel, false);
        parcel->is_there = false;
    }
    return error;
}

void parcel_sent(const struct parcel *parcel, bool is_sent)
{
    if (parcel->is_there) {
        if (!is_sent && parcel->token) {
            (void)pass(PASS_DONE, parcel->token, 0, 0);
        }
        host_object_drop(&parcel->pipe);
    }
}

static long taken_open(const struct process *process, const struct letter *letter,
                       const struct file_letter *one, const char *path, uint64_t index, struct file **file)
{
    struct object_box box;
    if (one->type == LETTER_PATH) {
        return file_open_path(process, path, one->flags & ~(unsigned)(O_CREAT | O_EXCL | O_TRUNC), 0, file);
    }
    if (!host_object_make(&box)) {
        return -ENOMEM;
    }
    long error = pass(PASS_TAKE, letter->token, index, box.object);
    if (error) {
        host_object_drop(&box);
        return error;
    }
    *file = one->type == LETTER_MASTER ? file_host_make_master(&box, one->flags, one->word[0])
                                       : file_host_make(&box, one->flags, one->type == LETTER_DIRECTORY);
    if (!*file) {
        return -ENOMEM;
    }
    if (one->type == LETTER_EVENT || one->type == LETTER_TIMER) {
        file_host_become(*file, &box, one->type == LETTER_TIMER);
    }
    memcpy((*file)->word, one->word, sizeof one->word);
    if (one->type == LETTER_MASTER) {
        pty_added(*file);
    }
    if (one->path_size) {
        file_set_path(*file, path);
        (*file)->is_nameless = one->is_nameless;
    }
    return 0;
}

/* The descriptors that there is room for. */
static void rights_give(const int32_t *fds, unsigned count, struct control_room *room)
{
    struct control_header header = {sizeof header + count * sizeof *fds, SOL_SOCKET, SCM_RIGHTS};
    if (count == 0 || user_write(room->at + room->used, &header, sizeof header) ||
        user_write(room->at + room->used + sizeof header, fds, count * sizeof *fds)) {
        return;
    }
    uint64_t left = room->size - room->used, padded = (header.size + 7) & ~7ul;
    room->used += left < padded ? left : padded;
}

static unsigned fds_room(const struct control_room *room)
{
    uint64_t left = room->size - room->used;
    return left < sizeof(struct control_header)
               ? 0
               : (unsigned)((left - sizeof(struct control_header)) / sizeof(int32_t));
}

/* The files of a letter, as far as there is room. */
static void files_take(struct thread *thread, const struct letter *letter, bool is_close_on_exec,
                       struct control_room *room)
{
    static int32_t fds[FILES];
    const char *at = (const char *)(letter + 1), *end = (const char *)letter + letter->size;
    unsigned most = fds_room(room), given = 0, host_index = 0;
    for (unsigned i = 0; i < letter->count && i < FILES; i++) {
        struct file_letter one;
        if ((size_t)(end - at) < sizeof one) {
            break;
        }
        memcpy(&one, at, sizeof one);
        const char *path = at + sizeof one;
        if (one.path_size > (size_t)(end - path) || (one.path_size && path[one.path_size - 1]) ||
            one.path_size > PATH_ROOM) {
            break;
        }
        at = path + one.path_size;
        uint64_t index = host_index;
        host_index += one.type != LETTER_PATH;
        struct file *file = NULL;
        if (given == most || taken_open(thread->process, letter, &one, path, index, &file)) {
            room->flags |= MSG_CTRUNC;
            continue;
        }
        long fd = descriptor_add(thread->process, file, 0, is_close_on_exec);
        if (fd < 0) {
            room->flags |= MSG_CTRUNC;
            continue;
        }
        fds[given++] = (int32_t)fd;
    }
    rights_give(fds, given, room);
}

/* Somebody outside may have sent something else, which is to stay as it is. */
static bool is_letter(const struct object_box *box)
{
    static struct statx status;
    return HOST(box->object, HOST_FILE_STAT, 0, NULL, (uint64_t)&status) >= 0 &&
           (status.mode & S_IFMT) == S_IFIFO && pass(PASS_KNOWS, 0, status.inode, 0) > 0;
}

/* The letter in the pipe: NULL, or memory of LETTER_ROOM bytes. */
static struct letter *letter_read(const struct object_box *box)
{
    char *text = is_letter(box) ? heap_alloc(LETTER_ROOM) : NULL;
    uint64_t used = 0;
    long got = 1;
    while (text && got > 0 && used < LETTER_ROOM) {
        got = HOST(box->object, HOST_FILE_READ, 0, NULL, (uint64_t)text + used, LETTER_ROOM - used, ~0ul, 0);
        used += got > 0 ? (uint64_t)got : 0;
    }
    const struct letter *letter = (const struct letter *)text;
    if (text && (used < sizeof *letter || letter->magic != LETTER_MAGIC || letter->size != used)) {
        heap_free(text, LETTER_ROOM);
        return NULL;
    }
    return (struct letter *)text;
}

/* A descriptor of somebody outside. */
static void outside_take(struct thread *thread, const struct object_box *box, bool is_close_on_exec,
                         struct control_room *room)
{
    uint64_t access = 0;
    long kind = HOST(box->object, HOST_OBJECT_KIND, 0, &access, 0);
    static const unsigned FLAGS_OF[] = {O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR};
    struct file *file = file_host_make(box, FLAGS_OF[access & 3], kind == HOST_DIRECTORY);
    long fd = !file            ? -ENOMEM
              : fds_room(room) ? descriptor_add(thread->process, file, 0, is_close_on_exec)
                               : -EMFILE;
    if (fd >= 0) {
        rights_give(&(int32_t){(int32_t)fd}, 1, room);
    } else {
        room->flags |= MSG_CTRUNC;
        if (file && !fds_room(room)) {
            file_release(file);
        }
    }
}

void parcel_unpack(struct thread *thread, const struct file *socket, const struct object_box *box,
                   bool has_object, bool is_close_on_exec, struct control_room *room)
{
    struct letter *letter = has_object ? letter_read(box) : NULL;
    credentials_give(socket, letter ? &letter->credentials : NULL, room);
    if (letter) {
        files_take(thread, letter, is_close_on_exec, room);
        (void)pass(PASS_DONE, letter->token, 0, 0);
        heap_free(letter, LETTER_ROOM);
    } else if (has_object) {
        outside_take(thread, box, is_close_on_exec, room);
        return;
    }
    host_object_drop(box);
}
