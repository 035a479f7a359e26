/*
 * The encodings of MIME, on text that the caller has checked already: bodies (RFC 2045, 6.7 and
 * 6.8) and header values (RFC 2047). Only for text/mime.
 */
#ifndef TEXT_MIME_ENCODE_H
#define TEXT_MIME_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define MIME_LINE_WIDTH 78  /* RFC 5322, 2.1.1: should */
#define MIME_WORD_WIDTH 76  /* RFC 2047, 2: a header line with an encoded-word in it */
#define MIME_ENCODED_MAX 75 /* RFC 2047, 2: one encoded-word */

/* Append s[0..len) to `out` with every line end (LF, CR, CRLF) as CRLF and one at the very end: the
 * form in which MIME defines text, and so what gets encoded. */
void mime_encode_lines(const char *s, size_t len, struct buf *out);

/* Append canonical text (see above) in the shorter of quoted-printable and base64; returns the name
 * of the one taken, for Content-Transfer-Encoding. What is appended ends in CRLF. */
const char *mime_encode_body(const char *s, size_t len, struct buf *out);

/* Append valid UTF-8 as encoded-words, folded where a line is full; `column` is where in its line
 * the first one begins. Returns the column behind the last one. */
size_t mime_encode_words(const char *s, size_t len, size_t column, struct buf *out);

#endif
