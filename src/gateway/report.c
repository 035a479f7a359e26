/*
 * Reading delivery reports. See gateway/report.h.
 *
 * A report is a stranger's until its signature has been looked at, and of its words nothing is kept
 * but an id and an error code of letters and digits.
 */
#include "gateway/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/net.h"
#include "gateway/provider.h"

#define WORDS_MAX 64 /* after sent, delivered, failed */
#define JSON_DEPTH_MAX 8

struct report_source {
    char *url;
    char *secret;         /* NULL: none was given */
    struct str_list from; /* ranges; none: any */
    struct provider *provider;
};

/* --- the section --- */

static const char *const status_names[] = {
    [REPORT_SENT] = "sent", [REPORT_DELIVERED] = "delivered", [REPORT_FAILED] = "failed"};

static bool read_signature(struct report_rules *r, const char *value)
{
    static const char *const names[] = {
        [REPORT_TWILIO] = "twilio",           [REPORT_VONAGE] = "vonage", [REPORT_PLIVO] = "plivo",
        [REPORT_MESSAGEBIRD] = "messagebird", [REPORT_HMAC] = "hmac",
    };
    struct str_list words = {0};
    bool ok;

    str_split(&words, value, ' ');
    ok = words.count >= 3 && strcmp(words.items[1], "with") == 0;
    for (size_t i = REPORT_TWILIO; ok && i <= REPORT_HMAC; i++)
        if (strcmp(words.items[0], names[i]) == 0)
            r->signature = (enum report_signature)i;
    for (size_t i = 2; ok && i < words.count; i++)
        str_list_add(&r->secrets, words.items[i], strlen(words.items[i]));
    str_list_close(&words);
    return ok && r->signature != REPORT_UNSIGNED;
}

static void set(char **field, const char *value)
{
    free(*field);
    *field = mem_strdup(value);
}

void report_rules_add(struct report_rules *r, const char *key, const char *value, const char *file,
                      int line, struct problems *problems)
{
    if (strcmp(key, "id") == 0) {
        set(&r->id, value);
    } else if (strcmp(key, "status") == 0) {
        set(&r->status, value);
    } else if (strcmp(key, "error") == 0) {
        set(&r->error, value);
    } else if (strcmp(key, "signature") == 0) {
        if (!read_signature(r, value))
            problems_error(problems, file, line,
                           "`signature = %s`: write twilio, vonage, plivo, messagebird or hmac, "
                           "and `with` the key that holds the secret: `twilio with password`",
                           value);
    } else {
        int status = REPORT_SENT;
        while (status <= REPORT_FAILED && strcmp(key, status_names[status]) != 0)
            status++;
        if (status > REPORT_FAILED) {
            problems_error(problems, file, line,
                           "`%s` is no key of [report]; it takes signature, id, error, status, "
                           "sent, delivered and failed",
                           key);
            return;
        }
        str_split(&r->words[status], value, ' ');
        if (r->words[status].count == 0 || r->words[status].count > WORDS_MAX)
            problems_error(problems, file, line,
                           "`%s` needs the words of the status that mean it, at most %d", key,
                           WORDS_MAX);
    }
}

void report_rules_close(struct report_rules *r)
{
    free(r->id);
    free(r->status);
    free(r->error);
    for (size_t i = 0; i <= REPORT_FAILED; i++)
        str_list_close(&r->words[i]);
    str_list_close(&r->secrets);
    *r = (struct report_rules){0};
}

/* --- a gateway's --- */

static const char *secret_of(const struct gateway_settings *g, const struct report_rules *r)
{
    for (size_t i = 0; i < r->secrets.count; i++) {
        const char *key = r->secrets.items[i];
        if (strcmp(key, "password") == 0 && g->password != NULL)
            return g->password;
        for (size_t k = 0; k < g->param_count; k++)
            if (strcmp(g->params[k].name, key) == 0 && !str_blank(g->params[k].value))
                return g->params[k].value;
    }
    return NULL;
}

struct report_source *report_source_create(const struct gateway_settings *settings,
                                           const char *providers, struct err *err)
{
    struct provider *p = provider_load(settings, providers, err);

    if (p == NULL)
        return NULL;
    struct report_source *s = mem_zalloc(sizeof(*s));
    s->url = mem_strdup(settings->report_url);
    s->secret = mem_strdup(secret_of(settings, &p->report));
    for (size_t i = 0; i < settings->reports_from.count; i++)
        str_list_add(&s->from, settings->reports_from.items[i],
                     strlen(settings->reports_from.items[i]));
    s->provider = p;
    return s;
}

