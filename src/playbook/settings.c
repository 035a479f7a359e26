/*
 * betimes.conf: the sections by their tables, then what only the whole can tell: which gateways
 * serve which channel, and where things lie on the disk. Reading never stops at an error; it ends
 * with settings only if there was none.
 */
#include "playbook/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"
#include "text/address.h"
#include "time/zone.h"

#define INSTALLED_DIR "/etc/betimes"
#define INSTALLED_DATABASE "/var/lib/betimes/betimes.db"
#define PRICE_MAX 1000

static const char *const http_schemes[] = {"https", "http", NULL};
static const char *const channel_words[] = {"email", "sms"};
static const enum channel channel_values[] = {CHANNEL_EMAIL, CHANNEL_SMS};

bool parse_zone(const struct directive_place *at, const char *value, void *field)
{
    const struct zone **zone = field, *found = zone_get(value);

    char *near = found == NULL ? zone_nearest(value) : NULL;

    if (found != NULL)
        *zone = found;
    else if (near != NULL)
        place_error(at, "this system knows no time zone `%s`; did you mean `%s`?", value, near);
    else
        place_error(at,
                    "this system knows no time zone `%s`; write its place, such as `Europe/Riga` "
                    "(`timedatectl list-timezones` lists them)",
                    value);
    free(near);
    return found != NULL;
}

/* The shape of a BCP 47 tag: "lv", "kk-KZ", "zh-Hant-TW". */
static bool parse_language(const struct directive_place *at, const char *value, void *field)
{
    struct str_list parts = {0};
    bool ok = true;

    str_split(&parts, value, '-');
    for (size_t i = 0; i < parts.count; i++) {
        const char *p = parts.items[i];
        size_t n = strlen(p), letters = 0;

        for (size_t j = 0; j < n; j++) {
            bool letter = (p[j] >= 'a' && p[j] <= 'z') || (p[j] >= 'A' && p[j] <= 'Z');
            letters += letter;
            ok = ok && (letter || (p[j] >= '0' && p[j] <= '9'));
        }
        ok = ok && n <= 8 && (i > 0 || (letters == n && n >= 2 && n <= 3));
    }
    ok = ok && parts.count > 0 && strchr(value, ' ') == NULL && !str_ends(value, "-");
    str_list_close(&parts);
    if (ok)
        value_set(field, value);
    else
        place_error(at, "`%s` is no language tag; write `lv`, `en-GB`, `kk-KZ`", value);
    return ok;
}

/* `n` capital letters. */
static bool parse_code(const struct directive_place *at, const char *value, void *field, size_t n,
                       const char *kind, const char *example)
{
    if (strlen(value) == n && strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n) {
        value_set(field, value);
        return true;
    }
    place_error(at, "`%s` is not a %s code; write its %zu capital letters, such as `%s`", value,
                kind, n, example);
    return false;
}

static bool parse_country(const struct directive_place *at, const char *value, void *field)
{
    if (strcmp(value, "UK") == 0) {
        place_error(at, "the United Kingdom's letters are `GB` (ISO 3166)");
        return false;
    }
    return parse_code(at, value, field, 2, "country", "LV");
}

static bool parse_currency(const struct directive_place *at, const char *value, void *field)
{
    return parse_code(at, value, field, 3, "currency", "EUR");
}

static bool parse_hours(const struct directive_place *at, const char *value, void *field)
{
    struct business *b = field;
    struct hours parsed;
    struct err err = {0};

    if (hours_parse(value, &parsed, &err) != 0) {
        place_error(at, "%s", err.text);
        return false;
    }
    b->calendar.week = parsed;
    b->has_hours = true;
    return true;
}

static bool parse_quiet(const struct directive_place *at, const char *value, void *field)
{
    struct business *b = field;
    struct hours_daily parsed;
    struct err err = {0};

    b->has_quiet = !str_ieq(value, "none");
    if (!b->has_quiet)
        return true;
    if (hours_parse_daily(value, &parsed, &err) != 0) {
        place_error(at, "%s; write it as `21:00-08:00`, or `none`", err.text);
        return false;
    }
    b->quiet = parsed;
    return true;
}

static bool parse_prefer(const struct directive_place *at, const char *value, void *field)
{
    struct business *b = field;
    struct str_list list = {0};
    bool ok = true;

    str_split(&list, value, ',');
    b->prefer_count = 0;
    for (size_t i = 0; ok && i < list.count; i++) {
        size_t n = 0;
        while (n < 2 && !str_ieq(list.items[i], channel_words[n]))
            n++;
        ok = n < 2 &&
             (b->prefer_count == 0 || (b->prefer_count == 1 && b->prefer[0] != channel_values[n]));
        if (ok)
            b->prefer[b->prefer_count++] = channel_values[n];
    }
    ok = ok && list.count > 0;
    if (!ok)
        place_error(at, "`%s` is no order of channels; write `email, sms`, `sms, email`, or one",
                    value);
    str_list_close(&list);
    return ok;
}

