/* Tables, colours, progress. See cli/terminal.h. */
#include "cli/terminal.h"

#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

#define COLUMNS_MIN 40
#define COLUMNS_READABLE 100
#define COLUMNS_USUAL 80
#define GAP 2      /* between a table's columns */
#define GIVE_MIN 8 /* columns that the column that gives way keeps */
#define PROGRESS_AFTER_MS 1000
#define PROGRESS_EVERY_MS 100
#define PROGRESS_LINE_MS 500

static const char *const codes[] = {
    [PLAIN] = "",         [BOLD] = "\x1b[1m",    [DIM] = "\x1b[2m",   [RED] = "\x1b[31m",
    [GREEN] = "\x1b[32m", [YELLOW] = "\x1b[33m", [BLUE] = "\x1b[34m",
};
static bool coloured;

void terminal_begin(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    setlocale(LC_CTYPE, "C.UTF-8"); /* for wcwidth: whatever the terminal's language, it is UTF-8 */
    coloured = isatty(STDOUT_FILENO) && (no == NULL || *no == '\0') && term != NULL &&
               strcmp(term, "dumb") != 0;
}

size_t terminal_columns(void)
{
    struct winsize size;

    if (!isatty(STDOUT_FILENO))
        return SIZE_MAX;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_USUAL;
    return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
}

/* C0, DEL and C1: what a terminal could take for a command. */
static bool is_control(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
}

static size_t width_of(uint32_t cp)
{
    int w = is_control(cp) ? 1 : wcwidth((wchar_t)cp);

    return w < 0 ? 1 : (size_t)w;
}

size_t text_columns(const char *text)
{
    const char *p = text, *end = text + strlen(text);
    size_t columns = 0;

    while (p < end)
        columns += width_of(str_utf8_next(&p, end));
    return columns;
}

static void put_point(struct buf *out, uint32_t cp)
{
    char utf8[4];

    buf_append(out, utf8, str_utf8_put(utf8, is_control(cp) ? ' ' : cp));
}

void text_cut(struct buf *out, const char *text, size_t columns)
{
    const char *p = text, *end = text + strlen(text);
    bool whole = text_columns(text) <= columns;
    size_t used = 0, most = whole || columns == 0 ? columns : columns - 1;

    while (p < end) {
        uint32_t cp = str_utf8_next(&p, end);
        if (used + width_of(cp) > most)
            break;
        used += width_of(cp);
        put_point(out, cp);
    }
    if (!whole && columns > 0)
        buf_puts(out, "…");
}

static void put_coloured(enum colour colour, const char *text)
{
    if (coloured && colour != PLAIN && *text != '\0')
        printf("%s%s\x1b[0m", codes[colour], text);
    else
        fputs(text, stdout);
}

void put_text(enum colour colour, const char *text)
{
    struct buf b;

    buf_init(&b);
    text_cut(&b, text, SIZE_MAX);
    put_coloured(colour, b.data);
    buf_close(&b);
}

void put_lines(const char *text, size_t indent)
{
    const char *line = text;

    while (*line != '\0') {
        size_t len = strcspn(line, "\n");
        char *copy = mem_strndup(line, len > 0 && line[len - 1] == '\r' ? len - 1 : len);
        printf("%*s", *copy != '\0' ? (int)indent : 0, "");
        put_text(PLAIN, copy);
        putchar('\n');
        free(copy);
        line += len + (line[len] == '\n');
    }
}

