/* Tokens. See base/token.h. */
#include "base/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_BYTES 16

void token_hash(const char *token, char out[TOKEN_HASH_HEX + 1])
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_Digest(token, strlen(token), digest, NULL, EVP_sha256(), NULL) != 1)
        abort(); /* out of memory: an empty hash would be everybody's */
    for (int i = 0; i < TOKEN_HASH_HEX / 2; i++)
        snprintf(out + i * 2, 3, "%02x", digest[i]);
}

bool token_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strlen(a) == strlen(b) && CRYPTO_memcmp(a, b, strlen(b)) == 0;
}

void token_sign(const char *key, const char *text, char out[TOKEN_SIGNATURE_DIGITS + 1])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const unsigned base = sizeof(digits) - 1;
    unsigned char mac[EVP_MAX_MD_SIZE];

    if (HMAC(EVP_sha256(), key, (int)strlen(key), (const unsigned char *)text, strlen(text), mac,
             NULL) == NULL)
        abort();
    for (int i = TOKEN_SIGNATURE_DIGITS - 1; i >= 0;
         i--) { /* long division, the last digit first */
        unsigned rest = 0;
        for (int k = 0; k < SIGNATURE_BYTES; k++) {
            rest = rest << 8 | mac[k];
            mac[k] = (unsigned char)(rest / base);
            rest %= base;
        }
        out[i] = digits[rest];
    }
    out[TOKEN_SIGNATURE_DIGITS] = '\0';
}
