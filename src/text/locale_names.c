/* text/locale: what languages are called, and which of them there are words for. */
#include <string.h>

#include <unicode/uloc.h>

#include "base/str.h"
#include "locale_icu.h"
#include "text/locale.h"

#define NAME_UNITS_MAX 200

/* Ways of writing or speaking that a business may want to tell apart; of all others the language
 * itself is enough. */
static const char *const regional[] = {"en-US", "es-MX", "fr-CA", "pt-BR"};

bool locale_language_name(const char *tag, const char *in, struct buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar name[NAME_UNITS_MAX];

    if (!locale_language_valid(tag))
        return false;
    int32_t n = uloc_getDisplayName(tag, in, name, NAME_UNITS_MAX, &status);
    if (U_FAILURE(status) || n > NAME_UNITS_MAX)
        return false;
    locale_put(out, name, n);
    return true;
}

/* "sr_Latn", but no region and no variant. */
static bool is_language(const char *id)
{
    const char *rest = strchr(id, '_');

    return strcmp(id, "root") != 0 &&
           (rest == NULL || (strlen(rest) == 5 && strchr(rest + 1, '_') == NULL));
}

static void tell(const char *id, const char *in, locale_each each, void *arg)
{
    char tag[LOCALE_TAG_MAX];
    UErrorCode status = U_ZERO_ERROR;
    struct buf name;

    uloc_toLanguageTag(id, tag, sizeof(tag), true, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING)
        return;
    buf_init(&name);
    if (locale_language_name(tag, in, &name))
        each(arg, tag, name.data);
    buf_close(&name);
}

void locale_each_language(const char *in, locale_each each, void *arg)
{
    for (int32_t i = 0; i < uloc_countAvailable(); i++)
        if (is_language(uloc_getAvailable(i)))
            tell(uloc_getAvailable(i), in, each, arg);
    for (size_t i = 0; i < sizeof(regional) / sizeof(regional[0]); i++)
        tell(regional[i], in, each, arg);
}