void report_source_free(struct report_source *s)
{
    if (s == NULL)
        return;
    if (s->secret != NULL)
        explicit_bzero(s->secret, strlen(s->secret));
    free(s->secret);
    free(s->url);
    str_list_close(&s->from);
    provider_free(s->provider);
    free(s);
}

const char *report_source_url(const struct report_source *s)
{
    return s->url;
}

/* --- a request --- */

/* All fields of a request, and what those of its JSON need to live. */
struct fields_read {
    struct report_field items[REPORT_FIELDS_MAX];
    size_t count;
    json_t *json;
    struct str_list numbers;
};

static void add(struct fields_read *f, const char *name, const char *value)
{
    if (f->count < REPORT_FIELDS_MAX)
        f->items[f->count++] = (struct report_field){name, value};
}

static void add_json(struct fields_read *f, const struct report_request *r)
{
    const char *key;
    json_t *value;
    char number[32];

    f->json = json_loadb(r->body, r->len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(f->json) || json_object_size(f->json) > REPORT_FIELDS_MAX)
        return;
    json_object_foreach(f->json, key, value)
    {
        if (json_is_string(value)) {
            add(f, key, json_string_value(value));
        } else if (json_is_integer(value)) {
            int n = snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
            str_list_add(&f->numbers, number, (size_t)n);
            add(f, key, f->numbers.items[f->numbers.count - 1]);
        }
    }
}

/* Brackets within brackets are no report; counted before a parser sees them. */
static bool is_flat(const char *s, size_t len)
{
    int depth = 0;

    for (size_t i = 0; i < len; i++) {
        depth += s[i] == '{' || s[i] == '[';
        if (depth > JSON_DEPTH_MAX)
            return false;
    }
    return true;
}

static void read_fields(const struct report_request *r, struct fields_read *f)
{
    *f = (struct fields_read){0};
    for (size_t i = 0; i < r->query_count; i++)
        add(f, r->query[i].name, r->query[i].value);
    for (size_t i = 0; i < r->form_count; i++)
        add(f, r->form[i].name, r->form[i].value);
    if (r->json && is_flat(r->body, r->len))
        add_json(f, r);
}

static const char *find(const struct fields_read *f, const char *name)
{
    for (size_t i = 0; name != NULL && i < f->count; i++)
        if (strcmp(f->items[i].name, name) == 0)
            return f->items[i].value;
    return NULL;
}

static void keep_word(const char *value, char out[REPORT_WORD_MAX])
{
    size_t n = 0;

    for (; value != NULL && *value != '\0' && n < REPORT_WORD_MAX - 1; value++)
        if (isalnum((unsigned char)*value) || strchr("-_.", *value) != NULL)
            out[n++] = *value;
    out[n] = '\0';
}

static bool comes_from_there(const struct report_source *s, const char *from)
{
    for (size_t i = 0; i < s->from.count; i++)
        if (net_range_has(s->from.items[i], from))
            return true;
    return s->from.count == 0;
}

enum report_verdict report_judge(const struct report_source *s, const struct report_request *r,
                                 int64_t now_ms, struct report *out)
{
    const struct report_rules *rules = &s->provider->report;
    enum report_verdict verdict = REPORT_NOTHING;
    struct fields_read f;

    *out = (struct report){0};
    read_fields(r, &f);
    const char *status = find(&f, rules->status);
    if (!comes_from_there(s, r->from)) {
        verdict = REPORT_FORGED;
    } else if (rules->signature != REPORT_UNSIGNED && s->secret != NULL &&
               !report_signed(rules->signature, s->secret, r, f.items, f.count, now_ms)) {
        verdict = REPORT_FORGED;
    } else if (status != NULL) {
        for (int i = REPORT_SENT; i <= REPORT_FAILED; i++)
            if (str_list_has(&rules->words[i], status)) {
                out->status = (enum report_status)i;
                verdict = REPORT_TOLD;
            }
        keep_word(find(&f, rules->id), out->id);
        keep_word(find(&f, rules->error), out->code);
    }
    json_decref(f.json);
    str_list_close(&f.numbers);
    return verdict;
}
