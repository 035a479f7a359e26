/*
 * [calendar NAME]: a calendar that others keep, on the web or in a file, and that we read. Which
 * keys it takes depends on its type; one that names none is a feed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"
#include "text/pattern.h"

#define PATTERNS_MAX 20
#define INTERVAL_MIN_MS (60 * 1000)
#define INTERVAL_MAX_MS (24 * 60 * 60 * 1000)

static const char *const schemes[] = {"https", "http", NULL};

static const struct directive_word types[] = {
    {"feed", CALENDAR_FEED}, {"caldav", CALENDAR_CALDAV}, {"file", CALENDAR_FILE}, {NULL, 0}};

/* What to make of events that name no client. */
enum { UNNAMED_TASK, UNNAMED_IGNORE };
static const struct directive_word unnamed_words[] = {
    {"task", UNNAMED_TASK}, {"ignore", UNNAMED_IGNORE}, {NULL, 0}};

/* Calendar programs hand out links that begin with webcal, and mean https. */
static bool parse_url(const struct directive_place *at, const char *value, void *field)
{
    const char *why = NULL;
    char *url = str_starts(value, "webcal://") ? mem_printf("https%s", value + strlen("webcal"))
                                               : mem_strdup(value);
    char *host = value_url_host(url, schemes, true, &why);

    /* The link of a private feed is a secret: it is not repeated. */
    if (host == NULL)
        place_error(at, "this is no address of a calendar; %s: `https://` or `http://`", why);
    else
        value_set(field, url);
    free(url);
    bool ok = host != NULL;
    free(host);
    return ok;
}

static bool parse_path(const struct directive_place *at, const char *value, void *field)
{
    const struct settings *s = at->context;
    char *path = fs_join(s->dir, value);

    value_set(field, path);
    free(path);
    return true;
}

static void check_patterns(const struct reading *r, int line, const struct str_list *patterns)
{
    struct err err = {""};

    for (size_t i = 0; i < patterns->count; i++)
        if (pattern_check(patterns->items[i], &err) != 0)
            problems_error(r->problems, r->file, line, "`pattern`: %s", err.text);
    if (patterns->count > PATTERNS_MAX)
        problems_error(r->problems, r->file, line, "`pattern`: more than %d patterns",
                       PATTERNS_MAX);
}

#define AT(field) offsetof(struct calendar_read, field)
#define CUSTOM(k, field, fn, shape, text)                                                          \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_CUSTOM, .offset = AT(field), .parse = fn, .form = shape,       \
        .help = text                                                                               \
    }

/* What a section is read into: the words that become something else are beside it. */
struct calendar_read {
    struct calendar_settings c;
    char *patterns; /* as written */
    int unnamed;
};

#define TYPE                                                                                       \
    {                                                                                              \
        .key = "type", .type = DIRECTIVE_WORD, .offset = AT(c.type), .words = types,               \
        .fallback = "feed", .help = "what it is"                                                   \
    }
#define URL                                                                                        \
    {                                                                                              \
        .key = "url", .type = DIRECTIVE_CUSTOM, .offset = AT(c.url), .parse = parse_url,           \
        .form = "https://HOST/...", .required = true, .help = "where it is"                        \
    }
#define REMOTE                                                                                     \
    {.key = "user", .type = DIRECTIVE_TEXT, .offset = AT(c.user), .help = "who we log in as"},     \
        CUSTOM("password-file", c.password, parse_password_file,                                   \
               "a credential of the service manager, or a path",                                   \
               "where the password stands: a file that only its owner can read"),                  \
        {.key = "password",                                                                        \
         .type = DIRECTIVE_VERBATIM,                                                               \
         .offset = AT(c.password),                                                                 \
         .help = "the password itself; password-file keeps it out of here"},                       \
        CUSTOM("ca-file", c.ca_file, parse_ca_file, "a path",                                      \
               "the certificates to trust, in place of the system's"),                             \
    {                                                                                              \
        .key = "private-addresses", .type = DIRECTIVE_YES_NO, .offset = AT(c.private_addresses),   \
        .fallback = "no", .help = "whether it may be on this machine or in its network"            \
    }
#define READING                                                                                    \
    {.key = "interval",                                                                            \
     .type = DIRECTIVE_DURATION,                                                                   \
     .offset = AT(c.interval_ms),                                                                  \
     .fallback = "15 minutes",                                                                     \
     .min = INTERVAL_MIN_MS,                                                                       \
     .max = INTERVAL_MAX_MS,                                                                       \
     .help = "how often we look"},                                                                 \
        {.key = "pattern",                                                                         \
         .type = DIRECTIVE_VERBATIM,                                                               \
         .offset = AT(patterns),                                                                   \
         .help = "how clients are named in titles and descriptions, such as Phone: {phone}; "      \
                 "{email} and {ref} likewise, each pattern on a line of its own"},                 \
        CUSTOM("timezone", c.zone, parse_zone, "a place, such as Europe/Riga",                     \
               "of times that name none; the business's, if left out"),                            \
    {                                                                                              \
        .key = "unnamed", .type = DIRECTIVE_WORD, .offset = AT(unnamed), .words = unnamed_words,   \
        .fallback = "task", .help = "what becomes of an event that names no client at all"         \
    }

