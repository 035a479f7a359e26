/*
 * [gateway NAME]: which keys it takes depends on its type. A mail server is checked here in full;
 * an SMS gateway's other keys belong to its provider file and are kept as they are written.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/str.h"
#include "internal.h"
#include "text/address.h"

#define CONNECTIONS_MAX 64
#define TIMEOUT_MIN_MS 1000
#define TIMEOUT_MAX_MS 3600000
#define RATE_MAX 1000000
#define FILE_KEY "-file"

static const char *const smtp_schemes[] = {"smtps", "smtp", NULL};
static const char *const http_schemes[] = {"https", "http", NULL};

static const struct directive_word types[] = {
    {"smtp", GATEWAY_SMTP}, {"sms", GATEWAY_SMS}, {"file", GATEWAY_FILE}, {NULL, 0}};
static const struct directive_word auths[] = {
    {"none", AUTH_NONE}, {"password", AUTH_PASSWORD}, {"xoauth2", AUTH_XOAUTH2}, {NULL, 0}};
static const struct directive_word tls[] = {
    {"required", TLS_REQUIRED}, {"none", TLS_NONE}, {NULL, 0}};

static bool parse_smtp_url(const struct directive_place *at, const char *value, void *field)
{
    const char *why = NULL;
    char *host = value_url_host(value, smtp_schemes, false, &why);

    if (host == NULL) {
        place_error(at,
                    "`%s` is no mail server; %s: `smtps://mail.example.com` (TLS from the "
                    "start) or `smtp://mail.example.com:587` (STARTTLS)",
                    value, why);
        return false;
    }
    free(host);
    value_set(field, value);
    return true;
}

static bool parse_http_url(const struct directive_place *at, const char *value, void *field)
{
    const char *why = NULL;
    char *host = value_url_host(value, http_schemes, true, &why);

    if (host == NULL) {
        place_error(at, "`%s` is no web address; %s: `https://` or, for this machine, `http://`",
                    value, why);
        return false;
    }
    free(host);
    value_set(field, value);
    return true;
}

static bool parse_mailbox(const struct directive_place *at, const char *value, void *field)
{
    struct address parsed;
    struct err err = {0};

    if (address_parse(value, &parsed, &err) != 0) {
        place_error(at, "%s; write it as `Riverside Garage <hello@example.com>`", err.text);
        return false;
    }
    value_set(field, value);
    return true;
}

static bool parse_sender(const struct directive_place *at, const char *value, void *field)
{
    char parsed[ADDRESS_SENDER_MAX];
    struct err err = {0};

    if (address_sender(value, parsed, &err) != 0) {
        place_error(at, "%s", err.text);
        return false;
    }
    value_set(field, parsed);
    return true;
}

bool parse_password_file(const struct directive_place *at, const char *value, void *field)
{
    const struct settings *s = at->context;
    char **password = field;
    char *secret = secret_read(at, s->dir, value);

    if (secret == NULL)
        return false;
    secret_free(*password);
    *password = secret;
    return true;
}

static bool parse_token_file(const struct directive_place *at, const char *value, void *field)
{
    const struct settings *s = at->context;
    char **path = field;
    char *found = secret_path(at, s->dir, value);

    if (found == NULL)
        return false;
    free(*path);
    *path = found;
    return true;
}

bool parse_ca_file(const struct directive_place *at, const char *value, void *field)
{
    const struct settings *s = at->context;
    char *path = fs_join(s->dir, value);
    bool ok = fs_exists(path);

    if (ok)
        value_set(field, path);
    else
        place_error(at, "there is no file %s", path);
    free(path);
    return ok;
}

static bool parse_folder(const struct directive_place *at, const char *value, void *field)
{
    const struct settings *s = at->context;
    char *path = fs_join(s->dir, value);

    value_set(field, path);
    free(path);
    return true;
}

/* "10/second": messages a second. */
static bool parse_rate(const struct directive_place *at, const char *value, void *field)
{
    static const struct {
        const char *name;
        double seconds;
    } periods[] = {{"second", 1}, {"minute", 60}, {"hour", 3600}, {"day", 86400}};
    const char *slash = strchr(value, '/');
    double *rate = field;
    int64_t count;

    if (str_ieq(value, "none")) {
        *rate = 0;
        return true;
    }
    if (slash != NULL) {
        char *number = mem_strndup(value, (size_t)(slash - value));
        bool ok = str_to_int(str_trim(number), 1, RATE_MAX, &count);
        free(number);
        const char *period = slash + 1 + strspn(slash + 1, " ");
        for (size_t i = 0; ok && i < sizeof(periods) / sizeof(periods[0]); i++)
            if (str_ieq(period, periods[i].name)) {
                *rate = (double)count / periods[i].seconds;
                return true;
            }
    }
    place_error(at, "`%s` is no rate; write it as `10/second`, `100/minute`, `5000/day`, or `none`",
                value);
    return false;
}

