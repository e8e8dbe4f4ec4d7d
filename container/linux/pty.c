/* SPDX-License-Identifier: BSD-2-Clause */
/* pty(7), pts(4), ioctl_tty(2). */
#include "container/linux/pty.h"

#include "container/linux/host.h"
#include "container/linux/identity.h"
#include "container/linux/names.h"
#include "container/linux/process.h"
#include "container/linux/space.h"
#include "container/linux/terminal.h"

enum {
    TCGETS = 0x5401,
    TIOCSPTLCK = 0x40045431,
    TIOCGPTLCK = 0x80045439,
    TIOCGPTN = 0x80045430,
    TIOCGPTPEER = 0x5441,
    TIOCSIG = 0x40045436,
    ISIG = 1,
    IEXTEN = 0100000,
    VINTR = 0,
    VQUIT = 1,
    VSUSP = 10,
    VLNEXT = 15,
    CONTROLS = 19,
    IDS = SERVER_TERMINALS + SERVER_CONSOLES,
    MASTER_MAJOR = 5,
    MASTER_MINOR = 2,
    SLAVE_MAJOR = 136,
    INODE = 3,       /* of number 0, as in devpts */
    OWN_INODE = 999, /* of none of them */
    GROUP = 5,       /* tty */
    TYPE_DEVICE = 2
};

struct settings { /* struct termios of the kernel */
    uint32_t input, output, control, local;
    uint8_t line, character[CONTROLS];
};

static uint32_t masters[SERVER_TERMINALS]; /* open files of this personality's */

static const char FOLDER[] = "/dev/pts", OWN[] = "/dev/tty";

static uint64_t id_of(const struct file *file)
{
    return file->word[0] - 1;
}

/* The N of /dev/pts/N; -1. */
static int path_number(const char *path)
{
    size_t length = sizeof FOLDER - 1;
    int number = 0;
    if (strncmp(path, FOLDER, length) != 0 || path[length] != '/' || !path[length + 1]) {
        return -1;
    }
    for (const char *at = path + length + 1; *at; at++) {
        if (*at < '0' || *at > '9' || number >= IDS || (at[0] == '0' && at[1] && number == 0)) {
            return -1;
        }
        number = number * 10 + (*at - '0');
    }
    return number < IDS ? number : -1;
}

void pty_path(uint64_t id, char path[PTY_PATH_SIZE])
{
    format_text(path, PTY_PATH_SIZE, "%s/%lu", FOLDER, id);
}

unsigned pty_device(uint64_t id)
{
    return SLAVE_MAJOR << 8 | (unsigned)id;
}

/* Which there are, from part * SERVER_TERMINALS on. */
static uint64_t ids_list(const struct process *process, uint64_t part)
{
    return (uint64_t)terminal_ask(process, TERMINAL_LIST, part, 0);
}

static bool is_there(const struct process *process, int id)
{
    unsigned number = (unsigned)id;
    return id >= 0 && ids_list(process, number / SERVER_TERMINALS) >> number % SERVER_TERMINALS & 1;
}

static bool is_master_path(const char *path)
{
    return strcmp(path, "/dev/ptmx") == 0 || strcmp(path, "/dev/pts/ptmx") == 0;
}

static bool is_folder(const char *path)
{
    return strncmp(path, FOLDER, sizeof FOLDER - 1) == 0 &&
           (!path[sizeof FOLDER - 1] || strcmp(path + sizeof FOLDER - 1, "/") == 0);
}

bool pty_is_path(const char *path)
{
    return is_master_path(path) || strcmp(path, OWN) == 0 ||
           (strncmp(path, FOLDER, sizeof FOLDER - 1) == 0 &&
            (!path[sizeof FOLDER - 1] || path[sizeof FOLDER - 1] == '/'));
}

static void holding_tell(void)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < SERVER_TERMINALS; i++) {
        bits |= (uint64_t)(masters[i] > 0) << i;
    }
    (void)SERVER(SERVER_TERMINAL, 0, TERMINAL_HOLD, bits, 0);
}

