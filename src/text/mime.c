/*
 * An e-mail, header by header and part by part. All of the input is checked before the first byte
 * is written (check_mail), so that writing cannot fail and an error leaves the output as it was.
 *
 * multipart/alternative, the plainest form first (RFC 2046, 5.1.4): text, HTML, then the extra
 * part; with a file, multipart/mixed around it, and the file behind. That is how the large
 * calendars send their invitations: the alternative is what they act upon, the file is for the
 * rest. The boundaries begin with "=_" and "=m", which can come up in neither of the two encodings
 * of a body (RFC 2045, 6.7), so no body has to be searched for them; and none begins like another.
 */
#include "text/mime.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/str.h"
#include "mime_encode.h"
#include "text/address.h"
#include "time/civil.h"

#define PHRASE_MAX 60 /* a name or word up to here is written plainly on one line */
#define LANGUAGE_MAX 35
#define KEYWORD_MAX 32
#define OFFSET_MAX_S (18 * 3600)
#define DATE_MAX_MS 253402214400000 /* 9999-12-31: four digits of a year, at any offset */
#define BOUNDARY_BITS 128

/* ---- checking -------------------------------------------------------------------------------- */

__attribute__((format(printf, 3, 4))) static int refuse(struct err *err, int code, const char *fmt,
                                                        ...)
{
    va_list ap;
    char text[ERR_TEXT_MAX];

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    err_set(err, "%s", text);
    return code;
}

