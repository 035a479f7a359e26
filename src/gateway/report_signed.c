/*
 * Signatures of delivery reports, as the providers document them:
 *
 *     twilio       X-Twilio-Signature: base64 of HMAC-SHA1 over the URL and, of a form, each name
 *                  and value in the order of the names
 *     plivo        X-Plivo-Signature-V3: base64 of HMAC-SHA256 over the URL, "?", the same of a
 *                  form, "." and the header X-Plivo-Signature-V3-Nonce; several, with commas
 *                  between them
 *     vonage       the field `sig`: hexadecimal HMAC-SHA256 over "&name=value" of all other fields
 *                  in the order of the names, with _ for each & and = in a value
 *     messagebird  MessageBird-Signature-JWT: a token signed with HMAC-SHA256, with the hashes of
 *                  the URL and of the body in it
 *     hmac         for gateways of one's own: X-Signature: hexadecimal HMAC-SHA256 over the header
 *                  X-Timestamp (seconds since 1970, at most five minutes ago), "." and the body. A
 *                  query, which this does not cover, is none of such a report's.
 *
 * What is compared is compared in constant time.
 */
#include "gateway/report.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"
#include "base/mem.h"

#define BASE64_MAX 2048 /* of a part of a token */
#define CLOCKS_APART_S 60
#define HMAC_AGE_S 300
#define SHA256_BYTES 32

/* --- tools --- */

static bool same(const char *a, const char *b, size_t len)
{
    return strlen(b) == len && CRYPTO_memcmp(a, b, len) == 0;
}

static const char *header(const struct report_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_ieq(r->headers[i].name, name))
            return r->headers[i].value;
    return NULL;
}

static size_t hmac(const EVP_MD *digest, const char *secret, const char *data, size_t len,
                   unsigned char out[EVP_MAX_MD_SIZE])
{
    unsigned n = 0;

    if (HMAC(digest, secret, (int)strlen(secret), (const unsigned char *)data, len, out, &n) ==
        NULL)
        return 0;
    return n;
}

/* Base64 of the HMAC over all of `data`; "" when it could not be made. */
static void hmac_base64(const EVP_MD *digest, const char *secret, const struct buf *data,
                        char out[EVP_MAX_MD_SIZE * 2])
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t n = hmac(digest, secret, data->data, data->len, mac);

    out[0] = '\0';
    if (n > 0)
        EVP_EncodeBlock((unsigned char *)out, mac, (int)n);
}

static void hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* Is it these bytes in hexadecimal? In upper case or lower: both are seen. */
static bool is_hex_of(const unsigned char *bytes, size_t n, const char *given)
{
    char text[EVP_MAX_MD_SIZE * 2 + 1], small[EVP_MAX_MD_SIZE * 2 + 1];

    hex(bytes, n, text);
    if (given == NULL || n == 0 || strlen(given) != 2 * n)
        return false;
    for (size_t i = 0; i <= 2 * n; i++)
        small[i] = given[i] >= 'A' && given[i] <= 'F' ? (char)(given[i] | 0x20) : given[i];
    return same(text, small, 2 * n);
}

static int by_name(const void *a, const void *b)
{
    const struct report_field *x = a, *y = b;
    int order = strcmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->value, y->value);
}

static struct report_field *sorted(const struct report_field *fields, size_t count)
{
    struct report_field *copy = mem_array(count + 1, sizeof(*copy));

    for (size_t i = 0; i < count; i++)
        copy[i] = fields[i];
    qsort(copy, count, sizeof(*copy), by_name);
    return copy;
}

/* Each name and value of the form, without anything between them. */
static void put_form(struct buf *data, const struct report_request *r)
{
    struct report_field *form = sorted(r->form, r->form_count);

    for (size_t i = 0; i < r->form_count; i++)
        buf_printf(data, "%s%s", form[i].name, form[i].value);
    free(form);
}

/* --- twilio, plivo, vonage --- */

static bool twilio(const char *secret, const struct report_request *r)
{
    const char *given = header(r, "X-Twilio-Signature");
    char mac[EVP_MAX_MD_SIZE * 2];
    struct buf data;

    if (given == NULL)
        return false;
    buf_init(&data);
    buf_puts(&data, r->url);
    put_form(&data, r);
    hmac_base64(EVP_sha1(), secret, &data, mac);
    buf_close(&data);
    return mac[0] != '\0' && same(mac, given, strlen(mac));
}

static bool plivo(const char *secret, const struct report_request *r)
{
    const char *given = header(r, "X-Plivo-Signature-V3");
    const char *nonce = header(r, "X-Plivo-Signature-V3-Nonce");
    char mac[EVP_MAX_MD_SIZE * 2];
    bool ok = false;
    struct buf data;

    if (given == NULL || nonce == NULL)
        return false;
    buf_init(&data);
    buf_printf(&data, "%s%s", r->url, r->form_count > 0 ? "?" : "");
    put_form(&data, r);
    buf_printf(&data, ".%s", nonce);
    hmac_base64(EVP_sha256(), secret, &data, mac);
    buf_close(&data);
    for (const char *p = given; mac[0] != '\0' && *p != '\0';) {
        size_t n = strcspn(p, ", ");
        ok = ok || (n == strlen(mac) && CRYPTO_memcmp(p, mac, n) == 0);
        p += n + strspn(p + n, ", ");
    }
    return ok;
}

