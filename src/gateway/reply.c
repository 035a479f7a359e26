/*
 * The rules for replies. A rule is a verdict and its terms, all of which have to hold; the first
 * rule that holds decides. When none does: 429 means later (RFC 6585, 4: the request was not
 * processed), and everything else is unknown. A reply that says `sent` without the id that the
 * provider file promises is unknown, too.
 *
 * The reply is a stranger's: it is parsed within limits, and of its words nothing reaches a person
 * but an error code of letters and digits.
 */
#include "gateway/reply.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/str.h"
#include "gateway/backend.h"

#define ERROR_MAX 24 /* bytes of an error code shown to people */

enum verdict {
    VERDICT_SENT,
    VERDICT_RETRY,
    VERDICT_TROUBLE,
    VERDICT_REFUSED,
    VERDICT_REFUSED_NUMBER,
    VERDICT_UNKNOWN,
    VERDICT_COUNT
};

static const char *const verdict_names[VERDICT_COUNT] = {"sent",    "retry",          "trouble",
                                                         "refused", "refused-number", "unknown"};

struct step {
    char *key; /* NULL: an element of a list */
    int index; /* -1: every element */
};

struct path {
    struct step steps[REPLY_STEPS_MAX];
    size_t count;
};

enum term_type { TERM_STATUS, TERM_EXISTS, TERM_IN, TERM_BEGINS, TERM_HAS };

struct term {
    enum term_type type;
    struct path path;
    struct str_list values; /* of TERM_STATUS, too: "201", "5xx" */
};

struct rule_line {
    enum verdict verdict;
    struct term terms[REPLY_TERMS_MAX];
    size_t count;
};

struct reply_rules {
    struct rule_line rules[REPLY_RULES_MAX];
    size_t count;
    bool has_id, has_error;
    struct path id, error; /* no steps: none, or the text */
    char *id_after;        /* the id is the word after this text; NULL: it is in `id` */
};

struct reply_rules *reply_rules_create(void)
{
    return mem_zalloc(sizeof(struct reply_rules));
}

static void path_close(struct path *p)
{
    for (size_t i = 0; i < p->count; i++)
        free(p->steps[i].key);
    p->count = 0;
}

static void rule_close(struct rule_line *rule)
{
    for (size_t i = 0; i < rule->count; i++) {
        path_close(&rule->terms[i].path);
        str_list_close(&rule->terms[i].values);
    }
    rule->count = 0;
}

void reply_rules_free(struct reply_rules *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->count; i++)
        rule_close(&r->rules[i]);
    path_close(&r->id);
    path_close(&r->error);
    free(r->id_after);
    free(r);
}

/* ---- reading */

struct place {
    const char *file, *key;
    int line;
    struct problems *problems;
};

/* The words of one line: split at spaces, "..." kept together and marked by a leading quote. */
static bool words_of(const char *line, struct str_list *words, const struct place *at)
{
    while (*line != '\0') {
        while (*line == ' ' || *line == '\t')
            line++;
        if (*line == '\0')
            break;
        if (*line == '"') {
            const char *end = strchr(line + 1, '"');
            if (end == NULL) {
                problems_error(at->problems, at->file, at->line,
                               "`%s`: a quote is opened and never closed", at->key);
                return false;
            }
            str_list_add(words, line, (size_t)(end - line));
            line = end + 1;
        } else {
            size_t n = strcspn(line, " \t");
            str_list_add(words, line, n);
            line += n;
        }
    }
    return true;
}

static const char *unquoted(const char *word)
{
    return word[0] == '"' ? word + 1 : word;
}

static bool is_key_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* $.messages[0].status; $[*].code */
static bool parse_path(const char *s, struct path *p)
{
    if (*s++ != '$')
        return false;
    while (*s != '\0') {
        struct step step = {NULL, 0};
        if (p->count == REPLY_STEPS_MAX)
            return false;
        if (*s == '.') {
            size_t n = 0;
            s++;
            while (is_key_char(s[n]))
                n++;
            if (n == 0)
                return false;
            step.key = mem_strndup(s, n);
            s += n;
        } else if (str_starts(s, "[*]")) {
            step.index = -1;
            s += 3;
        } else if (*s == '[' && isdigit((unsigned char)s[1])) {
            char *end;
            long index = strtol(s + 1, &end, 10);
            if (*end != ']' || index > 9999)
                return false;
            step.index = (int)index;
            s = end + 1;
        } else {
            return false;
        }
        p->steps[p->count++] = step;
    }
    return p->count > 0;
}

