/*
 * Passwords: hashed by yescrypt, as libxcrypt does it for the system's own users. Takes some tens
 * of milliseconds and megabytes: never on the loop.
 */
#ifndef WEB_PASSWORD_H
#define WEB_PASSWORD_H

#include <stdbool.h>

#include "base/err.h"

#define PASSWORD_CHARS_MIN 10
#define PASSWORD_BYTES_MAX 200

/* May it be one? ERR_INVALID with a sentence. */
int password_check(const char *password, struct err *err);

/* Its hash with a new salt, to be freed; NULL with a sentence when the library cannot. */
char *password_hash(const char *password, struct err *err);

/* Does it fit the hash? With a hash of NULL (there is no such user) it takes as long, and no. */
bool password_fits(const char *password, const char *hash);

#endif