/* A header's value: one line of UTF-8 within its limit. */
static int check_line(const char *what, const char *s, size_t max, struct err *err)
{
    size_t len = strlen(s);

    if (len > max)
        return refuse(err, ERR_LIMIT, "%s is longer than %zu bytes", what, max);
    if (!str_one_line(s, len))
        return refuse(err, ERR_INVALID, "%s holds a line break or another control character", what);
    if (str_utf8_valid(s, len) != len)
        return refuse(err, ERR_INVALID, "%s is not UTF-8", what);
    return 0;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Letters, digits and whatever is in `others`; not empty. */
static int check_token(const char *what, const char *s, const char *others, size_t max,
                       struct err *err)
{
    int rc = check_line(what, s, max, err);
    if (rc != 0)
        return rc;
    for (const char *p = s; *p != '\0'; p++)
        if (!is_alphanumeric(*p) && strchr(others, *p) == NULL)
            return refuse(err, ERR_INVALID, "%s may hold letters, digits and %s only", what,
                          *others != '\0' ? others : "nothing else");
    return *s != '\0' ? 0 : refuse(err, ERR_INVALID, "%s is empty", what);
}

static int check_mailbox(const char *what, const char *mailbox, struct err *err)
{
    char checked[ADDRESS_MAX];
    int rc = mailbox != NULL ? address_check(mailbox, checked, err)
                             : refuse(err, ERR_INVALID, "there is no e-mail address");

    if (rc == 0 && strlen(checked) != strlen(mailbox))
        rc = refuse(err, ERR_INVALID, "there are spaces around the address");
    if (rc != 0)
        err_context(err, "%s", what);
    return rc;
}

static int check_address(const char *what, const struct mime_address *a, struct err *err)
{
    int rc = check_mailbox(what, a->mailbox, err);

    if (rc != 0 || a->name == NULL)
        return rc;
    rc = check_line("the name", a->name, MIME_NAME_MAX, err);
    if (rc != 0)
        err_context(err, "%s", what);
    return rc;
}

static int check_body(const char *what, const char *s, struct err *err)
{
    if (s == NULL)
        return refuse(err, ERR_INVALID, "%s is missing", what);
    size_t len = strlen(s);
    if (len > MIME_BODY_MAX)
        return refuse(err, ERR_LIMIT, "%s is longer than %ld bytes", what, MIME_BODY_MAX);
    if (str_utf8_valid(s, len) != len)
        return refuse(err, ERR_INVALID, "%s is not UTF-8", what);
    return 0;
}

static int check_message_id(const char *id, struct err *err)
{
    if (id == NULL)
        return refuse(err, ERR_INVALID, "the Message-ID is missing");
    int rc = check_line("the Message-ID", id, MIME_ID_MAX - 1, err);
    if (rc != 0)
        return rc;
    size_t len = strlen(id);
    const char *at = strchr(id, '@');
    if (id[0] != '<' || id[len - 1] != '>' || at == NULL || at == id + 1 || at + 2 == id + len ||
        strchr(at + 1, '@') != NULL)
        return refuse(err, ERR_INVALID, "the Message-ID is not of the form <token@domain>");
    for (size_t i = 1; i + 1 < len; i++)
        if (!is_alphanumeric(id[i]) && strchr("@.-_+=", id[i]) == NULL)
            return refuse(err, ERR_INVALID, "'%c' may not stand in a Message-ID", id[i]);
    return 0;
}

/* The characters of RFC 3986 only: nothing that could end the <...> around it. */
static int check_url(const char *url, struct err *err)
{
    int rc = check_line("the unsubscribe link", url, MIME_URL_MAX, err);
    if (rc != 0)
        return rc;
    if (!str_starts(url, "https://") && !str_starts(url, "http://"))
        return refuse(err, ERR_INVALID,
                      "the unsubscribe link begins with neither https:// nor "
                      "http://");
    for (const char *p = url; *p != '\0'; p++)
        if (!is_alphanumeric(*p) && strchr("-._~:/?#[]@!$&'()*+,;=%", *p) == NULL)
            return refuse(err, ERR_INVALID,
                          "the unsubscribe link holds a character that a URL may not hold");
    return 0;
}

static int check_extra(const struct mime_part *part, struct err *err)
{
    const char *type = part->type != NULL ? part->type : "";
    int rc = check_line("the extra part's type", type, MIME_TYPE_MAX, err);

    if (rc != 0)
        return rc;
    if (!str_starts(type, "text/"))
        return refuse(err, ERR_INVALID, "the extra part's type is not text/...");
    for (const char *p = type; *p != '\0'; p++)
        if (!is_alphanumeric(*p) && strchr("/-+.;=\" ", *p) == NULL)
            return refuse(err, ERR_INVALID, "'%c' may not stand in the extra part's type", *p);
    rc = check_body("the extra part", part->body, err);
    if (rc == 0 && part->filename != NULL)
        rc = check_token("the extra part's file name", part->filename, ".-_", MIME_FILE_MAX, err);
    return rc;
}

/* The headers that need not be there. */
static int check_optional(const struct mime_mail *m, struct err *err)
{
    int rc = 0;

    if (m->reply_to != NULL)
        rc = check_mailbox("Reply-To", m->reply_to, err);
    if (rc == 0 && m->unsubscribe_url != NULL)
        rc = check_url(m->unsubscribe_url, err);
    if (rc == 0 && m->unsubscribe_mailbox != NULL)
        rc = check_mailbox("the unsubscribe address", m->unsubscribe_mailbox, err);
    if (rc == 0 && m->auto_submitted != NULL)
        rc = check_token("Auto-Submitted", m->auto_submitted, "-", KEYWORD_MAX, err);
    if (rc == 0 && m->language != NULL)
        rc = check_token("the language", m->language, "-", LANGUAGE_MAX, err);
    if (rc == 0 && m->boundary != NULL)
        rc = check_token("the boundary", m->boundary, "", MIME_BOUNDARY_MAX, err);
    return rc;
}

static int check_mail(const struct mime_mail *m, struct err *err)
{
    int rc = check_address("From", &m->from, err);

    if (rc == 0)
        rc = check_address("To", &m->to, err);
    if (rc == 0)
        rc = check_line("the subject", m->subject != NULL ? m->subject : "", MIME_SUBJECT_MAX, err);
    if (rc == 0 && (m->date_ms < 0 || m->date_ms >= DATE_MAX_MS || m->offset_s > OFFSET_MAX_S ||
                    m->offset_s < -OFFSET_MAX_S))
        rc = refuse(err, ERR_INVALID, "the mail's date is out of range");
    if (rc == 0)
        rc = check_message_id(m->message_id, err);
    if (rc == 0)
        rc = check_optional(m, err);
    if (rc == 0)
        rc = check_body("the text", m->text, err);
    if (rc == 0 && m->html != NULL)
        rc = check_body("the HTML", m->html, err);
    if (rc == 0 && m->extra != NULL)
        rc = check_extra(m->extra, err);
    return rc;
}

/* ---- headers --------------------------------------------------------------------------------- */

static void put_header(struct buf *out, const char *name, const char *value)
{
    buf_puts(out, name);
    buf_append(out, ": ", 2);
    buf_puts(out, value);
    buf_append(out, "\r\n", 2);
}

/* Can s stand in a header as it is, and be folded at its spaces and come out the same? Printable
 * ASCII, single spaces between words that fit on a line, nothing that looks like an encoded-word.
 */
static bool reads_plainly(const char *s)
{
    size_t word = 0;

    if (strstr(s, "=?") != NULL)
        return false;
    for (const char *p = s; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
            return false;
        if (*p != ' ') {
            if (++word > PHRASE_MAX)
                return false;
            continue;
        }
        if (word == 0 || p[1] == '\0')
            return false;
        word = 0;
    }
    return true;
}

/* An unstructured header (RFC 5322, 2.2.1), folded at spaces or in encoded-words. */
static void put_text(struct buf *out, const char *name, const char *value)
{
    size_t column = strlen(name) + 2;

    buf_puts(out, name);
    buf_append(out, ": ", 2);
    if (!reads_plainly(value)) {
        mime_encode_words(value, strlen(value), column, out);
        buf_append(out, "\r\n", 2);
        return;
    }
    for (const char *word = value; *word != '\0';) {
        size_t n = strcspn(word, " ");
        if (word > value && column + 1 + n > MIME_LINE_WIDTH) {
            buf_append(out, "\r\n ", 3);
            column = 1;
        } else if (word > value) {
            buf_putc(out, ' ');
            column++;
        }
        buf_append(out, word, n);
        column += n;
        word += n;
        word += *word == ' ';
    }
    buf_append(out, "\r\n", 2);
}

/* A display name: atoms as they are, other ASCII in quotes, the rest in encoded-words (which may
 * not stand in quotes, RFC 2047, 5). Returns the column behind it. */
static size_t put_phrase(struct buf *out, const char *name, size_t column)
{
    size_t mark = out->len, size = 0;
    bool atoms = true, ascii = strstr(name, "=?") == NULL;

    for (const char *p = name; *p != '\0'; p++) {
        ascii = ascii && (unsigned char)*p < 0x80;
        atoms = atoms && (is_alphanumeric(*p) || strchr(" !#$%&'*+-/=?^_`{|}~", *p) != NULL);
        size += *p == '"' || *p == '\\' ? 2 : 1;
    }
    if (!ascii || size > PHRASE_MAX)
        return mime_encode_words(name, strlen(name), column, out);
    if (atoms && reads_plainly(name)) {
        buf_puts(out, name);
    } else {
        buf_putc(out, '"');
        for (const char *p = name; *p != '\0'; p++) {
            if (*p == '"' || *p == '\\')
                buf_putc(out, '\\');
            buf_putc(out, *p);
        }
        buf_putc(out, '"');
    }
    return column + out->len - mark;
}

static void put_address(struct buf *out, const char *header, const struct mime_address *a)
{
    size_t column = strlen(header) + 2;

    buf_puts(out, header);
    buf_append(out, ": ", 2);
    if (!str_blank(a->name)) {
        column = put_phrase(out, a->name, column);
        if (column + strlen(a->mailbox) + 3 > MIME_WORD_WIDTH)
            buf_append(out, "\r\n ", 3);
        else
            buf_putc(out, ' ');
        buf_putc(out, '<');
        buf_puts(out, a->mailbox);
        buf_putc(out, '>');
    } else {
        buf_puts(out, a->mailbox);
    }
    buf_append(out, "\r\n", 2);
}

/* RFC 5322, 3.3. The names are English whatever the language of the mail. */
static void put_date(struct buf *out, int64_t date_ms, int offset_s)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int offset_min = offset_s / 60; /* zones before 1972 had seconds; the header has none */
    int away = offset_min < 0 ? -offset_min : offset_min;
    struct civil c;
    char line[64];

    civil_from_seconds(date_ms / 1000 + (int64_t)offset_min * 60, &c);
    snprintf(line, sizeof(line), "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d",
             days[civil_weekday(&c)], c.day, months[c.month - 1], c.year, c.hour, c.minute,
             c.second, offset_min < 0 ? '-' : '+', away / 60, away % 60);
    put_header(out, "Date", line);
}

