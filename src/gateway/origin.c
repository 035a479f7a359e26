#include "gateway/origin.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/mem.h"
#include "base/str.h"

static bool has_part(CURLU *u, CURLUPart part)
{
    char *s = NULL;
    bool has = curl_url_get(u, part, &s, 0) == CURLUE_OK;

    curl_free(s);
    return has;
}

static int take_apart(CURLU *u, struct origin *out, struct err *err)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    int rc = ERR_INVALID;

    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        err_set(err, "the address has to begin with https:// (or http://)");
    else if (has_part(u, CURLUPART_USER) || has_part(u, CURLUPART_PASSWORD))
        err_set(err, "the address must have no user name in it; "
                     "`user` and `password-file` are for that");
    else if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK || host[0] == '\0' ||
             strlen(host) >= sizeof(out->host) ||
             curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
        err_set(err, "the address names no host");
    else
        rc = 0;
    if (rc == 0) {
        out->tls = strcmp(scheme, "https") == 0;
        out->port = atoi(port);
        for (size_t i = 0; i <= strlen(host); i++)
            out->host[i] = (char)tolower((unsigned char)host[i]);
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return rc;
}

int origin_of(const char *url, struct origin *out, struct err *err)
{
    size_t n = strlen(url);
    int rc = ERR_INVALID;

    memset(out, 0, sizeof(*out));
    if (n > ORIGIN_URL_MAX || !str_one_line(url, n) || strchr(url, ' ') != NULL) {
        err_set(err,
                n > ORIGIN_URL_MAX ? "the address is longer than %d bytes"
                                   : "the address has a blank or a line break in it",
                ORIGIN_URL_MAX);
        return rc;
    }
    CURLU *u = curl_url();
    if (curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
        err_set(err, "this is no address such as https://calendar.example.com/anna.ics");
    else
        rc = take_apart(u, out, err);
    curl_url_cleanup(u);
    return rc;
}

char *origin_resolve(const char *url, const char *to)
{
    CURLU *u = curl_url();
    char *got = NULL, *out = NULL;

    if (str_one_line(to, strlen(to)) &&
        curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_URL, to, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
        curl_url_get(u, CURLUPART_URL, &got, 0) == CURLUE_OK)
        out = mem_strdup(got);
    curl_free(got);
    curl_url_cleanup(u);
    return out;
}

bool origin_same_host(const struct origin *a, const struct origin *b)
{
    return strcmp(a->host, b->host) == 0;
}

bool origin_trusts(const struct origin *home, const struct origin *there)
{
    if (!origin_same_host(home, there))
        return false;
    if (home->tls == there->tls)
        return home->port == there->port;
    return there->tls && home->port == 80 && there->port == 443;
}