static bool parse_channels(const struct directive_place *at, const char *value, void *field)
{
    static const char *const names[] = {"email", "sms"};
    static const enum channel values[] = {CHANNEL_EMAIL, CHANNEL_SMS};
    struct str_list list = {0};
    bool *channels = field, ok = true;

    memset(channels, 0, CHANNEL_COUNT * sizeof(*channels));
    str_split(&list, value, ',');
    for (size_t i = 0; i < list.count; i++) {
        size_t n = 0;
        while (n < 2 && !str_ieq(list.items[i], names[n]))
            n++;
        if (n < 2) {
            channels[values[n]] = true;
            continue;
        }
        char *hint = suggestion(list.items[i], names, 2);
        place_error(at, "`%s` is no channel%s", list.items[i], hint);
        free(hint);
        ok = false;
    }
    str_list_close(&list);
    return ok;
}

static bool parse_ranges(const struct directive_place *at, const char *value, void *field)
{
    struct str_list *ranges = field;
    bool ok = true;

    str_list_close(ranges);
    str_split(ranges, value, ',');
    for (size_t i = 0; i < ranges->count; i++)
        if (!net_is_range(ranges->items[i])) {
            place_error(at,
                        "`%s` is no address; write it as `192.0.2.7`, `192.0.2.0/24` or "
                        "`2001:db8::/32`",
                        ranges->items[i]);
            ok = false;
        }
    return ok;
}

static bool parse_provider(const struct directive_place *at, const char *value, void *field)
{
    const struct settings *s = at->context;
    struct str_list files = {0};
    char *file = mem_printf("%s.conf", value);
    bool ok = value_is_name(value);

    if (!ok) {
        place_error(at, "`%s` is no name of a provider file, such as `twilio`", value);
    } else {
        char *path = fs_join(s->providers, file);
        ok = fs_exists(path);
        fs_list(s->providers, &files, NULL);
        for (size_t i = 0; i < files.count; i++)
            if (str_ends(files.items[i], ".conf"))
                files.items[i][strlen(files.items[i]) - strlen(".conf")] = '\0';
        char *hint = suggestion(value, (const char *const *)files.items, files.count);
        if (!ok)
            place_error(at, "there is no provider file %s%s", path, hint);
        free(hint);
        free(path);
    }
    if (ok)
        value_set(field, value);
    str_list_close(&files);
    free(file);
    return ok;
}

#define AT(field) offsetof(struct gateway_settings, field)
#define CUSTOM(k, field, fn, dflt, shape, text)                                                    \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_CUSTOM, .offset = AT(field), .fallback = dflt, .parse = fn,    \
        .form = shape, .help = text                                                                \
    }
#define NEEDED(k, field, fn, shape, text)                                                          \
    {                                                                                              \
        .key = k, .type = DIRECTIVE_CUSTOM, .offset = AT(field), .parse = fn, .form = shape,       \
        .help = text, .required = true                                                             \
    }
#define TYPE                                                                                       \
    {                                                                                              \
        .key = "type", .type = DIRECTIVE_WORD, .offset = AT(type), .words = types,                 \
        .required = true, .help = "how it reaches the world"                                       \
    }
#define USER                                                                                       \
    {                                                                                              \
        .key = "user", .type = DIRECTIVE_TEXT, .offset = AT(user), .help = "who we log in as"      \
    }
