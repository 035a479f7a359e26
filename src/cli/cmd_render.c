/*
 * betimes render: any template with any data. It needs no configuration and no database.
 *
 * {{> name}} is the file `name` with the template's own extension: beside it, in
 * ../_shared/LANGUAGE or in ../_shared, as the folder of templates has them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "cli/all.h"
#include "cli/session.h"
#include "cli/show.h"
#include "send/compose.h"
#include "text/locale.h"
#include "text/template.h"
#include "text/template_email.h"

#define DATA_MAX (16L * 1024 * 1024) /* bytes of the data */
#define DATA_DEPTH_MAX 100
#define PARTIALS_MAX 200

static const struct option_spec render_options[] = {
    {"data", 0, "FILE", "the data, a JSON object (- is standard input)"},
    {"language", 0, "TAG", "the reader's language, like lv (that in the file's name, else en)"},
    {"place", 0, "PLACE",
     "what it is for: text, html, markdown, email, header, sms, url,\n"
     "form or json (as the file's name ends)"},
    {"html", 0, NULL, "of an e-mail: print the HTML page"},
    OPTION_NOW,
};

static const struct {
    const char *name;
    enum template_place place;
} places[] = {
    {"text", TEMPLATE_TEXT},     {"html", TEMPLATE_HTML}, {"markdown", TEMPLATE_MARKDOWN},
    {"header", TEMPLATE_HEADER}, {"sms", TEMPLATE_SMS},   {"url", TEMPLATE_URL},
    {"form", TEMPLATE_FORM},     {"json", TEMPLATE_JSON},
};

struct partial {
    char *name;
    struct template *template; /* NULL: there is none, or it is wrong */
};

struct rendering {
    const struct call *call;
    const char *file;
    char *folder, *stem, *extension; /* "ready", "lv", ".sms" */
    bool email;
    enum template_place place;
    struct template_env env;
    struct partial partials[PARTIALS_MAX];
    size_t partial_count;
    bool wrong; /* a problem was told */
};

static void report(void *arg, const char *file, int line, int column, const char *text)
{
    struct rendering *r = arg;

    r->wrong = true;
    fprintf(stderr, "%s:%d:%d: %s\n", file, line, column, text);
}

/* ---- partials */

static struct template *load_partial(struct rendering *r, const char *path)
{
    struct template *t = NULL;
    struct buf b;

    buf_init(&b);
    if (fs_read(path, TEMPLATE_BYTES_MAX, &b, NULL) == 0) {
        struct template_source source = {
            .file = path,
            .text = b.data,
            .len = b.len,
            .place = r->email ? TEMPLATE_MARKDOWN : r->place,
        };
        t = template_compile(&source, report, r);
    }
    buf_close(&b);
    return t;
}

static const struct template *find_new_partial(struct rendering *r, const char *name)
{
    char *own = mem_printf("../_shared/%s/", r->stem);
    const char *const folders[] = {"", own, "../_shared/"};

    struct partial *p = &r->partials[r->partial_count++];
    *p = (struct partial){.name = mem_strdup(name)};
    for (size_t i = 0; p->template == NULL && i < COUNT_OF(folders); i++) {
        char *path = mem_printf("%s/%s%s%s", r->folder, folders[i], name, r->extension);
        p->template = load_partial(r, path);
        free(path);
    }
    free(own);
    return p->template;
}

static const struct template *find_partial(void *arg, const char *name)
{
    struct rendering *r = arg;

    for (size_t i = 0; i < r->partial_count; i++)
        if (strcmp(r->partials[i].name, name) == 0)
            return r->partials[i].template;
    if (r->partial_count == PARTIALS_MAX || strchr(name, '/') != NULL || name[0] == '.')
        return NULL;
    return find_new_partial(r, name);
}

/* ---- reading */

