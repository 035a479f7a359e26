/*
 * The reader of provider files. It goes on after an error, so that all of them are told at once.
 */
#include "gateway/provider.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "base/str.h"
#include "gateway/backend.h"
#include "playbook/ini.h"

/* What every template may use, beside the keys of [need] and [may]. */
static const char *const message_names[] = {"to",      "to_digits", "from", "from_digits", "text",
                                            "unicode", "token",     "id",   "report_url"};
#define MESSAGE_NAMES (sizeof(message_names) / sizeof(message_names[0]))

/* Keys of [provider] that the gateway's section may replace, beside url. */
static const char *const replaceable[] = {"method", "auth", "tls"};

struct reader {
    const char *file;
    struct provider *provider;
    struct problems *problems;
    struct template_names names;
};

/* ---- templates */

struct template_reader {
    const char *file;
    int line; /* of the key: a template's own lines are counted from it */
    struct problems *problems;
};

static void report_cb(void *arg, const char *file, int line, int column, const char *text)
{
    const struct template_reader *r = arg;

    problems_error(r->problems, r->file, line, "%s", text);
}

static struct template *compile(const struct reader *r, const char *text, enum template_place place,
                                int line)
{
    struct template_reader arg = {r->file, line, r->problems};
    struct template_source source = {
        .file = r->file, .text = text, .len = strlen(text), .place = place, .first_line = line};
    struct template *t = template_compile(&source, report_cb, &arg);
    const struct template_partials none = {0};

    if (t != NULL)
        template_check_names(t, &none, &r->names, report_cb, &arg);
    return t;
}

/* ---- sections */

static void unknown_key(const struct reader *r, const struct ini_entry *e, const char *section,
                        const char *const *keys, size_t count)
{
    const char *near = str_nearest(e->key, keys, count);

    problems_error(r->problems, r->file, e->line, "`%s` is no key of [%s]%s%s%s", e->key, section,
                   near != NULL ? "; did you mean `" : "", near != NULL ? near : "",
                   near != NULL ? "`?" : "");
}

static bool parse_method(const char *value, bool *get)
{
    *get = strcmp(value, "GET") == 0;
    return *get || strcmp(value, "POST") == 0;
}

static bool parse_auth(const char *value, enum provider_auth *auth)
{
    static const char *const words[] = {"none", "basic", "bearer"};

    for (int i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0) {
            *auth = (enum provider_auth)i;
            return true;
        }
    return false;
}

/* The host may not come from a template: that would send a client's text wherever a value says. */
static const char *url_fault(const char *url)
{
    const char *host = strstr(url, "://");
    const char *tag = strstr(url, "{{");

    if (!str_starts(url, "https://") && !str_starts(url, "http://"))
        return "has to begin with https:// or http://";
    host += 3;
    if (host[0] == '\0' || host[0] == '/')
        return "has no host";
    if (tag != NULL && tag < host + strcspn(host, "/?#"))
        return "may have no {{...}} in its host";
    if (strcspn(host, "@") < strcspn(host, "/?#"))
        return "may hold no user name; write user and password-file in the gateway's section";
    return NULL;
}

static void set_url(struct reader *r, const char *url, int line)
{
    const char *fault = url_fault(url);

    if (fault != NULL) {
        problems_error(r->problems, r->file, line, "`url` %s", fault);
        return;
    }
    struct template *t = compile(r, url, TEMPLATE_URL, line);
    if (t == NULL)
        return;
    template_free(r->provider->url);
    free(r->provider->url_text);
    r->provider->url = t;
    r->provider->url_text = mem_strdup(url);
}

