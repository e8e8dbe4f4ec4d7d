/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small formatter, and the kernel's two voices: what a printing kernel writes
 * on the console, and the remarks about refused invocations, which go to
 * whoever asked for them.
 *
 * Understood: %s %c %d %u %x %p and %%, `l` before a letter, a width with `0` or
 * `-` before it. %p writes 0 for 0, and 0x with
 * the digits for the rest, because that is how seL4 writes addresses.
 */
#include "kernel/print.h"

#include "kernel/assert.h"
#include "kernel/invocation.h"

/* Where characters go: a buffer if there is one, else the console. */
struct sink {
    struct kernel *k;
    char *buffer;
    unsigned size;
    unsigned length;
};

static void sink_put(struct sink *sink, char character)
{
    if (!sink->buffer) {
        const struct machine_console *console = &sink->k->machine->console;
        const struct machine_clock *clock = &sink->k->machine->clock;
        if (clock->charge)
            clock->charge(clock->world, MACHINE_CHARGE_CHARACTER);
        console->put(console->world, character);
    } else if (sink->length + 1 < sink->size) {
        sink->buffer[sink->length++] = character;
    }
}

/* One conversion, as the format spells it. */
struct directive {
    bool is_left;
    bool is_zero_padded;
    bool is_long;
    unsigned width;
    char letter;
};

static const char *directive_parse(const char *format, struct directive *directive)
{
    *directive = (struct directive){.width = 0};
    for (; *format == '-' || *format == '0'; format++) {
        directive->is_left |= *format == '-';
        directive->is_zero_padded |= *format == '0';
    }
    for (; *format >= '0' && *format <= '9'; format++)
        directive->width = directive->width * 10 + (unsigned)(*format - '0');
    for (; *format == 'l'; format++)
        directive->is_long = true;
    directive->letter = *format;
    return *format ? format + 1 : format;
}

static void sink_pad(struct sink *sink, char character, unsigned length, unsigned width)
{
    for (unsigned i = length; i < width; i++)
        sink_put(sink, character);
}

static void sink_put_text(struct sink *sink, const struct directive *directive, const char *text)
{
    unsigned length = 0;
    while (text[length])
        length++;
    bool pads_with_zeros = directive->is_zero_padded && !directive->is_left;
    if (!directive->is_left)
        sink_pad(sink, pads_with_zeros ? '0' : ' ', length, directive->width);
    for (unsigned i = 0; i < length; i++)
        sink_put(sink, text[i]);
    if (directive->is_left)
        sink_pad(sink, ' ', length, directive->width);
}

enum {
    DIGITS_MAX = 24
};

/* Digits from the back of `room`; returns where they begin. */
static char *digits_of(char room[DIGITS_MAX], uint64_t value, unsigned base)
{
    char *at = room + DIGITS_MAX - 1;
    *at = '\0';
    do {
        *--at = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    return at;
}

static void sink_put_number(struct sink *sink, const struct directive *directive, uint64_t value)
{
    char room[DIGITS_MAX];
    bool is_negative = directive->letter == 'd' && (int64_t)value < 0;
    char *at = digits_of(room, is_negative ? 0 - value : value,
                         directive->letter == 'd' || directive->letter == 'u' ? 10 : 16);
    if (is_negative) {
        *--at = '-';
    } else if (directive->letter == 'p' && value) {
        *--at = 'x';
        *--at = '0';
    }
    sink_put_text(sink, directive, at);
}

static uint64_t argument_take(const struct directive *directive, va_list *arguments)
{
    if (directive->letter == 'p')
        return (uint64_t)(uintptr_t)va_arg(*arguments, void *);
    if (directive->is_long)
        return va_arg(*arguments, unsigned long);
    if (directive->letter == 'd')
        return (uint64_t)(int64_t)va_arg(*arguments, int);
    return va_arg(*arguments, unsigned);
}

static void sink_print(struct sink *sink, const char *format, va_list *arguments)
{
    while (*format) {
        struct directive directive;
        if (*format != '%') {
            sink_put(sink, *format++);
            continue;
        }
        format = directive_parse(format + 1, &directive);
        switch (directive.letter) {
        case 's': {
            const char *text = va_arg(*arguments, const char *);
            sink_put_text(sink, &directive, text ? text : "(null)");
            break;
        }
        case 'c':
            sink_put(sink, (char)va_arg(*arguments, int));
            break;
        case 'd':
        case 'u':
        case 'x':
        case 'p':
            sink_put_number(sink, &directive, argument_take(&directive, arguments));
            break;
        case '%':
            sink_put(sink, '%');
            break;
        default:
            kernel_assert_failed("the formatter knows the conversion", __FILE__, __LINE__);
        }
    }
}

void kernel_print(struct kernel *k, const char *format, ...)
{
    struct sink sink = {.k = k};
    va_list arguments;
    if (!k->abi->config.is_printing || !k->machine->console.put)
        return;
    va_start(arguments, format);
    sink_print(&sink, format, &arguments);
    va_end(arguments);
}

unsigned print_format(char *buffer, unsigned size, const char *format, va_list arguments)
{
    struct sink sink = {.buffer = buffer, .size = size};
    va_list copy;
    if (size == 0)
        return 0;
    va_copy(copy, arguments);
    sink_print(&sink, format, &copy);
    va_end(copy);
    buffer[sink.length] = '\0';
    return sink.length;
}

void remark(struct kernel *k, const char *format, ...)
{
    char text[256];
    va_list arguments;
    const struct machine_console *console = &k->machine->console;
    if (!console->remark)
        return;
    va_start(arguments, format);
    print_format(text, sizeof(text), format, arguments);
    va_end(arguments);
    console->remark(console->world, text);
}
