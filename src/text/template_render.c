/*
 * text/template: rendering. One walk over the nodes with a stack of contexts; a section calls
 * itself for its content, so the depth is bounded by TEMPLATE_DEPTH_MAX, which is also the most
 * that the stack of contexts can hold. Everything that grows or repeats is counted, and the walk
 * ends at the first limit reached; anything else that goes wrong leaves a gap and an entry in the
 * report.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "template_tree.h"

#define REPORT_MAX 100 /* entries of each list in a report */

struct frame {
    const json_t *value;
    const struct node *section; /* NULL for the data itself */
    size_t found_in;            /* the frame in which the section's name was found */
};

struct render {
    const struct template_env *env;
    enum template_place place;
    struct buf *out;
    size_t start, output_max;
    struct template_report *report;
    struct filter_context filters;
    struct frame frames[TEMPLATE_DEPTH_MAX + 1];
    size_t frame_count;
    size_t depth;
    long iterations, steps;
    struct buf indent;  /* what each line begins with, within partials */
    struct buf work[2]; /* results of filters, in turn */
    struct buf text;    /* a number or list as text */
    bool failed, stopped;
};

static void note(struct render *r, struct str_list *list, const char *text)
{
    r->failed = true;
    if (list->count < REPORT_MAX && !str_list_has(list, text))
        str_list_add(list, text, strlen(text));
}

__attribute__((format(printf, 4, 5))) static void
note_problem(struct render *r, const struct template *t, const struct node *n, const char *fmt, ...)
{
    struct buf b;
    va_list ap;

    buf_init(&b);
    if (n != NULL)
        buf_printf(&b, "%s:%d:%d: {{%s}}: ", t->file, n->line, n->column, n->name);
    va_start(ap, fmt);
    buf_vprintf(&b, fmt, ap);
    va_end(ap);
    note(r, &r->report->problems, b.data);
    buf_close(&b);
}

static void stop(struct render *r, const char *why, long limit)
{
    char text[160];

    if (r->stopped)
        return;
    r->stopped = true;
    snprintf(text, sizeof(text), why, limit);
    note(r, &r->report->problems, text);
}

/* After every write. */
static void check_output(struct render *r)
{
    size_t written = r->out->len - r->start;

    if (written <= r->output_max)
        return;
    buf_truncate(r->out, r->start + str_utf8_valid(r->out->data + r->start, r->output_max));
    stop(r, "longer than %ld bytes; the rest was left out", (long)r->output_max);
}

static void write_text(struct render *r, const char *text, size_t len)
{
    if (r->place == TEMPLATE_HEADER || r->place == TEMPLATE_SMS)
        template_escape(r->place, true, text, len, r->out);
    else
        buf_append(r->out, text, len);
    check_output(r);
}

/* --- names --- */

/* The member of the path in the data, or NULL. *found_in: the frame that has its first part;
 * *record: the object that has its last; *below_null: the path goes on below a null. */
struct found {
    const json_t *value, *record;
    size_t frame;
    bool below_null;
};

static void look_up(const struct render *r, const struct node *n, struct found *f)
{
    *f = (struct found){.frame = r->frame_count - 1};
    if (n->part_count == 0) { /* "." */
        f->value = r->frames[f->frame].value;
        return;
    }
    for (size_t i = r->frame_count; i-- > 0;) {
        const json_t *o = r->frames[i].value;
        f->value =
            json_is_object(o) ? json_object_getn(o, n->parts[0].name, n->parts[0].len) : NULL;
        if (f->value != NULL) {
            f->frame = i;
            f->record = o;
            break;
        }
    }
    for (size_t i = 1; i < n->part_count && f->value != NULL; i++) {
        if (json_is_null(f->value))
            f->below_null = true;
        f->record = f->value;
        f->value = json_is_object(f->value)
                       ? json_object_getn(f->value, n->parts[i].name, n->parts[i].len)
                       : NULL;
    }
}

static void put_path(const struct render *r, size_t frame, struct buf *out)
{
    const struct frame *f = &r->frames[frame];

    if (f->section == NULL)
        return;
    if (f->section->part_count > 0) {
        put_path(r, f->found_in, out);
        buf_puts(out, f->section->name);
        buf_putc(out, '.');
    } else if (frame > 0) { /* {{#.}}: an element of what is around it */
        put_path(r, frame - 1, out);
    }
}

/* The data has no such member: fine only if one of the contexts is known to have it now and then.
 */
static void note_unknown(struct render *r, const struct node *n)
{
    bool known = false;

    for (size_t i = r->frame_count; i-- > 0 && !known && r->env->known != NULL;) {
        struct buf path;
        buf_init(&path);
        put_path(r, i, &path);
        buf_puts(&path, n->name);
        known = template_names_has(r->env->known, path.data);
        buf_close(&path);
    }
    if (!known)
        note(r, &r->report->unknown, n->name);
}

