/*
 * Phone numbers: what people write in a form, turned into E.164 ("+37129123456"), the one spelling
 * that gateways, opt-outs and incoming messages agree on. The numbering plans are libphonenumber's;
 * src/text/phone.cc is the only file that knows it, and lets no C++ exception out.
 *
 * What counts as a number. A number written with its country code (+ or 00) has to fit its
 * country's plan in length. One written without is our reading of it, by the business's country, so
 * it also has to lie in a range that is given out there. The plans that come with the system are
 * some years old and countries open new ranges: whoever has such a number writes it with the
 * country code.
 *
 * All functions are safe from any thread. No error text repeats the number.
 */
#ifndef TEXT_PHONE_H
#define TEXT_PHONE_H

#include <stdbool.h>

#include "base/err.h"

#define PHONE_MAX 17          /* "+", 15 digits (ITU-T E.164, 6.2.1), NUL */
#define PHONE_COUNTRY_MAX 3   /* ISO 3166-1 alpha-2 and NUL */
#define PHONE_WRITTEN_MAX 128 /* bytes of a number as written; nobody writes a longer one */

/* What sort of line a number is, as far as the plan tells. Many countries let numbers move from one
 * sort of line to another: good for a hint to a person, no reason to refuse a message. */
enum phone_kind {
    PHONE_UNKNOWN, /* no number, or in no range of the plan */
    PHONE_MOBILE,
    PHONE_FIXED,
    PHONE_FIXED_OR_MOBILE, /* the plan does not tell them apart (North America) */
    PHONE_OTHER            /* free-phone, premium, internet, pager ... */
};

/* Read the number `written`: spaces, dashes, brackets and the digits of other scripts are welcome.
 * `country` (ISO 3166-1 alpha-2, either case) is where a number without a country code is meant to
 * be; NULL or "": such a number is refused. On 0 `out` holds its E.164 form; on ERR_INVALID it is
 * "" and `err` has a sentence that says what is wrong and what would be right. A number with an
 * extension is refused: no text reaches a desk behind a switchboard. */
int phone_e164(const char *written, const char *country, char out[PHONE_MAX], struct err *err);

/* The country ("LV") that an E.164 number belongs to; false, and "", when it belongs to none. */
bool phone_country(const char *e164, char out[PHONE_COUNTRY_MAX]);

/* The sort of line behind an E.164 number. */
enum phone_kind phone_kind(const char *e164);

#endif
