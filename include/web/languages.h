/*
 * Every language there is to choose from, by its name in the page's own language.
 */
#ifndef WEB_LANGUAGES_H
#define WEB_LANGUAGES_H

#include <stddef.h>

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

#endif