/* A mailbox in a mailto: URL (RFC 6068, 2): what means something there is percent-encoded. */
static void put_mailto(struct buf *out, const char *mailbox)
{
    buf_puts(out, "<mailto:");
    for (const char *p = mailbox; *p != '\0'; p++) {
        if (is_alphanumeric(*p) || strchr("@-._~!$'*+", *p) != NULL)
            buf_putc(out, *p);
        else
            buf_printf(out, "%%%02X", (unsigned char)*p);
    }
    buf_puts(out, "?subject=unsubscribe>");
}

/* RFC 2369, 3.2, and RFC 8058: one click is for an https link only. */
static void put_unsubscribe(struct buf *out, const char *url, const char *mailbox)
{
    if (url == NULL && mailbox == NULL)
        return;
    buf_puts(out, "List-Unsubscribe: ");
    if (url != NULL) {
        buf_putc(out, '<');
        buf_puts(out, url);
        buf_putc(out, '>');
    }
    if (url != NULL && mailbox != NULL)
        buf_puts(out, ",\r\n ");
    if (mailbox != NULL)
        put_mailto(out, mailbox);
    buf_append(out, "\r\n", 2);
    if (url != NULL && str_starts(url, "https://"))
        put_header(out, "List-Unsubscribe-Post", "List-Unsubscribe=One-Click");
}