/* 201, 4xx */
static bool is_status(const char *s)
{
    return strlen(s) == 3 && s[0] >= '1' && s[0] <= '5' &&
           ((isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2])) ||
            strcmp(s + 1, "xx") == 0);
}

static bool add_values(struct term *t, const struct str_list *words, size_t *i)
{
    while (*i < words->count && strcmp(words->items[*i], "and") != 0) {
        const char *value = unquoted(words->items[(*i)++]);
        if (t->values.count == REPLY_VALUES_MAX)
            return false;
        str_list_add(&t->values, value, strlen(value));
    }
    return t->values.count > 0;
}

static bool parse_term(struct term *t, const struct str_list *words, size_t *i)
{
    const char *word = words->items[*i];

    if (is_status(word)) {
        t->type = TERM_STATUS;
        if (!add_values(t, words, i))
            return false;
        for (size_t k = 0; k < t->values.count; k++)
            if (!is_status(t->values.items[k]))
                return false;
        return true;
    }
    if (word[0] == '$') {
        if (!parse_path(word, &t->path))
            return false;
        t->type = TERM_EXISTS;
        (*i)++;
        if (*i == words->count || strcmp(words->items[*i], "and") == 0)
            return true;
        bool one = strcmp(words->items[*i], "is") == 0;
        if (!one && strcmp(words->items[*i], "in") != 0)
            return false;
        t->type = TERM_IN;
        (*i)++;
        return add_values(t, words, i) && (!one || t->values.count == 1);
    }
    if (strcmp(word, "text") == 0 && *i + 2 < words->count) {
        const char *how = words->items[*i + 1];
        if (strcmp(how, "begins") != 0 && strcmp(how, "has") != 0)
            return false;
        t->type = how[0] == 'b' ? TERM_BEGINS : TERM_HAS;
        *i += 2;
        return add_values(t, words, i) && t->values.count == 1;
    }
    return false;
}

static void parse_rule(struct reply_rules *r, enum verdict verdict, const char *line,
                       const struct place *at)
{
    struct rule_line rule = {.verdict = verdict};
    struct str_list words = {0};
    bool ok = words_of(line, &words, at);

    for (size_t i = 0; ok && i < words.count;) {
        size_t before = i;
        if (rule.count == REPLY_TERMS_MAX || !parse_term(&rule.terms[rule.count++], &words, &i) ||
            i == before ||
            (i < words.count && ++i == words.count)) { /* a term, `and`, and nothing */
            problems_error(at->problems, at->file, at->line,
                           "`%s = %s`: conditions are `201`, `4xx 503`, `$.path`, `$.path is X`, "
                           "`$.path in X Y`, `text begins \"X\"` or `text has \"X\"`, joined by "
                           "`and`",
                           at->key, line);
            ok = false;
        }
    }
    if (ok && r->count == REPLY_RULES_MAX) {
        problems_error(at->problems, at->file, at->line, "more than %d conditions in [reply]",
                       REPLY_RULES_MAX);
        ok = false;
    }
    if (ok && rule.count > 0)
        r->rules[r->count++] = rule;
    else
        rule_close(&rule);
    str_list_close(&words);
}

static void parse_id(struct reply_rules *r, const char *value, const struct place *at)
{
    struct str_list words = {0};
    bool ok = words_of(value, &words, at);

    r->has_id = true;
    if (ok && words.count == 3 && strcmp(words.items[0], "text") == 0 &&
        strcmp(words.items[1], "after") == 0 && unquoted(words.items[2])[0] != '\0')
        r->id_after = mem_strdup(unquoted(words.items[2]));
    else if (ok && !(words.count == 1 && parse_path(words.items[0], &r->id)))
        problems_error(at->problems, at->file, at->line,
                       "`id = %s`: write `$.path` for a JSON reply, `text after \"ID: \"` for text",
                       value);
    str_list_close(&words);
}

