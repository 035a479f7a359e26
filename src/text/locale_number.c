/*
 * text/locale: numbers, money and grammatical number. Amounts stay decimal text all the way, so no
 * cent is lost to binary fractions.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "locale_icu.h"
#include "text/locale.h"

#define DECIMALS_MAX 6 /* shown when the caller does not say how many */

bool locale_is_decimal(const char *s, size_t len)
{
    size_t i = len > 0 && s[0] == '-' ? 1 : 0;
    size_t digits = 0;

    if (len > LOCALE_DECIMAL_MAX)
        return false;
    for (; i < len && isdigit((unsigned char)s[i]); i++)
        digits++;
    if (digits == 0)
        return false;
    if (i == len)
        return true;
    if (s[i++] != '.' || i == len)
        return false;
    for (; i < len; i++)
        if (!isdigit((unsigned char)s[i]))
            return false;
    return true;
}

int locale_number(struct locale *l, const char *decimal, int decimals, struct buf *out)
{
    UChar text[LOCALE_WORDS_MAX];
    UErrorCode status = U_ZERO_ERROR;
    int32_t n = 0;

    if (!locale_is_decimal(decimal, strlen(decimal)))
        return ERR_INVALID;
    pthread_mutex_lock(&l->lock);
    if (l->number == NULL)
        l->number = unum_open(UNUM_DECIMAL, NULL, 0, l->id, NULL, &status);
    if (U_SUCCESS(status)) {
        unum_setAttribute(l->number, UNUM_MAX_FRACTION_DIGITS,
                          decimals < 0 ? DECIMALS_MAX : decimals);
        unum_setAttribute(l->number, UNUM_MIN_FRACTION_DIGITS, decimals < 0 ? 0 : decimals);
        unum_setAttribute(l->number, UNUM_ROUNDING_MODE, UNUM_ROUND_HALFUP);
        n = unum_formatDecimal(l->number, decimal, (int32_t)strlen(decimal), text, LOCALE_WORDS_MAX,
                               NULL, &status);
    }
    if (U_SUCCESS(status) && n > 0 && n < LOCALE_WORDS_MAX)
        locale_put(out, text, n);
    else
        buf_puts(out, decimal);
    pthread_mutex_unlock(&l->lock);
    return 0;
}

static UNumberFormatter *currency_open(const struct locale *l, const char *code)
{
    char ascii[96];
    UChar skeleton[96];
    UErrorCode status = U_ZERO_ERROR;

    snprintf(ascii, sizeof(ascii),
             "currency/%s precision-currency-standard/w rounding-mode-half-up", code);
    u_uastrncpy(skeleton, ascii, 96);
    UNumberFormatter *f = unumf_openForSkeletonAndLocale(skeleton, -1, l->id, &status);
    if (U_SUCCESS(status))
        return f;
    unumf_close(f);
    return NULL;
}

/* The formatter for a currency; *keep says whether it stays with the locale. */
static UNumberFormatter *currency_get(struct locale *l, const char *code, bool *keep)
{
    *keep = true;
    for (size_t i = 0; i < l->currency_count; i++)
        if (strcmp(l->currencies[i].code, code) == 0)
            return l->currencies[i].format;
    UNumberFormatter *f = currency_open(l, code);
    if (f == NULL || l->currency_count == LOCALE_CURRENCIES_MAX) {
        *keep = false;
        return f;
    }
    struct locale_currency *c = &l->currencies[l->currency_count++];
    snprintf(c->code, sizeof(c->code), "%s", code);
    c->format = f;
    return f;
}

int locale_money(struct locale *l, const char *decimal, const char *currency, struct buf *out)
{
    UChar text[LOCALE_WORDS_MAX];
    UErrorCode status = U_ZERO_ERROR;
    char code[4];
    bool keep;

    if (!locale_is_decimal(decimal, strlen(decimal)) || strlen(currency) != 3)
        return ERR_INVALID;
    for (size_t i = 0; i < 4; i++) {
        if (i < 3 && !isalpha((unsigned char)currency[i]))
            return ERR_INVALID;
        code[i] = (char)toupper((unsigned char)currency[i]);
    }
    pthread_mutex_lock(&l->lock);
    UNumberFormatter *f = currency_get(l, code, &keep);
    UFormattedNumber *result = unumf_openResult(&status);
    int32_t n = 0;
    if (f != NULL) {
        unumf_formatDecimal(f, decimal, (int32_t)strlen(decimal), result, &status);
        n = unumf_resultToString(result, text, LOCALE_WORDS_MAX, &status);
    }
    if (U_SUCCESS(status) && n > 0 && n < LOCALE_WORDS_MAX)
        locale_put(out, text, n);
    else
        buf_printf(out, "%s %s", decimal, code);
    unumf_closeResult(result);
    if (!keep)
        unumf_close(f);
    pthread_mutex_unlock(&l->lock);
    return 0;
}

/* The CLDR category of a number in this language: "one", "few", ... */
static void category_of(struct locale *l, const char *decimal, char category[16])
{
    UErrorCode status = U_ZERO_ERROR;
    UChar keyword[16];
    int32_t n = 0;

    strcpy(category, "other");
    if (!locale_is_decimal(decimal, strlen(decimal)))
        return;
    if (l->plain == NULL)
        l->plain = unumf_openForSkeletonAndLocale(u"", 0, l->id, &status);
    UFormattedNumber *number = unumf_openResult(&status);
    unumf_formatDecimal(l->plain, decimal, (int32_t)strlen(decimal), number, &status);
    if (U_SUCCESS(status))
        n = uplrules_selectFormatted(l->plural, number, keyword, 16, &status);
    if (U_SUCCESS(status) && n > 0 && n < 16)
        u_UCharsToChars(keyword, category, n + 1);
    unumf_closeResult(number);
}

static bool has_category(const struct locale *l, const char *category)
{
    UErrorCode status = U_ZERO_ERROR;
    UEnumeration *e = uplrules_getKeywords(l->plural, &status);
    const char *k;
    bool found = false;

    while (U_SUCCESS(status) && !found && (k = uenum_next(e, NULL, &status)) != NULL)
        found = strcmp(k, category) == 0;
    uenum_close(e);
    return found;
}

size_t locale_plural(struct locale *l, const char *decimal, size_t forms)
{
    static const char *const order[] = {"one", "two", "few", "many", "other", "zero"};
    UErrorCode status = U_ZERO_ERROR;
    char category[16];
    size_t form = 0;

    pthread_mutex_lock(&l->lock);
    if (l->plural == NULL)
        l->plural = uplrules_open(l->id, &status);
    if (U_SUCCESS(status)) {
        category_of(l, decimal, category);
        for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
            if (strcmp(order[i], category) == 0)
                break;
            if (has_category(l, order[i]))
                form++;
        }
    }
    pthread_mutex_unlock(&l->lock);
    return form < forms ? form : forms - 1;
}
