/*
 * Templates: Mustache as its public specification has it (variables, sections, inverted sections,
 * partials, comments, delimiter changes, dotted names, the implicit iterator, white space of tags
 * that stand alone on their line), without lambdas, inheritance and dynamic names; and filters
 * (text/filter.h): {{client.name | first_name | default "there"}}.
 *
 * A template is compiled once, with all its errors told at once, and rendered many times; a
 * compiled one never changes and may be rendered by several threads at a time. Templates run no
 * code, and a value that looks like a template is never expanded.
 *
 * What differs from plain Mustache, always to the safe side:
 *   - a value is escaped for the place the template is for, not for HTML alone;
 *   - a name that the data does not have, or a partial that is not there, still becomes empty, but
 *     is told in the report, so that the message can be held;
 *   - "" and 0 are false in a section, as null, false and the empty list are;
 *   - a list of texts written as a value has commas between them, a record as a value is an error.
 */
#ifndef TEXT_TEMPLATE_H
#define TEXT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/str.h"
#include "time/zone.h"

#define TEMPLATE_BYTES_MAX 262144      /* of one template */
#define TEMPLATE_TAG_MAX 2048          /* bytes within one tag; comments may be longer */
#define TEMPLATE_NAME_MAX 256          /* bytes of a dotted name */
#define TEMPLATE_DEPTH_MAX 64          /* sections and partials within one another */
#define TEMPLATE_PROBLEMS_MAX 100      /* told for one template; the rest is left out */
#define TEMPLATE_OUTPUT_MAX 1048576    /* bytes of one rendering, unless the env says otherwise */
#define TEMPLATE_ITERATIONS_MAX 100000 /* turns of sections and partials in one rendering */
#define TEMPLATE_STEPS_MAX 5000000     /* pieces of text and tags written in one rendering */

/* What the output is, and so how a value is escaped in it. */
enum template_place {
    TEMPLATE_TEXT,     /* plain text; control characters removed, line breaks and tabs kept */
    TEMPLATE_HTML,     /* text and quoted attributes; see "HTML" below */
    TEMPLATE_MARKDOWN, /* every character shows as itself: a name can be no link, heading, list */
    TEMPLATE_HEADER,   /* a header's text: everything becomes one line, the template's text too */
    TEMPLATE_SMS,  /* plain; no control characters but line feeds, special spaces become plain */
    TEMPLATE_URL,  /* a part of a URL: percent-encoded */
    TEMPLATE_FORM, /* application/x-www-form-urlencoded */
    TEMPLATE_JSON  /* within the quotes of a JSON string */
};

/*
 * {{{x}}} and {{&x}} leave the value unescaped, but for control characters, which they never let
 * through in TEMPLATE_HEADER, URL and FORM.
 *
 * HTML: a value may stand in text and in quoted attributes, not in a tag's or an attribute's name,
 * an unquoted attribute, a script, a style or an event handler; that is an error when compiled. A
 * value at the beginning of href, src and the like comes out as "#" unless it begins with http://,
 * https:// or mailto:. Partials are not looked through for this: one that begins within a tag has
 * to end there.
 *
 * Markdown: a value right behind "](" has its white space percent-encoded; which schemes are live
 * is for text/markdown to decide, after parsing. Addresses with values in them are written
 * [text]({{address}}); within <...> and in code the value's escaping would show.
 */

struct template;

/* A problem of a template, for people: file as given in the source, line and column from 1. */
typedef void (*template_report_fn)(void *arg, const char *file, int line, int column,
                                   const char *text);

struct template_source {
    const char *file; /* for messages, copied; NULL: "" */
    const char *text; /* UTF-8; a BOM is skipped */
    size_t len;
    enum template_place place;
    int first_line;   /* of `text` within the file; 0 counts as 1 */
    int first_column; /* of its first line, in characters; 0 counts as 1 */
};

/* Compile. Every problem goes to `report` (which may be NULL); NULL when there was at least one. */
struct template *template_compile(const struct template_source *source, template_report_fn report,
                                  void *arg);
void template_free(struct template *t);

/* As given when it was compiled; the name belongs to the template. */
const char *template_file(const struct template *t);
enum template_place template_place(const struct template *t);

/* Where {{> name}} finds its template; NULL when there is none. It must stay alive while it is in
 * use. Values within a partial are escaped for the place of the outermost template. */
struct template_partials {
    const struct template *(*find)(void *arg, const char *name);
    void *arg;
};

/* The names a template may use: dotted paths. "client.fields.*" stands for anything below
 * client.fields. Knowing "client.name" means knowing "client" as well. */
struct template_names {
    const char *const *items;
    size_t count;
};

struct template_env {
    const char *language;    /* the reader's, BCP 47; NULL: en */
    const char *region;      /* the business's country, ISO 3166-1 alpha-2; NULL: none */
    const struct zone *zone; /* where instants are told; NULL: UTC */
    int64_t now_ms;
    const char *currency; /* of amounts whose record has none; NULL: none */
    struct template_partials partials;
    const struct template_names *known; /* names that may be missing in the data; NULL: none */
    size_t output_max;                  /* bytes; 0: TEMPLATE_OUTPUT_MAX */
};

/* What kept a rendering from being fit to send. Every entry once. `problems` may quote a value: for
 * the page and the terminal, never for the log. */
struct template_report {
    struct str_list missing;  /* names written with `| required` that have no value */
    struct str_list unknown;  /* names that neither the data nor env->known has; "> x": partials */
    struct str_list problems; /* sentences: file:line:column: job.due: "soon" is no date ... */
};
bool template_report_empty(const struct template_report *r);
void template_report_close(struct template_report *r);

/* Render `t` with `data` (an object) and append it to `out`. 0 when the text may be sent;
 * ERR_INVALID when something went into `report` (which may not be NULL; it is not cleared before):
 * `out` then has the whole text with gaps, for a preview; ERR_LIMIT when a limit cut it short. */
int template_render(const struct template *t, const json_t *data, const struct template_env *env,
                    struct buf *out, struct template_report *report);

/* Check every name of `t`, and of the partials it includes, against `known`: unknown names and
 * partials are told with the nearest known one, in the file where they stand. Returns how many were
 * told. */
int template_check_names(const struct template *t, const struct template_partials *partials,
                         const struct template_names *known, template_report_fn report, void *arg);

/* Is it what is told of a partial that there is not? Then `name` (of `size` bytes) has which. */
bool template_told_partial(const char *told, char *name, size_t size);

/* Is the dotted path one of the names, or the beginning of one, or below an open one? */
bool template_names_has(const struct template_names *known, const char *path);

/* Add to `list`, once each, the names that `t` and its partials use with `| required`, as written.
 */
void template_required(const struct template *t, const struct template_partials *partials,
                       struct str_list *list);

/* Add to `list`, once each, the names of `known` that `t` and its partials use, as full paths. */
void template_used(const struct template *t, const struct template_partials *partials,
                   const struct template_names *known, struct str_list *list);

/* Does `t`, or a partial that it includes, write the section {{#name}}? */
bool template_has_section(const struct template *t, const struct template_partials *partials,
                          const char *name);

/* Append text[0..len) escaped for `place`; `raw` is what {{{x}}} does. */
void template_escape(enum template_place place, bool raw, const char *text, size_t len,
                     struct buf *out);

#endif