void reply_rules_add(struct reply_rules *r, const char *key, const char *value, const char *file,
                     int line, struct problems *problems)
{
    static const char *const keys[] = {"id",      "error",   "sent",           "retry",
                                       "trouble", "refused", "refused-number", "unknown"};
    const struct place at = {file, key, line, problems};
    struct str_list lines = {0};
    int verdict = 0;

    if (strcmp(key, "id") == 0) {
        parse_id(r, value, &at);
        return;
    }
    if (strcmp(key, "error") == 0) {
        r->has_error = true;
        if (!parse_path(value, &r->error))
            problems_error(problems, file, line, "`error = %s`: write a path, such as `$.code`",
                           value);
        return;
    }
    while (verdict < VERDICT_COUNT && strcmp(key, verdict_names[verdict]) != 0)
        verdict++;
    if (verdict == VERDICT_COUNT) {
        const char *near = str_nearest(key, keys, sizeof(keys) / sizeof(keys[0]));
        problems_error(problems, file, line,
                       "`%s` is no key of [reply]; it takes id, error, sent, retry, trouble, "
                       "refused, refused-number and unknown%s%s%s",
                       key, near != NULL ? "; did you mean `" : "", near != NULL ? near : "",
                       near != NULL ? "`?" : "");
        return;
    }
    str_split(&lines, value, '\n');
    if (lines.count == 0)
        problems_error(problems, file, line, "`%s` has no condition", key);
    for (size_t i = 0; i < lines.count; i++)
        parse_rule(r, (enum verdict)verdict, lines.items[i], &at);
    str_list_close(&lines);
}

bool reply_rules_complete(const struct reply_rules *r)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->rules[i].verdict == VERDICT_SENT)
            return true;
    return false;
}

/* ---- judging */

/* A text or a number as text; false for anything else. */
static bool scalar(const json_t *j, char *out, size_t size)
{
    int n = -1;

    if (json_is_string(j))
        n = snprintf(out, size, "%s", json_string_value(j));
    else if (json_is_integer(j))
        n = snprintf(out, size, "%lld", (long long)json_integer_value(j));
    else if (json_is_boolean(j))
        n = snprintf(out, size, "%s", json_is_true(j) ? "true" : "false");
    return n >= 0 && (size_t)n < size;
}

static bool leaf_holds(const json_t *j, const struct term *t)
{
    char value[GATEWAY_ID_MAX];

    if (t->type == TERM_IN)
        return scalar(j, value, sizeof(value)) && str_list_has(&t->values, value);
    if (json_is_string(j))
        return json_string_length(j) > 0;
    if (json_is_array(j))
        return json_array_size(j) > 0;
    return !json_is_null(j) && !json_is_false(j);
}

static bool path_holds(const json_t *j, const struct term *t, size_t at)
{
    if (j == NULL)
        return false;
    if (at == t->path.count)
        return leaf_holds(j, t);
    const struct step *step = &t->path.steps[at];
    if (step->key != NULL)
        return path_holds(json_object_get(j, step->key), t, at + 1);
    if (step->index >= 0)
        return path_holds(json_array_get(j, (size_t)step->index), t, at + 1);
    for (size_t i = 0; i < json_array_size(j); i++)
        if (!path_holds(json_array_get(j, i), t, at + 1))
            return false;
    return json_array_size(j) > 0;
}

static bool status_holds(const struct str_list *values, int status)
{
    char exact[16], class[16];

    snprintf(exact, sizeof(exact), "%d", status);
    snprintf(class, sizeof(class), "%dxx", status / 100);
    return str_list_has(values, exact) || str_list_has(values, class);
}

static bool term_holds(const struct term *t, int status, const json_t *json, const char *body,
                       size_t len)
{
    switch (t->type) {
    case TERM_STATUS:
        return status_holds(&t->values, status);
    case TERM_EXISTS:
    case TERM_IN:
        return path_holds(json, t, 0);
    case TERM_BEGINS:
        return len >= strlen(t->values.items[0]) &&
               memcmp(body, t->values.items[0], strlen(t->values.items[0])) == 0;
    case TERM_HAS:
        return memmem(body, len, t->values.items[0], strlen(t->values.items[0])) != NULL;
    }
    return false;
}

static bool rule_holds(const struct rule_line *rule, int status, const json_t *json,
                       const char *body, size_t len)
{
    for (size_t i = 0; i < rule->count; i++)
        if (!term_holds(&rule->terms[i], status, json, body, len))
            return false;
    return true;
}

/* Brackets within strings count too: more than enough for a reply, and simpler to trust. */
static bool too_deep(const char *s, size_t len)
{
    int depth = 0;

    for (size_t i = 0; i < len; i++) {
        if (s[i] == '{' || s[i] == '[')
            depth++;
        else if (s[i] == '}' || s[i] == ']')
            depth--;
        if (depth > REPLY_DEPTH_MAX)
            return true;
    }
    return false;
}

