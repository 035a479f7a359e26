/*
 * What a text message costs: its encoding and the number of segments it is sent in.
 *
 * 3GPP TS 23.038: a text of the GSM 7-bit default alphabet takes one septet per character, two for
 * a character of its extension table; any other character puts the whole text into UCS-2, which in
 * practice is UTF-16. TS 23.040, 9.2.3.24: one segment holds 160 septets or 70 UTF-16 units; a
 * longer text is sent in segments of 153 septets or 67 units, the rest being the header that joins
 * them. An extension character or a surrogate pair is never split over two segments.
 *
 * Pure functions, safe from any thread.
 */
#ifndef TEXT_SMS_H
#define TEXT_SMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SMS_SEGMENTS_MAX 10 /* what the large gateways join; a longer text belongs into a mail */

struct sms_size {
    bool unicode;      /* UCS-2; else GSM-7 */
    size_t units;      /* septets, or UTF-16 units */
    size_t segments;   /* 0 for an empty text */
    size_t units_left; /* that still fit into the last segment; the whole first one when empty */
};

/* Measure the UTF-8 text[0..len). Returns 0; ERR_INVALID when it is not UTF-8 or holds a control
 * character (a line feed and a carriage return are fine, a tab is not in the GSM alphabet but is
 * let through); ERR_LIMIT when it takes more than SMS_SEGMENTS_MAX segments: `out` is right then,
 * too, for a preview to show. */
int sms_measure(const char *text, size_t len, struct sms_size *out, struct err *err);

struct sms_outsider {
    char utf8[5];    /* the character and a NUL */
    size_t position; /* counted in characters from 1 */
    size_t offset;   /* in bytes from 0 */
};

/* The first character of valid UTF-8 that is not in the GSM alphabet and so puts the whole text
 * into Unicode; false, and *out untouched, when there is none. */
bool sms_first_outsider(const char *text, size_t len, struct sms_outsider *out);

#endif