static bool parse_email(const struct directive_place *at, const char *value, void *field)
{
    char checked[ADDRESS_MAX];
    struct err err = {0};

    if (address_check(value, checked, &err) != 0) {
        place_error(at, "%s", err.text);
        return false;
    }
    value_set(field, checked);
    return true;
}

static bool parse_url(const struct directive_place *at, const char *value, void *field)
{
    const char *why = NULL;
    char *host = value_url_host(value, http_schemes, true, &why);

    if (host == NULL)
        place_error(at, "`%s` is no web address; %s: `https://` or `http://`", value, why);
    else
        value_set(field, value);
    free(host);
    return host != NULL;
}

static bool parse_price(const struct directive_place *at, const char *value, void *field)
{
    double *price = field, parsed;

    if (!value_decimal(value, &parsed) || parsed > PRICE_MAX) {
        place_error(at, "`%s` is no price; write a number such as `0.045`", value);
        return false;
    }
    *price = parsed;
    return true;
}

static bool parse_path(const struct directive_place *at, const char *value, void *field)
{
    const struct settings *s = at->context;
    char *path = fs_join(s->dir, value);

    value_set(field, path);
    free(path);
    return true;
}

/* "owner@example.com, +371 20000001" */
static bool parse_alert_to(const struct directive_place *at, const char *value, void *field)
{
    struct str_list *list = field;
    char checked[ADDRESS_MAX];
    struct err err = {0};
    bool ok = true;

    str_split(list, value, ',');
    for (size_t i = 0; ok && i < list->count; i++) {
        bool mail = strchr(list->items[i], '@') != NULL;
        ok = mail ? address_check(list->items[i], checked, &err) == 0
                  : value_is_phone(list->items[i]);
        if (!ok && mail)
            place_error(at, "%s", err.text);
        else if (!ok)
            place_error(at,
                        "`%s` is neither an e-mail address nor a phone number; write "
                        "`owner@example.com, +371 29 123 456`",
                        list->items[i]);
    }
    return ok;
}

static bool parse_keep(const struct directive_place *at, const char *value, void *field)
{
    int64_t ms = 0;
    bool ok = str_ieq(value, "for ever") || (value_duration(value, &ms) && ms >= 86400000);

    if (ok)
        *(int64_t *)field = ms;
    else
        place_error(at,
                    "`%s` is not a length of time; write `730 days`, at least one, or `for ever`",
                    value);
    return ok;
}

static const struct directive_word alert_words[] = {
    {"email", CHANNEL_EMAIL}, {"sms", CHANNEL_SMS}, {NULL, 0}};

#define AT(field) offsetof(struct settings, field)
#define CUSTOM(k, field, fn, dflt, shape, text)                                                    \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_CUSTOM, .offset = AT(field), .fallback = dflt, .parse = fn,    \
        .form = shape, .help = text                                                                \
    }
#define TEXT(k, field, text)                                                                       \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_TEXT, .offset = AT(field), .help = text                        \
    }
#define GATEWAYS(channel)                                                                          \
    {                                                                                              \
        .key = "gateways", .type = DIRECTIVE_NAMES, .offset = AT(channels[channel].gateways),      \
        .help = "in this order: the next one when one is down; all that fit, if left out"          \
    }

