/* Passwords. See web/password.h. */
#include "web/password.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/str.h"

#define PREFIX "$y$" /* yescrypt */
#define SALT_BYTES 16

int password_check(const char *password, struct err *err)
{
    size_t len = strlen(password), chars = 0;

    for (size_t i = 0; i < len; i++)
        chars += ((unsigned char)password[i] & 0xc0) != 0x80;
    if (str_utf8_valid(password, len) != len || !str_one_line(password, len))
        err_set(err, "a password is one line of text in UTF-8");
    else if (chars < PASSWORD_CHARS_MIN)
        err_set(err, "a password has at least %d characters; three or four words are fine",
                PASSWORD_CHARS_MIN);
    else if (len > PASSWORD_BYTES_MAX)
        err_set(err, "a password has at most %d bytes", PASSWORD_BYTES_MAX);
    else
        return 0;
    return ERR_INVALID;
}

/* crypt_ra with memory of its own, which is wiped; NULL when it fails. */
static char *hash_with(const char *password, const char *setting)
{
    void *data = NULL;
    int size = 0;
    char *hash = mem_strdup(crypt_ra(password, setting, &data, &size));

    if (data != NULL)
        OPENSSL_cleanse(data, (size_t)size);
    free(data);
    return hash;
}

char *password_hash(const char *password, struct err *err)
{
    char salt[SALT_BYTES];

    rng_bytes(salt, sizeof(salt));
    char *setting = crypt_gensalt_ra(PREFIX, 0, salt, sizeof(salt));
    char *hash = setting != NULL ? hash_with(password, setting) : NULL;
    if (hash == NULL)
        err_errno(err, errno, "hash the password");
    free(setting);
    return hash;
}

bool password_fits(const char *password, const char *hash)
{
    /* Some setting of the same cost, for users who do not exist. */
    static const char nobody[] = "$y$j9T$aaaaaaaaaaaaaaaaaaaaa/$";
    char *found = hash_with(password, hash != NULL ? hash : nobody);
    bool fits = hash != NULL && found != NULL && strlen(found) == strlen(hash) &&
                CRYPTO_memcmp(found, hash, strlen(hash)) == 0;

    free(found);
    return fits;
}