static bool too_deep(const json_t *v, int depth)
{
    const char *key;
    json_t *inner;
    size_t i;

    if (depth > DATA_DEPTH_MAX)
        return true;
    json_object_foreach((json_t *)v, key, inner) if (too_deep(inner, depth + 1)) return true;
    json_array_foreach(v, i, inner) if (too_deep(inner, depth + 1)) return true;
    return false;
}

static int read_data(const char *path, json_t **out)
{
    bool input = strcmp(path, "-") == 0;
    struct err err = {""};
    json_error_t where;
    struct buf b;

    buf_init(&b);
    int rc = input ? fs_read_input(DATA_MAX, &b, &err) : fs_read(path, DATA_MAX, &b, &err);
    if (rc != 0) {
        buf_close(&b);
        return command_error(rc, "%s", err.text);
    }
    *out = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &where);
    buf_close(&b);
    if (*out == NULL)
        fprintf(stderr, "%s:%d:%d: %s\n", path, where.line, where.column, where.text);
    else if (!json_is_object(*out))
        fprintf(stderr, "%s:1:1: the data has to be a JSON object: {\"client\": ...}\n", path);
    else if (too_deep(*out, 0))
        fprintf(stderr, "%s:1:1: the data is nested more than %d deep\n", path, DATA_DEPTH_MAX);
    else
        return EXIT_DONE;
    return EXIT_ASKED;
}

/* ---- writing */

static void tell_report(struct rendering *r, const struct template_report *report)
{
    for (size_t i = 0; i < report->missing.count; i++)
        fprintf(stderr, "%s: {{%s}} has no value, and is required\n", r->file,
                report->missing.items[i]);
    for (size_t i = 0; i < report->unknown.count; i++) {
        const char *name = report->unknown.items[i];
        if (name[0] == '>')
            fprintf(stderr, "%s: there is no {{%s}}, beside it or in ../_shared\n", r->file, name);
        else
            fprintf(stderr, "%s: the data has no {{%s}}\n", r->file, name);
    }
    for (size_t i = 0; i < report->problems.count; i++)
        fprintf(stderr, "%s\n", report->problems.items[i]);
}

static int end(struct rendering *r, int rc, const struct template_report *report)
{
    tell_report(r, report);
    if (rc == ERR_LIMIT)
        return command_error(rc, "%s: the text grows too long, or goes round in circles", r->file);
    return rc == 0 && !r->wrong ? EXIT_DONE : EXIT_ASKED;
}

static int write_email(struct rendering *r, const struct template_source *source,
                       const json_t *data)
{
    struct template_report told = {0};
    struct template_mail mail;
    struct template_email *e = template_email_compile(source, report, r);

    if (e == NULL)
        return EXIT_ASKED;
    template_mail_init(&mail);
    int rc = template_email_render(e, NULL, NULL, data, &r->env, &mail, &told);
    if (option_given(&r->call->options, "html"))
        fwrite(mail.html.data, 1, mail.html.len, stdout);
    else
        printf("Subject: %s\n\n%s", mail.subject.data, mail.text.data);
    int status = end(r, rc, &told);
    template_report_close(&told);
    template_mail_close(&mail);
    template_email_free(e);
    return status;
}

static int write_plain(struct rendering *r, const struct template_source *source,
                       const json_t *data)
{
    struct template_report told = {0};
    struct template *t = template_compile(source, report, r);
    struct buf out;

    if (t == NULL)
        return EXIT_ASKED;
    buf_init(&out);
    int rc = template_render(t, data, &r->env, &out, &told);
    fwrite(out.data, 1, out.len, stdout);
    int status = end(r, rc, &told);
    template_report_close(&told);
    buf_close(&out);
    template_free(t);
    return status;
}

static int render(struct rendering *r, const json_t *data)
{
    struct err err = {""};
    struct buf b;

    buf_init(&b);
    int rc = fs_read(r->file, TEMPLATE_BYTES_MAX, &b, &err);
    int status;
    if (rc != 0) {
        status = command_error(rc, "%s", err.text);
    } else {
        struct template_source source = {
            .file = r->file, .text = b.data, .len = b.len, .place = r->place};
        status = r->email ? write_email(r, &source, data) : write_plain(r, &source, data);
    }
    buf_close(&b);
    return status;
}