static const struct directive business_directives[] = {
    {.key = "name",
     .type = DIRECTIVE_TEXT,
     .offset = AT(business.name),
     .required = true,
     .help = "what clients call you"},
    {.key = "timezone",
     .type = DIRECTIVE_CUSTOM,
     .offset = AT(business.calendar.zone),
     .required = true,
     .parse = parse_zone,
     .form = "a place, such as Europe/Riga",
     .help = "the time zone you work in"},
    CUSTOM("language", business.language, parse_language, "en", "a language tag, such as lv",
           "for clients whose own is not known"),
    CUSTOM("country", business.country, parse_country, NULL, "two letters, such as LV",
           "for phone numbers written without a country code"),
    CUSTOM("currency", business.currency, parse_currency, NULL, "three letters, such as EUR",
           "for amounts that name none"),
    CUSTOM("hours", business, parse_hours, NULL,
           "such as Mon-Fri 08:00-12:00 13:00-18:00, Sat 09:00-14:00",
           "when you are open; always, if left out"),
    CUSTOM("holidays", business.calendar, parse_holidays, NULL, "an .ics file",
           "the days when you are closed"),
    CUSTOM("quiet", business, parse_quiet, "21:00-08:00", "such as 21:00-08:00, or none",
           "when nobody is written to, by the client's clock"),
    CUSTOM("prefer", business, parse_prefer, "email, sms", "email, sms, in your order",
           "the channel for clients who have not said"),
    CUSTOM("cap", business, parse_cap, "3 per day, 8 per week",
           "such as 3 per day, 8 per week, or none", "at most so many messages to one client"),
    TEXT("phone", business.phone, "for templates"),
    CUSTOM("email", business.email, parse_email, NULL, "an address", "for templates"),
    TEXT("address", business.address, "for templates"),
    CUSTOM("web", business.web, parse_url, NULL, "https://...", "for templates"),
};
static const struct directive email_directives[] = {GATEWAYS(CHANNEL_EMAIL)};
static const struct directive sms_directives[] = {
    GATEWAYS(CHANNEL_SMS),
    {.key = "transliterate",
     .type = DIRECTIVE_YES_NO,
     .offset = AT(channels[CHANNEL_SMS].transliterate),
     .fallback = "no",
     .help = "write other alphabets in Latin letters: twice as much fits into a text"},
    CUSTOM("price", channels[CHANNEL_SMS].price, parse_price, NULL, "such as 0.045",
           "of one segment, in your currency"),
};
static const struct directive_word copies_words[] = {
    {"pause", COPIES_PAUSE}, {"run", COPIES_RUN}, {NULL, 0}};
static const struct directive database_directives[] = {
    CUSTOM("path", database, parse_path, NULL, "a path",
           "betimes.db beside betimes.conf, or in /var/lib/betimes when installed"),
    CUSTOM("ledger", ledger, parse_path, NULL, "a path",
           "of the send ledger; betimes.db.ledger beside the database"),
    {.key = "copies",
     .type = DIRECTIVE_WORD,
     .offset = AT(copies),
     .words = copies_words,
     .fallback = "pause",
     .help = "whether a copied or restored database begins paused, or runs at once"},
};
static const struct directive limits_directives[] = {
    CUSTOM("blast", blast_clients, parse_blast, "50 clients", "such as 50 clients, or none",
           "a new or changed rule that would write to more at once waits for a yes"),
    CUSTOM("brake", brake_times, parse_brake, "5 times", "such as 5 times, or none",
           "a rule that sends so many times its usual pauses, and asks"),
};
static const struct directive web_directives[] = {
    TEXT("listen", web_listen, "address and port of the page"),
    CUSTOM("url", web_url, parse_url, NULL, "https://...", "how the world reaches the page"),
};
static const struct directive alert_directives[] = {
    CUSTOM("to", alert_to, parse_alert_to, NULL, "addresses and numbers, separated by commas",
           "who hears of what needs a person"),
    {.key = "by",
     .type = DIRECTIVE_WORD,
     .offset = AT(alert_by),
     .words = alert_words,
     .fallback = "email",
     .help = "the channel of first choice; the other one is for when it is down"},
};
static const struct directive retention_directives[] = {
    CUSTOM("keep", retention_ms, parse_keep, "for ever", "such as 730 days, or for ever",
           "how long texts and addresses of old messages are kept"),
};

#define TABLE(t) t, sizeof(t) / sizeof((t)[0])
const struct directive_section settings_sections[] = {
    [SECTION_BUSINESS] = {"betimes.conf", "business", NULL, NULL, "who you are",
                          TABLE(business_directives)},
    [SECTION_CHANNEL_EMAIL] = {"betimes.conf", "channel", "email", NULL, "mail",
                               TABLE(email_directives)},
    [SECTION_CHANNEL_SMS] = {"betimes.conf", "channel", "sms", NULL, "texts",
                             TABLE(sms_directives)},
    [SECTION_DATABASE] = {"betimes.conf", "database", NULL, NULL, "where the database lies",
                          TABLE(database_directives)},
    [SECTION_LIMITS] = {"betimes.conf", "limits", NULL, NULL, "when to stop and ask",
                        TABLE(limits_directives)},
    [SECTION_WEB] = {"betimes.conf", "web", NULL, NULL, "the page", TABLE(web_directives)},
    [SECTION_ALERT] = {"betimes.conf", "alert", NULL, NULL, "when something is wrong",
                       TABLE(alert_directives)},
    [SECTION_RETENTION] = {"betimes.conf", "retention", NULL, NULL, "how long things are kept",
                           TABLE(retention_directives)},
};

/* ---- the file as a whole */