/* --- values --- */

static bool put_scalar(const json_t *v, struct buf *out)
{
    char number[40];

    switch (json_typeof(v)) {
    case JSON_STRING:
        buf_append(out, json_string_value(v), json_string_length(v));
        return true;
    case JSON_INTEGER:
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
        return true;
    case JSON_REAL:
        snprintf(number, sizeof(number), "%.15g", json_real_value(v));
        if (strtod(number, NULL) != json_real_value(v))
            snprintf(number, sizeof(number), "%.17g", json_real_value(v));
        buf_puts(out, number);
        return true;
    case JSON_TRUE:
    case JSON_FALSE:
        buf_puts(out, json_is_true(v) ? "true" : "false");
        return true;
    default:
        return false;
    }
}

/* The value as text. False when it is none, with the reason in the report unless it is null. */
static bool value_text(struct render *r, const struct template *t, const struct node *n,
                       const json_t *v, struct filter_value *out)
{
    *out = (struct filter_value){.text = ""};
    if (v == NULL || json_is_null(v))
        return false;
    out->present = true;
    if (json_is_string(v)) {
        out->text = json_string_value(v);
        out->len = json_string_length(v);
        return true;
    }
    buf_clear(&r->text);
    bool good = true;
    if (json_is_array(v)) {
        for (size_t i = 0; good && i < json_array_size(v); i++) {
            if (i > 0)
                buf_puts(&r->text, ", ");
            good = put_scalar(json_array_get(v, i), &r->text);
        }
    } else {
        good = put_scalar(v, &r->text);
    }
    if (!good) {
        note_problem(r, t, n, "is a record, not one value; write the name of one of its members");
        out->present = false;
        return false;
    }
    out->text = r->text.data;
    out->len = r->text.len;
    return true;
}

static const char *member_text(const json_t *record, const char *name)
{
    const char *s = json_string_value(json_object_get(record, name));

    return s != NULL && s[0] != '\0' ? s : NULL;
}

/* Send the value through the node's filters. False when nothing is to be written. */
static bool apply_filters(struct render *r, const struct template *t, const struct node *n,
                          const json_t *record, struct filter_value *v)
{
    int turn = 0; /* the buffer that does not hold the value now */

    r->filters.record_zone = member_text(record, "timezone");
    r->filters.record_currency = member_text(record, "currency");
    for (size_t i = 0; i < n->call_count; i++) {
        const struct call *c = &n->calls[i];
        struct buf *out = &r->work[turn];
        struct err err = {""};
        if (!v->present && !c->filter->absent_too)
            continue;
        buf_clear(out);
        switch (c->filter->apply(&r->filters, c->args, c->arg_count, v, out, &err)) {
        case FILTER_DONE:
            *v = (struct filter_value){.text = out->data, .len = out->len, .present = true};
            turn = 1 - turn;
            break;
        case FILTER_KEPT:
            break;
        case FILTER_MISSING:
            note(r, &r->report->missing, n->name);
            return false;
        case FILTER_FAILED:
            note_problem(r, t, n, "%s: %s", c->filter->name, err.text);
            return false;
        }
    }
    return v->present;
}

/* A value behind "](" of Markdown must be one piece, or the link would not be one. */
static void put_link_target(const struct filter_value *v, struct buf *out)
{
    for (size_t i = 0; i < v->len; i++) {
        if ((unsigned char)v->text[i] <= ' ')
            buf_printf(out, "%%%02X", (unsigned char)v->text[i]);
        else
            template_escape(TEMPLATE_MARKDOWN, false, v->text + i, 1, out);
    }
}

static void render_value(struct render *r, const struct template *t, const struct node *n)
{
    struct filter_value v;
    struct found f;

    look_up(r, n, &f);
    if (f.value == NULL && !f.below_null)
        note_unknown(r, n);
    value_text(r, t, n, f.value, &v);
    if (n->call_count > 0 && !apply_filters(r, t, n, f.record, &v))
        v = (struct filter_value){.text = ""};
    /* More than the output may hold cannot be written anyway. */
    if (v.len > r->output_max)
        v.len = r->output_max + 1;
    if (n->url_start && r->place == TEMPLATE_HTML && !template_address_live(v.text, v.len))
        buf_putc(r->out, '#');
    else if (n->url_start && r->place == TEMPLATE_MARKDOWN && !n->raw)
        put_link_target(&v, r->out);
    else
        template_escape(r->place, n->raw, v.text, v.len, r->out);
    check_output(r);
}

/* --- sections and partials --- */

static void render_range(struct render *r, const struct template *t, size_t from, size_t to);