#define PASSWORD                                                                                   \
    {                                                                                              \
        .key = "password", .type = DIRECTIVE_VERBATIM, .offset = AT(password),                     \
        .help = "the password itself; password-file keeps it out of here"                          \
    }
#define PASSWORD_FILE                                                                              \
    CUSTOM("password-file", password, parse_password_file, NULL,                                   \
           "a credential of the service manager, or a path",                                       \
           "where the password stands: a file that only its owner can read")
#define RATE                                                                                       \
    CUSTOM("rate", rate, parse_rate, "none", "a count and a period, such as 10/second, or none",   \
           "at most so many messages")
#define CONNECTIONS(dflt)                                                                          \
    {                                                                                              \
        .key = "connections", .type = DIRECTIVE_NUMBER, .offset = AT(connections), .min = 1,       \
        .max = CONNECTIONS_MAX, .fallback = dflt, .help = "at most so many at once"                \
    }
#define TIMEOUT(dflt)                                                                              \
    {                                                                                              \
        .key = "timeout", .type = DIRECTIVE_DURATION, .offset = AT(timeout_ms),                    \
        .min = TIMEOUT_MIN_MS, .max = TIMEOUT_MAX_MS, .fallback = dflt,                            \
        .help = "how long one exchange may take"                                                   \
    }

static const struct directive smtp_directives[] = {
    TYPE,
    NEEDED("url", url, parse_smtp_url, "smtps://HOST or smtp://HOST, with :PORT if need be",
           "the mail server"),
    NEEDED("from", from, parse_mailbox, "Name <address>", "who the mail comes from"),
    CUSTOM("reply-to", reply_to, parse_mailbox, NULL, "an address", "where answers go"),
    USER,
    PASSWORD_FILE,
    PASSWORD,
    {.key = "auth",
     .type = DIRECTIVE_WORD,
     .offset = AT(auth),
     .words = auths,
     .help = "how we log in; password where there is a user, else none"},
    CUSTOM("token-file", token_file, parse_token_file, NULL,
           "a credential of the service manager, or a path",
           "where the OAuth2 access token stands; read again for each login"),
    {.key = "tls",
     .type = DIRECTIVE_WORD,
     .offset = AT(tls),
     .words = tls,
     .help = "none allows smtp:// without STARTTLS; required everywhere but on this machine"},
    CUSTOM("ca-file", ca_file, parse_ca_file, NULL, "a path",
           "the certificates to trust, in place of the system's"),
    CONNECTIONS("4"),
    RATE,
    TIMEOUT("10 minutes"),
};

static const struct directive sms_directives[] = {
    TYPE,
    NEEDED("provider", provider, parse_provider, "a name", "its file is providers/NAME.conf"),
    CUSTOM("url", url, parse_http_url, NULL, "https://HOST/...", "in place of the provider's own"),
    CUSTOM("from", from, parse_sender, NULL, "a number, or a name of up to 11 letters",
           "who the text comes from"),
    USER,
    PASSWORD_FILE,
    PASSWORD,
    CONNECTIONS("16"),
    RATE,
    TIMEOUT("60 seconds"),
    {.key = "reports",
     .type = DIRECTIVE_YES_NO,
     .offset = AT(reports),
     .fallback = "no",
     .help = "the provider calls `[web] url` to tell what became of each text"},
    CUSTOM("reports-from", reports_from, parse_ranges, NULL,
           "addresses, or ranges like 192.0.2.0/24", "reports are taken from there alone"),
};

