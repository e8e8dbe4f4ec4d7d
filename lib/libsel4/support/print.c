/* SPDX-License-Identifier: BSD-2-Clause */
/* printf for the console and for buffers. */
#include "sel4_util.h"

/* Where characters go: the console, or a buffer that keeps what fits. */
struct sink {
    char *buffer; /* null: the console */
    size_t size;
    size_t count; /* characters so far */
};

struct format {
    bool left;
    bool zero;
    int width;
    int precision; /* -1: none */
    int longs;     /* l, ll, z */
};

static void sink_put(struct sink *sink, char c)
{
    if (!sink->buffer) {
        sel4_util_putchar(c);
    } else if (sink->count + 1 < sink->size) {
        sink->buffer[sink->count] = c;
    }
    sink->count++;
}

static void sink_pad(struct sink *sink, char c, int count)
{
    for (; count > 0; count--) {
        sink_put(sink, c);
    }
}

static void sink_text(struct sink *sink, const char *text, int length, const struct format *format)
{
    sink_pad(sink, ' ', format->left ? 0 : format->width - length);
    for (int i = 0; i < length; i++) {
        sink_put(sink, text[i]);
    }
    sink_pad(sink, ' ', format->left ? format->width - length : 0);
}

static void sink_number(struct sink *sink, unsigned long value, unsigned base, const char *prefix,
                        bool capitals, const struct format *format)
{
    const char *digits = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[72];
    int at = (int)sizeof(text);
    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value);
    int prefix_length = (int)strlen(prefix);
    int zeros = format->zero && !format->left ? format->width - prefix_length - ((int)sizeof(text) - at) : 0;
    for (; zeros > 0 && at > prefix_length; zeros--) {
        text[--at] = '0';
    }
    at -= prefix_length;
    memcpy(text + at, prefix, (size_t)prefix_length);
    sink_text(sink, text + at, (int)sizeof(text) - at, format);
}

static const char *format_parse(struct format *format, const char *at, va_list *arguments)
{
    *format = (struct format){.precision = -1};
    for (; *at == '-' || *at == '0'; at++) {
        format->left |= *at == '-';
        format->zero |= *at == '0';
    }
    if (*at == '*') {
        format->width = va_arg(*arguments, int);
        at++;
    }
    for (; *at >= '0' && *at <= '9'; at++) {
        format->width = format->width * 10 + (*at - '0');
    }
    if (*at == '.') {
        format->precision = 0;
        for (at++; *at >= '0' && *at <= '9'; at++) {
            format->precision = format->precision * 10 + (*at - '0');
        }
    }
    for (; *at == 'l' || *at == 'z'; at++) {
        format->longs++;
    }
    return at;
}

static void sink_signed(struct sink *sink, long value, const struct format *format)
{
    unsigned long magnitude = value < 0 ? 0 - (unsigned long)value : (unsigned long)value;
    sink_number(sink, magnitude, 10, value < 0 ? "-" : "", false, format);
}

static void sink_string(struct sink *sink, const char *text, const struct format *format)
{
    const char *shown = text ? text : "(null)";
    int length = 0;
    while (shown[length] && length != format->precision) {
        length++;
    }
    sink_text(sink, shown, length, format);
}

/* One conversion; `at` is its letter. */
static void sink_convert(struct sink *sink, char letter, const struct format *format, va_list *arguments)
{
    switch (letter) {
    case 'd':
    case 'i':
        sink_signed(sink, format->longs ? va_arg(*arguments, long) : va_arg(*arguments, int), format);
        break;
    case 'u':
    case 'x':
    case 'X':
        sink_number(sink, format->longs ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned),
                    letter == 'u' ? 10 : 16, "", letter == 'X', format);
        break;
    case 'p':
        sink_number(sink, (unsigned long)va_arg(*arguments, void *), 16, "0x", false, format);
        break;
    case 's':
        sink_string(sink, va_arg(*arguments, const char *), format);
        break;
    case 'c': {
        char c = (char)va_arg(*arguments, int);
        sink_text(sink, &c, 1, format);
        break;
    }
    default:
        sink_put(sink, letter);
        break;
    }
}

static int sink_format(struct sink *sink, const char *text, va_list *arguments)
{
    for (; *text; text++) {
        if (*text != '%') {
            sink_put(sink, *text);
            continue;
        }
        struct format format;
        text = format_parse(&format, text + 1, arguments);
        if (!*text) {
            break;
        }
        sink_convert(sink, *text, &format, arguments);
    }
    return (int)sink->count;
}

int sel4_util_vprintf(const char *format, va_list arguments)
{
    struct sink sink = {0};
    va_list copy; /* a va_list parameter cannot be passed on by address */
    va_copy(copy, arguments);
    int count = sink_format(&sink, format, &copy);
    va_end(copy);
    return count;
}

int sel4_util_printf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int count = sel4_util_vprintf(format, arguments);
    va_end(arguments);
    return count;
}

int sel4_util_snprintf(char *buffer, size_t size, const char *format, ...)
{
    struct sink sink = {.buffer = buffer, .size = size};
    va_list arguments;
    va_start(arguments, format);
    int count = sink_format(&sink, format, &arguments);
    va_end(arguments);
    if (size) {
        buffer[sink.count < size ? sink.count : size - 1] = '\0';
    }
    return count;
}

void sel4_util_puts(const char *s)
{
    for (; *s; s++) {
        sel4_util_putchar(*s);
    }
}