static bool vonage(const char *secret, const struct report_field *fields, size_t count)
{
    struct report_field *all = sorted(fields, count);
    const char *given = NULL;
    unsigned char mac[EVP_MAX_MD_SIZE];
    struct buf data;

    buf_init(&data);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].name, "sig") == 0) {
            given = all[i].value;
            continue;
        }
        buf_printf(&data, "&%s=", all[i].name);
        for (const char *p = all[i].value; *p != '\0'; p++)
            buf_putc(&data, *p == '&' || *p == '=' ? '_' : *p);
    }
    size_t n = hmac(EVP_sha256(), secret, data.data, data.len, mac);
    buf_close(&data);
    free(all);
    return is_hex_of(mac, n, given);
}

/* --- a gateway of one's own --- */

static bool own(const char *secret, const struct report_request *r, int64_t now_ms)
{
    const char *given = header(r, "X-Signature"), *stamp = header(r, "X-Timestamp");
    unsigned char mac[EVP_MAX_MD_SIZE];
    int64_t at_s;
    struct buf data;

    if (given == NULL || stamp == NULL || r->query_count > 0 ||
        !str_to_int(stamp, 0, INT64_MAX / 1000, &at_s) || at_s < now_ms / 1000 - HMAC_AGE_S ||
        at_s > now_ms / 1000 + CLOCKS_APART_S)
        return false;
    buf_init(&data);
    buf_printf(&data, "%s.", stamp);
    buf_append(&data, r->body, r->len);
    size_t n = hmac(EVP_sha256(), secret, data.data, data.len, mac);
    buf_close(&data);
    return is_hex_of(mac, n, given);
}

/* --- messagebird --- */

/* A part of a token: base64 as URLs have it, without padding. The number of bytes; 0: it is none.
 */
static size_t decode_part(const char *part, size_t len, unsigned char out[BASE64_MAX])
{
    char text[BASE64_MAX + 4];
    size_t padded = (len + 3) / 4 * 4;

    if (len == 0 || padded > BASE64_MAX || len % 4 == 1)
        return 0;
    for (size_t i = 0; i < padded; i++) {
        char c = i < len ? part[i] : '=';
        text[i] = c == '-' ? '+' : c == '_' ? '/' : c;
    }
    int n = EVP_DecodeBlock(out, (unsigned char *)text, (int)padded);
    return n < 0 ? 0 : (size_t)n - (padded - len);
}

static json_t *decode_json(const char *part, size_t len)
{
    unsigned char bytes[BASE64_MAX];
    size_t n = decode_part(part, len, bytes);

    return n > 0 ? json_loadb((char *)bytes, n, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

static bool is_hash_of(const json_t *claim, const char *data, size_t len)
{
    const char *given = json_string_value(claim);
    unsigned char digest[EVP_MAX_MD_SIZE];
    char text[EVP_MAX_MD_SIZE * 2 + 1];
    unsigned n = 0;

    if (given == NULL || EVP_Digest(data, len, digest, &n, EVP_sha256(), NULL) != 1)
        return false;
    hex(digest, n, text);
    return same(text, given, strlen(text));
}

static bool claims_fit(const json_t *claims, const struct report_request *r, int64_t now_ms)
{
    const char *issuer = json_string_value(json_object_get(claims, "iss"));
    const json_t *from = json_object_get(claims, "nbf"), *until = json_object_get(claims, "exp");
    const json_t *payload = json_object_get(claims, "payload_hash");

    return issuer != NULL && strcmp(issuer, "MessageBird") == 0 && json_is_integer(from) &&
           json_is_integer(until) && json_integer_value(from) <= now_ms / 1000 + CLOCKS_APART_S &&
           json_integer_value(until) >= now_ms / 1000 - CLOCKS_APART_S &&
           is_hash_of(json_object_get(claims, "url_hash"), r->url, strlen(r->url)) &&
           (r->len > 0 ? is_hash_of(payload, r->body, r->len) : payload == NULL);
}

static bool messagebird(const char *secret, const struct report_request *r, int64_t now_ms)
{
    const char *token = header(r, "MessageBird-Signature-JWT");
    const char *first = token != NULL ? strchr(token, '.') : NULL;
    const char *second = first != NULL ? strchr(first + 1, '.') : NULL;
    unsigned char mac[EVP_MAX_MD_SIZE], given[BASE64_MAX];

    if (second == NULL ||
        hmac(EVP_sha256(), secret, token, (size_t)(second - token), mac) != SHA256_BYTES ||
        decode_part(second + 1, strlen(second + 1), given) != SHA256_BYTES ||
        CRYPTO_memcmp(mac, given, SHA256_BYTES) != 0)
        return false;
    json_t *head = decode_json(token, (size_t)(first - token));
    json_t *claims = decode_json(first + 1, (size_t)(second - first - 1));
    const char *way = json_string_value(json_object_get(head, "alg"));
    bool ok = way != NULL && strcmp(way, "HS256") == 0 && claims_fit(claims, r, now_ms);
    json_decref(head);
    json_decref(claims);
    return ok;
}

bool report_signed(enum report_signature how, const char *secret, const struct report_request *r,
                   const struct report_field *fields, size_t count, int64_t now_ms)
{
    switch (how) {
    case REPORT_UNSIGNED:
        return true;
    case REPORT_TWILIO:
        return twilio(secret, r);
    case REPORT_PLIVO:
        return plivo(secret, r);
    case REPORT_VONAGE:
        return vonage(secret, fields, count);
    case REPORT_MESSAGEBIRD:
        return messagebird(secret, r, now_ms);
    case REPORT_HMAC:
        return own(secret, r, now_ms);
    }
    return false;
}
