/*
 * Addresses, checked by hand against the grammar: strict about what leaves for a server, and with
 * one clear sentence for each way that people really get them wrong. Nothing is repaired beyond
 * white space at the ends and the case of a domain.
 */
#include "text/address.h"

#include <string.h>

#include "base/str.h"

#define LABEL_MAX 63     /* RFC 1035, 2.3.4 */
#define WRITTEN_MAX 1024 /* a whole "Name <address>" */
#define SENDER_NAME_MAX 11
#define SENDER_DIGITS_MIN 3
#define SENDER_DIGITS_MAX 15

static int refuse(struct err *err, const char *sentence)
{
    err_set(err, "%s", sentence);
    return ERR_INVALID;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* atext of RFC 5322, 3.2.3. */
static bool is_atom(char c)
{
    return is_letter(c) || is_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_ascii(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] > 0x7f)
            return false;
    return true;
}

/* Cut spaces and tabs off both ends of *s; returns the length that is left. A line end is no slip
 * of the finger but the way headers are smuggled in, so it stays and is refused. */
static size_t trim(const char **s)
{
    *s += strspn(*s, " \t");
    size_t len = strlen(*s);
    while (len > 0 && ((*s)[len - 1] == ' ' || (*s)[len - 1] == '\t'))
        len--;
    return len;
}

/* One label of a domain: letters, digits, and hyphens inside. */
static bool label_fits(const char *s, size_t len)
{
    if (len == 0 || len > LABEL_MAX || s[0] == '-' || s[len - 1] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_letter(s[i]) && !is_digit(s[i]) && s[i] != '-')
            return false;
    return true;
}

static bool all_digits(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!is_digit(s[i]))
            return false;
    return len > 0;
}

static int check_domain(const char *s, size_t len, char out[ADDRESS_DOMAIN_MAX], struct err *err)
{
    size_t labels = 0, start = 0;

    if (!str_one_line(s, len))
        return refuse(err, "the domain holds a line break or another control character");
    if (len == 0)
        return refuse(err, "the domain after the @ is missing");
    if (len >= ADDRESS_DOMAIN_MAX)
        return refuse(err, "the domain after the @ is longer than 253 characters");
    if (s[0] == '[')
        return refuse(err, "an IP address in place of a domain is not supported");
    if (!is_ascii(s, len))
        return refuse(err, "the domain has characters outside ASCII; write it in its xn-- form");
    for (size_t i = 0; i <= len; i++) {
        if (i < len && s[i] != '.')
            continue;
        if (!label_fits(s + start, i - start))
            return refuse(err, "the domain after the @ is not one: letters, digits and hyphens "
                               "between single dots are right");
        labels++;
        if (i < len)
            start = i + 1;
    }
    if (all_digits(s + start, len - start))
        return refuse(err, "the domain ends in a number; a domain such as example.com is right");
    for (size_t i = 0; i < len; i++)
        out[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] - 'A' + 'a') : s[i];
    out[len] = '\0';
    if (labels == 1 && strcmp(out, "localhost") != 0) {
        out[0] = '\0';
        return refuse(err, "the domain after the @ lacks its ending, such as .com");
    }
    return 0;
}

/* The local part s[0..len): dot-atom of RFC 5322, 3.2.3. */
static int check_local(const char *s, size_t len, struct err *err)
{
    if (len == 0)
        return refuse(err, "the part before the @ is missing");
    if (len > ADDRESS_LOCAL_MAX)
        return refuse(err, "the part before the @ is longer than 64 characters");
    if (!is_ascii(s, len))
        return refuse(err, "the part before the @ has characters outside ASCII, which most mail "
                           "servers cannot reach");
    if (memchr(s, '"', len) != NULL)
        return refuse(err, "an address with quotation marks before the @ is not supported");
    if (memchr(s, ' ', len) != NULL)
        return refuse(err, "there is a space in the address");
    if (s[0] == '.' || s[len - 1] == '.')
        return refuse(err, "the part before the @ begins or ends with a dot");
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.' && s[i + 1] == '.')
            return refuse(err, "there are two dots in a row before the @");
        if (s[i] != '.' && !is_atom(s[i])) {
            err_set(err, "'%c' may not stand in an address", s[i]);
            return ERR_INVALID;
        }
    }
    return 0;
}

