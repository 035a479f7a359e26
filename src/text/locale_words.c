/*
 * text/locale: wording of our own, for the languages where CLDR's patterns, made for lists and
 * menus, are not what a person would write to a client. One table; a language that is not in it
 * reads as CLDR has it.
 */
#include <string.h>

#include "locale_icu.h"

static const char *const lv_weekdays[] = {"svētdien",   "pirmdien",  "otrdien", "trešdien",
                                          "ceturtdien", "piektdien", "sestdien"};
static const char *const lv_months[] = {"janvārī",   "februārī", "martā",    "aprīlī",
                                        "maijā",     "jūnijā",   "jūlijā",   "augustā",
                                        "septembrī", "oktobrī",  "novembrī", "decembrī"};

static const char *const ru_weekdays[] = {"в воскресенье", "в понедельник", "во вторник", "в среду",
                                          "в четверг",     "в пятницу",     "в субботу"};

static const struct locale_words table[] = {
    {.language = "de", .on = "am "},
    {.language = "en", .on = "on "},
    {.language = "es", .glue = "{1} a las {0}", .on = "el "},
    /* CLDR's Persian full date is year first, with a Latin comma. */
    {.language = "fa", .patterns = {[DATE_FULL] = "EEEE d MMMM y"}},
    {.language = "fr", .on = "le "},
    /* CLDR's stand-alone months are capital letters, which is for calendars' headings. */
    {.language = "kk",
     .patterns = {[DATE_MONTH] = "MMMM"},
     .glue = "{1}, сағат {0}",
     .on_after = " күні"},
    /* "On Tuesday" is an adverb, "on the 8th of December" a locative. */
    {.language = "lv",
     .patterns = {[DATE_WEEKDAY] = "EEEE"}, /* CLDR's stand-alone days are capitalised, too */
     .glue = "{1} plkst. {0}",
     .on_weekdays = lv_weekdays,
     .on_day = "d. MMMM",
     .on_day_year = "y. 'gada' d. MMMM",
     .on_months = lv_months},
    {.language = "nl", .on = "op "},
    {.language = "ru",
     .on_weekdays = ru_weekdays,
     .on_day = "d MMMM",
     .on_day_year = "d MMMM y 'г'."},
};

const struct locale_words *locale_words_find(const char *language)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (strcmp(table[i].language, language) == 0)
            return &table[i];
    return NULL;
}
