/* Clients whose language no template speaks. See cli/languages.h. */
#include "cli/languages.h"

#include "store/queries.h"

int languages_unspoken(struct store *s, const struct template_set *templates, int64_t *clients,
                       struct buf *which)
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
        *clients += list[i].clients;
        if (named <= LANGUAGES_NAMED_MAX)
            buf_printf(which, "%s%s", named > 0 ? ", " : "",
                       named < LANGUAGES_NAMED_MAX ? language : "...");
        named++;
    }
    language_counts_free(list, count);
    return rc;
}