static void read_provider(struct reader *r, const struct ini_section *section)
{
    static const char *const keys[] = {"name", "url", "method", "auth"};
    struct provider *p = r->provider;

    for (size_t i = 0; i < section->count; i++) {
        const struct ini_entry *e = &section->entries[i];
        if (strcmp(e->key, "name") == 0) {
            free(p->name);
            p->name = mem_strdup(e->value);
        } else if (strcmp(e->key, "url") == 0) {
            set_url(r, e->value, e->line);
        } else if (strcmp(e->key, "method") == 0) {
            if (!parse_method(e->value, &p->get))
                problems_error(r->problems, r->file, e->line, "`method` is POST or GET");
        } else if (strcmp(e->key, "auth") == 0) {
            if (!parse_auth(e->value, &p->auth))
                problems_error(r->problems, r->file, e->line,
                               "`auth` is none, basic (user and password) or bearer (the password "
                               "is the token); anything else goes into [headers]");
        } else {
            unknown_key(r, e, "provider", keys, sizeof(keys) / sizeof(keys[0]));
        }
    }
    if (p->name == NULL || p->name[0] == '\0')
        problems_error(r->problems, r->file, section->line, "[provider] needs a `name`");
    if (ini_entry(section, "url") == NULL)
        problems_error(r->problems, r->file, section->line, "[provider] needs a `url`");
}

static bool is_key_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= 64 && s[n] == '\0' && isalpha((unsigned char)s[0]);
}

static void read_keys(struct reader *r, const struct ini_section *section, bool needed)
{
    struct provider *p = r->provider;

    for (size_t i = 0; section != NULL && i < section->count; i++) {
        const struct ini_entry *e = &section->entries[i];
        bool taken = false;
        for (size_t k = 0; k < p->key_count; k++)
            taken = taken || strcmp(p->keys[k].name, e->key) == 0;
        for (size_t k = 0; k < MESSAGE_NAMES; k++)
            taken = taken || (strcmp(message_names[k], e->key) == 0 && strcmp(e->key, "from") != 0);
        if (!is_key_name(e->key))
            problems_error(r->problems, r->file, e->line,
                           "`%s`: a key is made of a-z, 0-9, _ and -, a letter first", e->key);
        else if (taken)
            problems_error(r->problems, r->file, e->line, "`%s` has a meaning already", e->key);
        else if (str_blank(e->value))
            problems_error(r->problems, r->file, e->line,
                           "`%s` needs a word of help for whoever has to fill it in", e->key);
        mem_grow(&p->keys, &p->key_cap, p->key_count + 1, sizeof(*p->keys));
        p->keys[p->key_count++] =
            (struct provider_key){mem_strdup(e->key), mem_strdup(e->value), needed};
    }
}

static void read_fields(struct reader *r, const struct ini_section *section,
                        struct provider_field **fields, size_t *count, size_t *cap,
                        enum template_place place)
{
    for (size_t i = 0; section != NULL && i < section->count; i++) {
        const struct ini_entry *e = &section->entries[i];
        if (place == TEMPLATE_HEADER && strpbrk(e->key, " :\t") != NULL)
            problems_error(r->problems, r->file, e->line, "`%s` is no name of a header", e->key);
        struct template *t = compile(r, e->value, place, e->line);
        if (t == NULL)
            continue;
        mem_grow(fields, cap, *count + 1, sizeof(**fields));
        (*fields)[(*count)++] = (struct provider_field){mem_strdup(e->key), t};
    }
}

