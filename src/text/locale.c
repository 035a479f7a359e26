/*
 * text/locale: which locale a language tag means, and the table of those in use.
 *
 * A tag comes from a row that a stranger wrote, so nothing of it is trusted: it is cut to what
 * BCP 47 and ICU know, its extensions to calendar and digits, and the number of locales and of
 * remembered tags is bounded. Both tables only grow, so a pointer stays good without counting.
 */
#include "text/locale.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ucal.h>
#include <unicode/uenum.h>

#include "base/mem.h"
#include "base/str.h"
#include "locale_icu.h"

#define LOCALES_MAX 256 /* locales kept */
#define TAGS_MAX 1024   /* spellings remembered */

/* International English, and what everything falls back to: of CLDR's, British is the one with day
 * before month, a 24-hour clock and the currency in front. */
#define LOCALE_WORLD "en_GB"

struct known_tag {
    char tag[LOCALE_TAG_MAX];
    char region[4];
    struct locale *locale;
};

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static struct locale *locales[LOCALES_MAX];
static size_t locale_count;
static struct known_tag *tags;
static size_t tag_count, tag_cap;

void locale_put(struct buf *out, const UChar *text, int32_t len)
{
    UErrorCode status = U_ZERO_ERROR;
    int32_t written = 0;
    size_t room = (size_t)len * 3 + 1; /* a UTF-16 unit takes three bytes at most */

    buf_reserve(out, room);
    u_strToUTF8WithSub(out->data + out->len, (int32_t)room, &written, text, len, 0xFFFD, NULL,
                       &status);
    if (U_SUCCESS(status))
        out->len += (size_t)written;
    out->data[out->len] = '\0';
}

UChar *locale_utf16(const char *text, size_t len, int32_t *units)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar *u;

    if (len > LOCALE_TEXT_MAX)
        len = str_utf8_valid(text, LOCALE_TEXT_MAX);
    u = mem_array(len + 1, sizeof(*u)); /* a byte becomes one unit at most */
    u_strFromUTF8WithSub(u, (int32_t)len + 1, units, text, (int32_t)len, 0xFFFD, NULL, &status);
    if (U_FAILURE(status))
        *units = 0;
    return u;
}

/* ICU's name for a tag: its language, script, region and, of the extensions, calendar and digits.
 * False when the tag is not well formed to its end or is too long. */
static bool tag_to_id(const char *tag, char id[ULOC_FULLNAME_CAPACITY])
{
    static const char *const kept[] = {"calendar", "numbers", "hours"};
    char clean[LOCALE_TAG_MAX], full[ULOC_FULLNAME_CAPACITY], value[32];
    UErrorCode status = U_ZERO_ERROR;
    int32_t parsed = 0;
    size_t n = strlen(tag);

    if (n == 0 || n >= sizeof(clean))
        return false;
    for (size_t i = 0; i <= n; i++)
        clean[i] = tag[i] == '_' ? '-' : tag[i];
    uloc_forLanguageTag(clean, full, sizeof(full), &parsed, &status);
    if (U_FAILURE(status) || status == U_STRING_NOT_TERMINATED_WARNING || (size_t)parsed != n)
        return false;
    uloc_getBaseName(full, id, ULOC_FULLNAME_CAPACITY, &status);
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
        UErrorCode got = U_ZERO_ERROR;
        int32_t len = uloc_getKeywordValue(full, kept[i], value, sizeof(value), &got);
        if (U_SUCCESS(got) && len > 0 && len < (int32_t)sizeof(value))
            uloc_setKeywordValue(kept[i], value, id, ULOC_FULLNAME_CAPACITY, &got);
    }
    return U_SUCCESS(status) && isalpha((unsigned char)id[0]);
}

bool locale_language_valid(const char *tag)
{
    char id[ULOC_FULLNAME_CAPACITY];

    return tag != NULL && strchr(tag, '_') == NULL && tag_to_id(tag, id) &&
           uloc_getISO3Language(id)[0] != '\0';
}

const char *locale_direction(const char *tag)
{
    char id[ULOC_FULLNAME_CAPACITY];

    return tag != NULL && tag_to_id(tag, id) && uloc_isRightToLeft(id) ? "rtl" : "ltr";
}

/* Does ICU have words for this language? */
static bool language_available(const char *language)
{
    for (int32_t i = 0; i < uloc_countAvailable(); i++)
        if (strcmp(uloc_getAvailable(i), language) == 0)
            return true;
    return false;
}