void pty_added(const struct file *master)
{
    uint64_t id = id_of(master);
    if (id < SERVER_TERMINALS && masters[id]++ == 0) {
        holding_tell();
    }
}

void pty_closed(const struct file *master)
{
    uint64_t id = id_of(master);
    if (id < SERVER_TERMINALS && --masters[id] == 0) {
        holding_tell();
    }
}

static long pair_make(struct object_box *master, struct object_box *slave)
{
    if (!host_object_make(master)) {
        return -ENOMEM;
    }
    if (!host_object_make(slave)) {
        host_object_drop(master);
        return -ENOMEM;
    }
    long result = HOST(master->object, HOST_OBJECT_MAKE_TERMINAL, slave->object, NULL, 0);
    result = result < 0 ? result : SERVER(SERVER_TERMINAL, 0, TERMINAL_NEW, master->object, slave->object);
    host_object_drop(slave); /* the server has it until it is opened */
    if (result < 0) {
        host_object_drop(master);
    }
    return result;
}

static long master_open(unsigned flags, struct file **file)
{
    struct object_box master, slave;
    long id = pair_make(&master, &slave);
    if (id < 0) {
        return id;
    }
    masters[id]++;
    *file = file_host_make_master(&master, flags & (O_ACCMODE | O_NONBLOCK), (uint64_t)id + 1);
    if (!*file) {
        masters[id]--;
        holding_tell();
        return -ENOMEM;
    }
    file_set_path(*file, "/dev/ptmx");
    return 0;
}

/* The numbers that there are. */
static long folder_open(const struct process *process, struct file **file)
{
    const uint64_t bits[] = {ids_list(process, 0), ids_list(process, 1)};
    char name[8];
    *file = names_make(FOLDER);
    if (!*file) {
        return -ENOMEM;
    }
    names_add(*file, NAME_DEVICE, "ptmx");
    for (unsigned i = 0; i < IDS; i++) {
        if (bits[i / SERVER_TERMINALS] >> i % SERVER_TERMINALS & 1) {
            format_text(name, sizeof name, "%u", i);
            names_add(*file, NAME_DEVICE, name);
        }
    }
    return 0;
}

long pty_open(const struct process *process, const char *path, unsigned flags, struct file **file)
{
    int number = path_number(path);
    if (is_master_path(path)) {
        return master_open(flags, file);
    }
    if (is_folder(path)) {
        return folder_open(process, file);
    }
    if (strcmp(path, OWN) == 0) {
        return terminal_open(process, -1, flags, file);
    }
    if (!is_there(process, number)) {
        return -ENOENT;
    }
    return terminal_open(process, number, flags, file);
}

static void device_status(struct statx *status, uint32_t mode, uint64_t inode, uint32_t major, uint32_t minor)
{
    status->mode = (uint16_t)(S_IFCHR | mode);
    status->inode = inode;
    status->links = 1;
    status->dev_major = 0;
    status->dev_minor = 0x17;
    status->block_size = 1024;
    status->rdev_major = major;
    status->rdev_minor = minor;
}

void pty_stat(const struct file *file, bool is_master, struct statx *status)
{
    if (is_master || file->word[0]) {
        status->user = identity_user();
        status->group = GROUP;
    }
    if (is_master) {
        device_status(status, 0666, 2, MASTER_MAJOR, MASTER_MINOR);
    } else if (file->path && strcmp(file->path, OWN) == 0) {
        device_status(status, 0666, OWN_INODE, MASTER_MAJOR, 0);
    } else if (file->word[0]) {
        device_status(status, 0620, INODE + id_of(file), SLAVE_MAJOR, (uint32_t)id_of(file));
    }
}