static bool is_true(const json_t *v)
{
    if (v == NULL)
        return false;
    switch (json_typeof(v)) {
    case JSON_NULL:
    case JSON_FALSE:
        return false;
    case JSON_STRING:
        return json_string_length(v) > 0;
    case JSON_INTEGER:
        return json_integer_value(v) != 0;
    case JSON_REAL:
        return json_real_value(v) != 0;
    case JSON_ARRAY:
        return json_array_size(v) > 0;
    default:
        return true;
    }
}

static bool count_turn(struct render *r)
{
    if (++r->iterations > TEMPLATE_ITERATIONS_MAX)
        stop(r, "more than %ld turns of sections and partials; the rest was left out",
             TEMPLATE_ITERATIONS_MAX);
    return !r->stopped;
}

static bool enter(struct render *r)
{
    if (r->depth == TEMPLATE_DEPTH_MAX) {
        stop(r,
             "more than %ld sections and partials within one another; does a partial include "
             "itself?",
             TEMPLATE_DEPTH_MAX);
        return false;
    }
    r->depth++;
    return true;
}

static void render_section(struct render *r, const struct template *t, size_t at)
{
    const struct node *n = &t->nodes[at];
    struct found f;

    look_up(r, n, &f);
    if (f.value == NULL && !f.below_null)
        note_unknown(r, n);
    if (is_true(f.value) != (n->type == NODE_SECTION) || !enter(r))
        return;
    if (n->type == NODE_INVERTED) {
        if (count_turn(r))
            render_range(r, t, at + 1, n->end);
        r->depth--;
        return;
    }
    struct frame *frame = &r->frames[r->frame_count++];
    *frame = (struct frame){.value = f.value, .section = n, .found_in = f.frame};
    size_t turns = json_is_array(f.value) ? json_array_size(f.value) : 1;
    for (size_t i = 0; i < turns && count_turn(r); i++) {
        if (json_is_array(f.value))
            frame->value = json_array_get(f.value, i);
        render_range(r, t, at + 1, n->end);
    }
    r->frame_count--;
    r->depth--;
}

static void render_partial(struct render *r, const struct node *n)
{
    const struct template_partials *p = &r->env->partials;
    const struct template *t = p->find != NULL ? p->find(p->arg, n->name) : NULL;

    if (t == NULL) {
        char name[TEMPLATE_NAME_MAX + 3];
        snprintf(name, sizeof(name), "> %s", n->name);
        note(r, &r->report->unknown, name);
        return;
    }
    if (!count_turn(r) || !enter(r))
        return;
    struct buf outer = r->indent;
    buf_init(&r->indent);
    if (n->alone) { /* a partial in the middle of a line is not indented */
        buf_append(&r->indent, outer.data, outer.len);
        buf_append(&r->indent, n->text, n->len);
    }
    render_range(r, t, 0, t->count);
    buf_close(&r->indent);
    r->indent = outer;
    r->depth--;
}

static void render_range(struct render *r, const struct template *t, size_t from, size_t to)
{
    for (size_t i = from; i < to && !r->stopped; i++) {
        const struct node *n = &t->nodes[i];
        if (++r->steps > TEMPLATE_STEPS_MAX)
            stop(r, "more than %ld steps; the rest was left out", TEMPLATE_STEPS_MAX);
        switch (n->type) {
        case NODE_TEXT:
            if (n->line_start && r->indent.len > 0)
                write_text(r, r->indent.data, r->indent.len);
            if (!r->stopped && n->len > 0)
                write_text(r, n->text, n->len);
            break;
        case NODE_VALUE:
            render_value(r, t, n);
            break;
        case NODE_SECTION:
        case NODE_INVERTED:
            render_section(r, t, i);
            i = n->end - 1;
            break;
        case NODE_PARTIAL:
            render_partial(r, n);
            break;
        }
    }
}

int template_render(const struct template *t, const json_t *data, const struct template_env *env,
                    struct buf *out, struct template_report *report)
{
    struct render r = {
        .env = env,
        .place = t->place,
        .out = out,
        .start = out->len,
        .output_max = env->output_max > 0 ? env->output_max : TEMPLATE_OUTPUT_MAX,
        .report = report,
        .filters = {.language = env->language,
                    .region = env->region,
                    .zone = env->zone,
                    .now_ms = env->now_ms,
                    .currency = env->currency},
        .frame_count = 1,
    };

    r.frames[0] = (struct frame){.value = data};
    buf_init(&r.indent);
    buf_init(&r.work[0]);
    buf_init(&r.work[1]);
    buf_init(&r.text);
    render_range(&r, t, 0, t->count);
    buf_close(&r.indent);
    buf_close(&r.work[0]);
    buf_close(&r.work[1]);
    buf_close(&r.text);
    if (r.stopped)
        return ERR_LIMIT;
    return r.failed ? ERR_INVALID : 0;
}
