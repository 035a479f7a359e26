/*
 * A growing byte buffer. `data` is always followed by a NUL byte that is not counted, so a buffer
 * of text can be passed as a string; a fresh one has data == "" until something is appended.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t cap; /* 0 while data is the static empty string */
};

void buf_init(struct buf *b);
void buf_close(struct buf *b); /* free the memory; the buffer is as after buf_init */
void buf_clear(struct buf *b); /* len = 0; the memory is kept */
void buf_reserve(struct buf *b, size_t extra);
void buf_append(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
__attribute__((format(printf, 2, 3))) void buf_printf(struct buf *b, const char *fmt, ...);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap);
void buf_truncate(struct buf *b, size_t len); /* to at most `len` bytes */

/* Hand the content over as a heap string (free() it); the buffer is as after buf_init. */
char *buf_steal(struct buf *b);

#endif