/* The ICU name that `tag` comes down to. */
static void resolve(const char *tag, const char *region, char id[ULOC_FULLNAME_CAPACITY])
{
    char language[ULOC_LANG_CAPACITY], country[ULOC_COUNTRY_CAPACITY];
    char cut[LOCALE_TAG_MAX];
    UErrorCode status = U_ZERO_ERROR;

    snprintf(cut, sizeof(cut), "%s", tag);
    while (!tag_to_id(cut, id)) {
        char *dash = strrchr(cut, '-');
        char *line = strrchr(cut, '_');
        char *last = line > dash ? line : dash;
        if (last == NULL) {
            strcpy(id, "en");
            break;
        }
        *last = '\0';
    }
    uloc_getLanguage(id, language, sizeof(language), &status);
    uloc_getCountry(id, country, sizeof(country), &status);
    if (U_FAILURE(status) || !language_available(language)) {
        strcpy(id, "en");
        strcpy(language, "en");
        country[0] = '\0';
    }
    if (strcmp(language, "en") == 0 && country[0] == '\0') {
        char keywords[ULOC_FULLNAME_CAPACITY];
        snprintf(keywords, sizeof(keywords), "%s", strchrnul(id, '@'));
        snprintf(id, ULOC_FULLNAME_CAPACITY, "%s%.100s",
                 region != NULL && str_ieq(region, "US") ? "en_US" : LOCALE_WORLD, keywords);
    }
}

static struct locale *locale_create(const char *id)
{
    struct locale *l = mem_zalloc(sizeof(*l));
    UErrorCode status = U_ZERO_ERROR;

    snprintf(l->id, sizeof(l->id), "%s", id);
    uloc_getLanguage(id, l->language, sizeof(l->language), &status);
    pthread_mutex_init(&l->lock, NULL);

    UEnumeration *e = ucal_getKeywordValuesForLocale("calendar", id, true, &status);
    char calendar[32] = "";
    UErrorCode got = U_ZERO_ERROR;
    uloc_getKeywordValue(id, "calendar", calendar, sizeof(calendar), &got);
    const char *usual = U_SUCCESS(status) ? uenum_next(e, NULL, &status) : NULL;
    l->gregorian = strcmp(calendar[0] != '\0' ? calendar
                          : usual != NULL     ? usual
                                              : "gregorian",
                          "gregorian") == 0;
    /* Our own patterns are for the calendar that the language usually has. */
    if (calendar[0] == '\0')
        l->words = locale_words_find(l->language);
    uenum_close(e);
    return l;
}

static struct locale *locale_by_id(const char *id)
{
    for (size_t i = 0; i < locale_count; i++)
        if (strcmp(locales[i]->id, id) == 0)
            return locales[i];
    if (locale_count == LOCALES_MAX) /* the first one is always LOCALE_WORLD */
        return locales[0];
    locales[locale_count] = locale_create(id);
    return locales[locale_count++];
}

struct locale *locale_get(const char *language, const char *region)
{
    char id[ULOC_FULLNAME_CAPACITY];
    struct known_tag key = {.locale = NULL};
    bool keep = true;

    if (language == NULL || language[0] == '\0')
        language = "en";
    if (strlen(language) >= LOCALE_TAG_MAX)
        keep = false;
    snprintf(key.tag, sizeof(key.tag), "%s", language);
    snprintf(key.region, sizeof(key.region), "%s", region != NULL ? region : "");

    pthread_mutex_lock(&table_lock);
    for (size_t i = 0; i < tag_count && key.locale == NULL; i++)
        if (strcmp(tags[i].tag, key.tag) == 0 && strcmp(tags[i].region, key.region) == 0)
            key.locale = tags[i].locale;
    if (key.locale == NULL) {
        if (locale_count == 0)
            locale_by_id(LOCALE_WORLD);
        resolve(key.tag, key.region, id);
        if (locale_count == LOCALES_MAX)
            *strchrnul(id, '_') = '\0';
        key.locale = locale_by_id(id);
        if (keep && tag_count < TAGS_MAX) {
            mem_grow(&tags, &tag_cap, tag_count + 1, sizeof(*tags));
            tags[tag_count++] = key;
        }
    }
    pthread_mutex_unlock(&table_lock);
    return key.locale;
}
