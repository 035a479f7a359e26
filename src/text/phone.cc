/*
 * The shim between our C and libphonenumber, which speaks C++ only. Every public function is a
 * catch-all around a C++ one, so no exception crosses into C; a failure inside the library reads
 * as "cannot be checked", never as a good number.
 *
 * The library keeps its compiled patterns behind a lock of its own; the one instance of it is made
 * at the first use (some milliseconds, about 4 MB) and lives as long as the process.
 */
#include <cstring>
#include <new>
#include <string>

#include <phonenumbers/phonenumberutil.h>

extern "C" {
#include "base/mem.h"
#include "base/str.h"
#include "text/phone.h"
}

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

static const PhoneNumberUtil &library()
{
    static const PhoneNumberUtil *const instance =
        (std::set_new_handler(mem_exhausted), PhoneNumberUtil::GetInstance());

    return *instance;
}

/* `country` in capitals, or "ZZ" (the library's "no country") when there is none to go by. */
static std::string region_of(const char *country)
{
    std::string region = country != nullptr ? country : "";

    for (char &c : region)
        if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 'a' + 'A');
    return library().GetCountryCodeForRegion(region) != 0 ? region : "ZZ";
}

static int refuse(struct err *err, const char *sentence)
{
    err_set(err, "%s", sentence);
    return ERR_INVALID;
}

/* What the library could not even parse. */
static int refuse_unparsed(PhoneNumberUtil::ErrorType error, bool has_region, struct err *err)
{
    switch (error) {
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
        if (has_region)
            return refuse(err, "the phone number begins with a country code that no country has");
        return refuse(err, "the phone number has no known country code; write it in full, such as "
                           "+371 29123456");
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD:
    case PhoneNumberUtil::TOO_SHORT_NSN:
        return refuse(err, "the phone number is too short; digits are missing");
    case PhoneNumberUtil::TOO_LONG_NSN:
        return refuse(err, "the phone number is too long; is it two numbers in one?");
    default:
        return refuse(err, "this is not a phone number; write digits, such as +371 29123456");
    }
}

/* Does its length fit its country's plan? */
static int check_length(const PhoneNumber &number, struct err *err)
{
    switch (library().IsPossibleNumberWithReason(number)) {
    case PhoneNumberUtil::IS_POSSIBLE:
        return 0;
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY:
        return refuse(err, "the phone number lacks its area code");
    case PhoneNumberUtil::INVALID_COUNTRY_CODE:
        return refuse(err, "the phone number begins with a country code that no country has");
    case PhoneNumberUtil::TOO_SHORT:
        err_set(err, "the phone number is too short for country code +%d; digits are missing",
                number.country_code());
        return ERR_INVALID;
    case PhoneNumberUtil::TOO_LONG:
        err_set(err,
                "the phone number is too long for country code +%d; is a digit too many, or are "
                "they two numbers?",
                number.country_code());
        return ERR_INVALID;
    default:
        err_set(err, "no phone number of country code +%d has this many digits",
                number.country_code());
        return ERR_INVALID;
    }
}

/* Did the writer give the country code, rather than we? */
static bool written_in_full(const PhoneNumber &number)
{
    return number.country_code_source() == PhoneNumber::FROM_NUMBER_WITH_PLUS_SIGN ||
           number.country_code_source() == PhoneNumber::FROM_NUMBER_WITH_IDD;
}

/* Is this the one spelling of its number? A domestic 0 kept behind the country code, as can come up
 * outside the known ranges, would make two. */
static bool reads_back(const std::string &e164)
{
    PhoneNumber number;
    std::string again;

    if (library().Parse(e164, "ZZ", &number) != PhoneNumberUtil::NO_PARSING_ERROR)
        return false;
    library().Format(number, PhoneNumberUtil::E164, &again);
    return again == e164;
}

