/*
 * Who a message comes from and goes to: e-mail addresses fit for sending, and SMS sender ids.
 *
 * An e-mail address here is a Mailbox of RFC 5321 (4.1.2) in its plain form: local-part of atoms
 * joined by dots, at most 64 bytes; a domain of letters, digits and hyphens (RFC 1123) with at
 * least one dot, `localhost` excepted; 254 bytes in all (4.5.3.1 with the erratum on RFC 3696).
 * Left out on purpose, each with a sentence of its own: quoted local parts (RFC 5321 advises
 * against having them, and every one we ever met was a typing mistake), address literals such as
 * [192.0.2.1], comments, and anything outside ASCII: mail leaves without SMTPUTF8, so a local part
 * in Cyrillic cannot be reached, and a domain in it has to be written in its xn-- form.
 *
 * Pure functions, safe from any thread. No error text repeats an address.
 */
#ifndef TEXT_ADDRESS_H
#define TEXT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define ADDRESS_MAX 255        /* 254 bytes and a NUL */
#define ADDRESS_LOCAL_MAX 64   /* bytes before the @ */
#define ADDRESS_DOMAIN_MAX 254 /* 253 bytes and a NUL */
#define ADDRESS_NAME_MAX 256   /* a configured name and its NUL */
#define ADDRESS_SENDER_MAX 17  /* an SMS sender id and its NUL */

struct address {
    char name[ADDRESS_NAME_MAX]; /* UTF-8, without quotes; "" when none is written */
    char mailbox[ADDRESS_MAX];   /* local@domain */
};

/* Check the bare address `written`, as a row has it. Spaces and tabs around it are cut off and the
 * domain becomes lower case. On 0 `out` holds it; on ERR_INVALID `out` is "" and `err` says what is
 * wrong. */
int address_check(const char *written, char out[ADDRESS_MAX], struct err *err);

/* Read one mailbox as the configuration has it: `user@host`, `Name <user@host>` or
 * `"Name, with specials" <user@host>` (a backslash in the quotes escapes the next character). Two
 * addresses, or a name with a comma and no quotes, are ERR_INVALID, and *out is all empty. */
int address_parse(const char *written, struct address *out, struct err *err);

/* Check a domain name as it stands behind the @; lower case goes to `out`. */
int address_domain(const char *written, char out[ADDRESS_DOMAIN_MAX], struct err *err);

/* Check an SMS sender id: a number (3 to 15 digits, a short code or an international number, a + in
 * front allowed) or a name of at most 11 characters (3GPP TS 23.040, 9.1.2.5) out of letters,
 * digits, space and &+-_. with at least one letter. Spaces around it are cut off. */
int address_sender(const char *written, char out[ADDRESS_SENDER_MAX], struct err *err);

#endif
