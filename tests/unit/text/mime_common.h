/* For the tests of text/mime: a mail that is right, built, and looked into. */
#ifndef TESTS_TEXT_MIME_COMMON_H
#define TESTS_TEXT_MIME_COMMON_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "text/mime.h"

static const struct mime_mail plain = {
    .from = {"Riverside Garage", "hello@example.com"},
    .to = {"Anna", "anna@example.org"},
    .subject = "Your car is ready",
    .text = "Hello Anna,\nit is ready.\n",
    .date_ms = 1796724000000, /* 2026-12-08T10:00:00Z */
    .message_id = "<t1@example.com>",
    .boundary = "b",
};

static inline char *build(const struct mime_mail *m)
{
    struct buf out;
    struct err err = {""};

    buf_init(&out);
    int rc = mime_build(m, &out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(rc, 0);
    assert_int_equal(strlen(out.data), out.len);
    return buf_steal(&out);
}

static inline void assert_has(const char *mail, const char *part)
{
    if (strstr(mail, part) == NULL)
        fail_msg("missing: %s\nin: %s", part, mail);
}

static inline void assert_lacks(const char *mail, const char *part)
{
    if (strstr(mail, part) != NULL)
        fail_msg("found: %s\nin: %s", part, mail);
}

#endif
