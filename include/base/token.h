/*
 * Words that open something to whoever has them: the cookie of a session, the link to a calendar.
 * What is kept of one is its hash, so that nobody can take it out of the database; one that has to
 * be found again without being kept is signed.
 */
#ifndef BASE_TOKEN_H
#define BASE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

#define TOKEN_HASH_HEX 64         /* digits of a hash */
#define TOKEN_SIGNATURE_DIGITS 22 /* of a signature: 128 bits in letters and digits */

/* SHA-256 of the token, in hexadecimal. */
void token_hash(const char *token, char out[TOKEN_HASH_HEX + 1]);

/* Are the two the same? In a time that depends on their lengths alone. NULL is like nothing. */
bool token_same(const char *a, const char *b);

/* HMAC-SHA256 (RFC 2104) of `text` under `key`, cut to 128 bits, written with 0-9, A-Z, a-z: no
 * character that a telephone could take for the end of a link. */
void token_sign(const char *key, const char *text, char out[TOKEN_SIGNATURE_DIGITS + 1]);

#endif