static void default_paths(struct settings *s)
{
    s->templates = fs_join(s->dir, "templates");
    s->providers = fs_join(s->dir, "providers");
    s->playbook = fs_join(s->dir, "playbook.conf");
    s->database = strcmp(s->dir, INSTALLED_DIR) == 0 ? mem_strdup(INSTALLED_DATABASE)
                                                     : fs_join(s->dir, "betimes.db");
}

static void always_open(struct hours *week)
{
    for (size_t day = 0; day < 7; day++)
        week->week[day] = (struct hours_day){.spans = {{0, 24 * 60}}, .count = 1};
}

static void read_gateways(const struct reading *r, const struct ini *ini, struct settings *s)
{
    s->gateways = mem_array(ini->count + 1, sizeof(*s->gateways));
    for (size_t i = 0; i < ini->count; i++)
        if (strcmp(ini->sections[i].kind, "gateway") == 0)
            gateway_settings_read(r, &ini->sections[i], &s->gateways[s->gateway_count++]);
}

static void read_calendars(const struct reading *r, const struct ini *ini, struct settings *s)
{
    s->calendars = mem_array(ini->count + 1, sizeof(*s->calendars));
    for (size_t i = 0; i < ini->count; i++)
        if (strcmp(ini->sections[i].kind, "calendar") == 0)
            calendar_settings_read(r, &ini->sections[i], &s->calendars[s->calendar_count++]);
}

static void check_gateway_name(const struct reading *r, const struct settings *s,
                               enum channel channel, const char *name, int line)
{
    const struct gateway_settings *g = settings_gateway(s, name);
    const char *word = channel == CHANNEL_SMS ? "SMS" : "mail";

    if (g == NULL) {
        const char **names = mem_array(s->gateway_count + 1, sizeof(*names));
        for (size_t i = 0; i < s->gateway_count; i++)
            names[i] = s->gateways[i].name;
        char *hint = suggestion(name, names, s->gateway_count);
        problems_error(r->problems, r->file, line, "there is no `[gateway %s]`%s", name, hint);
        free(hint);
        free(names);
    } else if (!g->channels[channel]) {
        problems_error(r->problems, r->file, line, "the gateway `%s` carries no %s; leave it out",
                       name, word);
    }
}

static void read_channel(const struct reading *r, const struct ini *ini, struct settings *s,
                         enum channel channel, enum settings_section which)
{
    const struct directive_section *table = &settings_sections[which];
    const struct ini_section *section = ini_section(ini, "channel", table->name);
    const struct ini_entry *written = ini_entry(section, "gateways");
    struct str_list *gateways = &s->channels[channel].gateways;

    directives_apply(r, table, section, s, NULL);
    for (size_t i = 0; i < gateways->count; i++)
        check_gateway_name(r, s, channel, gateways->items[i], written->line);
    for (size_t i = 0; written == NULL && i < s->gateway_count; i++)
        if (s->gateways[i].channels[channel])
            str_list_add(gateways, s->gateways[i].name, strlen(s->gateways[i].name));
}

/* Every section has to be one of ours, with a name where it needs one and none where not. */
static void check_section(const struct reading *r, const struct ini_section *section)
{
    static const char *const kinds[] = {"business", "gateway", "channel", "calendar", "database",
                                        "limits",   "web",     "alert",   "retention"};
    const size_t count = sizeof(kinds) / sizeof(kinds[0]);
    bool known = false, named = *section->name != '\0';

    for (size_t i = 0; i < count; i++)
        known |= strcmp(section->kind, kinds[i]) == 0;
    if (!r->all && not_yet(section->kind, NULL, NULL)) {
        char *title = mem_printf("[%s]", section->kind);
        not_yet_error(r, section->line, title);
        free(title);
    } else if (strcmp(section->kind, "rule") == 0 || strcmp(section->kind, "workflow") == 0) {
        problems_error(r->problems, r->file, section->line, "`[%s %s]` belongs in playbook.conf",
                       section->kind, section->name);
    } else if (!known) {
        char *hint = suggestion(section->kind, kinds, count);
        problems_error(r->problems, r->file, section->line, "there is no section `[%s]`%s",
                       section->kind, hint);
        free(hint);
    } else if (strcmp(section->kind, "channel") == 0) {
        if (strcmp(section->name, "email") != 0 && strcmp(section->name, "sms") != 0)
            problems_error(r->problems, r->file, section->line,
                           "write `[channel email]` or `[channel sms]`");
    } else if (named && strcmp(section->kind, "gateway") != 0 &&
               strcmp(section->kind, "calendar") != 0) {
        problems_error(r->problems, r->file, section->line, "`[%s]` has no name; leave `%s` out",
                       section->kind, section->name);
    }
}

