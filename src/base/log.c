#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024 /* under PIPE_BUF, so a line is written whole or not at all */

static enum log_level threshold = LOG_LEVEL_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned long dropped;

void log_set_level(enum log_level level)
{
    threshold = level;
}

static const char *level_word(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "error";
    case LOG_LEVEL_WARNING:
        return "warning";
    case LOG_LEVEL_INFO:
        return "info";
    case LOG_LEVEL_DEBUG:
        return "debug";
    }
    return "info";
}

/* Control characters would let a value forge a line of its own. */
static void flatten(char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = ' ';
}

static void emit(enum log_level level, const char *text, size_t len)
{
    char line[LINE_MAX_BYTES + 32];
    static int journal = -1;
    int n;

    if (journal < 0)
        journal = getenv("JOURNAL_STREAM") != NULL;
    if (journal)
        n = snprintf(line, sizeof(line), "<%d>%.*s\n", (int)level, (int)len, text);
    else
        n = snprintf(line, sizeof(line), "betimes: %s: %.*s\n", level_word(level), (int)len, text);
    ssize_t w;
    do {
        w = write(STDERR_FILENO, line, (size_t)n);
    } while (w < 0 && errno == EINTR);
    if (w != n)
        dropped++;
}

void log_write(enum log_level level, const char *event, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list ap;

    if (level > threshold)
        return;
    int n = snprintf(text, sizeof(text), fmt[0] != '\0' ? "%s: " : "%s", event);
    if (n < 0 || (size_t)n >= sizeof(text))
        return;
    va_start(ap, fmt);
    int m = vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
    va_end(ap);
    size_t len = (size_t)n + (m > 0 ? (size_t)m : 0);
    if (len >= sizeof(text))
        len = sizeof(text) - 1;
    flatten(text, len);

    pthread_mutex_lock(&lock);
    if (dropped > 0) {
        char count[64];
        unsigned long lost = dropped;
        dropped = 0;
        int k = snprintf(count, sizeof(count), "log lines dropped: count=%lu", lost);
        emit(LOG_LEVEL_WARNING, count, (size_t)k);
        if (dropped > 0)
            dropped += lost;
    }
    emit(level, text, len);
    pthread_mutex_unlock(&lock);
}