static void read_body(struct reader *r, const struct ini *ini)
{
    static const struct {
        const char *kind;
        enum provider_body type;
        enum template_place place;
    } kinds[] = {
        {"form", PROVIDER_BODY_FORM, TEMPLATE_TEXT}, /* each value is encoded as a whole */
        {"json", PROVIDER_BODY_JSON, TEMPLATE_JSON},
        {"text", PROVIDER_BODY_TEXT, TEMPLATE_TEXT},
    };
    struct provider *p = r->provider;

    for (size_t i = 0; i < 3; i++) {
        const struct ini_section *section = ini_section(ini, kinds[i].kind, "");
        if (section == NULL)
            continue;
        if (p->body_type != PROVIDER_BODY_NONE)
            problems_error(r->problems, r->file, section->line,
                           "[%s]: there is a body already; keep one of [form], [json], [text]",
                           kinds[i].kind);
        p->body_type = kinds[i].type;
        if (kinds[i].type != PROVIDER_BODY_FORM &&
            (section->count != 1 || strcmp(section->entries[0].key, "body") != 0)) {
            problems_error(r->problems, r->file, section->line, "[%s] has one key, `body`",
                           kinds[i].kind);
            continue;
        }
        read_fields(r, section, &p->body, &p->body_count, &p->body_cap, kinds[i].place);
    }
    if (p->get && p->body_type != PROVIDER_BODY_NONE)
        problems_error(r->problems, r->file, 0,
                       "`method = GET` has no body; write the values into the url");
}

static void read_reply(struct reader *r, const struct ini_section *section)
{
    for (size_t i = 0; section != NULL && i < section->count; i++)
        reply_rules_add(r->provider->reply, section->entries[i].key, section->entries[i].value,
                        r->file, section->entries[i].line, r->problems);
    if (section == NULL || !reply_rules_complete(r->provider->reply))
        problems_error(r->problems, r->file, section != NULL ? section->line : 0,
                       "[reply] needs `sent`: which replies mean that the message was accepted");
}

static void read_report(struct reader *r, const struct ini_section *section)
{
    struct report_rules *report = &r->provider->report;

    for (size_t i = 0; section != NULL && i < section->count; i++)
        report_rules_add(report, section->entries[i].key, section->entries[i].value, r->file,
                         section->entries[i].line, r->problems);
    if (section != NULL && (report->status == NULL || report->words[REPORT_DELIVERED].count == 0))
        problems_error(r->problems, r->file, section->line,
                       "[report] needs `status`, the field that tells how a message stands, and "
                       "`delivered`, the words in it that mean that it arrived");
}

static void check_sections(struct reader *r, const struct ini *ini)
{
    static const char *const kinds[] = {"provider", "need", "may",   "headers", "form",
                                        "json",     "text", "reply", "report"};

    for (size_t i = 0; i < ini->count; i++) {
        const struct ini_section *s = &ini->sections[i];
        bool known = s->name[0] == '\0';
        size_t k = 0;
        while (k < sizeof(kinds) / sizeof(kinds[0]) && strcmp(kinds[k], s->kind) != 0)
            k++;
        if (!known || k == sizeof(kinds) / sizeof(kinds[0]))
            problems_error(r->problems, r->file, s->line,
                           "[%s%s%s] is no section of a provider file; they are provider, need, "
                           "may, headers, form, json, text, reply and report",
                           s->kind, s->name[0] != '\0' ? " " : "", s->name);
    }
}

/* The names that templates may use; the strings stay the provider's. */
static const char **collect_names(const struct provider *p, struct template_names *out)
{
    const char **names = mem_array(MESSAGE_NAMES + p->key_count, sizeof(*names));

    memcpy(names, message_names, sizeof(message_names));
    for (size_t i = 0; i < p->key_count; i++)
        names[MESSAGE_NAMES + i] = p->keys[i].name;
    *out = (struct template_names){names, MESSAGE_NAMES + p->key_count};
    return names;
}

/* A body that is no JSON would be refused with every message: better told now. */
static void check_json(const struct reader *r, int line)
{
    static const struct gateway_settings settings = {.user = "u", .password = "p", .from = "1"};
    static const struct gateway_message message = {
        .id = 1, .from = "+371", .to = "+371", .data = "a \"b\"", .len = 5, .token = "0"};
    struct provider_request request;
    json_error_t why;

    if (provider_build(r->provider, &settings, &message, &request, NULL) == 0) {
        json_t *json = json_loadb(request.body.data, request.body.len, 0, &why);
        if (json == NULL)
            problems_error(r->problems, r->file, line, "the body is no JSON: line %d of it: %s",
                           why.line, why.text);
        json_decref(json);
    }
    provider_request_close(&request);
}

