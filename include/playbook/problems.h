/*
 * What is wrong with a configuration, collected: every reader goes on after an error, so that a
 * person sees all of them at once, each as "file:line: what is wrong, and what would be right".
 */
#ifndef PLAYBOOK_PROBLEMS_H
#define PLAYBOOK_PROBLEMS_H

#include <stdbool.h>
#include <stddef.h>

struct problem {
    char *file;
    int line;   /* 0: the file as a whole */
    int column; /* 0: not known */
    bool warning;
    char *text;
};

struct problems {
    struct problem *items;
    size_t count, cap;
    size_t errors; /* those that are no mere warning */
};

#define PROBLEMS_MAX 1000 /* more are counted in `errors`, not kept */

__attribute__((format(printf, 4, 5))) void problems_error(struct problems *p, const char *file,
                                                          int line, const char *fmt, ...);
__attribute__((format(printf, 5, 6))) void
problems_error_at(struct problems *p, const char *file, int line, int column, const char *fmt, ...);
__attribute__((format(printf, 4, 5))) void problems_warning(struct problems *p, const char *file,
                                                            int line, const char *fmt, ...);

/* Add a copy of one. */
void problems_add(struct problems *p, const struct problem *one);

/* Put what was added since `count` was `from` into the order of its files (by their names) and
 * their lines, as a person reads. What is in the same line keeps its order. */
void problems_sort(struct problems *p, size_t from);
void problems_close(struct problems *p);

/* "conf/playbook.conf:12: ..." or "file:12:7: ..."; free() it. */
char *problem_format(const struct problem *p);

#endif