static int read_number(const char *written, const char *country, char *out, struct err *err)
{
    size_t len = strnlen(written, PHONE_WRITTEN_MAX + 1);
    if (len > PHONE_WRITTEN_MAX)
        return refuse(err, "the phone number is far too long to be one");
    if (str_blank(written))
        return refuse(err, "there is no phone number");
    if (str_utf8_valid(written, len) != len || !str_one_line(written, len))
        return refuse(err, "the phone number holds a control character or is not UTF-8");

    const std::string region = region_of(country);
    PhoneNumber number;
    PhoneNumberUtil::ErrorType error =
        library().ParseAndKeepRawInput(std::string(written, len), region, &number);
    if (error != PhoneNumberUtil::NO_PARSING_ERROR)
        return refuse_unparsed(error, region != "ZZ", err);
    if (number.national_number() == 0)
        return refuse(err, "this is not a phone number; it is nothing but zeros");
    if (number.has_extension())
        return refuse(err, "the phone number has an extension, which a text cannot reach");
    int rc = check_length(number, err);
    if (rc != 0)
        return rc;

    bool given_out = library().IsValidNumber(number);
    if (!given_out && !written_in_full(number)) {
        err_set(err,
                "no such phone number is given out in %s; if it is right, write it with + and "
                "its country code",
                region.c_str());
        return ERR_INVALID;
    }

    std::string e164;
    library().Format(number, PhoneNumberUtil::E164, &e164);
    if (!given_out && !reads_back(e164))
        return refuse(err, "the phone number has a 0 too many behind its country code");
    if (e164.size() >= PHONE_MAX)
        return refuse(err, "the phone number has more than the 15 digits that one may have");
    memcpy(out, e164.c_str(), e164.size() + 1);
    return 0;
}

/* Parse what claims to be E.164 already. */
static bool parse_e164(const char *e164, PhoneNumber *number)
{
    return e164[0] == '+' && strnlen(e164, PHONE_MAX) < PHONE_MAX &&
           library().Parse(e164, "ZZ", number) == PhoneNumberUtil::NO_PARSING_ERROR;
}

static enum phone_kind kind_of(const char *e164)
{
    PhoneNumber number;

    if (!parse_e164(e164, &number))
        return PHONE_UNKNOWN;
    switch (library().GetNumberType(number)) {
    case PhoneNumberUtil::MOBILE:
        return PHONE_MOBILE;
    case PhoneNumberUtil::FIXED_LINE:
        return PHONE_FIXED;
    case PhoneNumberUtil::FIXED_LINE_OR_MOBILE:
        return PHONE_FIXED_OR_MOBILE;
    case PhoneNumberUtil::UNKNOWN:
        return PHONE_UNKNOWN;
    default:
        return PHONE_OTHER;
    }
}

/* The country whose plan has the number; for one in no known range, the country that leads its
 * country code. "001", the library's word for numbers of no country, is none. */
static bool country_of(const char *e164, char *out)
{
    PhoneNumber number;
    std::string region;

    if (!parse_e164(e164, &number))
        return false;
    library().GetRegionCodeForNumber(number, &region);
    if (region == "ZZ")
        library().GetRegionCodeForCountryCode(number.country_code(), &region);
    if (region.size() != PHONE_COUNTRY_MAX - 1 || region == "ZZ")
        return false;
    memcpy(out, region.c_str(), PHONE_COUNTRY_MAX);
    return true;
}

extern "C" int phone_e164(const char *written, const char *country, char out[PHONE_MAX],
                          struct err *err)
{
    out[0] = '\0';
    try {
        return read_number(written, country, out, err);
    } catch (...) {
        return refuse(err, "the phone number cannot be checked");
    }
}

extern "C" bool phone_country(const char *e164, char out[PHONE_COUNTRY_MAX])
{
    out[0] = '\0';
    try {
        return country_of(e164, out);
    } catch (...) {
        return false;
    }
}

extern "C" enum phone_kind phone_kind(const char *e164)
{
    try {
        return kind_of(e164);
    } catch (...) {
        return PHONE_UNKNOWN;
    }
}