static void put_headers(struct buf *out, const struct mime_mail *m)
{
    put_date(out, m->date_ms, m->offset_s);
    put_address(out, "From", &m->from);
    put_address(out, "To", &m->to);
    if (m->reply_to != NULL)
        put_header(out, "Reply-To", m->reply_to);
    if (m->subject != NULL && *m->subject != '\0')
        put_text(out, "Subject", m->subject);
    put_header(out, "Message-ID", m->message_id);
    if (m->auto_submitted != NULL)
        put_header(out, "Auto-Submitted", m->auto_submitted);
    put_unsubscribe(out, m->unsubscribe_url, m->unsubscribe_mailbox);
    if (m->language != NULL)
        put_header(out, "Content-Language", m->language);
    put_header(out, "MIME-Version", "1.0");
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* Two buffers that every part of a mail shares: the text with its line ends, and its encoding. */
struct scratch {
    struct buf lines, encoded;
};

/* The headers and the body of one part; with a name it is a file. */
static void put_part(struct buf *out, const char *type, const char *filename, const char *body,
                     struct scratch *tmp)
{
    buf_clear(&tmp->lines);
    buf_clear(&tmp->encoded);
    mime_encode_lines(body, strlen(body), &tmp->lines);
    const char *encoding = mime_encode_body(tmp->lines.data, tmp->lines.len, &tmp->encoded);

    buf_puts(out, "Content-Type: ");
    buf_puts(out, type);
    buf_puts(out, ";\r\n charset=utf-8");
    if (filename != NULL)
        buf_printf(out, "; name=\"%s\"\r\nContent-Disposition: attachment; filename=\"%s\"",
                   filename, filename);
    buf_append(out, "\r\n", 2);
    put_header(out, "Content-Transfer-Encoding", encoding);
    buf_append(out, "\r\n", 2);
    buf_append(out, tmp->encoded.data, tmp->encoded.len);
}

#define WAYS "=_"  /* how the boundary between ways to say the same begins */
#define FILES "=m" /* ... and that between the words and the file */

static void put_boundary(struct buf *out, const char *mark, const char *boundary, const char *end)
{
    buf_puts(out, "\r\n--");
    buf_puts(out, mark);
    buf_puts(out, boundary);
    buf_puts(out, end);
}

static void put_multipart(struct buf *out, const char *kind, const char *mark, const char *boundary)
{
    buf_printf(out, "Content-Type: multipart/%s;\r\n boundary=\"%s", kind, mark);
    buf_puts(out, boundary);
    buf_puts(out, "\"\r\n");
}

static void put_alternatives(struct buf *out, const struct mime_mail *m, const char *boundary,
                             struct scratch *tmp)
{
    put_multipart(out, "alternative", WAYS, boundary);
    put_boundary(out, WAYS, boundary, "\r\n");
    put_part(out, "text/plain", NULL, m->text, tmp);
    if (m->html != NULL) {
        put_boundary(out, WAYS, boundary, "\r\n");
        put_part(out, "text/html", NULL, m->html, tmp);
    }
    if (m->extra != NULL) {
        put_boundary(out, WAYS, boundary, "\r\n");
        put_part(out, m->extra->type, NULL, m->extra->body, tmp);
    }
    put_boundary(out, WAYS, boundary, "--\r\n");
}

static void put_parts(struct buf *out, const struct mime_mail *m, struct scratch *tmp)
{
    char random[BOUNDARY_BITS / 4 + 1];
    const char *boundary = m->boundary;

    if (boundary == NULL) {
        rng_hex(random, BOUNDARY_BITS);
        boundary = random;
    }
    if (m->extra == NULL || m->extra->filename == NULL) {
        put_alternatives(out, m, boundary, tmp);
        return;
    }
    put_multipart(out, "mixed", FILES, boundary);
    put_boundary(out, FILES, boundary, "\r\n");
    put_alternatives(out, m, boundary, tmp);
    put_boundary(out, FILES, boundary, "\r\n");
    put_part(out, "application/ics", m->extra->filename, m->extra->body, tmp);
    put_boundary(out, FILES, boundary, "--\r\n");
}

int mime_build(const struct mime_mail *mail, struct buf *out, struct err *err)
{
    struct scratch tmp;
    int rc = check_mail(mail, err);

    if (rc != 0)
        return rc;
    buf_init(&tmp.lines);
    buf_init(&tmp.encoded);
    put_headers(out, mail);
    if (mail->html == NULL && mail->extra == NULL)
        put_part(out, "text/plain", NULL, mail->text, &tmp);
    else
        put_parts(out, mail, &tmp);
    buf_close(&tmp.lines);
    buf_close(&tmp.encoded);
    return 0;
}

int mime_message_id(char out[MIME_ID_MAX], const char *token, const char *domain, struct err *err)
{
    char checked[ADDRESS_DOMAIN_MAX];

    out[0] = '\0';
    int rc = check_token("the Message-ID's token", token, "-_.", MIME_TOKEN_MAX, err);
    if (rc == 0)
        rc = address_domain(domain, checked, err);
    if (rc != 0)
        return rc;
    /* dots only between atoms: RFC 5322, 3.6.4 */
    if (token[0] == '.' || str_ends(token, ".") || strstr(token, "..") != NULL)
        return refuse(err, ERR_INVALID, "the Message-ID's token has a dot out of place");
    snprintf(out, MIME_ID_MAX, "<%s@%s>", token, checked);
    return 0;
}
