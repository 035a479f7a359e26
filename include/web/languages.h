/*
 * Every language there is to choose from, and each by its name in the page's own language.
 */
#ifndef WEB_LANGUAGES_H
#define WEB_LANGUAGES_H

#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

struct language {
    char *tag, *name; /* "lv", "Latvian" */
};

struct languages {
    struct language *items; /* in the order of their names */
    size_t count, cap;
};

/* All of them. languages_close in any case. */
void languages_all(struct languages *out);
void languages_close(struct languages *l);

/* "Latvian"; what the page knows no name of, by its tag. Appended, as plain text. */
void languages_name(struct buf *b, const char *tag);

/* The options of a field that asks for one: first those of the house and of its clients, then all
 * others. */
void languages_options(struct buf *b, const struct str_list *own);

#endif
