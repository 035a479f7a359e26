/*
 * Writing for people: tables, colours, progress. Colours and progress only on a terminal, colours
 * not if NO_COLOR is set; what goes into a file or pipe is never cut.
 *
 * Values come out of a database that other programs write: their control characters are never
 * passed on to the terminal.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

enum colour { PLAIN, BOLD, DIM, RED, GREEN, YELLOW, BLUE };

/* Once, before anything else of this header. */
void terminal_begin(void);

/* Columns of the standard output: its terminal's, at least 40; SIZE_MAX if it is none. */
size_t terminal_columns(void);

/* How many columns the text takes, by the Unicode widths of its characters. */
size_t text_columns(const char *text);

/* Append the text to `out` in at most `columns` columns, the last of them "…" when something is
 * left out. Control characters become spaces. */
void text_cut(struct buf *out, const char *text, size_t columns);

/* Print the text on standard output, coloured, without its control characters; `lines` keeps line
 * breaks and puts `indent` spaces in front of each line. */
void put_text(enum colour colour, const char *text);
void put_lines(const char *text, size_t indent);

/* Print the text in lines as wide as the terminal, at most 100 and 80 where there is none, broken
 * at spaces, each line but the first one indented by `indent`; `at` is the column where it begins.
 */
void put_folded(const char *text, size_t at, size_t indent);

#define TABLE_COLUMNS_MAX 10

/* A table: add cells row by row, then print. */
struct table_cell {
    char *text;
    enum colour colour;
};
struct table {
    const char *const *heads; /* NULL: no heads */
    size_t columns;
    size_t give;    /* the column that gives way on a narrow terminal */
    unsigned right; /* a bit for each column that is aligned to the right */
    struct table_cell *cells;
    size_t count, cap;
};

/* The cell's text (NULL: empty) is copied. */
void table_add(struct table *t, enum colour colour, const char *text);
__attribute__((format(printf, 3, 4))) void table_addf(struct table *t, enum colour colour,
                                                      const char *fmt, ...);
/* Print it on standard output and free its cells. `note`, if not NULL, is called after each row. */
typedef void (*table_note)(void *arg, size_t row);
void table_print(struct table *t, table_note note, void *arg);

/* A line on standard error that replaces itself, "what 120 of 4000", for work that has taken more
 * than a second; only on a terminal. `total` 0: not known. */
struct progress {
    const char *what;
    int64_t began_ms, shown_ms;
    bool visible;
};
void progress_in_lines(void); /* from now on line by line, wherever it goes */
void progress_begin(struct progress *p, const char *what);
void progress_show(struct progress *p, size_t done, size_t total);
void progress_end(struct progress *p);

#endif