static const struct directive feed_directives[] = {TYPE, URL, REMOTE, READING};
static const struct directive caldav_directives[] = {
    TYPE,
    URL,
    {.key = "collection",
     .type = DIRECTIVE_TEXT,
     .offset = AT(c.collection),
     .help = "which calendar of several on the server, by its name"},
    {.key = "write-back",
     .type = DIRECTIVE_YES_NO,
     .offset = AT(c.write_back),
     .fallback = "no",
     .help = "whether it is told that a visit of its was confirmed or cancelled"},
    REMOTE,
    READING,
};
static const struct directive file_directives[] = {
    TYPE,
    {.key = "path",
     .type = DIRECTIVE_CUSTOM,
     .offset = AT(c.path),
     .parse = parse_path,
     .form = "a path",
     .required = true,
     .help = "the .ics file; read again whenever it has changed"},
    READING,
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
const struct directive_section calendar_sections[] = {
    [CALENDAR_FEED] = {"betimes.conf", "calendar", "NAME", "type = feed",
                       "a calendar that others keep: its events become appointments",
                       feed_directives, COUNT(feed_directives)},
    [CALENDAR_CALDAV] = {"betimes.conf", "calendar", "NAME", "type = caldav",
                         "a calendar on a CalDAV server", caldav_directives,
                         COUNT(caldav_directives)},
    [CALENDAR_FILE] = {"betimes.conf", "calendar", "NAME", "type = file",
                       "a calendar file that another program writes", file_directives,
                       COUNT(file_directives)},
};

/* ---- what no single key can tell */

static void check_login(const struct reading *r, const struct ini_section *section,
                        const struct calendar_settings *c)
{
    bool user = ini_entry(section, "user") != NULL;
    bool password =
        ini_entry(section, "password") != NULL || ini_entry(section, "password-file") != NULL;
    const char *why;

    check_password(r, section);
    if (user != password)
        problems_error(r->problems, r->file, section->line, "`[calendar %s]`: %s", c->name,
                       user ? "there is a `user`, but no `password-file` (or `password`) to log in "
                              "with"
                            : "there is a password, but no `user` to log in");
    char *host = c->url != NULL && str_starts(c->url, "http:")
                     ? value_url_host(c->url, schemes, true, &why)
                     : NULL;
    if (host != NULL && !value_host_is_loopback(host)) {
        int line = ini_entry(section, "url")->line;
        if (password)
            problems_error(r->problems, r->file, line,
                           "a password goes over `https://` only; over `http://` all could read "
                           "it");
        else
            problems_warning(r->problems, r->file, line,
                             "over `http://` the calendar is there for all to read and to change "
                             "on its way; write `https://`");
    }
    free(host);
}

static void check_name(const struct reading *r, const struct ini_section *section)
{
    if (!value_is_name(section->name))
        problems_error(r->problems, r->file, section->line,
                       "a calendar needs a name of a-z, 0-9, _ and -: `[calendar desk]`");
    else if (strcmp(section->name, "import") == 0)
        problems_error(r->problems, r->file, section->line,
                       "`import` is the name for single files; give the calendar another one");
}

void calendar_settings_read(const struct reading *r, const struct ini_section *section,
                            struct calendar_settings *c)
{
    struct calendar_read read = {.c = {.name = mem_strdup(section->name), .line = section->line}};
    const struct ini_entry *type = ini_entry(section, "type");
    const struct ini_entry *pattern = ini_entry(section, "pattern");
    size_t t = CALENDAR_FEED;

    check_name(r, section);
    for (size_t i = 0; type != NULL && types[i].word != NULL; i++)
        if (str_ieq(type->value, types[i].word))
            t = (size_t)types[i].value;
    directives_apply(r, &calendar_sections[t], section, &read, NULL);
    if (read.patterns != NULL) {
        str_split(&read.c.patterns, read.patterns, '\n');
        check_patterns(r, pattern->line, &read.c.patterns);
    }
    free(read.patterns);
    read.c.ignore_unnamed = read.unnamed == UNNAMED_IGNORE;
    *c = read.c;
    if (t != CALENDAR_FILE)
        check_login(r, section, c);
}

void calendar_settings_close(struct calendar_settings *c)
{
    free(c->name);
    free(c->url);
    free(c->path);
    free(c->user);
    secret_free(c->password);
    free(c->ca_file);
    free(c->collection);
    str_list_close(&c->patterns);
}

const struct calendar_settings *settings_calendar(const struct settings *s, const char *name)
{
    for (size_t i = 0; i < s->calendar_count; i++)
        if (strcmp(s->calendars[i].name, name) == 0)
            return &s->calendars[i];
    return NULL;
}

bool settings_write_back(const struct settings *s)
{
    for (size_t i = 0; i < s->calendar_count; i++)
        if (s->calendars[i].write_back)
            return true;
    return false;
}

void calendar_settings_copy(struct calendar_settings *out, const struct calendar_settings *c)
{
    *out = *c;
    out->name = mem_strdup(c->name);
    out->url = mem_strdup(c->url);
    out->path = mem_strdup(c->path);
    out->user = mem_strdup(c->user);
    out->password = mem_strdup(c->password);
    out->ca_file = mem_strdup(c->ca_file);
    out->collection = mem_strdup(c->collection);
    out->patterns = (struct str_list){0};
    for (size_t i = 0; i < c->patterns.count; i++)
        str_list_add(&out->patterns, c->patterns.items[i], strlen(c->patterns.items[i]));
}

static uint64_t add_digest(uint64_t digest, const char *text)
{
    return text != NULL ? str_hash(text, strlen(text) + 1, digest) : str_hash("\x1f", 1, digest);
}

uint64_t calendar_settings_digest(const struct calendar_settings *c)
{
    uint64_t digest = (uint64_t)c->type * 2 + c->ignore_unnamed;

    digest = add_digest(digest, c->url);
    digest = add_digest(digest, c->path);
    digest = add_digest(digest, c->user);
    digest = add_digest(digest, c->collection);
    digest = add_digest(digest, c->zone != NULL ? zone_name(c->zone) : NULL);
    for (size_t i = 0; i < c->patterns.count; i++)
        digest = add_digest(digest, c->patterns.items[i]);
    return digest;
}