static void read_plain(const struct reading *r, const struct ini *ini, struct settings *s,
                       enum settings_section which)
{
    const char *kind = settings_sections[which].kind;
    const struct ini_section *section = ini_section(ini, kind, "");

    if (!r->all && not_yet(kind, NULL, NULL))
        section = NULL; /* refused as a whole; the defaults apply */
    directives_apply(r, &settings_sections[which], section, s, NULL);
}

struct settings *settings_parse(const char *dir, const struct ini *ini, bool all,
                                struct problems *problems)
{
    struct settings *s = mem_zalloc(sizeof(*s));
    struct reading r = {ini->file, problems, all, s};
    size_t errors = problems->errors;

    s->dir = mem_strdup(dir);
    s->digest = plan_digest(ini);
    s->file = fs_join(dir, "betimes.conf");
    default_paths(s);
    always_open(&s->business.calendar.week);
    for (size_t i = 0; i < ini->count; i++)
        check_section(&r, &ini->sections[i]);
    read_plain(&r, ini, s, SECTION_BUSINESS);
    read_gateways(&r, ini, s);
    read_calendars(&r, ini, s);
    read_channel(&r, ini, s, CHANNEL_EMAIL, SECTION_CHANNEL_EMAIL);
    read_channel(&r, ini, s, CHANNEL_SMS, SECTION_CHANNEL_SMS);
    for (int which = SECTION_DATABASE; which < SECTION_COUNT; which++)
        read_plain(&r, ini, s, (enum settings_section)which);
    for (size_t i = 0; i < s->gateway_count; i++)
        gateway_settings_reports(&r, s->web_listen, s->web_url, &s->gateways[i]);
    if (s->ledger == NULL)
        s->ledger = mem_printf("%s.ledger", s->database);
    if (problems->errors > errors) {
        settings_free(s);
        return NULL;
    }
    return s;
}

/* A password in betimes.conf itself is as public as the file. */
static void check_mode(const char *path, const struct ini *ini, struct problems *problems)
{
    struct stat st;

    if (stat(path, &st) != 0 || (st.st_mode & 07) == 0)
        return;
    for (size_t i = 0; i < ini->count; i++) {
        const struct ini_entry *e = ini_entry(&ini->sections[i], "password");
        if (e != NULL)
            problems_warning(problems, path, e->line,
                             "everyone on this machine can read this password; use "
                             "`password-file`, or run `chmod o= %s`",
                             path);
    }
}

struct settings *settings_read(const char *dir, struct problems *problems)
{
    struct settings *s = NULL;
    char *absolute = realpath(dir, NULL);
    size_t from = problems->count, errors = problems->errors;

    if (absolute == NULL) {
        problems_error(problems, dir, 0, "%s",
                       errno == ENOENT ? "there is no such folder" : strerror(errno));
        return NULL;
    }
    char *path = fs_join(dir, "betimes.conf");
    struct ini *ini = NULL;
    if (fs_exists(path))
        ini = ini_read(path, problems);
    else
        problems_error(problems, path, 0, "there is no such file; `betimes init -c %s` makes one",
                       dir);
    if (ini != NULL) {
        check_mode(path, ini, problems);
        s = settings_parse(absolute, ini, false, problems);
    }
    problems_sort(problems, from);
    if (problems->errors > errors) {
        settings_free(s);
        s = NULL;
    }
    ini_free(ini);
    free(path);
    free(absolute);
    return s;
}

void settings_free(struct settings *s)
{
    if (s == NULL)
        return;
    struct business *b = &s->business;
    char *texts[] = {b->name,      b->language,  b->country,  b->currency,   b->phone,    b->email,
                     b->address,   b->web,       s->dir,      s->file,       s->database, s->ledger,
                     s->templates, s->providers, s->playbook, s->web_listen, s->web_url};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    free(b->calendar.holidays);
    str_list_close(&s->alert_to);
    for (size_t i = 0; i < s->gateway_count; i++)
        gateway_settings_close(&s->gateways[i]);
    free(s->gateways);
    for (size_t i = 0; i < s->calendar_count; i++)
        calendar_settings_close(&s->calendars[i]);
    free(s->calendars);
    for (size_t i = 0; i < CHANNEL_COUNT; i++)
        str_list_close(&s->channels[i].gateways);
    free(s);
}

const struct gateway_settings *settings_gateway(const struct settings *s, const char *name)
{
    for (size_t i = 0; i < s->gateway_count; i++)
        if (strcmp(s->gateways[i].name, name) == 0)
            return &s->gateways[i];
    return NULL;
}