/* ---- */

/* By --place, else by how the file's name ends; what is none of ours is plain text. */
static int find_place(struct rendering *r)
{
    const char *given = option_value(&r->call->options, "place"), *name = given;
    const char *names[COUNT_OF(places) + 1];

    if (given == NULL)
        name = strcmp(r->extension, ".md") == 0 ? "markdown"
               : r->extension[0] == '.'         ? r->extension + 1
                                                : "text";
    for (size_t i = 0; i < COUNT_OF(places); i++)
        names[i] = places[i].name;
    names[COUNT_OF(places)] = "email";
    r->email = strcmp(name, "email") == 0;
    r->place = TEMPLATE_TEXT;
    for (size_t i = 0; i < COUNT_OF(places); i++)
        if (strcmp(places[i].name, name) == 0) {
            r->place = places[i].place;
            return EXIT_DONE;
        }
    if (r->email || given == NULL)
        return EXIT_DONE;
    const char *near = str_nearest(given, names, COUNT_OF(names));
    return command_misused(r->call, "there is no place `%s`; %s%s%s", given,
                           near != NULL ? "did you mean `" : "see --help", near != NULL ? near : "",
                           near != NULL ? "`?" : "");
}

static int set_up(struct rendering *r)
{
    const char *language = option_value(&r->call->options, "language");
    const char *slash = strrchr(r->file, '/'), *base = slash != NULL ? slash + 1 : r->file;
    const char *dot = strrchr(base, '.');

    r->folder = slash != NULL ? mem_strndup(r->file, (size_t)(slash - r->file)) : mem_strdup(".");
    r->extension = mem_strdup(dot != NULL ? dot : "");
    r->stem = mem_strndup(base, dot != NULL ? (size_t)(dot - base) : strlen(base));
    if (language == NULL && locale_language_valid(r->stem))
        language = r->stem;
    if (language != NULL && !locale_language_valid(language))
        return command_misused(r->call, "`%s` is no language tag; write one like lv or kk-KZ",
                               language);
    r->env = (struct template_env){
        .language = language, .partials = {find_partial, r}, .known = compose_names()};
    int status = session_time(r->call, "now", zone_utc(), clock_wall_ms(), &r->env.now_ms);
    return status == EXIT_DONE ? find_place(r) : status;
}

static int run_render(const struct call *call)
{
    struct rendering *r = mem_zalloc(sizeof(*r));
    const char *path = option_value(&call->options, "data");
    json_t *data = NULL;
    int status;

    r->call = call;
    r->file = call_word(call, 0);
    status = set_up(r);
    if (status == EXIT_DONE && path == NULL)
        data = json_object();
    else if (status == EXIT_DONE)
        status = read_data(path, &data);
    if (status == EXIT_DONE && option_given(&call->options, "html") && !r->email)
        status = command_misused(call, "--html is for e-mail templates; use --place html");
    if (status == EXIT_DONE)
        status = render(r, data);
    json_decref(data);
    for (size_t i = 0; i < r->partial_count; i++) {
        free(r->partials[i].name);
        template_free(r->partials[i].template);
    }
    free(r->folder);
    free(r->stem);
    free(r->extension);
    free(r);
    return status;
}

const struct command command_render = {
    .name = "render",
    .words = "FILE",
    .words_min = 1,
    .words_max = 1,
    .help = "Fill in any template with any data",
    .more =
        "Prints the text. What is wrong is told with its line and column. A name that the data\n"
        "does not have is left empty, and told unless some record of the database could have\n"
        "it. When something was told, the exit status is 1. Partials are looked for beside\n"
        "the file and in ../_shared.\n\n"
        "  betimes render templates/ready/lv.sms --data client.json\n",
    .options = render_options,
    .option_count = COUNT_OF(render_options),
    .run = run_render,
};
