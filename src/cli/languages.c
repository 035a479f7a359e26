/* Languages that no template speaks, or only some do. See cli/languages.h. */
#include "cli/languages.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "cli/command.h"
#include "store/queries.h"

/* ---- languages that nothing is in */

int languages_unspoken(struct store *s, const struct template_set *templates, int64_t *clients,
                       int64_t *first, struct buf *which)
{
    struct language_count *list;
    size_t count, named = 0;
    int rc = store_languages(s, &list, &count);

    *clients = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const char *language = list[i].language;
        if (template_set_speaks(templates, NULL, TEMPLATE_KIND_SMS, language) ||
            template_set_speaks(templates, NULL, TEMPLATE_KIND_EMAIL, language))
            continue;
        if (*clients == 0 && first != NULL)
            *first = list[i].first;
        *clients += list[i].clients;
        if (named <= LANGUAGES_NAMED_MAX)
            buf_printf(which, "%s%s", named > 0 ? ", " : "",
                       named < LANGUAGES_NAMED_MAX ? language : "...");
        named++;
    }
    language_counts_free(list, count);
    return rc;
}

/* ---- languages that only some messages are in */

/* Do both tags mean one language, be it spoken in two countries ("pt", "pt-BR")? */
static bool same_language(const char *a, const char *b)
{
    size_t n = strcspn(a, "-_");

    return n == strcspn(b, "-_") && strncasecmp(a, b, n) == 0;
}

/* Is `tag` found under `language`, when it is cut short: "kk-KZ" under "kk"? */
static bool falls_to(const char *tag, const char *language)
{
    size_t n = strlen(language);

    return strncasecmp(tag, language, n) == 0 && (tag[n] == '\0' || tag[n] == '-' || tag[n] == '_');
}

/* The clients who are looked for under this language of the set, and under no longer tag. */
static int64_t clients_of(const char *language, const struct language_count *list, size_t count,
                          const char *const *languages, size_t language_count)
{
    int64_t clients = 0;

    for (size_t i = 0; i < count; i++) {
        const char *best = NULL;
        for (size_t k = 0; k < language_count; k++)
            if (falls_to(list[i].language, languages[k]) &&
                (best == NULL || strlen(languages[k]) > strlen(best)))
                best = languages[k];
        clients += best == language ? list[i].clients : 0;
    }
    return clients;
}

/* What a rule lacks in the gap's language, by one channel. */
static bool lacks(const struct config *c, const struct rule *r, enum template_kind kind,
                  struct language_gap *gap)
{
    const struct template_entry *e = template_set_find(
        c->templates, r->template, kind, gap->language, c->settings->business.language);

    if (e == NULL || same_language(e->language, gap->language))
        return false; /* without any words it is a mistake that is told of elsewhere */
    char *file = mem_printf("%s/%s.%s", r->template, gap->language,
                            kind == TEMPLATE_KIND_SMS ? "sms" : "email");
    if (!str_list_has(&gap->files, file))
        str_list_add(&gap->files, file, strlen(file));
    free(file);
    if (gap->instead == NULL)
        gap->instead = e->language;
    return true;
}

static void look_for_gap(const struct config *c, struct language_gap *gap)
{
    static const enum channel channels[] = {
        [TEMPLATE_KIND_SMS] = CHANNEL_SMS, [TEMPLATE_KIND_EMAIL] = CHANNEL_EMAIL};

    for (size_t i = 0; i < c->playbook->rule_count; i++) {
        const struct rule *r = &c->playbook->rules[i];
        bool lacking = false;
        if (!rule_writes_to_client(r))
            continue;
        for (size_t k = 0; k < COUNT_OF(channels); k++) {
            enum template_kind kind = (enum template_kind)k;
            if (rule_may_go_by(r, c->settings, channels[k]))
                lacking |= lacks(c, r, kind, gap);
        }
        gap->rules++;
        gap->lacking += lacking;
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* The languages of all texts, each once; returns how many. free() the array, not what is in it. */
static size_t languages_of(const struct template_set *set, const char ***out)
{
    size_t count = template_set_count(set), kept = 0;
    const char **list = mem_array(count + 1, sizeof(*list));

    for (size_t i = 0; i < count; i++)
        list[i] = template_set_at(set, i)->language;
    qsort(list, count, sizeof(*list), compare_texts);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcasecmp(list[i], list[kept - 1]) != 0)
            list[kept++] = list[i];
    *out = list;
    return kept;
}

int languages_gaps(struct store *s, const struct config *c, struct language_gap **out,
                   size_t *count)
{
    struct language_count *spoken;
    size_t spoken_count;
    const char **languages;
    size_t n = languages_of(c->templates, &languages);
    int rc = store_languages(s, &spoken, &spoken_count);

    *out = mem_array(n + 1, sizeof(**out));
    *count = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        struct language_gap gap = {
            .language = languages[i],
            .clients = clients_of(languages[i], spoken, spoken_count, languages, n)};
        if (gap.clients == 0 || same_language(languages[i], c->settings->business.language))
            continue;
        look_for_gap(c, &gap);
        if (gap.lacking > 0)
            (*out)[(*count)++] = gap;
        else
            str_list_close(&gap.files);
    }
    language_counts_free(spoken, spoken_count);
    free(languages);
    return rc;
}

void language_gaps_free(struct language_gap *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        str_list_close(&list[i].files);
    free(list);
}