void put_folded(const char *text, size_t at, size_t indent)
{
    size_t columns = terminal_columns(), most = columns;
    const char *p = text + strspn(text, " \n");
    bool first = true;

    if (columns == SIZE_MAX)
        most = COLUMNS_USUAL;
    else if (columns > COLUMNS_READABLE)
        most = COLUMNS_READABLE;
    while (*p != '\0') {
        char *word = mem_strndup(p, strcspn(p, " \n"));
        size_t width = text_columns(word);
        if (!first && at + 1 + width > most) {
            printf("\n%*s", (int)indent, "");
            at = indent;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        put_text(PLAIN, word);
        at += width;
        first = false;
        p += strcspn(p, " \n");
        p += strspn(p, " \n");
        free(word);
    }
    putchar('\n');
}

/* --- tables --- */

void table_add(struct table *t, enum colour colour, const char *text)
{
    mem_grow(&t->cells, &t->cap, t->count + 1, sizeof(*t->cells));
    t->cells[t->count++] = (struct table_cell){mem_strdup(text != NULL ? text : ""), colour};
}

void table_addf(struct table *t, enum colour colour, const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    buf_init(&b);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    table_add(t, colour, b.data);
    buf_close(&b);
}

static size_t sum_of(const struct table *t, const size_t *widths)
{
    size_t sum = 0;

    for (size_t c = 0; c < t->columns; c++)
        sum += widths[c] + (c > 0 && widths[c] > 0 ? GAP : 0);
    return sum;
}

/* Make the table fit: first the column that gives way, which is left out when hardly anything of it
 * would be seen; then whichever is the widest. */
static void narrow(const struct table *t, size_t *widths, size_t columns)
{
    size_t *give = &widths[t->give], sum = sum_of(t, widths);

    if (sum > columns)
        *give = *give >= sum - columns + GIVE_MIN ? *give - (sum - columns) : 0;
    for (sum = sum_of(t, widths); sum > columns; sum--) {
        size_t widest = 0;
        for (size_t c = 1; c < t->columns; c++)
            widest = widths[c] > widths[widest] ? c : widest;
        if (widths[widest] <= GIVE_MIN)
            break;
        widths[widest]--;
    }
}

static void measure(const struct table *t, size_t widths[TABLE_COLUMNS_MAX])
{
    size_t columns = terminal_columns();

    for (size_t c = 0; c < t->columns; c++)
        widths[c] = t->heads != NULL ? text_columns(t->heads[c]) : 0;
    for (size_t i = 0; i < t->count; i++) {
        size_t w = text_columns(t->cells[i].text);
        if (w > widths[i % t->columns])
            widths[i % t->columns] = w;
    }
    narrow(t, widths, columns);
}

static void print_cell(const struct table *t, size_t c, const size_t *widths, const char *text,
                       enum colour colour)
{
    bool last = c + 1 == t->columns;
    struct buf b;

    if (widths[c] == 0)
        return;
    buf_init(&b);
    text_cut(&b, text, widths[c]);
    size_t pad = widths[c] - text_columns(b.data);
    bool right = (t->right >> c & 1) != 0;
    printf("%*s", right ? (int)pad : 0, "");
    put_coloured(colour, b.data);
    printf("%*s", right || last ? 0 : (int)pad, "");
    printf("%*s", last ? 0 : GAP, "");
    buf_close(&b);
}

void table_print(struct table *t, table_note note, void *arg)
{
    size_t widths[TABLE_COLUMNS_MAX];

    measure(t, widths);
    for (size_t c = 0; t->heads != NULL && c < t->columns; c++)
        print_cell(t, c, widths, t->heads[c], BOLD);
    if (t->heads != NULL)
        putchar('\n');
    for (size_t i = 0; i < t->count; i++) {
        print_cell(t, i % t->columns, widths, t->cells[i].text, t->cells[i].colour);
        free(t->cells[i].text);
        if ((i + 1) % t->columns != 0)
            continue;
        putchar('\n');
        if (note != NULL)
            note(arg, i / t->columns);
    }
    free(t->cells);
    t->cells = NULL;
    t->count = t->cap = 0;
}

/* --- progress --- */

static bool in_lines; /* for a program that reads it */

void progress_in_lines(void)
{
    in_lines = true;
}

/* A line of its own, the first one at once. */
static void show_line(struct progress *p, size_t done, int64_t now_ms)
{
    if (p->shown_ms != 0 && now_ms - p->shown_ms < PROGRESS_LINE_MS)
        return;
    p->shown_ms = now_ms;
    fprintf(stderr, "%s: %zu\n", p->what, done);
}

void progress_begin(struct progress *p, const char *what)
{
    *p = (struct progress){.what = what, .began_ms = clock_mono_ms()};
}

void progress_show(struct progress *p, size_t done, size_t total)
{
    int64_t now_ms = clock_mono_ms();

    if (in_lines) {
        show_line(p, done, now_ms);
        return;
    }
    if (now_ms - p->began_ms < PROGRESS_AFTER_MS || now_ms - p->shown_ms < PROGRESS_EVERY_MS ||
        !isatty(STDERR_FILENO))
        return;
    p->shown_ms = now_ms;
    p->visible = true;
    if (total > 0)
        fprintf(stderr, "\r\x1b[K%s: %zu of %zu", p->what, done, total);
    else
        fprintf(stderr, "\r\x1b[K%s: %zu", p->what, done);
}

void progress_end(struct progress *p)
{
    if (p->visible)
        fputs("\r\x1b[K", stderr);
    p->visible = false;
}
