/*
 * The one function of the C API that stable Rust cannot define: it takes variable arguments.
 * It formats the message and hands it on; everything else is done in log.rs.
 */
#include <stdarg.h>
#include <stdio.h>

typedef void (*log_callback_fn)(const char *message);

/* In log.rs, under a hidden name, so that it is not exported. */
__attribute__((visibility("hidden"))) void zookeeper_mt_log_text(
    log_callback_fn callback, unsigned level, int line, const char *function, const char *text);

__attribute__((visibility("hidden"), format(printf, 5, 6))) void zookeeper_mt_log_message(
    log_callback_fn callback, unsigned level, int line, const char *function,
    const char *format, ...)
{
    char text[4096];
    va_list arguments;

    va_start(arguments, format);
    if (vsnprintf(text, sizeof text, format, arguments) < 0)
        text[0] = '\0';
    va_end(arguments);
    zookeeper_mt_log_text(callback, level, line, function, text);
}