struct provider *provider_read(const char *path, struct problems *problems)
{
    size_t before = problems->errors;
    struct ini *ini = ini_read(path, problems);

    if (ini == NULL)
        return NULL;
    struct provider *p = mem_zalloc(sizeof(*p));
    struct reader r = {.file = path, .provider = p, .problems = problems};
    p->file = mem_strdup(path);
    p->reply = reply_rules_create();
    check_sections(&r, ini);
    read_keys(&r, ini_section(ini, "need", ""), true);
    read_keys(&r, ini_section(ini, "may", ""), false);
    const char **names = collect_names(p, &r.names);
    const struct ini_section *section = ini_section(ini, "provider", "");
    if (section != NULL)
        read_provider(&r, section);
    else
        problems_error(problems, path, 0, "there is no [provider] section");
    read_fields(&r, ini_section(ini, "headers", ""), &p->headers, &p->header_count, &p->header_cap,
                TEMPLATE_HEADER);
    read_body(&r, ini);
    read_reply(&r, ini_section(ini, "reply", ""));
    read_report(&r, ini_section(ini, "report", ""));
    if (problems->errors == before && p->body_type == PROVIDER_BODY_JSON)
        check_json(&r, ini_section(ini, "json", "")->entries[0].line);
    ini_free(ini);
    free(names);
    if (problems->errors > before) {
        provider_free(p);
        return NULL;
    }
    return p;
}

static void fields_free(struct provider_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(fields[i].name);
        template_free(fields[i].value);
    }
    free(fields);
}

void provider_free(struct provider *p)
{
    if (p == NULL)
        return;
    for (size_t i = 0; i < p->key_count; i++) {
        free(p->keys[i].name);
        free(p->keys[i].help);
    }
    free(p->keys);
    fields_free(p->headers, p->header_count);
    fields_free(p->body, p->body_count);
    template_free(p->url);
    reply_rules_free(p->reply);
    report_rules_close(&p->report);
    free(p->url_text);
    free(p->name);
    free(p->file);
    free(p);
}

/* ---- the gateway's section */

