/*
 * Values that several keys share: names, addresses, numbers, durations, URLs. Nothing here
 * complains; the callers know what would be right in their place.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "internal.h"

#define PHONE_DIGITS_MIN 3  /* short codes */
#define PHONE_DIGITS_MAX 15 /* E.164 */
#define HOST_MAX 253        /* RFC 1035 */
#define DECIMAL_MAX 15      /* digits that a double holds exactly */

static const struct {
    const char *one, *many;
    int64_t ms;
} units[] = {
    {"week", "weeks", INT64_C(604800000)}, {"day", "days", 86400000},   {"hour", "hours", 3600000},
    {"minute", "minutes", 60000},          {"second", "seconds", 1000},
};
#define UNITS (sizeof(units) / sizeof(units[0]))

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void value_set(void *field, const char *value)
{
    char **text = field;
    char *old = *text;

    *text = mem_strdup(value);
    secret_free(old);
}

char *value_fold(const char *s)
{
    struct buf b;

    buf_init(&b);
    for (; *s != '\0'; s++) {
        if (strchr(" \t\r\n", *s) == NULL)
            buf_putc(&b, *s);
        else if (b.len > 0 && b.data[b.len - 1] != ' ')
            buf_putc(&b, ' ');
    }
    if (b.len > 0 && b.data[b.len - 1] == ' ')
        buf_truncate(&b, b.len - 1);
    return buf_steal(&b);
}

bool value_is_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    return n > 0 && n <= VALUE_NAME_MAX && s[n] == '\0';
}

static bool is_domain(const char *s, size_t len)
{
    size_t label = 0;

    if (len == 0 || len > HOST_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.' && label == 0)
            return false;
        if (s[i] != '.' && s[i] != '-' && !is_alnum(s[i]) && (unsigned char)s[i] < 0x80)
            return false;
        label = s[i] == '.' ? 0 : label + 1;
    }
    return label > 0;
}

bool value_is_phone(const char *s)
{
    size_t digits = 0;

    for (const char *p = *s == '+' ? s + 1 : s; *p != '\0'; p++) {
        if (is_digit(*p))
            digits++;
        else if (strchr(" -()./", *p) == NULL)
            return false;
    }
    return digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX;
}

bool value_duration(const char *s, int64_t *ms)
{
    size_t n = strspn(s, "0123456789");
    const char *unit = s + n + strspn(s + n, " ");
    int64_t count;

    if (n == 0 || n > 9)
        return false;
    char *number = mem_strndup(s, n);
    bool ok = str_to_int(number, 0, 999999999, &count);
    free(number);
    for (size_t i = 0; ok && i < UNITS; i++)
        if (str_ieq(unit, units[i].one) || str_ieq(unit, units[i].many)) {
            *ms = count * units[i].ms;
            return true;
        }
    return false;
}

char *value_duration_text(int64_t ms)
{
    for (size_t i = 0; i < UNITS; i++)
        if (ms != 0 && ms % units[i].ms == 0) {
            int64_t count = ms / units[i].ms;
            return mem_printf("%lld %s", (long long)count,
                              count == 1 ? units[i].one : units[i].many);
        }
    return mem_printf("%lld seconds", (long long)(ms / 1000));
}

bool value_decimal(const char *s, double *out)
{
    size_t whole = strspn(s, "0123456789");
    size_t part = s[whole] == '.' ? strspn(s + whole + 1, "0123456789") : 0;
    size_t used = whole + (s[whole] == '.') + part;
    double value = 0, scale = 1;

    if (whole == 0 || whole + part > DECIMAL_MAX || s[used] != '\0' || (s[whole] == '.' && !part))
        return false;
    for (size_t i = 0; i < used; i++) {
        if (s[i] == '.')
            continue;
        value = value * 10 + (s[i] - '0');
        scale *= i > whole ? 10 : 1;
    }
    *out = value / scale; /* both exact: rounded once, and no locale's comma is involved */
    return true;
}

bool value_host_is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (str_ieq(host, "localhost"))
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

/* ":587" or nothing. */
static bool is_port(const char *s, size_t len)
{
    int64_t port;

    if (len == 0)
        return true;
    char *text = mem_strndup(s + 1, len - 1);
    bool ok = s[0] == ':' && is_digit(text[0]) && str_to_int(text, 1, 65535, &port);
    free(text);
    return ok;
}

/* The host in "host:port" or "[v6]:port"; NULL when it is none. */
static char *host_of(const char *authority, size_t len)
{
    struct in6_addr v6;

    if (len > 0 && authority[0] == '[') {
        const char *close = memchr(authority, ']', len);
        if (close == NULL || !is_port(close + 1, len - (size_t)(close - authority) - 1))
            return NULL;
        char *host = mem_strndup(authority + 1, (size_t)(close - authority) - 1);
        if (inet_pton(AF_INET6, host, &v6) == 1)
            return host;
        free(host);
        return NULL;
    }
    const char *colon = memchr(authority, ':', len);
    size_t host_len = colon != NULL ? (size_t)(colon - authority) : len;
    if (!is_domain(authority, host_len) || !is_port(authority + host_len, len - host_len))
        return NULL;
    return mem_strndup(authority, host_len);
}

char *value_url_host(const char *url, const char *const *schemes, bool with_path, const char **why)
{
    const char *rest = strstr(url, "://");
    bool known = false;

    for (size_t i = 0; rest != NULL && schemes[i] != NULL; i++)
        known |= strlen(schemes[i]) == (size_t)(rest - url) &&
                 strncmp(url, schemes[i], (size_t)(rest - url)) == 0;
    if (!known) {
        *why = "begin it with one of these";
        return NULL;
    }
    if (!str_one_line(url, strlen(url)) || strchr(url, ' ') != NULL) {
        *why = "a URL has no spaces";
        return NULL;
    }
    rest += 3;
    size_t len = strcspn(rest, "/?#");
    if (memchr(rest, '@', len) != NULL) {
        *why = "put the user into `user` and the password into `password-file`";
        return NULL;
    }
    if (!with_path && rest[len] != '\0' && strcmp(rest + len, "/") != 0) {
        *why = "nothing comes after the host and the port";
        return NULL;
    }
    char *host = host_of(rest, len);
    if (host == NULL)
        *why = "a host is missing or wrong, or the port is none";
    return host;
}