long pty_stat_path(const struct process *process, const char *path, struct statx *status)
{
    int number = path_number(path);
    *status = (struct statx){.user = identity_user(), .group = GROUP};
    if (is_master_path(path)) {
        device_status(status, 0666, 2, MASTER_MAJOR, MASTER_MINOR);
    } else if (strcmp(path, OWN) == 0) {
        device_status(status, 0666, OWN_INODE, MASTER_MAJOR, 0);
    } else if (is_folder(path)) {
        *status = (struct statx){.mode = S_IFDIR | 0755, .links = 2};
        names_status(FOLDER, status);
    } else if (is_there(process, number)) {
        device_status(status, 0620, INODE + (uint64_t)number, SLAVE_MAJOR, (uint32_t)number);
    } else {
        return -ENOENT;
    }
    return 0;
}

static void signal_foreground(const struct file *file, uint64_t signal)
{
    if (thread_current) {
        (void)terminal_ask(thread_current->process, TERMINAL_SIGNAL, id_of(file), signal);
        process_expect_news();
    }
}

static bool is_character(const struct settings *settings, unsigned which, uint8_t byte)
{
    return settings->character[which] && settings->character[which] == byte;
}

void pty_typed(struct file *master, uint64_t from, uint64_t size)
{
    static struct settings settings;
    if (HOST(master->box.object, HOST_FILE_CONTROL, 0, NULL, TCGETS, (uint64_t)&settings) < 0 ||
        !(settings.local & ISIG)) {
        master->word[1] = 0;
        return;
    }
    for (uint64_t i = 0; i < size; i++) {
        uint8_t byte = ((const uint8_t *)from)[i];
        uint64_t signal = is_character(&settings, VINTR, byte)   ? SIGINT
                          : is_character(&settings, VQUIT, byte) ? SIGQUIT
                          : is_character(&settings, VSUSP, byte) ? SIGTSTP
                                                                 : 0;
        if (master->word[1]) {
            master->word[1] = 0; /* it was quoted */
        } else if (settings.local & IEXTEN && is_character(&settings, VLNEXT, byte)) {
            master->word[1] = 1;
        } else if (signal) {
            signal_foreground(master, signal);
        }
    }
}

void pty_size_changed(const struct file *file)
{
    if (file->word[0]) {
        signal_foreground(file, SIGWINCH);
    }
}

static long peer_open(struct thread *thread, const struct file *master, uint64_t flags)
{
    struct file *file;
    char path[PTY_PATH_SIZE];
    long error = terminal_open(thread->process, (int)id_of(master), (unsigned)flags, &file);
    if (error) {
        return error;
    }
    pty_path(id_of(master), path);
    file_set_path(file, path);
    return descriptor_add(thread->process, file, 0, flags & O_CLOEXEC);
}

static long lock_set(const struct process *process, const struct file *master, uint64_t argument)
{
    int32_t is_locked;
    long error = user_read(&is_locked, argument, sizeof is_locked);
    return error ? error : terminal_ask(process, TERMINAL_LOCK, id_of(master), is_locked != 0);
}

static long number_write(uint64_t argument, long number)
{
    int32_t value = (int32_t)number;
    return number < 0 ? number : user_write(argument, &value, sizeof value);
}

bool pty_control(struct file *master, uint64_t request, uint64_t argument, long *result)
{
    struct thread *thread = thread_current;
    if (terminal_common(master, request, argument, true, result)) {
        return true;
    }
    if (!thread) {
        return false;
    }
    switch (request) {
    case TIOCGPTN:
        *result = number_write(argument, (long)id_of(master));
        return true;
    case TIOCSPTLCK:
        *result = lock_set(thread->process, master, argument);
        return true;
    case TIOCGPTLCK:
        *result = number_write(argument, terminal_ask(thread->process, TERMINAL_IS_LOCKED, id_of(master), 0));
        return true;
    case TIOCGPTPEER:
        *result = peer_open(thread, master, argument);
        return true;
    case TIOCSIG:
        *result = argument >= 1 && argument <= 64 ? 0 : -EINVAL;
        if (!*result) {
            signal_foreground(master, argument);
        }
        return true;
    default:
        return false;
    }
}