static bool among(const char *key, const char *const *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static bool given(const struct gateway_settings *s, const char *key)
{
    if (strcmp(key, "url") == 0)
        return s->url != NULL;
    if (strcmp(key, "from") == 0)
        return s->from != NULL;
    if (strcmp(key, "user") == 0)
        return s->user != NULL;
    if (strcmp(key, "password") == 0)
        return s->password != NULL;
    for (size_t i = 0; i < s->param_count; i++)
        if (strcmp(s->params[i].name, key) == 0)
            return !str_blank(s->params[i].value);
    return false;
}

/* Plain HTTP shows texts and passwords to everybody on the way. */
static void check_plain(struct reader *r, const struct gateway_settings *s, bool allowed, int line)
{
    const char *url = r->provider->url_text;
    char *host = NULL;

    if (!str_starts(url, "http://") || allowed || s->tls == TLS_NONE)
        return;
    CURLU *u = curl_url();
    char *whole = mem_strndup(url, strcspn(url, "?#{"));
    if (curl_url_set(u, CURLUPART_URL, whole, 0) != CURLUE_OK ||
        curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK || !gateway_host_is_loopback(host))
        problems_error(
            r->problems, r->file, line,
            "[gateway %s]: `http://` to another machine shows the texts and the login to "
            "everybody on the way; write `https://`, or `tls = none` if that is meant",
            s->name);
    curl_free(host);
    curl_url_cleanup(u);
    free(whole);
}

static void fit_param(struct reader *r, const struct gateway_settings *s,
                      const struct gateway_param *param, bool *plain)
{
    struct provider *p = r->provider;
    bool ok = true;

    if (strcmp(param->name, "method") == 0) {
        ok = parse_method(param->value, &p->get) && !(p->get && p->body_type != PROVIDER_BODY_NONE);
    } else if (strcmp(param->name, "auth") == 0) {
        ok = parse_auth(param->value, &p->auth);
    } else if (strcmp(param->name, "tls") == 0) {
        *plain = strcmp(param->value, "none") == 0;
        ok = *plain || strcmp(param->value, "required") == 0;
    }
    if (!ok)
        problems_error(r->problems, r->file, param->line, "`%s = %s` does not go with %s",
                       param->name, param->value, p->file);
}

bool provider_fit(struct provider *p, const struct gateway_settings *settings, const char *file,
                  struct problems *problems)
{
    size_t before = problems->errors;
    struct reader r = {.file = file, .provider = p, .problems = problems};
    const char **names = collect_names(p, &r.names);
    bool plain = false;

    for (size_t i = 0; i < settings->param_count; i++) {
        const struct gateway_param *param = &settings->params[i];
        bool known = among(param->name, replaceable, 3);
        for (size_t k = 0; k < p->key_count; k++)
            known = known || strcmp(p->keys[k].name, param->name) == 0;
        const char *near = str_nearest(param->name, names, r.names.count);
        if (!known)
            problems_error(problems, file, param->line,
                           "`%s` is no key of a gateway, nor of %s%s%s%s", param->name, p->file,
                           near != NULL ? "; did you mean `" : "", near != NULL ? near : "",
                           near != NULL ? "`?" : "");
        else
            fit_param(&r, settings, param, &plain);
    }
    for (size_t k = 0; k < p->key_count; k++)
        if (p->keys[k].needed && !given(settings, p->keys[k].name))
            problems_error(problems, file, settings->line, "[gateway %s] needs `%s%s`: %s",
                           settings->name, p->keys[k].name,
                           strcmp(p->keys[k].name, "password") == 0 ? "-file" : "",
                           p->keys[k].help);
    if (settings->url != NULL)
        set_url(&r, settings->url, settings->line);
    check_plain(&r, settings, plain, settings->line);
    if (settings->report_url != NULL && p->report.status == NULL)
        problems_error(problems, file, settings->line,
                       "[gateway %s]: `reports = yes`, but %s has no [report] section that would "
                       "say how they are read",
                       settings->name, p->file);
    if (p->auth == PROVIDER_AUTH_BASIC && settings->user == NULL)
        problems_error(problems, file, settings->line, "[gateway %s] needs `user`: the login",
                       settings->name);
    if (p->auth != PROVIDER_AUTH_NONE && settings->password == NULL)
        problems_error(problems, file, settings->line,
                       "[gateway %s] needs `password-file`: the password or token of the login",
                       settings->name);
    free(names);
    return problems->errors == before;
}

/* Everything that is wrong, in one text for a person. */
static void tell_problems(const struct problems *problems, struct err *err)
{
    struct buf b;

    buf_init(&b);
    for (size_t i = 0; i < problems->count; i++) {
        char *one = problem_format(&problems->items[i]);
        buf_printf(&b, "%s%s", i > 0 ? "\n" : "", one);
        free(one);
    }
    err_set(err, "%s", b.data);
    buf_close(&b);
}

struct provider *provider_load(const struct gateway_settings *settings, const char *folder,
                               struct err *err)
{
    struct problems problems = {0};
    struct provider *p = NULL;

    if (settings->provider == NULL || folder == NULL || strchr(settings->provider, '/') != NULL) {
        err_set(err, "provider is missing, or no name of a provider file");
        return NULL;
    }
    char *file = mem_printf("%s/%s.conf", folder, settings->provider);
    p = provider_read(file, &problems);
    if (p != NULL && !provider_fit(p, settings, "betimes.conf", &problems)) {
        provider_free(p);
        p = NULL;
    }
    if (p == NULL)
        tell_problems(&problems, err);
    problems_close(&problems);
    free(file);
    return p;
}