static int check_mailbox(const char *s, size_t len, char out[ADDRESS_MAX], struct err *err)
{
    char domain[ADDRESS_DOMAIN_MAX];

    out[0] = '\0';
    if (len == 0)
        return refuse(err, "there is no e-mail address");
    if (!str_one_line(s, len))
        return refuse(err, "the address holds a line break or another control character");
    const char *at = memrchr(s, '@', len);
    if (at == NULL)
        return refuse(err, "this is not an e-mail address: it has no @");
    size_t local = (size_t)(at - s);
    if (memchr(s, '@', local) != NULL && memchr(s, '"', local) == NULL)
        return refuse(err, "there is more than one @; one address is right");
    int rc = check_local(s, local, err);
    if (rc == 0)
        rc = check_domain(at + 1, len - local - 1, domain, err);
    if (rc != 0)
        return rc;
    if (len >= ADDRESS_MAX)
        return refuse(err, "the address is longer than 254 characters");
    memcpy(out, s, local + 1);
    strcpy(out + local + 1, domain);
    return 0;
}

int address_check(const char *written, char out[ADDRESS_MAX], struct err *err)
{
    size_t len = trim(&written);

    return check_mailbox(written, len, out, err);
}

int address_domain(const char *written, char out[ADDRESS_DOMAIN_MAX], struct err *err)
{
    out[0] = '\0';
    return check_domain(written, strlen(written), out, err);
}

/* Copy the quoted name at *s (behind its opening quote) and move *s behind the closing one. */
static int read_quoted(const char **s, const char *end, char *out, struct err *err)
{
    size_t n = 0;
    const char *p = *s;

    while (p < end && *p != '"') {
        if (*p == '\\' && p + 1 < end)
            p++;
        if (n + 1 >= ADDRESS_NAME_MAX)
            return refuse(err, "the name is longer than 255 bytes");
        out[n++] = *p++;
    }
    if (p == end)
        return refuse(err, "the closing quotation mark of the name is missing");
    out[n] = '\0';
    *s = p + 1;
    return 0;
}

/* The name s[0..len), quoted or plain, in front of <address>. */
static int read_name(const char *s, size_t len, char out[ADDRESS_NAME_MAX], struct err *err)
{
    const char *end = s + len;

    while (end > s && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    if (s < end && *s == '"') {
        s++;
        int rc = read_quoted(&s, end, out, err);
        if (rc == 0 && s != end)
            rc = refuse(err, "there is something between the quoted name and the <address>");
        return rc;
    }
    len = (size_t)(end - s);
    if (len >= ADDRESS_NAME_MAX)
        return refuse(err, "the name is longer than 255 bytes");
    if (memchr(s, '@', len) != NULL)
        return refuse(err, "there are two addresses; one is right");
    for (size_t i = 0; i < len; i++) {
        if (strchr(",;<>\"\\", s[i]) != NULL) {
            err_set(err, "put the name in quotation marks: it holds '%c'", s[i]);
            return ERR_INVALID;
        }
    }
    memcpy(out, s, len);
    out[len] = '\0';
    return 0;
}

int address_parse(const char *written, struct address *out, struct err *err)
{
    size_t len = trim(&written);
    int rc;

    memset(out, 0, sizeof(*out));
    if (len > WRITTEN_MAX)
        return refuse(err, "the address is far too long to be one");
    if (!str_one_line(written, len) || str_utf8_valid(written, len) != len)
        return refuse(err, "the address holds a control character or is not UTF-8");
    if (len == 0 || written[len - 1] != '>')
        rc = memchr(written, '<', len) == NULL
                 ? check_mailbox(written, len, out->mailbox, err)
                 : refuse(err, "after the <address> there is something more; one address is right");
    else {
        const char *open = memrchr(written, '<', len);
        if (open == NULL)
            return refuse(err, "there is a > without its <");
        rc = check_mailbox(open + 1, len - (size_t)(open - written) - 2, out->mailbox, err);
        if (rc == 0)
            rc = read_name(written, (size_t)(open - written), out->name, err);
    }
    if (rc != 0)
        memset(out, 0, sizeof(*out));
    return rc;
}

int address_sender(const char *written, char out[ADDRESS_SENDER_MAX], struct err *err)
{
    size_t len = trim(&written);
    size_t plus = len > 0 && written[0] == '+';
    bool letter = false;

    out[0] = '\0';
    if (len == 0)
        return refuse(err, "there is no sender");
    if (all_digits(written + plus, len - plus)) {
        if (len - plus < SENDER_DIGITS_MIN || len - plus > SENDER_DIGITS_MAX)
            return refuse(err, "a sender's number has 3 to 15 digits");
    } else {
        for (size_t i = 0; i < len; i++) {
            letter = letter || is_letter(written[i]);
            if (!is_letter(written[i]) && !is_digit(written[i]) &&
                memchr(" &+-_.", written[i], 6) == NULL)
                return refuse(err,
                              "a sender's name is of the letters a-z, digits, spaces and &+-_.");
        }
        if (len > SENDER_NAME_MAX)
            return refuse(err, "a sender's name has at most 11 characters");
        if (!letter)
            return refuse(err, "a sender's name has a letter in it; a number is digits without "
                               "spaces");
    }
    memcpy(out, written, len);
    out[len] = '\0';
    return 0;
}