static bool path_value(const json_t *j, const struct path *p, char *out, size_t size)
{
    for (size_t i = 0; i < p->count && j != NULL; i++) {
        const struct step *step = &p->steps[i];
        j = step->key != NULL ? json_object_get(j, step->key)
                              : json_array_get(j, step->index < 0 ? 0 : (size_t)step->index);
    }
    return j != NULL && scalar(j, out, size);
}

/* The id, which may be any printable ASCII without a space: it goes into logs and pages. */
static bool find_id(const struct reply_rules *r, const json_t *json, const char *body, size_t len,
                    char out[GATEWAY_ID_MAX])
{
    out[0] = '\0';
    if (r->id_after != NULL) {
        const char *at = memmem(body, len, r->id_after, strlen(r->id_after));
        size_t n = 0;
        if (at == NULL)
            return false;
        at += strlen(r->id_after);
        while (at + n < body + len && isgraph((unsigned char)at[n]) && n < GATEWAY_ID_MAX - 1)
            n++;
        memcpy(out, at, n);
        out[n] = '\0';
    } else if (!path_value(json, &r->id, out, GATEWAY_ID_MAX)) {
        out[0] = '\0';
    }
    for (const char *c = out; *c != '\0'; c++)
        if (!isgraph((unsigned char)*c))
            out[0] = '\0';
    return out[0] != '\0';
}

/* The provider's error code, unless it might be something else: a sentence, or a phone number. */
static void find_error(const struct reply_rules *r, const json_t *json, char out[ERROR_MAX])
{
    int digits = 0;

    if (!r->has_error || !path_value(json, &r->error, out, ERROR_MAX))
        out[0] = '\0';
    for (const char *c = out; *c != '\0'; c++) {
        digits += isdigit((unsigned char)*c) != 0;
        if ((!is_key_char(*c) && *c != '.') || digits > 6) {
            out[0] = '\0';
            return;
        }
    }
}

static void tell(struct gateway_result *out, enum outcome o, int status, const char *what,
                 const char *error)
{
    result_set(out, o, status, "%s: %d%s%s", what, status, error[0] != '\0' ? ", error " : "",
               error);
}

static void apply(enum verdict verdict, int status, const char *error, struct gateway_result *out)
{
    switch (verdict) {
    case VERDICT_SENT:
        tell(out, OUTCOME_SENT, status, "accepted", "");
        break;
    case VERDICT_RETRY:
        tell(out, OUTCOME_RETRY, status, "not accepted now", error);
        break;
    case VERDICT_TROUBLE:
        tell(out, OUTCOME_RETRY, status, "the provider refuses us for now", error);
        out->gateway_trouble = true;
        break;
    case VERDICT_REFUSED:
        tell(out, OUTCOME_REJECTED, status, "refused", error);
        break;
    case VERDICT_REFUSED_NUMBER:
        tell(out, OUTCOME_REJECTED, status, "the number was refused", error);
        out->address_refused = true;
        break;
    case VERDICT_UNKNOWN:
    case VERDICT_COUNT:
        tell(out, OUTCOME_UNKNOWN, status, "the answer does not say whether it was accepted",
             error);
        out->gateway_trouble = status >= 500;
        break;
    }
}

void reply_judge(const struct reply_rules *r, int status, const char *body, size_t len,
                 struct gateway_result *out)
{
    enum verdict verdict = status == 429 ? VERDICT_RETRY : VERDICT_UNKNOWN;
    json_t *json = too_deep(body, len) ? NULL : json_loadb(body, len, JSON_REJECT_DUPLICATES, NULL);
    char id[GATEWAY_ID_MAX], error[ERROR_MAX];

    for (size_t i = 0; i < r->count; i++)
        if (rule_holds(&r->rules[i], status, json, body, len)) {
            verdict = r->rules[i].verdict;
            break;
        }
    find_error(r, json, error);
    bool has_id = r->has_id && find_id(r, json, body, len, id);
    apply(verdict, status, error, out);
    if (verdict == VERDICT_SENT && r->has_id && !has_id)
        result_set(out, OUTCOME_UNKNOWN, status, "accepted, it seems, but without an id: %d",
                   status);
    else if (verdict == VERDICT_SENT && has_id)
        memcpy(out->provider_id, id, sizeof(id));
    json_decref(json);
}
