/* Links to single visits. See send/visit_link.h. */
#include "send/visit_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/token.h"
#include "store/entities.h"
#include "store/invitations.h"

#define KEY_NAME "link_key" /* in `meta` */
#define KEY_BITS 256
#define ID_DIGITS_MAX 10 /* 62^10 is less than 2^63 */

static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
#define BASE ((int64_t)sizeof(digits) - 1)

/* Signed with the key are texts that say what they are for: another kind of link is another text.
 */
static void sign(const char *key, int64_t subject_id, char out[TOKEN_SIGNATURE_DIGITS + 1])
{
    char *text = mem_printf("calendar %lld", (long long)subject_id);

    token_sign(key, text, out);
    free(text);
}

static char *write_link(const char *url, int64_t subject_id, const char *signature)
{
    char id[ID_DIGITS_MAX + 2];
    size_t at = sizeof(id) - 1, len = strlen(url);

    id[at] = '\0';
    for (int64_t n = subject_id; n > 0 && at > 0; n /= BASE)
        id[--at] = digits[n % BASE];
    while (len > 0 && url[len - 1] == '/')
        len--;
    return mem_printf("%.*s/c/%s%s", (int)len, url, id + at, signature);
}

static int make_key(struct store *s, char **out)
{
    char made[KEY_BITS / 4 + 1];
    int rc = store_meta_text(s, KEY_NAME, out);

    if (rc != 0 || *out != NULL)
        return rc;
    rng_hex(made, KEY_BITS);
    rc = store_meta_set_text(s, KEY_NAME, made);
    if (rc == 0)
        *out = mem_strdup(made);
    return rc;
}

int visit_link(struct store *s, const char *url, int64_t appointment_id, char **out)
{
    char signature[TOKEN_SIGNATURE_DIGITS + 1];
    char *key = NULL, *identity = NULL;
    int64_t subject_id;
    int rc = store_entity_id_of_row(s, ENTITY_APPOINTMENT, appointment_id, &subject_id);

    *out = NULL;
    if (rc == 0)
        rc = make_key(s, &key);
    if (rc == 0)
        rc = store_identity(s, &identity); /* what is behind the link has it in its UID */
    if (rc == 0) {
        sign(key, subject_id, signature);
        *out = write_link(url, subject_id, signature);
    }
    free(identity);
    free(key);
    return rc;
}

char *visit_link_sample(const char *url)
{
    return write_link(url, BASE * BASE, "xxxxxxxxxxxxxxxxxxxxxx");
}

static bool read_id(const char *token, size_t len, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = strchr(digits, token[i]);
        if (digit == NULL || token[i] == '\0')
            return false;
        *out = *out * BASE + (digit - digits);
    }
    return len > 0 && len <= ID_DIGITS_MAX && token[0] != '0';
}

int visit_link_read(struct store *s, const char *token, int64_t *subject_id)
{
    char signature[TOKEN_SIGNATURE_DIGITS + 1];
    size_t len = strlen(token);
    char *key;

    if (len <= TOKEN_SIGNATURE_DIGITS || len > TOKEN_SIGNATURE_DIGITS + ID_DIGITS_MAX ||
        !read_id(token, len - TOKEN_SIGNATURE_DIGITS, subject_id))
        return ERR_NOTFOUND;
    int rc = store_meta_text(s, KEY_NAME, &key);
    if (rc != 0)
        return rc;
    if (key != NULL)
        sign(key, *subject_id, signature);
    bool fits = key != NULL && token_same(token + len - TOKEN_SIGNATURE_DIGITS, signature);
    free(key);
    return fits ? 0 : ERR_NOTFOUND;
}