static const struct directive file_directives[] = {
    TYPE,
    CUSTOM("path", path, parse_folder, "messages", "a folder", "where the messages are written"),
    CUSTOM("channels", channels, parse_channels, "email, sms", "email, sms, or both",
           "what it stands in for"),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
const struct directive_section gateway_sections[] = {
    [GATEWAY_SMTP] = {"betimes.conf", "gateway", "NAME", "type = smtp", "a mail server",
                      smtp_directives, COUNT(smtp_directives)},
    [GATEWAY_SMS] = {"betimes.conf", "gateway", "NAME", "type = sms",
                     "an SMS provider; the keys of its provider file may stand here as well",
                     sms_directives, COUNT(sms_directives)},
    [GATEWAY_FILE] = {"betimes.conf", "gateway", "NAME", "type = file",
                      "writes messages into a folder, for trying things out", file_directives,
                      COUNT(file_directives)},
};

/* A key of the provider's. Some of them are secrets: KEY-file names the file in which KEY stands.
 */
static bool add_param(const struct reading *r, const struct ini_entry *e, void *target)
{
    const struct settings *s = r->context;
    struct gateway_settings *g = target;
    size_t cap = g->param_count; /* grown one by one: there are a handful */
    bool in_file = str_ends(e->key, FILE_KEY);
    size_t len = strlen(e->key) - (in_file ? strlen(FILE_KEY) : 0);
    struct gateway_param p = {.name = mem_strndup(e->key, len), .line = e->line};
    struct directive_place at = {r->file, e->line, e->key, r->problems, r->context};

    p.value = in_file ? secret_read(&at, s->dir, e->value) : mem_strdup(e->value);
    for (size_t i = 0; i < g->param_count; i++)
        if (strcmp(g->params[i].name, p.name) == 0)
            problems_error(r->problems, r->file, e->line,
                           "`%s` and `%s" FILE_KEY "` are both there; keep one", p.name, p.name);
    if (p.value == NULL) {
        free(p.name);
        return true;
    }
    mem_grow(&g->params, &cap, g->param_count + 1, sizeof(*g->params));
    g->params[g->param_count++] = p;
    return true;
}

static bool has(const struct ini_section *section, const char *key)
{
    return ini_entry(section, key) != NULL;
}

/* What no single key can tell: does the login make sense? Looks at which keys are there, so that a
 * key whose value was refused is not reported as missing, too. */
static void check_login(const struct reading *r, const struct ini_section *section,
                        struct gateway_settings *g)
{
    bool password = has(section, "password") || has(section, "password-file");
    bool token = has(section, "token-file");

    if (!has(section, "auth"))
        g->auth = token                              ? AUTH_XOAUTH2
                  : password || has(section, "user") ? AUTH_PASSWORD
                                                     : AUTH_NONE;
    const char *wrong = NULL;
    if (g->auth == AUTH_NONE && (password || token || has(section, "user")))
        wrong = "`auth = none` does not go with a user, a password or a token; leave one of the "
                "two out";
    else if (g->auth == AUTH_XOAUTH2 && (!token || !has(section, "user")))
        wrong = "`auth = xoauth2` needs `user` and `token-file`";
    else if (g->auth == AUTH_XOAUTH2 && password)
        wrong = "a login with a token has no password; leave `password` out";
    else if (g->auth == AUTH_PASSWORD && token)
        wrong = "`token-file` goes with `auth = xoauth2`";
    else if (g->auth == AUTH_PASSWORD && !has(section, "user"))
        wrong = "there is a password, but no `user` to log in";
    else if (g->auth == AUTH_PASSWORD && !password)
        wrong = "there is a `user`, but no `password-file` (or `password`) to log in with";
    if (wrong != NULL)
        problems_error(r->problems, r->file, section->line, "`[gateway %s]`: %s", g->name, wrong);
}

/* smtp:// insists on STARTTLS, but for this machine itself. */
static void check_tls(const struct reading *r, const struct ini_section *section,
                      struct gateway_settings *g)
{
    const char *why;
    const struct ini_entry *written = ini_entry(section, "tls");
    char *host = g->url != NULL ? value_url_host(g->url, smtp_schemes, false, &why) : NULL;

    if (host == NULL)
        return;
    bool local = value_host_is_loopback(host), implicit = str_starts(g->url, "smtps:");
    free(host);
    if (written == NULL)
        g->tls = local && !implicit ? TLS_NONE : TLS_REQUIRED;
    else if (g->tls == TLS_NONE && implicit)
        problems_error(r->problems, r->file, written->line,
                       "`tls = none` does not go with `smtps://`, which is TLS from the start; "
                       "leave it out, or write `smtp://`");
    else if (g->tls == TLS_NONE && !local && g->auth != AUTH_NONE)
        problems_warning(r->problems, r->file, written->line,
                         "with `tls = none` the login goes over the network for all to read");
}

static void check_sms_url(const struct reading *r, const struct ini_section *section,
                          const struct gateway_settings *g)
{
    const char *why;
    bool plain = g->url != NULL && str_starts(g->url, "http:");
    char *host = plain ? value_url_host(g->url, http_schemes, true, &why) : NULL;

    if (host != NULL && !value_host_is_loopback(host))
        problems_warning(r->problems, r->file, ini_entry(section, "url")->line,
                         "with `http://` texts and the login go over the network for all to read");
    free(host);
}

void check_password(const struct reading *r, const struct ini_section *section)
{
    const struct ini_entry *inline_one = ini_entry(section, "password");

    if (inline_one != NULL && has(section, "password-file"))
        problems_error(r->problems, r->file, inline_one->line,
                       "`password` and `password-file` are both there; keep one");
    if (inline_one != NULL && !str_one_line(inline_one->value, strlen(inline_one->value)))
        problems_error(r->problems, r->file, inline_one->line,
                       "`password`: it has to stand on one line, without tabs");
}

void gateway_settings_read(const struct reading *r, const struct ini_section *section,
                           struct gateway_settings *g)
{
    static const char *const names[] = {"smtp", "sms", "file"};
    const struct ini_entry *type = ini_entry(section, "type");
    size_t t = 0;

    *g = (struct gateway_settings){.name = mem_strdup(section->name),
                                   .line = section->line,
                                   .connections = 16,
                                   .timeout_ms = 60000};
    if (!value_is_name(section->name))
        problems_error(r->problems, r->file, section->line,
                       "a gateway needs a name of a-z, 0-9, _ and -: `[gateway mail]`");
    while (type != NULL && t < COUNT(names) && !str_ieq(type->value, names[t]))
        t++;
    if (type == NULL || t == COUNT(names)) {
        char *hint = suggestion(type != NULL ? type->value : "", names, COUNT(names));
        if (type != NULL)
            problems_error(r->problems, r->file, type->line, "`type`: `%s` is no type of gateway%s",
                           type->value, hint);
        else
            problems_error(r->problems, r->file, section->line, "`[gateway %s]` needs a `type`%s",
                           g->name, hint);
        free(hint);
        return;
    }
    g->type = (enum gateway_type)t;
    g->channels[CHANNEL_EMAIL] = g->type == GATEWAY_SMTP;
    g->channels[CHANNEL_SMS] = g->type == GATEWAY_SMS;
    directives_apply(r, &gateway_sections[t], section, g,
                     g->type == GATEWAY_SMS ? add_param : NULL);
    check_password(r, section);
    if (g->type == GATEWAY_SMTP) {
        check_login(r, section, g);
        check_tls(r, section, g);
    } else if (g->type == GATEWAY_SMS) {
        check_sms_url(r, section, g);
    }
}

void gateway_settings_reports(const struct reading *r, const char *listen, const char *url,
                              struct gateway_settings *g)
{
    if (!g->reports)
        return;
    if (listen == NULL || url == NULL) {
        problems_error(r->problems, r->file, g->line,
                       "`[gateway %s]`: `reports = yes` needs `listen` and `url` in [web]: the "
                       "provider has to reach us",
                       g->name);
        return;
    }
    size_t n = strlen(url);
    while (n > 0 && url[n - 1] == '/')
        n--;
    g->report_url = mem_printf("%.*s/report/%s/", (int)n, url, g->name);
}

void gateway_settings_close(struct gateway_settings *g)
{
    free(g->name);
    free(g->url);
    free(g->from);
    free(g->reply_to);
    free(g->user);
    secret_free(g->password);
    free(g->token_file);
    free(g->ca_file);
    free(g->provider);
    free(g->report_url);
    str_list_close(&g->reports_from);
    for (size_t i = 0; i < g->param_count; i++) {
        free(g->params[i].name);
        secret_free(g->params[i].value); /* some providers' keys are */
    }
    free(g->params);
    free(g->path);
}
